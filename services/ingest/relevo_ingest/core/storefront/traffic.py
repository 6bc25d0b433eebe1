"""Where a request to a storefront comes from: a page of the shop, a person's browser, and how often."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from relevo_ingest.core.rates import Rates

# Crawlers name themselves; what drives a browser by a program mostly does too. Sources: the user agents that Google,
# Bing, Apple, Meta and the IAB's list of spiders publish, in the words that they share.
_BOT = re.compile(
    r"(?<!\bcu)bot(?:\b|_)|crawl|spider|slurp|mediapartners|headless|phantomjs|lighthouse|pagespeed|gtmetrix|pingdom|uptime"
    r"|monitor|preview|facebookexternalhit|whatsapp/|embedly|scrapy|python-|curl/|wget|libwww|httpclient|okhttp/|axios/"
    r"|go-http|java/|node-fetch|puppeteer|playwright|selenium|prerender|archiver|validator|feedfetcher|google-inspection",
    re.IGNORECASE,
)
_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_LONGEST_ORIGIN = 300


def is_automatic(headers: Mapping[str, str]) -> bool:
    """Whether nobody looked at the page: a crawler, or a browser that fetches it in advance."""
    agent = headers.get("user-agent", "").strip()
    return not agent or _BOT.search(agent) is not None or is_prefetch(headers)


def is_prefetch(headers: Mapping[str, str]) -> bool:
    """Whether a browser fetches in advance what may never be looked at. Source: Fetch, `Sec-Purpose`."""
    said = " ".join(headers.get(name, "") for name in _PURPOSES).lower()
    return "prefetch" in said or "prerender" in said or "preview" in said


def host_of(origin: str) -> str:
    """The host of an `Origin`, in lower case; empty if that is not the origin of a web page (`null`, an extension)."""
    try:
        parts = urlsplit(origin if len(origin) <= _LONGEST_ORIGIN else "")
        plain = parts.scheme in ("http", "https") and not (parts.path or parts.query or parts.username)
        return (parts.hostname or "") if plain else ""
    except ValueError:
        return ""


def address_hash(secret: str, shop: str, address: str) -> str:
    """What is kept of an IP address: a hash that tells nothing without the secret, another one for each shop."""
    return hmac.digest(secret.encode(), f"relevo address\0{shop}\0{address}".encode(), hashlib.sha256).hex()[:32]


class AddressRates:
    """A token bucket for each of very many names, of which only those of late are remembered.

    A bucket that nobody asked of for as long as it takes to fill is full, so two generations of that length are enough.
    """

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float]) -> None:
        self._rate, self._burst = rate, burst
        self._period = burst / rate if rate else float("inf")
        self._monotonic = monotonic
        self._began = monotonic()
        self._young, self._old = self._make(), self._make()

    def _make(self) -> Rates:
        return Rates(self._rate, self._burst, self._monotonic)

    def wait(self, name: str, cost: int = 1) -> float:
        """As `Rates.wait`; a name that comes back in the next period may have a little less than it should."""
        now = self._monotonic()
        if now - self._began >= self._period:
            fresh = now - self._began >= 2 * self._period
            self._old, self._young = (self._make() if fresh else self._young), self._make()
            self._began = now
        # What was spent in the last generation counts until it is over: both must have something left.
        seconds = self._old.peek(name)
        return seconds or self._young.wait(name, cost)
