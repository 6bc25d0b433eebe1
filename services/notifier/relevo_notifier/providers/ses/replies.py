"""How SES's answers to `SendEmail` are to be read.

Source: Amazon SES API v2 reference, "SendEmail" and "Common errors". SES takes a mail to any address; whether that
exists is told by an event later.
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown, concern_of

# The message itself. Whatever else is refused with 4xx is about the account, its rate, its sender or its credentials.
_ABOUT_THE_MESSAGE = {"MessageRejected", "BadRequestException", "ValidationException", "InvalidParameterValue"}
_SENDER = "not verified"  # "Email address is not verified": MessageRejected, and yet it is about the sender
_TOO_LARGE = 413


def read_ses(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str], retry_after: float = 0.0
) -> ProviderResult:
    """How an answer is to be read; `body` is its JSON, empty if there was none, `headers` have lower-case names."""
    error, words = _error(body, headers), str(body.get("message") or body.get("Message") or "")[:200]
    detail = {"http": str(status)} | ({"code": error} if error else {})
    reason = f"SES answered {status}" + (f", {error}: {words}" if error else "")
    if status == 200:
        found = body.get("MessageId")
        if isinstance(found, str) and found:
            return Sent(found, detail)
        return Unknown(f"{reason} without a MessageId", detail)
    if status == _TOO_LARGE or (status == 400 and error in _ABOUT_THE_MESSAGE and _SENDER not in words):
        return Rejected(reason, detail=detail)
    if 300 <= status < 500 or status == 503:
        return TryLater(reason, retry_after, detail, concern=concern_of(status))
    return Unknown(reason, detail)


def _error(body: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The name of the error, in the header or the body (AWS restJson1 protocol, "Operation error serialization")."""
    named = headers.get("x-amzn-errortype") or body.get("__type") or body.get("code") or ""
    return str(named).partition(":")[0].rpartition("#")[2][:100]
