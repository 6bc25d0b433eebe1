"""A small mail server that takes what comes back: mails to the return addresses of our messages, and no other."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP
from msgspec import Struct

from relevo_notifier.app.take_feedback import TakeFeedback
from relevo_notifier.core.dsn import feedback_of, reference_of
from relevo_runtime.clock import Clock
from relevo_runtime.errors import described

_log = structlog.get_logger(__name__)
LARGEST = 1024 * 1024
"""Bytes: a report has the headers of the mail that came back, or all of it."""
MOST_CONNECTIONS = 100
MOST_RECIPIENTS = 10
_SECONDS = 60
PROVIDER = "smtp"


class Inbox(Struct, frozen=True):
    """Where it listens, the domain of the return addresses, and the secret that proves them."""

    host: str
    port: int
    domain: str
    secret: str


class Handler:
    """What is done with a recipient and a mail. The hooks are called by aiosmtpd."""

    def __init__(self, inbox: Inbox, take: TakeFeedback, clock: Clock) -> None:
        self._inbox = inbox
        self._take = take
        self._clock = clock

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Take what is for a return address of ours."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        ours = address.lower().rpartition("@")[2] == self._inbox.domain.lower()
        if not ours or reference_of(address, self._inbox.secret) is None:
            return "550 5.1.1 No such address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        """Take in what it says. 451 while that can't be kept: the other server comes again."""
        now = self._clock.now()
        references = [reference_of(address, self._inbox.secret) for address in envelope.rcpt_tos]
        told = [one for named in references if named for one in feedback_of(envelope.content, named, now)]
        try:
            taken = await self._take(PROVIDER, told)
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail must not be lost, nor the server end
            _log.warning("report_put_off", reason=described(error)[:200])
            return "451 4.3.0 Try again later"
        _log.info("report", statements=len(told), taken=taken)
        return "250 2.0.0 OK"

    async def handle_exception(self, error: Exception) -> str:
        """A bug costs the mail at hand, not the server."""
        _log.error("inbox_failed", reason=described(error)[:200])
        return "451 4.3.0 Try again later"


@asynccontextmanager
async def inbox_served(inbox: Inbox, take: TakeFeedback, clock: Clock) -> AsyncIterator[int]:
    """Take mails while the block runs; gives the port. Connections beyond `MOST_CONNECTIONS` are closed at once."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells of each command at INFO
    handler = Handler(inbox, take, clock)
    open_now: set[Any] = set()

    def protocol() -> asyncio.Protocol:
        return _Bounded(
            open_now, handler, hostname=inbox.domain, data_size_limit=LARGEST, timeout=_SECONDS, ident="Relevo"
        )

    server = await asyncio.get_running_loop().create_server(protocol, inbox.host, inbox.port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for one in list(open_now):
            one.transport.close()


class _Bounded(SMTP):
    """A session that counts among those that are open."""

    def __init__(self, open_now: set[Any], handler: Handler, **options: Any) -> None:
        super().__init__(handler, enable_SMTPUTF8=True, **options)
        self._open_now = open_now

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Too many are open: the other server comes again."""
        if len(self._open_now) >= MOST_CONNECTIONS:
            transport.close()
            return
        self._open_now.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It is over."""
        if self in self._open_now:
            self._open_now.discard(self)
            super().connection_lost(error)
