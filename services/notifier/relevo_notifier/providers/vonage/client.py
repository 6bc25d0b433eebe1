"""SMS through Vonage's SMS API.

Source: Vonage's API reference, "SMS API".
It knows no idempotency key, and can't be asked for certain what it took.
"""

from urllib.parse import urlencode

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider, effect_header
from relevo_notifier.providers.vonage.options import VonageOptions
from relevo_notifier.providers.vonage.replies import read_vonage
from relevo_templates.segments import segments_of

_FORM = "application/x-www-form-urlencoded"
_REFERENCE_GREATEST = 100


class VonageProvider(HttpProvider):
    """Sends texts, each in a request of its own."""

    channel: Channel = "sms"

    def __init__(self, options: VonageOptions) -> None:
        self._callback = options.callback
        self._credentials = {"api_key": options.key, "api_secret": options.secret.get_secret_value()}
        api = HttpApi("Vonage", options.url, connections=options.connections, timeout=options.timeout, headers={})
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Hand the text over."""
        form = {
            **self._credentials,
            "to": message.recipient.removeprefix("+"),
            "from": message.sender.removeprefix("+"),
            "text": message.text,
            "type": "text" if segments_of(message.text).encoding == "GSM-7" else "unicode",
            "client-ref": message.reference or message.effect[:_REFERENCE_GREATEST],
        }
        if self._callback:
            form["callback"] = self._callback
        reply = await self._api.post("/sms/json", urlencode(form).encode(), _FORM, effect_header(message))
        if not isinstance(reply, ApiReply):
            return reply
        return read_vonage(reply.status, reply.body, reply.wait)
