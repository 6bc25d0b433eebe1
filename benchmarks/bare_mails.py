"""The limit of the mail benchmark: sends one prebuilt mail again and again, over as many connections as the notifier.

`python -m benchmarks.bare_mails PORT CONNECTIONS MAILS FILE [--raw]`. By aiosmtplib, which the notifier uses too; with
`--raw` by a protocol of a few lines, which shows what the sink can take.
"""

import asyncio
import sys
from pathlib import Path
from typing import cast

import aiosmtplib

SENDER, RECIPIENT = "shop@example.com", "ada@example.com"


class Raw(asyncio.Protocol):
    """Sends the commands of a mail at once (RFC 2920), the mail after the last answer to them, then the next mail."""

    def __init__(self, content: bytes, mails: int) -> None:
        self._content, self._left = content.rstrip(b"\r\n") + b"\r\n.\r\n", mails
        self._answers, self._greeted = 0, False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._greeted:
            self._greeted = True
            self._next()
            return
        self._answers += data.count(b"\r\n")
        if self._answers == 3:
            self._transport.write(self._content)
        elif self._answers == 4:
            self._next()

    def _next(self) -> None:
        self._answers = 0
        if not self._left:
            self._transport.close()
            self.done.set_result(None)
            return
        self._left -= 1
        self._transport.write(f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\n".encode())


async def raw(port: int, mails: int, content: bytes) -> None:
    """One connection's share, as quick as the sink takes it."""
    _, sender = await asyncio.get_running_loop().create_connection(lambda: Raw(content, mails), "127.0.0.1", port)
    await sender.done


async def by_library(port: int, mails: int, content: bytes) -> None:
    """One connection's share."""
    connection = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
    await connection.connect()
    for _ in range(mails):
        await connection.mail(SENDER)
        await connection.rcpt(RECIPIENT)
        await connection.data(content)
    await connection.quit()


async def main(content: bytes) -> None:
    port, connections, mails = map(int, sys.argv[1:4])
    send = raw if "--raw" in sys.argv else by_library
    await asyncio.gather(*(send(port, mails // connections, content) for _ in range(connections)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[4]).read_bytes()))
