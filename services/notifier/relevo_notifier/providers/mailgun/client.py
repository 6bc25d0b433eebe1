"""E-mail through Mailgun's `messages.mime`.

It knows no idempotency key. Its events tell with delay, so "not found" would not mean "not sent": it is not asked, and
a mail in doubt is treated as over SMTP, with the same Message-ID.
"""

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.core.requests import basic_auth
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider
from relevo_notifier.providers.mailgun.options import MailgunOptions
from relevo_notifier.providers.mailgun.replies import read_mailgun
from relevo_notifier.providers.mailgun.request import form_of, path_of


class MailgunProvider(HttpProvider):
    """Sends mails, each in a request of its own."""

    channel: Channel = "email"

    def __init__(self, options: MailgunOptions) -> None:
        self._options = options
        api = HttpApi(
            "Mailgun",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={
                "Accept": "application/json",
                "Authorization": basic_auth("api", options.key.get_secret_value()),
            },
        )
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Hand the mail over."""
        content, content_type = form_of(message.mail)
        reply = await self._api.post(path_of(message.mail, self._options), content, content_type)
        return read_mailgun(reply.status, reply.body, reply.wait) if isinstance(reply, ApiReply) else reply
