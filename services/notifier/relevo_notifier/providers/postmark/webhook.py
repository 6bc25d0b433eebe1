"""What Postmark tells of mails: its webhooks, which are not signed but carry a password.

Source: Postmark's developer documentation, "Bounce", "Delivery", "Spam complaint" and "Subscription change webhook".
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.app.ports import UnreadableError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind, enhanced_status, is_permanent
from relevo_notifier.providers.postmark.options import PostmarkOptions
from relevo_notifier.providers.postmark.request import REFERENCE
from relevo_notifier.providers.webhooks import check_password, each, instant_of, json_of, text_at

_HARD = {"HardBounce", "BadEmailAddress"}
_PASSING = {"Transient", "DnsError", "AutoResponder", "AddressChange", "OpenRelayTest", "Unconfirmed"}


class PostmarkWebhook:
    """One webhook for all of its events, with Basic authentication."""

    form = WebhookForm()

    def __init__(self, options: PostmarkOptions) -> None:
        self._password = options.webhook_password.get_secret_value()

    def missing(self) -> str:
        """The password."""
        return "" if self._password else "set RELEVO_NOTIFIER_POSTMARK_WEBHOOK_PASSWORD"

    async def read(self, request: WebhookRequest) -> list[Feedback]:
        """The one event of a request."""
        check_password(request, self._password)
        event = json_of(request.body)
        if not isinstance(event, dict):
            raise UnreadableError("it is not an event")
        return each("postmark", [event], feedback_of)


def feedback_of(event: Mapping[str, Any]) -> Feedback | None:
    """What an event says; `None`: nothing that is of interest."""
    record, type_ = text_at(event, "RecordType"), text_at(event, "Type")
    kind = _kind(event, record, type_)
    if kind is None:
        return None
    reason = text_at(event, "Details") or text_at(event, "Description")
    status = enhanced_status(reason)
    permanent = kind == "bounced" and is_permanent(status, otherwise=type_ in _HARD)
    at = text_at(event, "DeliveredAt") or text_at(event, "BouncedAt") or text_at(event, "ChangedAt")
    return Feedback(
        reference=text_at(event, "Metadata", REFERENCE),
        kind=kind,
        event_id=f"{record}/{text_at(event, 'ID') or text_at(event, 'MessageID')}",
        at=instant_of(at),
        address=text_at(event, "Email") or text_at(event, "Recipient"),
        permanent=permanent,
        suppress=permanent or kind == "complained",
        status=status,
        reason=f"{type_}: {reason}" if type_ else reason,
    )


def _kind(event: Mapping[str, Any], record: str, type_: str) -> FeedbackKind | None:
    if record == "SubscriptionChange":
        by_hand = event.get("SuppressSending") is True and text_at(event, "SuppressionReason") == "ManualSuppression"
        return "unsubscribed" if by_hand else None
    if record == "Bounce" and type_ in _PASSING:
        return None
    kinds: dict[str, FeedbackKind] = {"Delivery": "delivered", "Bounce": "bounced", "SpamComplaint": "complained"}
    return kinds.get(record)
