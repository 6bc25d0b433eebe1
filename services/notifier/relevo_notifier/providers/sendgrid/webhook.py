"""What SendGrid tells of mails: its signed Event Webhook.

Source: SendGrid, "Event Webhook reference" and "Getting started with the Event Webhook security features": ECDSA P-256
with SHA-256 over the timestamp and the body as it came.
"""

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from relevo_notifier.app.ports import NotAuthenticError, UnreadableError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind, enhanced_status, is_permanent
from relevo_notifier.providers.sendgrid.options import SendGridOptions
from relevo_notifier.providers.sendgrid.public_key import public_key
from relevo_notifier.providers.sendgrid.request import REFERENCE
from relevo_notifier.providers.webhooks import each, instant_of, json_of, text_at

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_KINDS: dict[str, FeedbackKind] = {
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "bounced",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}
# A mail that SendGrid did not so much as try, since the address is known to it.
_DROPPED_FOR_GOOD = {"bounced address", "invalid", "spam reporting address"}


class SendGridWebhook:
    """The Event Webhook, with the public key that SendGrid shows for it."""

    form = WebhookForm()

    def __init__(self, options: SendGridOptions) -> None:
        self._key = options.webhook_key

    def missing(self) -> str:
        """The public key."""
        return "" if self._key else "set RELEVO_NOTIFIER_SENDGRID_WEBHOOK_KEY"

    async def read(self, request: WebhookRequest) -> list[Feedback]:
        """The events of a batch."""
        signed = request.headers.get(_TIMESTAMP, "").encode() + request.body
        try:
            signature = base64.b64decode(request.headers.get(_SIGNATURE, ""), validate=True)
            public_key(self._key).verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError) as error:
            raise NotAuthenticError("the signature is missing or wrong") from error
        events = json_of(request.body)
        if not isinstance(events, list):
            raise UnreadableError("it is not a list of events")
        return each("sendgrid", events, feedback_of)


def feedback_of(event: Mapping[str, Any]) -> Feedback | None:
    """What an event says; `None`: nothing that is of interest."""
    kind = _KINDS.get(text_at(event, "event"))
    if kind is None:
        return None
    reason, type_ = text_at(event, "reason"), text_at(event, "type")
    status = enhanced_status(text_at(event, "status"), reason)
    permanent = kind == "bounced" and _is_permanent(text_at(event, "event"), type_, status, reason)
    return Feedback(
        reference=text_at(event, REFERENCE),
        kind=kind,
        event_id=text_at(event, "sg_event_id") or f"{text_at(event, 'sg_message_id')}/{kind}",
        at=instant_of(text_at(event, "timestamp")),
        address=text_at(event, "email"),
        permanent=permanent,
        suppress=permanent or kind == "complained",
        status=status,
        reason=reason or text_at(event, "response"),
    )


def _is_permanent(event: str, type_: str, status: str, reason: str) -> bool:
    if event == "dropped":
        return reason.strip().lower() in _DROPPED_FOR_GOOD
    return is_permanent(status, otherwise=type_ == "bounce")
