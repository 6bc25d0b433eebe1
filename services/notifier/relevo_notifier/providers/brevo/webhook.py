"""What Brevo tells of mails: its transactional webhooks, which are not signed but carry a token; and the mails that its
inbound parsing posts.

Source: Brevo's documentation, "Transactional webhooks", "Secure webhook calls" (token or Basic authentication) and
"Inbound parsing webhooks". The times `ts` and `date` are in the account's zone; `ts_epoch` is not.
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.app.ports import UnreadableError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind, enhanced_status, is_permanent
from relevo_notifier.core.posted_mail import LARGEST_FORM, PostedMail, TakenApart, put_together
from relevo_notifier.providers.brevo.options import BrevoOptions
from relevo_notifier.providers.brevo.request import REFERENCE
from relevo_notifier.providers.webhooks import check_password, each, instant_of, json_of, text_at

_KINDS: dict[str, FeedbackKind] = {
    "delivered": "delivered",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced",
    "invalid_email": "bounced",
    "blocked": "bounced",
    "error": "bounced",
    "spam": "complained",
    "unsubscribed": "unsubscribed",
    "unsubscribe": "unsubscribed",
}
_MOST = 100
_HARD = {"hard_bounce", "invalid_email"}


class BrevoWebhook:
    """One webhook for all of its events, and for the mails that it receives."""

    form = WebhookForm(largest=LARGEST_FORM)

    def __init__(self, options: BrevoOptions) -> None:
        self._token = options.webhook_token.get_secret_value()

    def missing(self) -> str:
        """The token."""
        return "" if self._token else "set RELEVO_NOTIFIER_BREVO_WEBHOOK_TOKEN"

    async def read(self, request: WebhookRequest) -> list[Feedback] | list[PostedMail]:
        """The events of a request, one or a batch, or its mails."""
        check_password(request, self._token)
        told = json_of(request.body)
        if not isinstance(told, dict | list):
            raise UnreadableError("it is not an event")
        if isinstance(told, dict) and isinstance(told.get("items"), list):
            return [mail_of(one) for one in told["items"] if isinstance(one, dict)]
        return each("brevo", told if isinstance(told, list) else [told], feedback_of)


def mail_of(item: Mapping[str, Any]) -> PostedMail:
    """A mail. The names of its head are those of `Headers`; a field that came several times is a list there."""
    fields = item.get("Headers")
    head = [
        (name, text_at(value))
        for name, several in (fields.items() if isinstance(fields, dict) else ())
        for value in (several if isinstance(several, list) else [several])
    ]
    files = _texts(item.get("Attachments"), "Name")
    text, html = text_at(item, "RawTextBody"), text_at(item, "RawHtmlBody")
    mail = TakenApart(head=tuple(head), text=text, html=html, files=files)
    return put_together(mail, _texts(item.get("Recipients"), "Address") or _texts(item.get("To"), "Address"))


def _texts(several: Any, name: str) -> tuple[str, ...]:
    """What each of these has under `name`, or is."""
    found = several if isinstance(several, list) else []
    return tuple(text_at(one, name) if isinstance(one, dict) else text_at(one) for one in found[:_MOST])


def feedback_of(event: Mapping[str, Any]) -> Feedback | None:
    """What an event says; `None`: nothing that is of interest."""
    name = text_at(event, "event")
    kind = _KINDS.get(name)
    if kind is None:
        return None
    reason = text_at(event, "reason")
    status = enhanced_status(reason)
    permanent = kind == "bounced" and name != "soft_bounce" and is_permanent(status, otherwise=name in _HARD)
    milliseconds = text_at(event, "ts_epoch")
    return Feedback(
        reference=text_at(event, REFERENCE),
        kind=kind,
        event_id=f"{text_at(event, 'message-id')}/{name}/{milliseconds}",  # it names no event
        at=instant_of(str(float(milliseconds) / 1000) if milliseconds else text_at(event, "ts_event")),
        address=text_at(event, "email"),
        permanent=permanent,
        suppress=permanent or kind == "complained",
        status=status,
        reason=f"{name}: {reason}" if reason else name,
    )
