"""How SendGrid's answers to `POST /v3/mail/send` are to be read.

Source: SendGrid's API reference, "Status codes", "Errors" and "Rate limits". A mail to an address that SendGrid
suppresses is taken (202) and reported as dropped by an event later.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown, concern_of
from relevo_notifier.core.replies import LONGEST_WISH

_REFUSED_ALL = {401, 402, 403, 404, 405, 429, 503}  # key, credits, sender, address of the API, rate


def read_sendgrid(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str], retry_after: float = 0.0
) -> ProviderResult:
    """How an answer is to be read; `body` is its JSON, empty if there was none, `headers` have lower-case names."""
    words = _words(body)
    detail = {"http": str(status)}
    reason = f"SendGrid answered {status}" + (f": {words}" if words else "")
    if status == 202 and not words:
        found = headers.get("x-message-id", "")
        return Sent(found, detail) if found else Unknown(f"{reason} without an X-Message-Id", detail)
    if status in _REFUSED_ALL or 300 <= status < 400:
        return TryLater(reason, retry_after or _reset(headers), detail, concern=concern_of(status))
    if 400 <= status < 500:
        return Rejected(reason, detail=detail)
    return Unknown(reason, detail)


def _words(body: Mapping[str, Any]) -> str:
    errors = body.get("errors")
    if not isinstance(errors, list):
        return ""
    return "; ".join(str(one.get("message", "")) for one in errors if isinstance(one, dict))[:200]


def _reset(headers: Mapping[str, str]) -> float:
    """Seconds until the rate's window ends: `X-RateLimit-Reset` is an instant, by SendGrid's own clock."""
    reset = headers.get("x-ratelimit-reset", "")
    if not (reset.isascii() and reset.isdigit() and len(reset) < 12):
        return 0.0
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return 0.0
    since = (datetime.fromtimestamp(int(reset), UTC) - now.replace(tzinfo=now.tzinfo or UTC)).total_seconds()
    return min(max(since, 0.0), LONGEST_WISH)
