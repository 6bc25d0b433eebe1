"""What WhatsApp tells: statuses of messages, and what people write, signed with the secret of the app.

Source: Meta, "Webhooks" and "Status messages" of the WhatsApp Business Platform. A message that was read was delivered,
and then `delivered` is not always told.
"""

import hmac
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from relevo_notifier.app.ports import NotAuthenticError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind
from relevo_notifier.core.inbound import Inbound, is_message
from relevo_notifier.providers.webhooks import each, instant_of, json_of, same, text_at
from relevo_notifier.providers.whatsapp.options import WhatsAppOptions
from relevo_notifier.providers.whatsapp.replies import STOPPED_MARKETING, UNDELIVERABLE

_MEDIA = {"image", "video", "audio", "document", "sticker"}
_KINDS: dict[str, FeedbackKind] = {"delivered": "delivered", "read": "delivered", "failed": "bounced"}


class WhatsAppWebhook:
    """The webhook of Meta's app, subscribed to `messages`."""

    form = WebhookForm()

    def __init__(self, options: WhatsAppOptions) -> None:
        self._secret = options.app_secret.get_secret_value()
        self._verify_token = options.verify_token.get_secret_value()

    def missing(self) -> str:
        """The app's secret, and the token by which Meta finds out that this is us."""
        complete = self._secret and self._verify_token
        return "" if complete else "set RELEVO_NOTIFIER_WHATSAPP_APP_SECRET and _VERIFY_TOKEN"

    def challenge(self, query: str) -> str:
        """What Meta wants to hear before it tells anything. Raises `NotAuthenticError`."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if asked.get("hub.mode") != "subscribe" or not same(asked.get("hub.verify_token", ""), self._verify_token):
            raise NotAuthenticError("the verify token is missing or wrong: RELEVO_NOTIFIER_WHATSAPP_VERIFY_TOKEN")
        return asked.get("hub.challenge", "")

    async def read(self, request: WebhookRequest) -> list[Feedback | Inbound]:
        """The statuses and the messages of a request."""
        wanted = f"sha256={hmac.digest(self._secret.encode(), request.body, 'sha256').hex()}"
        if not same(request.headers.get("x-hub-signature-256", ""), wanted):
            raise NotAuthenticError(
                "the signature is missing or wrong; it is one with RELEVO_NOTIFIER_WHATSAPP_APP_SECRET"
            )
        values = list(_values(json_of(request.body)))
        statuses = [one for value in values for one in _dicts(value.get("statuses"))]
        stopped = [one for one in statuses if _code(one) == STOPPED_MARKETING]
        written = [_written(one, value) for value in values for one in _dicts(value.get("messages"))]
        told = each("whatsapp", statuses, _told) + each("whatsapp", stopped, _stopped)
        return [*told, *(one for one in written if is_message(one))]


def _written(message: Mapping[str, Any], value: Mapping[str, Any]) -> Inbound:
    """A message of a person: its text, the button that was pressed, or what stands below a picture."""
    kind = text_at(message, "type")
    text = (
        text_at(message, "text", "body")
        or text_at(message, "button", "text")
        or text_at(message, "interactive", "button_reply", "title")
        or text_at(message, kind, "caption")
    )
    return Inbound(
        message_id=text_at(message, "id"),
        channel="whatsapp",
        address=f"+{text_at(message, 'from')}",
        own=f"+{text_at(value, 'metadata', 'display_phone_number').removeprefix('+')}",
        text=text,
        attachments=int(kind in _MEDIA),
    )


def _told(status: Mapping[str, Any]) -> Feedback | None:
    """What became of a message."""
    kind = _KINDS.get(text_at(status, "status"))
    if kind is None:
        return None
    code = _code(status)
    return _feedback(status, kind, permanent=code == UNDELIVERABLE)


def _stopped(status: Mapping[str, Any]) -> Feedback:
    """That the person wants no more marketing."""
    return _feedback(status, "unsubscribed", permanent=False)


def _feedback(status: Mapping[str, Any], kind: FeedbackKind, *, permanent: bool) -> Feedback:
    """`address` is left empty: the number that WhatsApp has may be written in another way than the one written to."""
    code = _code(status)
    words = text_at(status, "errors", 0, "error_data", "details") or text_at(status, "errors", 0, "title")
    return Feedback(
        reference=text_at(status, "biz_opaque_callback_data"),
        kind=kind,
        event_id=f"{text_at(status, 'id')}/{kind}",
        at=instant_of(text_at(status, "timestamp")),
        permanent=permanent,
        suppress=permanent,
        status=str(code) if code else "",
        reason=f"error {code}: {words}" if code else "",
    )


def _code(status: Mapping[str, Any]) -> int:
    written = text_at(status, "errors", 0, "code")
    return int(written) if written.isascii() and written.isdigit() else 0


def _values(body: Any) -> Iterator[Mapping[str, Any]]:
    """What each change says; one that says nothing that can be read is left out."""
    for entry in _dicts(body.get("entry") if isinstance(body, dict) else None):
        for change in _dicts(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, dict):
                yield value


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
