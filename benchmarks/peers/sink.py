"""The HTTP sink that all contenders call: remembers when each call came. Standard library only.

`POST` anything whose body has `n=<run>` (form or query); `GET /calls` returns `[[n, monotonic time], …]`, `GET /count`
how many runs have called.
CLOCK_MONOTONIC is the same for all processes of a machine.
"""

import asyncio
import json
import re
import sys
import time

_NUMBER = re.compile(rb"(?:n=|n%3D)(\d+)")


class Sink(asyncio.Protocol):
    """A small HTTP/1.1 server with keep-alive: the sink must never be what is measured."""

    calls: list[tuple[int, float]] = []
    seen: set[int] = set()

    def connection_made(self, transport) -> None:  # type: ignore[no-untyped-def]
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(m[1]) if (m := re.search(rb"content-length: *(\d+)", head)) else 0
            if len(self.buffer) < end + 4 + length:
                return
            request, self.buffer = self.buffer[: end + 4 + length], self.buffer[end + 4 + length :]
            self.answer(request)

    def answer(self, request: bytes) -> None:
        if request.startswith(b"GET /count"):
            body = b"%d" % len(self.seen)
        elif request.startswith(b"GET"):
            body = json.dumps(self.calls).encode()
        else:
            found = _NUMBER.search(request)
            number = int(found[1]) if found else -1
            self.calls.append((number, time.monotonic()))
            self.seen.add(number)
            body = b'{"sid": "SM%032d", "status": "queued"}' % len(self.calls)
        self.transport.write(
            b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the parent closes it


if __name__ == "__main__":
    asyncio.run(main())
