"""SMS through MessageBird's Messages resource.

Source: MessageBird's API reference, "SMS messaging".
It knows no idempotency key, and can't be asked for certain what it took.
"""

from datetime import timedelta

import msgspec

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.messagebird.options import MessageBirdOptions
from relevo_notifier.providers.messagebird.replies import read_messagebird

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class MessageBirdProvider:
    """Sends texts, each in a request of its own."""

    channel: Channel = "sms"
    can_ask = False
    repeatable_for = timedelta(0)

    def __init__(self, options: MessageBirdOptions) -> None:
        self.slots = options.connections
        self._api = HttpApi(
            "MessageBird",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={"Accept": _JSON, "Authorization": f"AccessKey {options.key.get_secret_value()}"},
        )

    async def send(self, message: Message) -> ProviderResult:
        """Hand the text over."""
        text = {
            "originator": message.sender.removeprefix("+"),
            "recipients": [message.recipient.removeprefix("+")],
            "body": message.text,
            "datacoding": "auto",
            "reference": message.effect,
        }
        # MessageBird ignores headers that it does not know; a sandbox that counts effects finds the effect key here.
        headers = {"X-Relevo-Effect": message.effect.encode("ascii", "backslashreplace").decode()}
        reply = await self._api.post("/messages", _encode(text), _JSON, headers)
        if not isinstance(reply, ApiReply):
            return reply
        return read_messagebird(reply.status, reply.body, reply.wait)

    async def find(self, message: Message, age: timedelta) -> str | None:
        """Not known for certain, so never."""
        raise OSError(f"MessageBird can't tell for certain whether it took {message.effect} within {age}")

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()
