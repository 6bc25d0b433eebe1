"""The measuring end of `benchmarks.ingest`, in a process of its own: writes ready-made requests, times the answers.

Prints `ready`, starts when it reads a line, and prints what it saw as JSON. It ends by itself after `--limit` seconds,
whatever the server does; what was not answered by then is counted.
"""

import argparse
import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import uvloop

from benchmarks.recorded import requests


@dataclass
class Seen:
    """The answers: how long each took, in seconds, and how many there were of each status."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


class Connection(asyncio.Protocol):
    """A kept-alive connection that sends one request after another from what all connections share."""

    def __init__(self, waiting: "deque[tuple[bytes, float]]", seen: Seen, finished: "asyncio.Event") -> None:
        self._waiting = waiting
        self._seen = seen
        self._finished = finished
        self._buffer = b""
        self._sent_at = 0.0
        self.idle = True
        self.lost = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.idle:
            self._seen.statuses["cut off"] += 1
        self._finished.set()

    def send(self) -> None:
        """Sends the next request, if there is any. A request that was due earlier counts from when it was due."""
        self.idle = not self._waiting
        if self.idle:
            self._finished.set()
            return
        request, due = self._waiting.popleft()
        self._sent_at = due or time.monotonic()
        assert self.transport is not None
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self._buffer = body[length:]
        self._seen.seconds.append(time.monotonic() - self._sent_at)
        self._seen.statuses[head[9:12].decode()] += 1
        self.send()


async def run(port: int, made: list[bytes], connections: int, rate: float, limit: float) -> dict[str, object]:
    """Sends everything: as fast as it is answered, or `rate` a second on whichever connections are idle."""
    seen, finished = Seen(), asyncio.Event()
    waiting: deque[tuple[bytes, float]] = deque()
    loop = asyncio.get_running_loop()

    async def connect() -> Connection:
        return (await loop.create_connection(lambda: Connection(waiting, seen, finished), "127.0.0.1", port))[1]

    opened = [await connect() for _ in range(connections)]
    print("ready", flush=True)
    await asyncio.to_thread(input)
    cpu, began = time.process_time(), time.monotonic()
    try:
        async with asyncio.timeout(limit):
            if rate:
                await _at_rate(made, rate, waiting, opened, connect)
            else:
                waiting.extend((request, 0.0) for request in made)
                for connection in opened:
                    connection.send()
            while sum(seen.statuses.values()) < len(made):
                finished.clear()
                await finished.wait()
    except TimeoutError:
        pass
    return {
        "seconds": time.monotonic() - began,
        "cpu": time.process_time() - cpu,
        "statuses": dict(seen.statuses),
        "p50_ms": _percentile(seen.seconds, 0.5),
        "p99_ms": _percentile(seen.seconds, 0.99),
        "unanswered": len(made) - len(seen.seconds),
    }


async def _at_rate(
    made: list[bytes],
    rate: float,
    waiting: "deque[tuple[bytes, float]]",
    opened: list[Connection],
    connect: Callable[[], Awaitable[Connection]],
) -> None:
    """Sends on whichever connection is idle; one that the server closed meanwhile is opened again, as a shop would."""
    began = time.monotonic()
    for n, request in enumerate(made):
        due = began + n / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        waiting.append((request, due))
        place = next((place for place, one in enumerate(opened) if one.idle), None)
        if place is None:
            continue
        if opened[place].lost:
            opened[place] = await connect()
        opened[place].send()


def _percentile(seconds: list[float], share: float) -> float:
    return round(1000 * sorted(seconds)[int(len(seconds) * share)], 2) if seconds else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="number of the first customer")
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second; 0: as fast as they are answered")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds after which it ends")
    options = parser.parse_args()
    made = requests(options.count, options.first)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(run(options.port, made, options.connections, options.rate, options.limit))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
