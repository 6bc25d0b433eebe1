"""What SendGrid tells of mails: its signed Event Webhook; and the mails that its Inbound Parse posts.

Source: SendGrid, "Event Webhook reference" and "Getting started with the Event Webhook security features": ECDSA P-256
with SHA-256 over the timestamp and the body as it came; "Inbound Email Parse Webhook" and "Securing your Inbound Parse
Webhooks": the same signature, with the key of a security policy.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from relevo_notifier.app.ports import NotAuthenticError, UnreadableError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind, enhanced_status, is_permanent
from relevo_notifier.core.posted_mail import LARGEST_FORM, PostedMail, TakenApart, put_together, whole
from relevo_notifier.providers.sendgrid.options import SendGridOptions
from relevo_notifier.providers.sendgrid.public_key import public_key
from relevo_notifier.providers.sendgrid.request import REFERENCE
from relevo_notifier.providers.webhooks import each, fields_of, instant_of, json_of, text_at

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_MOST_RECIPIENTS = 100
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
    """The Event Webhook and Inbound Parse, each with the public key that SendGrid shows for it."""

    form = WebhookForm(largest=LARGEST_FORM)

    def __init__(self, options: SendGridOptions) -> None:
        self._key = options.webhook_key
        self._parse_key = options.parse_key

    def missing(self) -> str:
        """The public keys."""
        return "" if self._key or self._parse_key else "set RELEVO_NOTIFIER_SENDGRID_WEBHOOK_KEY, or _PARSE_KEY"

    async def read(self, request: WebhookRequest) -> list[Feedback] | list[PostedMail]:
        """The events of a batch, or a mail."""
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            _check(request, self._parse_key)
            return [mail_of(fields_of(request))]
        _check(request, self._key)
        events = json_of(request.body)
        if not isinstance(events, list):
            raise UnreadableError("it is not a list of events")
        return each("sendgrid", events, feedback_of)


def _check(request: WebhookRequest, key: str) -> None:
    signed = request.headers.get(_TIMESTAMP, "").encode() + request.body
    try:
        signature = base64.b64decode(request.headers.get(_SIGNATURE, ""), validate=True)
        public_key(key).verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise NotAuthenticError("the signature is missing or wrong") from error


def mail_of(posted: Mapping[str, str]) -> PostedMail:
    """The mail of a form: whole where "Post the raw, full MIME message" is ticked, else in parts."""
    envelope = json_of(posted["envelope"]) if posted.get("envelope") else None
    recipients = [text_at(envelope, "to", number) for number in range(_MOST_RECIPIENTS)]
    if "email" in posted:
        return whole(posted["email"].encode("utf-8", "surrogateescape"), recipients)
    if "headers" not in posted:
        raise UnreadableError("it is not a mail of Inbound Parse")
    lines = re.sub(r"\r?\n[ \t]+", " ", posted["headers"]).splitlines()
    head = tuple((name, value) for name, _, value in (line.partition(":") for line in lines))
    files = json_of(posted["attachment-info"]) if posted.get("attachment-info") else None
    names = [text_at(one, "filename") or name for name, one in files.items()] if isinstance(files, dict) else []
    text, html = posted.get("text", ""), posted.get("html", "")
    return put_together(TakenApart(head=head, text=text, html=html, files=tuple(names)), recipients)


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
