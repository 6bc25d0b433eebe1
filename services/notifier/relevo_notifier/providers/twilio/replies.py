"""How the answers of Twilio's Messages resource are to be read.

Source: Twilio, "Error and warning dictionary".
"""

from relevo_notifier.core.provider_results import ProviderResult, Rejected, TryLater, Unknown, concern_of

_STOPPED = {21610}  # the recipient answered STOP: Twilio sends them nothing any more
_CREDENTIALS = {401, 403, 404}  # the account or its token: every message would fail, none is at fault


def read_twilio(status: int, code: int, message: str, retry_after: float = 0.0) -> ProviderResult:
    """How an answer other than 201 is to be read; `code` is 0 where it gave none."""
    detail = {"http": str(status)} | ({"code": str(code)} if code else {})
    reason = f"Twilio answered {status}" + (f", error {code}: {message}" if code else "")
    if status == 429 or status in _CREDENTIALS or status == 503:
        return TryLater(reason=reason, wait=retry_after, detail=detail, concern=concern_of(status))
    if status >= 500:
        return Unknown(reason=reason, detail=detail)
    return Rejected(reason=reason, suppress=code in _STOPPED, detail=detail)
