"""What Vonage tells: delivery receipts and inbound SMS of its SMS API, by GET or POST.

Source: Vonage, "Delivery receipts", "Inbound SMS", "Signing messages" (the parameters, sorted, hashed with the
signature secret; the address is not signed), "SMS delivery error codes". Receipts come in any order, and some are
fakes: a delivered one proves nothing, and no single one suppresses a number. What is sent again has the same
`messageId`, which makes it harmless.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from relevo_notifier.app.ports import NotAuthenticError, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.providers.sms_webhooks import EITHER, Told, e164, parameters
from relevo_notifier.providers.vonage.options import VonageOptions
from relevo_notifier.providers.webhooks import each, instant_of, same

_KINDS: dict[str, FeedbackKind] = {
    "delivered": "delivered",
    "failed": "bounced",
    "rejected": "bounced",
    "expired": "bounced",
}
_NO_SUCH_NUMBER = {"3"}
_BARRED = {"4", "9"}  # by the owner of the number, or who asked not to get such messages


class VonageWebhook:
    """Both webhooks of the account at one address; its settings have to say that messages are signed."""

    form = EITHER

    def __init__(self, options: VonageOptions) -> None:
        self._secret = options.signature_secret.get_secret_value()
        self._method = options.signature_method

    def missing(self) -> str:
        """The secret that signs."""
        return "" if self._secret else "set RELEVO_NOTIFIER_VONAGE_SIGNATURE_SECRET"

    async def read(self, request: WebhookRequest) -> list[Told]:
        """The one receipt, or message, of a request."""
        told = parameters(request)
        given = told.pop("sig", "").lower()
        if not same(given, signature(self._secret, self._method, told)):
            raise NotAuthenticError("the signature is missing or wrong; _SIGNATURE_METHOD says how it is made")
        return each("vonage", [told], _told)


def _told(told: Mapping[str, str]) -> Told | None:
    return _feedback(told) if "status" in told else _inbound(told)


def _feedback(told: Mapping[str, str]) -> Feedback | None:
    status, code = told["status"], told.get("err-code", "")
    kind = _KINDS.get(status)
    if kind is None:
        return None
    return Feedback(
        reference=told.get("client-ref", ""),
        kind=kind,
        event_id=f"{told.get('messageId', '')}/{status}",
        at=_at(told),
        address=e164(told.get("msisdn", "")),
        permanent=code in _NO_SUCH_NUMBER | _BARRED,
        suppress=False,
        status=code,
        reason=f"{status}, error {code}" if code not in ("", "0") else status,
    )


def _at(told: Mapping[str, str]) -> datetime:
    return instant_of(told.get("message-timestamp") or told.get("timestamp", ""))


def _inbound(told: Mapping[str, str]) -> Inbound:
    return Inbound(
        message_id=told.get("messageId", ""),
        address=e164(told.get("msisdn", "")),
        own=told.get("to", ""),
        text=told.get("text", ""),
        part=told.get("concat", "").lower() == "true",
        attachments=int(told.get("type") == "binary"),
    )


def signature(secret: str, method: str, told: Mapping[str, str]) -> str:
    """What Vonage signs these parameters with, `sig` left out."""
    signed = "".join(f"&{name}={told[name].replace('&', '_').replace('=', '_')}" for name in sorted(told))
    if method == "md5hash":
        return hashlib.md5((signed + secret).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return hmac.new(secret.encode(), signed.encode("utf-8", "replace"), method).hexdigest()
