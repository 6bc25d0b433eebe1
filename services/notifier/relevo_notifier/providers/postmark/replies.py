"""How Postmark's answers to `POST /email` are to be read.

Source: Postmark's API reference, "API overview", sections "HTTP response codes" and "API error codes".
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown, concern_of

_INACTIVE = 406  # the recipient bounced, complained or was suppressed: Postmark sends them nothing until it is lifted
# The token, maintenance, the sender's signature, credits, the account, the rate, the stream: no message is at fault.
_ABOUT_US = {10, 100, 400, 401, 405, 412, 413, 429, 1235}
_REFUSED_ALL = {401, 403, 404, 429, 503}


def read_postmark(status: int, body: Mapping[str, Any], retry_after: float = 0.0) -> ProviderResult:
    """How an answer is to be read; `body` is its JSON, empty if there was none.

    Anything but a clear "no" from 500 on, or a 200 that names no message, leaves open whether the mail went out.
    """
    code, words = _code(body), str(body.get("Message", ""))[:200]
    detail = {"http": str(status)} | ({"code": str(code)} if code else {})
    reason = f"Postmark answered {status}" + (f", error {code}: {words}" if code else "")
    if status == 200 and not code:
        found = str(body.get("MessageID") or "")
        return Sent(found, detail) if found else Unknown(f"{reason} without a MessageID", detail)
    if status in _REFUSED_ALL or code in _ABOUT_US or 300 <= status < 400:
        return TryLater(reason, retry_after, detail, concern=concern_of(status))
    if status >= 500 or status < 200:
        return Unknown(reason, detail)
    return Rejected(reason, suppress=code == _INACTIVE, detail=detail)


def _code(body: Mapping[str, Any]) -> int:
    code = body.get("ErrorCode", 0)
    return code if isinstance(code, int) else 0
