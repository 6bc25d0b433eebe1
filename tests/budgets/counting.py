"""Counts what a piece of work asks of PostgreSQL and Kafka, on the wire and at the client, whatever code does it."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

_SOCKET = ".s.PGSQL.5432"
_READY = ord("Z")


class RoundTrips:
    """Passes the bytes between clients and a PostgreSQL on, and counts how often the server said ReadyForQuery.

    It says so once after each simple statement and after each Sync: once a round trip, COPY and BEGIN included.
    """

    def __init__(self) -> None:
        self.count = 0

    def reset(self) -> None:
        self.count = 0

    def watch(self, received: bytearray) -> None:
        """Takes whole messages of the server (type, length, body) from the front of `received`."""
        while len(received) >= 5:
            length = 1 + int.from_bytes(received[1:5], "big")
            if len(received) < length:
                return
            self.count += received[0] == _READY
            del received[:length]


@contextlib.asynccontextmanager
async def counted(dsn: str, folder: Path) -> AsyncIterator[tuple[str, RoundTrips]]:
    """The URL of the same database by way of a relay that counts. `folder` is for its socket: keep the path short."""
    trips = RoundTrips()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, to_server = await _connect(dsn)
        tasks.add(asyncio.create_task(_pass(reader, to_server, None)))
        tasks.add(asyncio.create_task(_pass(behind, writer, trips)))

    server = await asyncio.start_unix_server(serve, folder / _SOCKET)
    try:
        yield _by_way_of(dsn, folder), trips
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _connect(dsn: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts, query = urlsplit(dsn), parse_qs(urlsplit(dsn).query)
    if "host" in query:
        return await asyncio.open_unix_connection(f"{query['host'][0]}/.s.PGSQL.{query.get('port', ['5432'])[0]}")
    return await asyncio.open_connection(parts.hostname or "127.0.0.1", parts.port or 5432)


def _by_way_of(dsn: str, folder: Path) -> str:
    parts = urlsplit(dsn)
    user = parts.netloc.rpartition("@")[0]
    query = urlencode({"host": str(folder), "port": "5432"})
    return urlunsplit((parts.scheme, f"{user}@", parts.path, query, ""))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trips: RoundTrips | None) -> None:
    received = bytearray()
    while data := await reader.read(65536):
        if trips is not None:
            received += data
            trips.watch(received)
        writer.write(data)
        await writer.drain()
    writer.close()


class _Requests(logging.Handler):
    """aiokafka tells of each request at DEBUG: host, port, number, request."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.kinds: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("Request to") and isinstance(record.args, tuple):
            self.kinds[type(record.args[3]).__name__.split("Request")[0]] += 1


@contextlib.contextmanager
def kafka_requests() -> Iterator[Counter[str]]:
    """Requests by their names in Kafka's protocol (Produce, Fetch …), of all clients in this process meanwhile."""
    logger, handler = logging.getLogger("aiokafka.conn"), _Requests()
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield handler.kinds
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
