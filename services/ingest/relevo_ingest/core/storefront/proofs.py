"""Who is signed in, by the word of the shop's own server: `TIME.MAC.ID`, which no browser can make.

TIME is Unix time in seconds, MAC the HMAC-SHA256 of `TIME.ID` in lower-case hex, by the secret of the storefront. So a
template of any shop system makes it in one line (docs/storefront.md).
"""

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from relevo_ingest.core import normalise

VALID_FOR = timedelta(days=1)
"""So long after it was made; pages are kept in caches."""
_SKEW = timedelta(minutes=5)
_LONGEST = 400
_ID_LIMIT = 150


def identity_token(secret: str, customer_id: str, now: datetime) -> str:
    """The token that says: whoever looks at this page is signed in as the customer."""
    time = str(int(now.timestamp()))
    return f"{time}.{_mac(secret, time, customer_id)}.{customer_id}"


def signed_in(token: str, secrets: Iterable[str], now: datetime) -> str:
    """The id of the customer that `token` proves; empty if it proves nothing: forged, too old, or for no id."""
    time, _, rest = token.partition(".")
    mac, _, customer_id = rest.partition(".")
    if len(token) > _LONGEST or not (time.isascii() and time.isdigit() and len(time) <= 11 and mac.isascii()):
        return ""
    # Every secret is tried, so that the time tells nothing of which one fits.
    fits = [hmac.compare_digest(_mac(secret, time, customer_id), mac) for secret in secrets]
    made = datetime.fromtimestamp(int(time), UTC)
    if not any(fits) or not now - VALID_FOR <= made <= now + _SKEW:
        return ""
    known = normalise.text(customer_id, _ID_LIMIT)
    return known if known == customer_id else ""


def _mac(secret: str, time: str, customer_id: str) -> str:
    return hmac.digest(secret.encode(), f"{time}.{customer_id}".encode("utf-8", "surrogatepass"), "sha256").hex()
