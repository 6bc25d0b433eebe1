"""What Twilio tells: what became of texts, and what people write.

Source: Twilio, "Validating signatures" (HMAC-SHA1 over the public URL and the sorted parameters), "Track outbound
message status", "Twilio's request to your incoming message webhook URL". Callbacks come in any order. Twilio advises
against hard logic on error codes: only a STOP suppresses.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC
from urllib.parse import parse_qsl

from relevo_contracts.keywords import Command
from relevo_notifier.app.ports import NotAuthenticError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.providers.sms_webhooks import REFERENCE, Told, public_addresses
from relevo_notifier.providers.twilio.options import TwilioOptions
from relevo_notifier.providers.webhooks import each, same, text_at
from relevo_runtime.clock import SystemClock

_KINDS: dict[str, FeedbackKind] = {"delivered": "delivered", "undelivered": "bounced", "failed": "bounced"}
_COMMANDS: Mapping[str, Command] = {"STOP": "stop", "START": "start", "HELP": "help"}
_STOPPED = "21610"
_NO_SUCH_NUMBER = {"21211", "21614", "30005", "30006"}


class TwilioWebhook:
    """The status callback, whose address each text names, and the webhook of numbers for incoming messages."""

    form = WebhookForm(thanks="<Response/>", media_type="text/xml")  # TwiML that answers nothing

    def __init__(self, options: TwilioOptions) -> None:
        self._url = options.callback
        self._token = options.token.get_secret_value()
        self._clock = SystemClock()  # a callback names no time

    def missing(self) -> str:
        """The account's token, and the address that Twilio calls and signs."""
        return "" if self._token and self._url else "set RELEVO_NOTIFIER_TWILIO_TOKEN and _CALLBACK"

    async def read(self, request: WebhookRequest) -> list[Told]:
        """The one status, or message, of a request."""
        form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        given = request.headers.get("x-twilio-signature", "")
        addresses = public_addresses(self._url, request.query)
        if True not in [same(given, signature(self._token, one, form)) for one in addresses]:
            raise NotAuthenticError("the signature is missing or wrong; it is one over RELEVO_NOTIFIER_TWILIO_CALLBACK")
        named = dict(parse_qsl(request.query)).get(REFERENCE, "")
        return each("twilio", [dict(form) | {REFERENCE: named}], self._told)

    def _told(self, form: Mapping[str, str]) -> Told | None:
        return self._feedback(form) if text_at(form, "MessageStatus") else _inbound(form)

    def _feedback(self, form: Mapping[str, str]) -> Feedback | None:
        status, code = text_at(form, "MessageStatus"), text_at(form, "ErrorCode")
        kind = _KINDS.get(status)
        if kind is None:
            return None
        return Feedback(
            reference=text_at(form, REFERENCE),
            kind=kind,
            event_id=f"{text_at(form, 'MessageSid')}/{status}",
            at=self._clock.now().astimezone(UTC),
            address=text_at(form, "To"),
            permanent=code in _NO_SUCH_NUMBER or code == _STOPPED,
            suppress=code == _STOPPED,
            status=code,
            reason=f"{status}, error {code}" if code else status,
        )


def _inbound(form: Mapping[str, str]) -> Inbound:
    media = text_at(form, "NumMedia")
    return Inbound(
        message_id=text_at(form, "MessageSid"),
        address=text_at(form, "From"),
        own=text_at(form, "To"),
        text=text_at(form, "Body"),
        command=_COMMANDS.get(text_at(form, "OptOutType").upper()),
        attachments=int(media) if media.isdecimal() else 0,
    )


def signature(token: str, url: str, form: Sequence[tuple[str, str]]) -> str:
    """What Twilio signs a POST of `form` to `url` with."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode("utf-8", "replace"), "sha1")).decode()
