"""Messages by WhatsApp, through the Cloud API.

Source: Meta, "Messages" of the WhatsApp Business Platform. It knows no idempotency key, and
can't be asked what it took.
"""

import msgspec

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult, TryLater
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider, effect_header
from relevo_notifier.providers.whatsapp.options import WhatsAppOptions, numbers_of
from relevo_notifier.providers.whatsapp.replies import read_whatsapp
from relevo_notifier.providers.whatsapp.request import request_of

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class WhatsAppProvider(HttpProvider):
    """Sends approved templates and texts, each in a request of its own, from the number of its shop."""

    channel: Channel = "whatsapp"

    def __init__(self, options: WhatsAppOptions) -> None:
        self._numbers = numbers_of(options.numbers)
        api = HttpApi(
            "WhatsApp",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={"Accept": _JSON, "Authorization": f"Bearer {options.token.get_secret_value()}"},
        )
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Hand the message over."""
        number = self._numbers.get(message.sender) or self._numbers.get("")
        if number is None:
            how = f"set {message.sender}=PHONE_NUMBER_ID in RELEVO_NOTIFIER_WHATSAPP_NUMBERS"
            return TryLater(f"{message.sender} has no number at WhatsApp: {how}")
        reply = await self._api.post(f"/{number}/messages", _encode(request_of(message)), _JSON, effect_header(message))
        if not isinstance(reply, ApiReply):
            return reply
        return read_whatsapp(reply.status, reply.body, reply.wait)
