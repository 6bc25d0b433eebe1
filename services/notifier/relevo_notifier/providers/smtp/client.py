"""E-mail through an SMTP relay: several connections, each with one mail at a time."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import timedelta

import aiosmtplib
from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPResponseException

from relevo_contracts.contact import Channel
from relevo_contracts.mailboxes import read_mailbox
from relevo_notifier.app.ports import FoundText, Message
from relevo_notifier.core.dsn import return_address
from relevo_notifier.core.mime import build_mail
from relevo_notifier.core.provider_results import ProviderResult, Rejected, TryLater, Unknown
from relevo_notifier.providers.smtp.options import SmtpOptions
from relevo_notifier.providers.smtp.replies import read_smtp
from relevo_notifier.providers.smtp.session import Session
from relevo_notifier.providers.smtp.signer import Signer
from relevo_runtime.errors import described


class SmtpProvider:
    """A pool of connections to one relay. A connection that failed is closed and another made for the next mail.

    SMTP can't say whether a mail was taken before, so `can_ask` is false.
    """

    channel: Channel = "email"
    can_ask = False
    repeatable_for = timedelta(0)

    def __init__(self, options: SmtpOptions) -> None:
        self.slots = options.connections
        self._options = options
        self._idle: list[Session] = []
        self._free = asyncio.Semaphore(options.connections)
        self._context = _tls_context(options)
        self._signer = Signer(options.dkim, options.dkim_processes)

    async def send(self, message: Message) -> ProviderResult:
        """Send one mail over a connection of its own for that time."""
        session: Session | None = None
        try:
            content, deadline = await self._content(message), self._deadline()
            async with self._free:
                while True:
                    is_new = not self._idle
                    session = await self._connect(deadline) if is_new else self._idle.pop()
                    try:
                        reply = await session.deliver(self._sender(message), message.recipient, content, deadline)
                        break
                    except SMTPException:
                        if is_new or not session.is_stale:
                            raise
                        session.close()  # by the server meanwhile: nothing was sent, and another is tried
                self._keep(session, reply.code)
                return read_smtp(reply.code, reply.message)
        except SMTPAuthenticationError as error:
            reason = f"the mail server refused the login: {error.code} {error.message}"[:300]
            return TryLater(reason, concern="provider")
        except SMTPResponseException as error:
            await self._reset(session, error.code)
            return read_smtp(error.code, error.message)
        except (SMTPException, OSError, TimeoutError) as error:
            # A broken or a silent connection: once the mail itself was on the way, nobody knows whether it was taken.
            _close(session)
            reason = f"the connection to the mail server failed: {type(error).__name__} {error}".strip()[:300]
            handed_over = session is not None and session.handed_over
            return Unknown(reason) if handed_over else TryLater(reason, concern="provider")
        except Exception as error:  # noqa: BLE001 - what can't be written as SMTP, such as an odd address
            _close(session)
            reason = f"the mail can't be handed over: {described(error)}"[:300]
            return Unknown(reason) if session and session.handed_over else Rejected(reason)
        except BaseException:
            _close(session)  # nobody knows what state it is in
            raise

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        """SMTP has no way to ask."""
        raise OSError(f"a mail server can't tell whether it took {message.effect} within {age}")

    async def close(self) -> None:
        """Say QUIT on every idle connection; what fails then is of no interest."""
        self._signer.close()
        idle, self._idle = self._idle, []
        deadline = self._deadline()
        await asyncio.gather(*(session.quit(deadline) for session in idle), return_exceptions=True)

    async def _content(self, message: Message) -> bytes:
        """The mail, signed by the keys of its sender's domain."""
        domain = read_mailbox(message.mail.sender)[1].rpartition("@")[2].lower()
        return await self._signer.signed(build_mail(message.mail), domain)

    def _sender(self, message: Message) -> str:
        """The envelope sender: where it comes back to if it can't be delivered."""
        options = self._options
        if not options.return_domain or not message.reference:
            return message.sender
        return return_address(message.reference, options.return_domain, options.return_secret.get_secret_value())

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._options.timeout

    async def _connect(self, deadline: float) -> Session:
        async with asyncio.timeout_at(deadline):
            return await self._connected()

    async def _connected(self) -> Session:
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
        try:
            return await Session.over(connection)
        except BaseException:
            connection.close()
            raise

    async def _reset(self, session: Session | None, code: int) -> None:
        """Use the connection again after a refusal."""
        if session is None or code == 421 or not session.is_open:
            _close(session)
            return
        try:
            await session.reset(self._deadline())
            self._idle.append(session)
        except (SMTPException, OSError):
            session.close()

    def _keep(self, session: Session, code: int) -> None:
        """Use the connection again, unless the server is closing it (421, RFC 5321 section 3.8)."""
        if code == 421 or not session.is_open:
            session.close()
        else:
            self._idle.append(session)


def _close(session: Session | None) -> None:
    if session is not None:
        session.close()


def _tls_context(options: SmtpOptions) -> ssl.SSLContext | None:
    if options.tls == "none":
        return None
    return ssl.create_default_context(cafile=options.ca_file or None)
