"""One run: load, kills and disturbances side by side, rest, and the books."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec
from msgspec import Struct

from relevo_cli.demonstration.sinks import Sinks
from relevo_runtime.clock import Clock
from tests.chaos.books import Arrival, Books, Delivery, Differences, Run, compare
from tests.chaos.client import SHOP, Client
from tests.chaos.faults import STATEMENTS, Faults
from tests.chaos.scene import OUT_OF_REACH, Scene, opened, tell
from tests.chaos.schedule import DISTURBANCES, disturbances, kills

RATE = 8.0
"""Checkouts a second."""
LOOK_SECONDS = 0.2
REST_SECONDS = 150.0
"""How long a system that nobody disturbs any more may take until everything is done."""
SETTLE_SECONDS = 3.0
"""After everything is there: time for what should not come."""
T = TypeVar("T")


class Outcome(Struct, frozen=True, kw_only=True):
    """The last line of a run."""

    seed: int
    kills: int
    webhooks: int
    lost: int
    duplicated: int
    in_doubt: int
    early_timers: int
    stuck_runs: int
    seconds: float


class Result(Struct, frozen=True, kw_only=True):
    """A run's figures, what differs, and how many messages were `promised` to notifiers when they were hit."""

    outcome: Outcome
    differences: Differences
    promised: int
    refused: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def good(self) -> bool:
        """The books agree."""
        found = self.differences
        wrong = (found.lost, found.duplicated, found.early, found.stuck, self.refused)
        return not any(wrong) and len(found.in_doubt) <= self.promised


class Watch:
    """Collects what arrives at the sink, with the latest instant that the clock had shown by then."""

    def __init__(self, sandbox: str, clock: Clock) -> None:
        self.arrivals: list[Arrival] = []
        self._sandbox = sandbox
        self._clock = clock
        self._shown = datetime.min.replace(tzinfo=UTC)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Collect while the block runs."""
        async with httpx.AsyncClient(timeout=10) as client:
            sinks = Sinks(client, self._sandbox)
            task = asyncio.create_task(self._watch(sinks))
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _watch(self, sinks: Sinks) -> None:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                new = await sinks.poll()
                self._shown = max(self._shown, self._clock.now())
                self.arrivals += [Arrival(one.effect, one.to, self._shown) for one in new]
            await asyncio.sleep(LOOK_SECONDS)


async def run(seed: int, count: int) -> Result:
    """A run with `count` kills."""
    with tempfile.TemporaryDirectory(prefix="relevo-chaos-") as name:
        async with opened(Path(name)) as scene:
            return await _run(scene, seed, count)


async def _run(scene: Scene, seed: int, count: int) -> Result:
    begun = asyncio.get_running_loop().time()
    client = Client(scene.system.running.ingest, scene.system.clock, seed)
    faults, watch, ended = Faults(scene, seed), Watch(scene.system.running.sandbox, scene.system.clock), asyncio.Event()
    async with watch.watching():
        posting = asyncio.create_task(client.post_at(RATE, ended))
        await _make_chaos(scene, faults, seed, count)
        ended.set()
        tell("at rest")
        async with asyncio.timeout(REST_SECONDS):
            await posting
        books = await at_rest(scene, client, watch)
    found = compare(books)
    outcome = Outcome(
        seed=seed,
        kills=faults.kills,
        webhooks=len(client.taken),
        lost=len(found.lost),
        duplicated=len(found.duplicated),
        in_doubt=len(found.in_doubt),
        early_timers=len(found.early),
        stuck_runs=len(found.stuck),
        seconds=round(asyncio.get_running_loop().time() - begun, 1),
    )
    left_out = () if _own_disks(scene) else ("full disk: no disk of its own can be mounted here",)
    return Result(
        outcome=outcome,
        differences=found,
        promised=len(faults.promised),
        refused=tuple(client.refused),
        left_out=left_out,
    )


def _own_disks(scene: Scene) -> bool:
    return all(one.own for one in scene.disks.values())


async def _make_chaos(scene: Scene, faults: Faults, seed: int, count: int) -> None:
    """All kills, and beside them the disturbances, each kind at least once."""
    killing = asyncio.create_task(_kill(faults, seed, count))
    try:
        for number, what in enumerate(disturbances(seed, _own_disks(scene))):
            if killing.done() and number >= len(DISTURBANCES):
                break
            await faults.disturb(what)
        await killing
    finally:
        killing.cancel()


async def _kill(faults: Faults, seed: int, count: int) -> None:
    for one in kills(seed, count):
        await asyncio.sleep(one.after)
        await faults.kill(one.victim)


async def at_rest(
    scene: Scene,
    client: Client,
    watch: Watch,
    *,
    may_skip: bool = False,
    seconds: float = REST_SECONDS,
    without: Collection[str] = (),
) -> Books:
    """The books once everything is done, or so many `seconds` after the last fault; `without` some people."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        books = await read_books(scene, client, watch, may_skip=may_skip)
        if compare(leaving_out(books, without)).complete:
            break
        await asyncio.sleep(1.0)
    await asyncio.sleep(SETTLE_SECONDS)
    return leaving_out(await read_books(scene, client, watch, may_skip=may_skip), without)


def leaving_out(books: Books, people: Collection[str]) -> Books:
    """The books without what was posted about these people and what they got."""
    return msgspec.structs.replace(
        books,
        taken={token: posted for token, posted in books.taken.items() if posted.email not in people},
        arrivals=[one for one in books.arrivals if one.to not in people],
    )


async def again(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer of a database that may just be starting."""
    while True:
        try:
            return await ask()
        except OUT_OF_REACH:
            await asyncio.sleep(0.2)


async def read_books(scene: Scene, client: Client, watch: Watch, *, may_skip: bool = False) -> Books:
    """The books as they are now."""
    runs, deliveries = await again(lambda: _database(scene))
    return Books(
        taken=dict(client.taken),
        runs=runs,
        deliveries=deliveries,
        arrivals=list(watch.arrivals),
        may_skip=may_skip,
    )


async def _database(scene: Scene) -> tuple[list[Run], list[Delivery]]:
    async with scene.directly() as connection:
        runs = await connection.fetch(STATEMENTS["runs"], SHOP)
        deliveries = await connection.fetch(STATEMENTS["deliveries"], SHOP)
    return [Run(**row) for row in runs], [Delivery(**row) for row in deliveries]
