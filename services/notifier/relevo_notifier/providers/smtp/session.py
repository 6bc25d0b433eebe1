"""An SMTP connection that is open for mails: each in two writes where the server takes commands together (RFC 2920).

aiosmtplib makes the connection, encrypts it and logs in; what it then does for every command (a lock, a timeout, a
search for line ends in the whole mail) costs more than the mail itself.
"""

import asyncio
import re
from typing import cast

import aiosmtplib
from aiosmtplib import SMTPHeloError, SMTPResponse, SMTPResponseException, SMTPServerDisconnected
from aiosmtplib.email import quote_address

_PLAIN = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")  # RFC 5321: Dot-string "@" Domain
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_REPLY = 32_768
"""Bytes: whatever says more is not a mail server."""


class Session(asyncio.Protocol):
    """One connection, with one mail at a time. Errors are aiosmtplib's."""

    def __init__(self, transport: asyncio.Transport, *, pipelining: bool) -> None:
        self._transport = transport
        self._pipelining = pipelining
        self._buffer = b""
        self._replies: list[SMTPResponse] = []
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._lost: Exception | None = None
        self._loop = asyncio.get_running_loop()
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.handed_over = False
        """Whether the mail at hand, or its beginning, was written: if no answer comes, it may have arrived."""

    @classmethod
    async def over(cls, connection: aiosmtplib.SMTP) -> "Session":
        """Take over a connection that is ready for mails."""
        if connection.is_ehlo_or_helo_needed:
            try:
                await connection.ehlo()
            except SMTPHeloError:
                await connection.helo()
        transport = connection.transport
        if transport is None:
            raise SMTPServerDisconnected("Connection lost")
        session = cls(cast("asyncio.Transport", transport), pipelining=connection.supports_extension("pipelining"))
        transport.set_protocol(session)
        return session

    @property
    def is_open(self) -> bool:
        """Whether nothing is known against it."""
        return self._lost is None and not self._transport.is_closing()

    @property
    def is_stale(self) -> bool:
        """Whether the server did not so much as look at the mail at hand: it is closing the connection, or has."""
        return not self.handed_over and all(reply.code == 421 for reply in self._replies)

    async def deliver(self, sender: str, recipient: str, content: bytes, deadline: float) -> SMTPResponse:
        """Hand over one mail, whose lines end with CRLF, until `deadline` by the loop's clock.

        Raises `SMTPResponseException` for what the server refuses, and `TimeoutError`.
        """
        self.handed_over = False
        self._until(deadline)
        commands = [b"MAIL FROM:" + _path(sender), b"RCPT TO:" + _path(recipient), b"DATA"]
        await self._begin(commands)
        self.handed_over = True
        reply = await self._answered(_stuffed(content) + b".\r\n", 1)
        self.handed_over = False
        return reply[0]

    def _until(self, deadline: float) -> None:
        # One timer for many mails: a timer for each would cost more than the wait for it. It looks when it fires.
        self._deadline = deadline
        if self._timer is not None:
            if self._timer.when() <= deadline:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._deadline:
            self._until(self._deadline)
        else:
            self._waiter.set_exception(TimeoutError("no answer in time"))

    async def reset(self, deadline: float) -> None:
        """Forget a mail that was refused, so that the next one can follow."""
        self._until(deadline)
        _check(await self._answered(b"RSET\r\n", 1), 250)

    async def quit(self, deadline: float) -> None:
        """Say good-bye and close."""
        self._until(deadline)
        try:
            await self._answered(b"QUIT\r\n", 1)
        finally:
            self.close()

    def close(self) -> None:
        """Close, whatever is under way."""
        self._transport.close()

    async def _begin(self, commands: list[bytes]) -> None:
        if not self._pipelining:
            for command in commands:
                _check(await self._answered(command + b"\r\n", 1), 354 if command == b"DATA" else 250)
            return
        replies = await self._answered(b"\r\n".join(commands) + b"\r\n", len(commands))
        try:
            _check(replies[:-1], 250)
        except SMTPResponseException:
            if replies[-1].code == 354:  # it waits for a mail that has nobody to go to
                self.close()
            raise
        _check(replies[-1:], 354)

    async def _answered(self, data: bytes, wanted: int) -> list[SMTPResponse]:
        """Write, and wait for so many replies; fewer if one of them ends the session."""
        self._replies, self._buffer, self._wanted = [], b"", wanted
        if not self.is_open:
            raise SMTPServerDisconnected("Connection lost") from self._lost
        self._waiter = self._loop.create_future()
        try:
            self._transport.write(data)
            await self._waiter
        finally:
            self._waiter = None
        return self._replies

    def data_received(self, data: bytes) -> None:
        """Read replies; what comes unasked is of no interest: the connection closes after it."""
        if self._waiter is None or self._waiter.done():
            return
        self._buffer += data
        try:
            while len(self._replies) < self._wanted and (reply := self._next()) is not None:
                self._replies.append(reply)
                if reply.code == 421:
                    self._wanted = len(self._replies)
        except ValueError as error:
            self._waiter.set_exception(SMTPServerDisconnected(f"not a reply of a mail server: {error}"))
            self._transport.close()
            return
        if len(self._replies) == self._wanted:
            self._waiter.set_result(None)

    def _next(self) -> SMTPResponse | None:
        """Take a whole reply out of the buffer; `None`: its end has not come yet."""
        lines: list[bytes] = []
        start = 0
        while (end := self._buffer.find(b"\n", start)) >= 0:
            line, start = self._buffer[start:end], end + 1
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                self._buffer = self._buffer[start:]
                return SMTPResponse(int(line[:3]), b"\n".join(lines).decode("utf-8", "surrogateescape"))
        if len(self._buffer) > _LONGEST_REPLY:
            raise ValueError("it has no end")
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for an answer hears of it."""
        self._lost = exc or SMTPServerDisconnected("Connection lost")
        if self._timer is not None:
            self._timer.cancel()
        if self._waiter is not None and not self._waiter.done():
            error = SMTPServerDisconnected("Connection lost")
            error.__cause__ = exc
            self._waiter.set_exception(error)


def _stuffed(content: bytes) -> bytes:
    """A mail in which no line is its end (RFC 5321 section 4.5.2). To look first is quicker than to replace nothing."""
    return content.replace(b"\r\n.", b"\r\n..") if b"\n." in content else content


def _path(address: str) -> bytes:
    """An address as commands have it. Raises `ValueError` for what can't be one."""
    if _PLAIN.fullmatch(address):
        return f"<{address}>".encode("ascii")
    if _CONTROL.search(address):
        raise ValueError("an address has a control character")
    return quote_address(address).encode("ascii")


def _check(replies: list[SMTPResponse], wanted: int) -> None:
    """Raises `SMTPResponseException` for the first that is not of this kind; 251 is 250 as well."""
    for code, message in replies:
        if code != wanted and not (code == 251 and wanted == 250):
            raise SMTPResponseException(code, message)
