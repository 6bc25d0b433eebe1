"""How Plivo's answers to `POST /v1/Account/{id}/Message/` are to be read.

Source: Plivo's API reference, "Message": 202 with a `message_uuid` for each recipient, else `error` in words. What is
wrong with a number shows in the delivery report alone.
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown, concern_of

_REFUSED_ALL = {401, 402, 403, 404, 405, 429, 503}


def read_plivo(status: int, body: Mapping[str, Any], retry_after: float = 0.0) -> ProviderResult:
    """How an answer is to be read; `body` is its JSON, empty if there was none."""
    error = body.get("error")
    detail = {"http": str(status)}
    reason = f"Plivo answered {status}" + (f": {str(error)[:200]}" if error else "")
    if status in (200, 202) and not error:
        found = body.get("message_uuid")
        name = found[0] if isinstance(found, list) and found else found
        return Sent(name, detail) if isinstance(name, str) and name else Unknown(f"{reason} without an id", detail)
    if status in _REFUSED_ALL or 300 <= status < 400:
        return TryLater(reason, retry_after, detail, concern=concern_of(status))
    if 400 <= status < 500:
        return Rejected(reason, detail=detail)
    return Unknown(reason, detail)
