"""How MessageBird's answers to `POST /messages` are to be read.

Source: MessageBird's API reference, "API errors": 2 access key, 9 and 10 parameters, 20 not found, 21 bad request,
25 no balance, 98 no such API, 99 internal error.
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown, concern_of

_REFUSED_ALL = {401, 402, 403, 404, 405, 429, 503}
_ABOUT_US = {2, 25, 98}


def read_messagebird(status: int, body: Mapping[str, Any], retry_after: float = 0.0) -> ProviderResult:
    """How an answer is to be read; `body` is its JSON, empty if there was none."""
    code, words = _error(body)
    detail = {"http": str(status)} | ({"code": str(code)} if code else {})
    reason = f"MessageBird answered {status}" + (f", error {code}: {words}" if code else "")
    if status in (200, 201) and not code:
        name = body.get("id")
        return Sent(name, detail) if isinstance(name, str) and name else Unknown(f"{reason} without an id", detail)
    if status in _REFUSED_ALL or code in _ABOUT_US or 300 <= status < 400:
        return TryLater(reason, retry_after, detail, concern=concern_of(status))
    if 400 <= status < 500:
        return Rejected(reason, detail=detail)
    return Unknown(reason, detail)


def _error(body: Mapping[str, Any]) -> tuple[int, str]:
    """The first of the errors: its code, or 0, and its words."""
    found = body.get("errors")
    first = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
    code = first.get("code", 0)
    return code if isinstance(code, int) else 0, str(first.get("description", ""))[:200]
