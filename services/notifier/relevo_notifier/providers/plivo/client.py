"""SMS through Plivo's Message API.

Source: Plivo's API reference, "Message", and its Python library.
It knows no idempotency key, and can't be asked for certain what it took.
"""

import msgspec

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.core.requests import basic_auth
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider, effect_header
from relevo_notifier.providers.plivo.options import PlivoOptions
from relevo_notifier.providers.plivo.replies import read_plivo
from relevo_notifier.providers.sms_webhooks import callback

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class PlivoProvider(HttpProvider):
    """Sends texts, each in a request of its own."""

    channel: Channel = "sms"

    def __init__(self, options: PlivoOptions) -> None:
        self._callback = options.callback
        self._path = f"/v1/Account/{options.account}/Message/"
        api = HttpApi(
            "Plivo",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={"Authorization": basic_auth(options.account, options.token.get_secret_value())},
        )
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Hand the text over."""
        text = {"src": message.sender, "dst": message.recipient, "text": message.text}
        if self._callback and message.reference:
            text |= {"url": callback(self._callback, message.reference), "method": "POST"}
        reply = await self._api.post(self._path, _encode(text), _JSON, effect_header(message))
        if not isinstance(reply, ApiReply):
            return reply
        return read_plivo(reply.status, reply.body, reply.wait)
