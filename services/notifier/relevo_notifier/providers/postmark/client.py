"""E-mail through Postmark's `POST /email`.

Source: Postmark's API reference, "Email API". It knows no idempotency key. Sent messages can be searched, but nothing
says how soon one is found: "not found" would not mean "not sent". So it is not asked, and a mail in doubt is treated
as over SMTP: marketing is not sent again, a transactional mail goes again with the same Message-ID.
"""

import msgspec

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider
from relevo_notifier.providers.postmark.options import PostmarkOptions
from relevo_notifier.providers.postmark.replies import read_postmark
from relevo_notifier.providers.postmark.request import request_of

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class PostmarkProvider(HttpProvider):
    """Sends mails, each in a request of its own."""

    channel: Channel = "email"

    def __init__(self, options: PostmarkOptions) -> None:
        self._options = options
        api = HttpApi(
            "Postmark",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={
                "Accept": "application/json",
                "X-Postmark-Server-Token": options.token.get_secret_value(),
            },
        )
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Hand the mail over."""
        reply = await self._api.post("/email", _encode(request_of(message.mail, self._options)), _JSON)
        return read_postmark(reply.status, reply.body, reply.wait) if isinstance(reply, ApiReply) else reply
