"""What Twilio tells of texts: status callbacks.

Source: Twilio, "Validating signatures" (HMAC-SHA1 over the public URL and the sorted parameters) and "Track outbound
message status". Callbacks come in any order. Twilio advises against hard logic on error codes: only a STOP suppresses.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import UTC
from urllib.parse import parse_qsl

from relevo_notifier.app.ports import NotAuthenticError, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind
from relevo_notifier.providers.twilio.options import REFERENCE, TwilioOptions
from relevo_notifier.providers.webhooks import each, same, text_at
from relevo_runtime.clock import SystemClock

_KINDS: dict[str, FeedbackKind] = {"delivered": "delivered", "undelivered": "bounced", "failed": "bounced"}
_STOPPED = "21610"
_NO_SUCH_NUMBER = {"21211", "21614", "30005", "30006"}


class TwilioWebhook:
    """The status callback, whose address each text names."""

    def __init__(self, options: TwilioOptions) -> None:
        self._url = options.callback
        self._token = options.token.get_secret_value()
        self._clock = SystemClock()  # a callback names no time

    def missing(self) -> str:
        """The account's token, and the address that Twilio calls and signs."""
        return "" if self._token and self._url else "set RELEVO_NOTIFIER_TWILIO_TOKEN and _CALLBACK"

    async def read(self, request: WebhookRequest) -> list[Feedback]:
        """The one status of a request."""
        form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        wanted = signature(self._token, f"{self._url}?{request.query}" if request.query else self._url, form)
        if not same(request.headers.get("x-twilio-signature", ""), wanted):
            raise NotAuthenticError("the signature is missing or wrong; it is one over RELEVO_NOTIFIER_TWILIO_CALLBACK")
        named = dict(parse_qsl(request.query)).get(REFERENCE, "")
        return each("twilio", [dict(form) | {REFERENCE: named}], self._feedback)

    def _feedback(self, form: object) -> Feedback | None:
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


def signature(token: str, url: str, form: Sequence[tuple[str, str]]) -> str:
    """What Twilio signs a POST of `form` to `url` with."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode("utf-8", "replace"), "sha1")).decode()
