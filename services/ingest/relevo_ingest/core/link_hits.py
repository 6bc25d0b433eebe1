"""Who follows the links of messages and looks at their pictures: a person, or a machine on a person's way. Pure.

Nothing says so for certain. What is found here is what scanners and mail clients publish or are known by; what hides
behind a person's browser is seen only by its pace. docs/links.md has the table with what others do.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from msgspec import Struct

from relevo_contracts.sending import Sent
from relevo_ingest.core.storefront.traffic import is_automatic, is_prefetch

Action: TypeAlias = Literal["opened", "clicked"]
Machine: TypeAlias = Literal["", "head", "prefetch", "mail_privacy", "image_proxy", "scanner", "bot", "early", "burst"]
"""What gave a machine away; empty: a person, as far as can be told."""

EARLY = timedelta(seconds=5)
"""Nobody gets, opens and reads a mail sooner after it was handed over. Scanners look at it before it is delivered."""
BURST = timedelta(seconds=2)
MANY_LINKS = 3
"""So many links of one message within `BURST` are followed by what follows all of them."""

_MAIL_PRIVACY = "mozilla/5.0"
"""All that Apple's proxies say (Mail Privacy Protection), of every mail, read or not. No browser says as little."""
_GMAIL_IN_ADVANCE = "chrome/42.0.2311.135 safari/537.36 edge/12.246 mozilla/5.0"
"""How Gmail looks at pictures when a mail arrives. Source: github.com/mautic/mautic, pull request 10245."""
_IMAGE_PROXIES = ("googleimageproxy", "yahoomailproxy")
"""They fetch a picture when somebody opens the mail, so that counts. They follow no link."""
_SCANNERS = (
    "barracuda", "proofpoint", "mimecast", "safelinks", "ironport", "ciscosecure", "symantec", "messagelabs",
    "fortinet", "fortiguard", "forcepoint", "trendmicro", "sophos", "checkpoint", "zscaler", "avanan",
    "virustotal", "urlscan",
)  # fmt: skip


class Hit(Struct, frozen=True, kw_only=True):
    """One look at a message's picture, or one at a link of it. `machine` is what the request alone gave away."""

    of: Sent
    action: Action
    at: datetime
    number: int = 0
    url: str = ""
    machine: Machine = ""


def machine_behind(method: str, headers: Mapping[str, str], action: Action, after: timedelta) -> Machine:
    """What a request alone gives away, `after` the message was handed over. `headers` have names in lower case."""
    agent = headers.get("user-agent", "").strip().lower()
    proxied = any(name in agent for name in _IMAGE_PROXIES)
    signs: tuple[tuple[Machine, bool], ...] = (
        ("head", method == "HEAD"),
        ("prefetch", is_prefetch(headers) or agent.endswith(_GMAIL_IN_ADVANCE)),
        ("mail_privacy", agent == _MAIL_PRIVACY),
        ("image_proxy", proxied and action == "clicked"),
        ("scanner", any(name in agent for name in _SCANNERS)),
        ("bot", is_automatic(headers)),
        ("early", after < EARLY),
    )
    return next((machine for machine, seen in signs if seen), "")


def machines(hits: Sequence[Hit], burst: timedelta = BURST) -> list[Machine]:
    """What gives each of the hits away, by itself or together with the others: the links of one message in a burst."""
    clicks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, hit in enumerate(hits):
        if hit.action == "clicked":
            clicks[hit.of.shop, hit.of.delivery].append(place)
    found: list[Machine] = [hit.machine for hit in hits]
    for places in clicks.values():
        for place in _in_bursts(hits, sorted(places, key=lambda one: hits[one].at), burst):
            found[place] = found[place] or "burst"
    return found


def _in_bursts(hits: Sequence[Hit], places: Sequence[int], burst: timedelta) -> set[int]:
    """Those of the clicks of one message, in order of time, that came with too many others."""
    found: set[int] = set()
    first = 0
    for last in range(len(places)):
        while hits[places[last]].at - hits[places[first]].at > burst:
            first += 1
        window = places[first : last + 1]
        if len({hits[place].number for place in window}) >= MANY_LINKS:
            found.update(window)
    return found
