"""SMS through MessageBird's Messages resource.

Source: MessageBird's API reference, "SMS messaging".
It knows no idempotency key, and can't be asked for certain what it took.
"""

import msgspec

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider, effect_header
from relevo_notifier.providers.messagebird.options import MessageBirdOptions
from relevo_notifier.providers.messagebird.replies import read_messagebird

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class MessageBirdProvider(HttpProvider):
    """Sends texts, each in a request of its own."""

    channel: Channel = "sms"

    def __init__(self, options: MessageBirdOptions) -> None:
        self._callback = options.callback
        api = HttpApi(
            "MessageBird",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={"Accept": _JSON, "Authorization": f"AccessKey {options.key.get_secret_value()}"},
        )
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Hand the text over."""
        text = {
            "originator": message.sender.removeprefix("+"),
            "recipients": [message.recipient.removeprefix("+")],
            "body": message.text,
            "datacoding": "auto",
            "reference": message.reference or message.effect,
        }
        if self._callback:
            text["reportUrl"] = self._callback
        reply = await self._api.post("/messages", _encode(text), _JSON, effect_header(message))
        if not isinstance(reply, ApiReply):
            return reply
        return read_messagebird(reply.status, reply.body, reply.wait)
