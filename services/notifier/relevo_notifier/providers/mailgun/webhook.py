"""What Mailgun tells of mails: its webhooks, whose signature covers a timestamp and a token and not the event; and the
mails that its routes forward.

Source: Mailgun's documentation, "Webhooks", "Securing webhooks" and "Receiving messages via HTTP": a route to an
address that ends with `mime` posts the mail as it came, in the field `body-mime`. A token is believed once, together
with what it came with first; and what an event claims has to fit a mail of ours.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from relevo_notifier.app.ports import NotAuthenticError, UnreadableError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind, enhanced_status, is_permanent
from relevo_notifier.core.posted_mail import LARGEST_FORM, PostedMail, whole
from relevo_notifier.providers.mailgun.options import MailgunOptions
from relevo_notifier.providers.mailgun.request import REFERENCE
from relevo_notifier.providers.webhooks import each, fields_of, instant_of, json_of, same, text_at

TOKENS_KEPT = 100_000
_KINDS: dict[str, FeedbackKind] = {
    "delivered": "delivered",
    "failed": "bounced",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}
_SUPPRESSED_BEFORE = {"suppress-bounce", "suppress-complaint"}


class MailgunWebhook:
    """One webhook for all of its events. Remembers the last `TOKENS_KEPT` tokens, each process its own."""

    form = WebhookForm(largest=LARGEST_FORM)

    def __init__(self, options: MailgunOptions) -> None:
        self._key = options.webhook_key.get_secret_value().encode()
        self._tokens: OrderedDict[str, bytes] = OrderedDict()

    def missing(self) -> str:
        """The signing key."""
        return "" if self._key else "set RELEVO_NOTIFIER_MAILGUN_WEBHOOK_KEY"

    async def read(self, request: WebhookRequest) -> list[Feedback] | list[PostedMail]:
        """The one event of a request, or the one mail."""
        if posted := fields_of(request):
            return [self._mail(posted)]
        told = json_of(request.body)
        if not isinstance(told, dict):
            raise UnreadableError("it is not an event")
        self._check(told.get("signature"), request.body)
        return each("mailgun", [told.get("event-data")], feedback_of)

    def _mail(self, posted: Mapping[str, str]) -> PostedMail:
        mail = posted.get("body-mime", "").encode("utf-8", "surrogateescape")
        self._check(posted, mail)
        if not mail:
            raise UnreadableError("it has no body-mime: let the address of the route end with /mime")
        return whole(mail, [posted.get("recipient", "")])

    def _check(self, told: Any, signed: bytes) -> None:
        timestamp, token = text_at(told, "timestamp"), text_at(told, "token")
        wanted = hmac.new(self._key, f"{timestamp}{token}".encode("utf-8", "replace"), "sha256").hexdigest()
        if not token or not same(text_at(told, "signature"), wanted):
            raise NotAuthenticError("the signature is missing or wrong")
        digest = hashlib.sha256(signed).digest()
        if self._tokens.setdefault(token, digest) != digest:
            raise NotAuthenticError("the token was used already, for another event")
        if len(self._tokens) > TOKENS_KEPT:
            self._tokens.popitem(last=False)


def feedback_of(event: Mapping[str, Any]) -> Feedback | None:
    """What an event says; `None`: nothing that is of interest, or it names nobody."""
    kind, address = _KINDS.get(text_at(event, "event")), text_at(event, "recipient")
    if kind is None or not address or text_at(event, "severity") == "temporary":
        return None
    reason = text_at(event, "delivery-status", "message") or text_at(event, "delivery-status", "description")
    status = enhanced_status(text_at(event, "delivery-status", "enhanced-code"), reason)
    cause = text_at(event, "reason")
    permanent = kind == "bounced" and (cause in _SUPPRESSED_BEFORE or is_permanent(status, otherwise=cause == "bounce"))
    return Feedback(
        reference=text_at(event, "user-variables", REFERENCE),
        kind=kind,
        event_id=text_at(event, "id"),
        at=instant_of(text_at(event, "timestamp")),
        address=address,
        permanent=permanent,
        suppress=permanent or kind == "complained",
        status=status or text_at(event, "delivery-status", "code"),
        reason=reason or cause,
    )
