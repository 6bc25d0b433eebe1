"""E-mail through the API v2 of Amazon SES.

It knows no idempotency key, and nothing can be asked about a mail for certain. So a mail in doubt is treated as over
SMTP: marketing is not sent again, a transactional mail goes again. SES puts a Message-ID of its own; `X-Relevo-Effect`
and the reference in the tags stay.
"""

from datetime import UTC

import msgspec

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider
from relevo_notifier.providers.ses.options import SesOptions
from relevo_notifier.providers.ses.replies import read_ses
from relevo_notifier.providers.ses.request import request_of
from relevo_notifier.providers.ses.signing import Credentials, signed_headers
from relevo_runtime.clock import SystemClock

PATH = "/v2/email/outbound-emails"
_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class SesProvider(HttpProvider):
    """Sends mails, each in a request of its own."""

    channel: Channel = "email"

    def __init__(self, options: SesOptions) -> None:
        self._options = options
        self._clock = SystemClock()  # AWS compares with its own clock, whatever the notifier's says
        self._credentials = Credentials(
            options.region, options.key_id, options.secret.get_secret_value(), options.session_token.get_secret_value()
        )
        api = HttpApi(
            "SES", options.base_url, connections=options.connections, timeout=options.timeout, headers={"Accept": _JSON}
        )
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Hand the mail over."""
        content = _encode(request_of(message.mail, self._options))
        url = self._options.base_url.rstrip("/") + PATH
        now = self._clock.now().astimezone(UTC)
        headers = signed_headers(self._credentials, url, content, now)
        reply = await self._api.post(PATH, content, _JSON, headers)
        return read_ses(reply.status, reply.body, reply.headers, reply.wait) if isinstance(reply, ApiReply) else reply
