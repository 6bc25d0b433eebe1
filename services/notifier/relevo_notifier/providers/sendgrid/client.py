"""E-mail through SendGrid's `POST /v3/mail/send`.

It knows no idempotency key. Its Email Activity API is an extra that tells with delay, so "not found" would not mean
"not sent": it is not asked, and a mail in doubt is treated as over SMTP.
"""

import msgspec

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider
from relevo_notifier.providers.sendgrid.options import SendGridOptions
from relevo_notifier.providers.sendgrid.replies import read_sendgrid
from relevo_notifier.providers.sendgrid.request import request_of

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class SendGridProvider(HttpProvider):
    """Sends mails, each in a request of its own."""

    channel: Channel = "email"

    def __init__(self, options: SendGridOptions) -> None:
        self._options = options
        api = HttpApi(
            "SendGrid",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={"Accept": _JSON, "Authorization": f"Bearer {options.key.get_secret_value()}"},
        )
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Hand the mail over."""
        reply = await self._api.post("/v3/mail/send", _encode(request_of(message.mail, self._options)), _JSON)
        if not isinstance(reply, ApiReply):
            return reply
        return read_sendgrid(reply.status, reply.body, reply.headers, reply.wait)
