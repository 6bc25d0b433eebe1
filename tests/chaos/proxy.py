"""Stands between the services and a server, and drops connections when it is told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]
_PIECE = 65536


class Proxy:
    """Passes bytes on between whoever comes and the server that `connect` reaches."""

    def __init__(self, connect: Connect) -> None:
        self.away = False
        self._connect = connect
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Drop every connection at once, as a network does that goes down."""
        for writer in self._open:
            writer.transport.abort()

    @contextlib.contextmanager
    def nobody_there(self) -> Iterator[None]:
        """The server cannot be reached while the block runs."""
        self.away = True
        self.cut()
        try:
            yield
        finally:
            self.away = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until one of both sides ends it."""
        try:
            if self.away:
                raise ConnectionRefusedError
            server_reader, server_writer = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, server_writer}
        self._open |= ends
        pumps = [
            asyncio.create_task(_pump(reader, server_writer)),
            asyncio.create_task(_pump(server_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            self._open -= ends
            for end in ends:
                end.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()


@contextlib.asynccontextmanager
async def tcp_proxy(port_of_server: Callable[[], int]) -> AsyncIterator[tuple[Proxy, int]]:
    """A proxy on a free port of the loopback interface, and that port."""
    proxy = Proxy(lambda: asyncio.open_connection("127.0.0.1", port_of_server()))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        yield proxy, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        proxy.cut()


@contextlib.asynccontextmanager
async def socket_proxy(path: Path, socket_of_server: Path) -> AsyncIterator[Proxy]:
    """A proxy on the Unix socket `path`."""
    proxy = Proxy(lambda: asyncio.open_unix_connection(socket_of_server))
    server = await asyncio.start_unix_server(proxy.serve, path)
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
