"""Takes in the mails that people write to the shops' addresses, each once; what a machine wrote is none."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import structlog

from relevo_notifier.app.take_inbound import TakeInbound
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.core.mail_reading import CustomerMail, read_mail

_log = structlog.get_logger(__name__)


class Senders(Protocol):
    """From which addresses the shops write."""

    async def refresh(self) -> None:
        """Follow what was changed in the catalog."""
        ...

    def mail_senders(self) -> Collection[str]:
        """Those addresses, in lower case."""
        ...


class TakeMail:
    """The use case. `addresses` are those that people write to, in lower case, each with its shops."""

    def __init__(self, hear: TakeInbound, senders: Senders, addresses: Mapping[str, Sequence[str]]) -> None:
        self._hear = hear
        self._senders = senders
        self._addresses = addresses

    async def __call__(self, provider: str, content: bytes) -> int:
        """Take one in; returns for how many shops it is: none, if nobody wrote it, or to nobody.

        Raises as `TakeInbound` does: then the mail has to come again.
        """
        await self._senders.refresh()
        mail = read_mail(content, {*self._addresses, *self._senders.mail_senders()})
        if mail is None or mail.machine:
            _log.info("not_a_message", reason=mail.machine if mail is not None else "unreadable")
            return 0
        messages = [_inbound(mail, own) for own in self._own(mail)]
        if not messages:
            _log.warning("mail_to_nobody", advice="set RELEVO_NOTIFIER_MAIL_ADDRESSES")
        return await self._hear(provider, messages)

    def _own(self, mail: CustomerMail) -> list[str]:
        """To which of our addresses it went: one for each shop."""
        by_shop = {self._addresses[one]: one for one in reversed(mail.recipients) if one in self._addresses}
        return list(by_shop.values())


def _inbound(mail: CustomerMail, own: str) -> Inbound:
    return Inbound(
        message_id=mail.message_id,
        channel="email",
        address=mail.address,
        own=own,
        text=mail.text,
        attachments=len(mail.attachments),
        mail=mail,
    )
