"""E-mail through Mailgun's `messages.mime`.

It knows no idempotency key. Its events tell with delay, so "not found" would not mean "not sent": it is not asked, and
a mail in doubt is treated as over SMTP, with the same Message-ID.
"""

from datetime import timedelta

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.http_connection import basic_auth
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.mailgun.options import MailgunOptions
from relevo_notifier.providers.mailgun.replies import read_mailgun
from relevo_notifier.providers.mailgun.request import form_of, path_of


class MailgunProvider:
    """Sends mails, each in a request of its own."""

    channel: Channel = "email"
    can_ask = False
    repeatable_for = timedelta(0)

    def __init__(self, options: MailgunOptions) -> None:
        self.slots = options.connections
        self._options = options
        self._api = HttpApi(
            "Mailgun",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={
                "Accept": "application/json",
                "Authorization": basic_auth("api", options.key.get_secret_value()).decode(),
            },
        )

    async def send(self, message: Message) -> ProviderResult:
        """Hand the mail over."""
        content, content_type = form_of(message.mail)
        reply = await self._api.post(path_of(message.mail, self._options), content, content_type)
        return read_mailgun(reply.status, reply.body, reply.wait) if isinstance(reply, ApiReply) else reply

    async def find(self, message: Message, age: timedelta) -> str | None:
        """Not known for certain, so never."""
        raise OSError(f"Mailgun can't tell for certain whether it took {message.effect} within {age}")

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()
