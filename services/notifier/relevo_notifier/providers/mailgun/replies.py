"""How Mailgun's answers to `POST /v3/DOMAIN/messages.mime` are to be read.

Source: Mailgun's documentation, "API response codes" and "Send an email in MIME format". A mail to an address that
Mailgun suppresses is taken (200) and reported as failed by an event later.
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown, concern_of

# Key, credits, the domain, the rate; 420 is its rate limit too. 404 "can be temporal: eventually consistent".
_REFUSED_ALL = {401, 402, 403, 404, 420, 429, 503}
_ABOUT_US = ("domain", "account", "sandbox subdomains", "disabled", "limit")  # 400: no message is at fault


def read_mailgun(status: int, body: Mapping[str, Any], retry_after: float = 0.0) -> ProviderResult:
    """How an answer is to be read; `body` is its JSON, empty if there was none.

    A 200 without an id is not Mailgun's: it answers so where the address of the API is wrong.
    """
    words = str(body.get("message", ""))[:200]
    detail = {"http": str(status)}
    reason = f"Mailgun answered {status}" + (f": {words}" if words else "")
    if status == 200:
        found = body.get("id")
        if isinstance(found, str) and found:
            return Sent(found, detail)
        return Unknown(f"{reason} without an id", detail)
    if status in _REFUSED_ALL or 300 <= status < 400 or (status == 400 and _is_about_us(words)):
        return TryLater(reason, retry_after, detail, concern=concern_of(status))
    if 400 <= status < 500:
        return Rejected(reason, detail=detail)
    return Unknown(reason, detail)


def _is_about_us(words: str) -> bool:
    return any(word in words.lower() for word in _ABOUT_US) and "parameter" not in words
