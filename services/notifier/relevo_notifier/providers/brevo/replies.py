"""How Brevo's answers to `POST /v3/smtp/email` are to be read.

Source: Brevo's API reference, "Error codes", and "Idempotency for batch emails": a key that was used within the last
30 minutes is answered `duplicate_parameter`, and the request is not processed.
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown, concern_of

_REFUSED_ALL = {401, 402, 403, 404, 405, 429, 503}  # key, credits, permission, address of the API, rate
_ABOUT_US = {"unauthorized", "permission_denied", "not_enough_credits", "account_under_validation"}
_REPEATED = "duplicate_parameter"


def read_brevo(status: int, body: Mapping[str, Any], key: str, retry_after: float = 0.0) -> ProviderResult:
    """How an answer is to be read; `body` is its JSON, empty if there was none, `key` our idempotency key."""
    code, words = str(body.get("code", ""))[:100], str(body.get("message", ""))[:200]
    detail = {"http": str(status)} | ({"code": code} if code else {})
    reason = f"Brevo answered {status}" + (f", {code}: {words}" if code else "")
    if status in (201, 202) and not code:
        found = body.get("messageId")
        if isinstance(found, str) and found:
            return Sent(found, detail)
        return Unknown(f"{reason} without a messageId", detail)
    if code == _REPEATED:
        return Sent(key, detail)  # an earlier attempt got through, under the name that we gave it
    if status in _REFUSED_ALL or code in _ABOUT_US or 300 <= status < 400:
        return TryLater(reason, retry_after, detail, concern=concern_of(status))
    if 400 <= status < 500:
        return Rejected(reason, detail=detail)
    return Unknown(reason, detail)
