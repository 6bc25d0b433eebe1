"""E-mail through Brevo's `POST /v3/smtp/email`.

Its idempotency key holds for 30 minutes: until then a mail in doubt is sent again, marketing too, and arrives once.
"""

from datetime import timedelta

import msgspec

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.providers.brevo.options import BrevoOptions
from relevo_notifier.providers.brevo.replies import read_brevo
from relevo_notifier.providers.brevo.request import idempotency_key, request_of
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class BrevoProvider(HttpProvider):
    """Sends mails, each in a request of its own."""

    channel: Channel = "email"
    repeatable_for = timedelta(minutes=25)  # of 30, by a clock that may be slow

    def __init__(self, options: BrevoOptions) -> None:
        self._options = options
        api = HttpApi(
            "Brevo",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={"Accept": _JSON, "api-key": options.key.get_secret_value()},
        )
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Hand the mail over."""
        reply = await self._api.post("/v3/smtp/email", _encode(request_of(message.mail, self._options)), _JSON)
        if not isinstance(reply, ApiReply):
            return reply
        return read_brevo(reply.status, reply.body, idempotency_key(message.mail), reply.wait)
