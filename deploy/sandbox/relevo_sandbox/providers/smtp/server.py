"""The mail sink: an SMTP server that takes everything and delivers nothing."""

import asyncio
import logging
import ssl
from typing import Any

from aiosmtpd.smtp import SMTP

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector

END = b"\r\n.\r\n"
GREATEST = 32 * 1024 * 1024


class Sink(SMTP):
    """aiosmtpd with a DATA command that reads a message as a whole.

    The library reads line by line, which costs a millisecond for a usual HTML mail; a sink that measures senders
    must be faster than they are. It is good for well-formed messages, which begin with a header.
    """

    line_length_limit = GREATEST

    async def smtp_DATA(self, _arg: str | None) -> None:  # noqa: N802  # the library's name for the command
        """Take the message, undo the dot-stuffing (RFC 5321 section 4.5.2), and hand it to the handler."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await self._reader.readexactly(3)
        if content != END[2:]:
            content += await self._reader.readuntil(END)
            content = content[: -len(END) + 2].replace(b"\r\n..", b"\r\n.")
        envelope.content = content
        status = await self._call_handler_hook("DATA")
        self.envelope = self._create_envelope()
        if status is not None:
            await self.push(status)


class Handler:
    """What the sink does with a recipient and a message, faults included. The hooks are called by aiosmtpd."""

    def __init__(self, box: Box, fault_injector: FaultInjector) -> None:
        self._box = box
        self._fault_injector = fault_injector

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Accept a recipient, or refuse it as asked for by the faults."""
        refusal = self._fault_injector.recipient(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # the library's name
        self, server: Any, _session: Any, envelope: Any
    ) -> str | None:
        """Store the message, or fail as asked for by the faults."""
        if self._fault_injector.faults.latency:
            await asyncio.sleep(self._fault_injector.faults.latency)
        match self._fault_injector.mail(envelope.rcpt_tos[0]):
            case "temporary":
                return "451 4.3.0 Try again later"
            case "disconnect":
                await server.push("421 4.3.2 Closing the connection")
                server.transport.close()
                return None
            case "vanish":
                self._box.put_mail(envelope.content, envelope.mail_from, envelope.rcpt_tos)
                server.transport.abort()
                return None
            case _:
                message = self._box.put_mail(envelope.content, envelope.mail_from, envelope.rcpt_tos)
                return f"250 2.0.0 OK queued as {message.number}"


async def serve_mail(
    box: Box, fault_injector: FaultInjector, host: str, port: int, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """Start the sink; port 0 takes a free one. With `tls` it offers STARTTLS."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells of each command at INFO
    handler = Handler(box, fault_injector)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: Sink(
            handler, hostname="sandbox.example.com", data_size_limit=GREATEST, enable_SMTPUTF8=True, tls_context=tls
        ),
        host,
        port,
    )
