"""A mail sink as quick as Python allows: takes everything, keeps nothing, counts. Standard library only.

Prints the port of SMTP and that of its counts: `GET /counts` there answers `{"mails", "first", "last", "bytes",
"cpu"}`, the times by the monotonic clock, which all processes of a machine share; `GET /mail` the newest mail. `POST`
begins anew. Ends when its input is closed.
"""

import asyncio
import json
import sys
import time
from typing import cast

END = b"\r\n.\r\n"


class Counts:
    """What arrived so far."""

    mails = 0
    size = 0
    first = 0.0
    last = 0.0
    newest = b""


class Smtp(asyncio.Protocol):
    """RFC 5321 as far as well-behaved senders need it. Pipelining is offered, and answers to what came together are one
    write, as servers should (RFC 2920 section 3.2).
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink.example.com ESMTP\r\n")
        self._buffer = bytearray()
        self._answers = bytearray()
        self._in_data = self._ended = False

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._mail() if self._in_data else self._command():
            pass
        self._transport.write(bytes(self._answers))
        self._answers.clear()
        if self._ended:
            self._transport.close()

    def _command(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._buffer[:end]).upper()
        del self._buffer[: end + 2]
        if line.startswith(b"EHLO"):
            self._answers += b"250-sink.example.com\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        elif line.startswith(b"DATA"):
            self._in_data = True
            self._answers += b"354 go on\r\n"
        elif line.startswith(b"QUIT"):
            self._answers += b"221 bye\r\n"
            self._ended = True
        else:
            self._answers += b"250 ok\r\n"
        return True

    def _mail(self) -> bool:
        end = self._buffer.find(END)
        if end < 0:
            return False
        if not Counts.newest:
            Counts.newest = bytes(self._buffer[:end]) + b"\r\n"
        del self._buffer[: end + len(END)]
        self._in_data = False
        Counts.last = time.monotonic()
        Counts.first = Counts.first or Counts.last
        Counts.mails += 1
        Counts.size += end
        self._answers += b"250 2.0.0 ok queued\r\n"
        return True


class Report(asyncio.Protocol):
    """The counts over HTTP. `POST` sets them to nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        counts = {"mails": Counts.mails, "first": Counts.first, "last": Counts.last, "bytes": Counts.size,
                  "cpu": time.process_time()}  # fmt: skip
        if data.startswith(b"POST"):
            Counts.mails = Counts.size = 0
            Counts.first = Counts.last = 0.0
        body = Counts.newest if data.startswith(b"GET /mail") else json.dumps(counts).encode()
        self._transport.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        self._transport.close()


async def main() -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(kind, "127.0.0.1", 0) for kind in (Smtp, Report)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
