"""What Mailgun tells of mails: its webhooks, whose signature covers a timestamp and a token and not the event.

Source: Mailgun's documentation, "Webhooks" and "Securing webhooks". So a token is believed once, together with the
body that it came with first; and what the event claims has to fit a mail of ours.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from relevo_notifier.app.ports import NotAuthenticError, UnreadableError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind, enhanced_status, is_permanent
from relevo_notifier.providers.mailgun.options import MailgunOptions
from relevo_notifier.providers.mailgun.request import REFERENCE
from relevo_notifier.providers.webhooks import each, instant_of, json_of, same, text_at

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

    form = WebhookForm()

    def __init__(self, options: MailgunOptions) -> None:
        self._key = options.webhook_key.get_secret_value().encode()
        self._tokens: OrderedDict[str, bytes] = OrderedDict()

    def missing(self) -> str:
        """The signing key."""
        return "" if self._key else "set RELEVO_NOTIFIER_MAILGUN_WEBHOOK_KEY"

    async def read(self, request: WebhookRequest) -> list[Feedback]:
        """The one event of a request."""
        told = json_of(request.body)
        if not isinstance(told, dict):
            raise UnreadableError("it is not an event")
        self._check(told, request.body)
        return each("mailgun", [told.get("event-data")], feedback_of)

    def _check(self, told: Mapping[str, Any], body: bytes) -> None:
        timestamp, token = text_at(told, "signature", "timestamp"), text_at(told, "signature", "token")
        wanted = hmac.new(self._key, f"{timestamp}{token}".encode("utf-8", "replace"), "sha256").hexdigest()
        if not token or not same(text_at(told, "signature", "signature"), wanted):
            raise NotAuthenticError("the signature is missing or wrong")
        digest = hashlib.sha256(body).digest()
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
