"""How the answers of the Cloud API to `POST /{phone number ID}/messages` are to be read.

Source: Meta, "Error codes" of the WhatsApp Business Platform. It advises to go by the code, not by the HTTP status.
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.core.provider_results import Concern, ProviderResult, Rejected, Sent, TryLater, Unknown, concern_of

UNDELIVERABLE = 131026
"""The number is not on WhatsApp, or has not accepted its terms."""
STOPPED_MARKETING = 131050
"""Its owner gets no more marketing of this sender by WhatsApp."""
_ABOUT_US = {0, 3, 4, 10, 33, 190, 368, 80007, 130429, 130497, 131005, 131031, 131042, 131045, 131048, 133010, 133016}
"""The token, a permission, the number, the account, its payment, its limits: no message is at fault."""
_TOO_MANY = {80007, 130429}
"""Of these: the account, or the number, sends more than it may."""
_TOKEN = {0, 190}
"""Of these: the token is not valid any more, which holds for every number."""
_WILL_PASS = {2, 131016, 131057, 132015}
"""The service is away or in maintenance, or the template is paused."""
_WAITS = {131049: 86_400.0, 131056: 6.0}
"""Not now for this person: enough marketing of all senders for a day; a message every six seconds."""
_OPEN = {1, 131000}
"""It went wrong, and it is not said how far."""
_REFUSED_ALL = {401, 403, 404, 429, 503}


def read_whatsapp(status: int, body: Mapping[str, Any], retry_after: float = 0.0) -> ProviderResult:
    """How an answer is to be read; `body` is its JSON, empty if there was none."""
    code, words = _error(body)
    detail = {"http": str(status)} | ({"code": str(code)} if code is not None else {})
    reason = f"WhatsApp answered {status}" + (f", error {code}: {words}" if code is not None else "")
    if status == 200 and code is None:
        name = _id(body)
        return Sent(name, detail) if name else Unknown(f"{reason} without an id", detail)
    if code is not None and code not in _OPEN:
        return _by_code(code, reason, retry_after, detail)
    if status in _REFUSED_ALL or 300 <= status < 400:
        return TryLater(reason, retry_after, detail, concern_of(status))
    if 400 <= status < 500 and code is None:
        return Rejected(reason, detail=detail)
    return Unknown(reason, detail)


def _by_code(code: int, reason: str, retry_after: float, detail: dict[str, str]) -> ProviderResult:
    if code in _ABOUT_US or code in _WILL_PASS or code in _WAITS or 200 <= code < 300:
        wait = max(retry_after, _WAITS.get(code, 0.0))
        return TryLater(reason, wait, detail, _concern(code))
    if 132000 <= code < 133000:
        reason += "; compare 'approved' of the template with the WhatsApp Manager"
    return Rejected(reason, code == UNDELIVERABLE, detail)


def _concern(code: int) -> Concern:
    if code in _TOO_MANY:
        return "rate"
    return "provider" if code in _TOKEN else "message"


def _error(body: Mapping[str, Any]) -> tuple[int | None, str]:
    """The code of the error and its words; no code if there is none."""
    error = body.get("error")
    if not isinstance(error, dict):
        return None, ""
    code, data = error.get("code"), error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else ""
    words = str(details or error.get("message", ""))[:200]
    return (code if isinstance(code, int) and not isinstance(code, bool) else 1), words


def _id(body: Mapping[str, Any]) -> str:
    found = body.get("messages")
    first = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
    name = first.get("id")
    return name if isinstance(name, str) else ""
