"""E-mail through an SMTP relay: several connections, each with one mail at a time."""

import asyncio
import re
import ssl
from datetime import timedelta

import aiosmtplib
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.mime import build_mail
from relevo_notifier.core.provider_results import ProviderResult, Rejected, TryLater, Unknown
from relevo_notifier.providers.smtp.options import SmtpOptions
from relevo_notifier.providers.smtp.replies import read_smtp
from relevo_runtime.errors import described

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")  # RFC 5321: Dot-string "@" Domain


class SmtpProvider:
    """A pool of connections to one relay. A connection that failed is closed and another made for the next mail.

    SMTP can't say whether a mail was taken before, so `can_ask` is false.
    """

    channel: Channel = "email"
    can_ask = False

    def __init__(self, options: SmtpOptions) -> None:
        self.slots = options.connections
        self._options = options
        self._idle: list[aiosmtplib.SMTP] = []
        self._free = asyncio.Semaphore(options.connections)
        self._context = _tls_context(options)

    async def send(self, message: Message) -> ProviderResult:
        """Send one mail over a connection of its own for that time."""
        handed_over = False
        connection: aiosmtplib.SMTP | None = None
        try:
            content = build_mail(message.mail)
            async with self._free, asyncio.timeout(self._options.timeout):
                connection = await self._begin(message)
                await _envelope(connection, b"RCPT", b"TO", message.recipient)
                handed_over = True
                reply = await connection.data(content)
                self._idle.append(connection)
                return read_smtp(reply.code, reply.message)
        except SMTPAuthenticationError as error:
            return TryLater(f"the mail server refused the login: {error.code} {error.message}"[:300])
        except SMTPResponseException as error:
            await self._keep(connection, error.code)
            return read_smtp(error.code, error.message)
        except (SMTPException, OSError, TimeoutError) as error:
            # A broken or a silent connection: once the mail itself was on the way, nobody knows whether it was taken.
            _close(connection)
            reason = f"the connection to the mail server failed: {type(error).__name__} {error}".strip()[:300]
            return Unknown(reason) if handed_over else TryLater(reason)
        except Exception as error:  # noqa: BLE001 - what can't be written as SMTP, such as an odd address
            _close(connection)
            reason = f"the mail can't be handed over: {described(error)}"[:300]
            return Unknown(reason) if handed_over else Rejected(reason)
        except BaseException:
            _close(connection)  # nobody knows what state it is in
            raise

    async def find(self, message: Message, age: timedelta) -> str | None:
        """SMTP has no way to ask."""
        raise OSError(f"a mail server can't tell whether it took {message.effect} within {age}")

    async def close(self) -> None:
        """Say QUIT on every idle connection; what fails then is of no interest."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.quit() for connection in idle), return_exceptions=True)

    async def _begin(self, message: Message) -> aiosmtplib.SMTP:
        """A connection on which MAIL FROM was accepted.

        One that was idle may have been closed by the server meanwhile: then nothing was sent, and another is tried.
        """
        while self._idle:
            connection = self._idle.pop()
            try:
                await _envelope(connection, b"MAIL", b"FROM", message.sender)
                return connection
            except (SMTPServerDisconnected, SMTPTimeoutError):
                _close(connection)
            except SMTPResponseException as error:
                if error.code != 421:
                    await self._keep(connection, error.code)
                    raise
                _close(connection)
        connection = await self._connect()
        try:
            await connection.mail(message.sender)  # says EHLO where connecting did not
        except BaseException:
            _close(connection)
            raise
        return connection

    async def _connect(self) -> aiosmtplib.SMTP:
        options = self._options
        connection = aiosmtplib.SMTP(
            hostname=options.host,
            port=options.port,
            username=options.user or None,
            password=options.password.get_secret_value() or None,
            use_tls=options.tls == "tls",
            start_tls=options.tls == "starttls",
            tls_context=self._context,
            timeout=options.timeout,
        )
        await connection.connect()
        return connection

    async def _keep(self, connection: aiosmtplib.SMTP | None, code: int) -> None:
        """Use the connection again after a refusal, unless the server is closing it (421, RFC 5321 section 3.8)."""
        if connection is None or code == 421 or not connection.is_connected:
            _close(connection)
            return
        try:
            async with asyncio.timeout(self._options.timeout):
                await connection.rset()
            self._idle.append(connection)
        except (SMTPException, OSError):
            _close(connection)


async def _envelope(connection: aiosmtplib.SMTP, verb: bytes, word: bytes, mailbox: str) -> None:
    """`MAIL FROM` or `RCPT TO`. Raises what aiosmtplib raises.

    aiosmtplib's own methods parse each address as if it were a header's, which costs a third of a mail.
    """
    address = _ADDRESS.fullmatch(mailbox)
    if address is None:
        await (connection.mail(mailbox) if verb == b"MAIL" else connection.rcpt(mailbox))
        return
    reply = await connection.execute_command(verb, b"%s:<%s>" % (word, mailbox.encode("ascii")))
    if reply.code not in (250, 251):
        raise SMTPResponseException(reply.code, reply.message)


def _close(connection: aiosmtplib.SMTP | None) -> None:
    if connection is not None:
        connection.close()


def _tls_context(options: SmtpOptions) -> ssl.SSLContext | None:
    if options.tls == "none":
        return None
    return ssl.create_default_context(cafile=options.ca_file or None)
