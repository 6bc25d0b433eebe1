"""SMS through Plivo's Message API.

Source: Plivo's API reference, "Message", and its Python library.
It knows no idempotency key, and can't be asked for certain what it took.
"""

from datetime import timedelta

import msgspec

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.http_connection import basic_auth
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.plivo.options import PlivoOptions
from relevo_notifier.providers.plivo.replies import read_plivo

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class PlivoProvider:
    """Sends texts, each in a request of its own."""

    channel: Channel = "sms"
    can_ask = False
    repeatable_for = timedelta(0)

    def __init__(self, options: PlivoOptions) -> None:
        self.slots = options.connections
        self._path = f"/v1/Account/{options.account}/Message/"
        self._api = HttpApi(
            "Plivo",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={"Authorization": basic_auth(options.account, options.token.get_secret_value()).decode()},
        )

    async def send(self, message: Message) -> ProviderResult:
        """Hand the text over."""
        text = {"src": message.sender, "dst": message.recipient, "text": message.text}
        # Plivo ignores headers that it does not know; a sandbox that counts effects finds the effect key here.
        headers = {"X-Relevo-Effect": message.effect.encode("ascii", "backslashreplace").decode()}
        reply = await self._api.post(self._path, _encode(text), _JSON, headers)
        if not isinstance(reply, ApiReply):
            return reply
        return read_plivo(reply.status, reply.body, reply.wait)

    async def find(self, message: Message, age: timedelta) -> str | None:
        """Not known for certain, so never."""
        raise OSError(f"Plivo can't tell for certain whether it took {message.effect} within {age}")

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()
