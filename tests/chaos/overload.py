"""Too much at once: three times what the engine takes, then Kafka away, then PostgreSQL away.

On a clock that runs 60 times as fast. The engine takes a third of what comes, since it is stopped whenever it has taken
more. `Spans` says how long: the short form is what CI runs, ten minutes and twice five the long one.
"""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
from msgspec import Struct

from relevo_cli.processes import SERVICES
from tests.chaos.books import STEPS, Arrival, Books, Differences, compare
from tests.chaos.client import SHOP, Client
from tests.chaos.faults import STATEMENTS
from tests.chaos.run import REST_SECONDS, Watch, at_rest
from tests.chaos.scene import Scene, opened, tell

RATE = 40.0
"""Checkouts a second."""
SHARE = 3
"""The engine takes one of so many."""
TOO_LATE = timedelta(minutes=20)
"""How late is too late for marketing: 20 s of the fast clock, less than backlog and outages together."""
MOST_MEGABYTES = 300.0
"""Resident memory of a service."""
NOTICED_SECONDS = 12.0
"""An outage shows in /readyz after two looks, five seconds apart."""
LOOK_SECONDS = 0.5


class Spans(Struct, frozen=True):
    """Seconds of load, and for which each server is away after it."""

    load: float = 20.0
    outage: float = 15.0


class Overload(Struct, frozen=True, kw_only=True):
    """The last line of a run."""

    seed: int
    webhooks: int
    backlog: int
    lost: int
    duplicated: int
    in_doubt: int
    early_timers: int
    stuck_runs: int
    late_marketing: int
    skipped: int
    megabytes: dict[str, float]
    untrue_health: int
    seconds: float

    @property
    def good(self) -> bool:
        """Nothing lost, doubled or late, memory bounded and health true."""
        wrong = (self.lost, self.duplicated, self.in_doubt, self.early_timers, self.stuck_runs, self.late_marketing)
        return not (any(wrong) or self.untrue_health or max(self.megabytes.values()) > MOST_MEGABYTES)


class Vitals:
    """What memory the services take at most, and how often /healthz or /readyz did not tell the truth."""

    def __init__(self, scene: Scene) -> None:
        self.megabytes = dict.fromkeys(SERVICES, 0.0)
        self.untrue: list[str] = []
        self._scene = scene
        self._client = httpx.AsyncClient(timeout=10)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at the memory while the block runs."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._client.aclose()

    async def tells(self, status: int, services: Sequence[str] = SERVICES) -> None:
        """Each service is alive, and its /readyz has come to answer `status` in time; what differs is kept."""
        loop = asyncio.get_running_loop()
        until = loop.time() + NOTICED_SECONDS
        waiting = set(services)
        while waiting and loop.time() < until:
            waiting -= {name for name in waiting if await self._status(name, "readyz") == status}
            await asyncio.sleep(LOOK_SECONDS)
        self.untrue += [f"{name}: /readyz does not say {status}" for name in sorted(waiting)]
        for name in services:
            if (alive := await self._status(name, "healthz")) != httpx.codes.OK:
                self.untrue.append(f"{name}: /healthz says {alive}")

    async def _status(self, name: str, page: str) -> int:
        try:
            return (await self._client.get(f"{self._scene.system.running.admin[name]}/{page}")).status_code
        except httpx.HTTPError:
            return 0

    async def _watch(self) -> None:
        while True:
            for name in SERVICES:
                with contextlib.suppress(psutil.Error):
                    resident = psutil.Process(self._scene.child(name).pid).memory_info().rss / 1e6
                    self.megabytes[name] = round(max(self.megabytes[name], resident), 1)
            await asyncio.sleep(LOOK_SECONDS)


async def overload(seed: int, spans: Spans) -> Overload:
    """One run."""
    with tempfile.TemporaryDirectory(prefix="relevo-chaos-") as name:
        minutes = f"{TOO_LATE.total_seconds() / 60:.0f}m"
        async with opened(Path(name), not_after=minutes) as scene:
            return await _overload(scene, seed, spans)


async def _overload(scene: Scene, seed: int, spans: Spans) -> Overload:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    client = Client(scene.system.running.ingest, scene.system.clock, seed)
    watch, vitals, ended = Watch(scene.system.running.sandbox, scene.system.clock), Vitals(scene), asyncio.Event()
    async with watch.watching(), vitals.watched():
        posting = asyncio.create_task(client.post_at(RATE, ended))
        tell(f"  {RATE:.0f} checkouts a second, of which the engine takes a third")
        backlog = await _throttled(scene, lambda: len(client.taken), spans.load)
        ended.set()
        for server in ("kafka", "postgres"):
            await _outage(scene, vitals, server, spans.outage)
        tell("at rest")
        await posting
        await vitals.tells(httpx.codes.OK)
        books = await at_rest(scene, client, watch, may_skip=True, seconds=REST_SECONDS + spans.load)
    for line in vitals.untrue:
        tell(f"untrue: {line}")
    return _outcome(seed, books, vitals, backlog, loop.time() - begun)


async def _throttled(scene: Scene, taken: Callable[[], int], seconds: float) -> int:
    """Let the engine take one of SHARE; returns how many were waiting in the end."""
    loop = asyncio.get_running_loop()
    until, pid = loop.time() + seconds, scene.child("engine").pid
    assert pid is not None
    decided = 0
    try:
        async with scene.directly() as connection:
            while loop.time() < until:
                decided = len(await connection.fetch(STATEMENTS["runs"], SHOP))
                os.kill(pid, signal.SIGSTOP if decided * SHARE > taken() else signal.SIGCONT)
                await asyncio.sleep(0.1)
    finally:
        os.kill(pid, signal.SIGCONT)
    return taken() - decided


async def _outage(scene: Scene, vitals: Vitals, server: str, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    tell(f"  {server} away")
    begun = loop.time()
    with scene.proxies[server].nobody_there():
        await vitals.tells(httpx.codes.SERVICE_UNAVAILABLE)
        while loop.time() < begun + seconds:
            await vitals.tells(httpx.codes.SERVICE_UNAVAILABLE)
            await asyncio.sleep(LOOK_SECONDS)


def _outcome(seed: int, books: Books, vitals: Vitals, backlog: int, seconds: float) -> Overload:
    found: Differences = compare(books)
    return Overload(
        seed=seed,
        webhooks=len(books.taken),
        backlog=backlog,
        lost=len(found.lost),
        duplicated=len(found.duplicated),
        in_doubt=len(found.in_doubt),
        early_timers=len(found.early),
        stuck_runs=len(found.stuck),
        late_marketing=len(_late(books)),
        skipped=sum(one.state == "skipped" for one in books.deliveries),
        megabytes=vitals.megabytes,
        untrue_health=len(vitals.untrue),
        seconds=round(seconds, 1),
    )


def _late(books: Books) -> list[Arrival]:
    """Marketing that arrived although it was too late, by more than a message is on its way."""
    begun = {posted.email: posted.at for posted in books.taken.values()}
    on_its_way = timedelta(minutes=10)
    latest = STEPS["second"] + TOO_LATE + on_its_way
    return [one for one in books.arrivals if "/second/" in one.effect and one.shown > begun[one.to] + latest]
