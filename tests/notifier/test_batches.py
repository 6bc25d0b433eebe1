"""What is written together: batches that gather for a while, and work that is begun only for free workers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec
import pytest

from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.report import Publish, Published, Report, Settle
from relevo_notifier.app.worker_pool import PoolLimits, WorkerPool
from relevo_notifier.core.settle import final
from relevo_notifier.core.work import Due, Settled, Work
from relevo_runtime.clock import ManualClock
from relevo_runtime.metrics import Metrics
from tests.notifier.support import NOON, delivery, work
from tests.notifier.test_malformed_values import LIMITS
from tests.notifier.waiting import until

FOREVER = 3600.0


@asynccontextmanager
async def handling(batcher: "Batcher[int]") -> AsyncIterator[None]:
    task = asyncio.create_task(batcher.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Handler:
    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def __call__(self, items: list[int]) -> None:
        self.batches.append(list(items))


async def test_items_gather_within_the_window() -> None:
    seen = Handler()
    batcher: Batcher[int] = Batcher("test", seen, window=0.2)
    async with handling(batcher):
        for number in range(5):
            await batcher.put(number)
            await asyncio.sleep(0)
        await batcher.drained()
    assert seen.batches == [[0, 1, 2, 3, 4]]


async def test_a_full_batch_waits_for_nothing() -> None:
    seen = Handler()
    batcher: Batcher[int] = Batcher("test", seen, most=3, window=FOREVER)
    async with handling(batcher):
        for number in range(6):
            await batcher.put(number)
        await batcher.drained()
    assert seen.batches == [[0, 1, 2], [3, 4, 5]]


async def test_a_nudge_waits_for_items_and_not_the_other_way_round() -> None:
    seen = Handler()
    batcher: Batcher[int] = Batcher("test", seen, nudge_window=FOREVER)
    async with handling(batcher):
        batcher.nudge()
        await asyncio.sleep(0)
        assert seen.batches == []
        await batcher.put(1)
        await batcher.drained()
    assert seen.batches == [[1]]


async def test_a_nudge_alone_is_handled_after_its_window() -> None:
    seen = Handler()
    batcher: Batcher[int] = Batcher("test", seen, nudge_window=0.01)
    async with handling(batcher):
        batcher.nudge()
        await batcher.drained()
    assert seen.batches == [[]]


@pytest.mark.parametrize("window", [0.0, 0.05])
async def test_catching_up_counts_items_alone(window: float) -> None:
    seen = Handler()
    batcher: Batcher[int] = Batcher("test", seen, window=window)
    async with handling(batcher):
        batcher.nudge()
        await batcher.put(1)
        assert await batcher.caught_up(30)
    assert [number for batch in seen.batches for number in batch] == [1]


class Ledger:
    """Writes down what it is told, or fails."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.calls: list[tuple[list[str], list[tuple[str, str]]]] = []

    async def settle(
        self, settled: Sequence[Settled], now: datetime, reported: Sequence[tuple[str, str]] = ()
    ) -> set[tuple[str, str]]:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("away")
        self.calls.append(([one.state for one in settled], list(reported)))
        return {one.work.ref for one in settled}


class Kafka:
    def __init__(self) -> None:
        self.messages: list[tuple[bytes, bytes]] = []

    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> None:
        self.messages += messages


async def test_what_kafka_has_is_written_with_the_next_settlement_and_again_if_that_fails() -> None:
    ledger, kafka, published = Ledger(), Kafka(), Published()
    publish = Publish(kafka, "outcomes", published)
    reports: Batcher[Report] = Batcher("reports", publish)
    settle: Settle[Settled] = Settle(ledger, reports, published, ManualClock(NOON), Metrics("notifier"))
    first, second = (work(delivery(number)) for number in (1, 2))
    await settle([final(first, "sent", NOON)])
    await publish([Report(first.ref, b"acme/customer-1", b"{}")])
    ledger.failures = 1
    with pytest.raises(ConnectionError):
        await settle([final(second, "sent", NOON)])
    await settle([final(second, "sent", NOON)])
    await settle.flush()
    assert ledger.calls == [(["sent"], []), (["sent"], [first.ref])]
    assert len(kafka.messages) == 1


class Provider:
    """Attempts that end when the gate opens; `most` were under way or marked at once."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.gate = asyncio.Event()
        self.marked = 0
        self.begins: list[int] = []
        self.most = 0
        self.ended = 0
        self.released = 0

    async def begin(
        self, works: Sequence[Work], lease: datetime, tried: Sequence[datetime] = (), enough: datetime | None = None
    ) -> list[Work]:
        self.marked += len(works)
        self.begins.append(len(works))
        self.most = max(self.most, self.marked - self.ended)
        await asyncio.sleep(0.001)
        return [msgspec.structs.replace(one, lease=lease, attempts=one.attempts + 1) for one in works]

    async def ready(self, item: Work) -> None:
        return None

    async def __call__(self, item: Work) -> Settled:
        await self.gate.wait()
        self.ended += 1
        return final(item, "sent", NOON)

    def put_back(self, item: Work, now: datetime) -> Settled:
        return Settled(work=item, state="queued", wake_at=now, counts=False)

    def failed(self, item: Work, why: str, now: datetime) -> Settled:
        return final(item, "failed", now, why)

    async def release(self, works: Sequence[Work], now: datetime) -> None:
        self.released += len(works)

    async def claim_due(self, now: datetime, lease: datetime, limit: int) -> Due[Work]:
        return Due([], [], [])

    async def mark_unreadable(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        assert not unreadable

    async def next_wake(self) -> datetime | None:
        return None


async def test_no_more_is_marked_as_begun_than_there_are_connections() -> None:
    provider, slots, count = Provider(), 4, 50
    limits = PoolLimits(slots=slots, capacity=100, lease=LIMITS.lease, margin=LIMITS.margin)
    settlements: Batcher[Settled] = Batcher("settle", _nothing, capacity=1000)
    workers = WorkerPool("email", provider, provider, settlements, provider.clock, limits=limits)
    running = asyncio.create_task(workers.run())
    workers.hold(work(delivery(number), attempts=0) for number in range(count))

    async def full() -> bool:
        return provider.marked == slots

    await until(full)
    assert workers.reserve(1) == 0
    provider.gate.set()

    async def done() -> bool:
        return provider.ended == count

    await until(done)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (provider.most, sum(provider.begins)) == (slots, count)
    assert len(provider.begins) < count  # one statement for several, as far as they became free together


class SlowLedger(Provider):
    """A table whose statements wait for the disk, and attempts that end two by two."""

    def __init__(self, pairs: int) -> None:
        super().__init__()
        self.disk = asyncio.Event()
        self.disk.set()
        self.pairs = [asyncio.Event() for _ in range(pairs)]
        self.attempts = 0

    async def begin(
        self, works: Sequence[Work], lease: datetime, tried: Sequence[datetime] = (), enough: datetime | None = None
    ) -> list[Work]:
        begun = await super().begin(works, lease, tried, enough)
        await self.disk.wait()
        return begun

    async def __call__(self, item: Work) -> Settled:
        pair = self.pairs[self.attempts // 2]
        self.attempts += 1
        await pair.wait()
        self.ended += 1
        return final(item, "sent", NOON)


async def test_half_of_the_workers_get_work_while_the_statement_for_the_others_is_under_way() -> None:
    provider = SlowLedger(pairs=6)
    limits = PoolLimits(slots=4, capacity=100, lease=LIMITS.lease, margin=LIMITS.margin)
    settlements: Batcher[Settled] = Batcher("settle", _nothing, capacity=1000)
    workers = WorkerPool("email", provider, provider, settlements, provider.clock, limits=limits)
    running = asyncio.create_task(workers.run())
    workers.hold(work(delivery(number), attempts=0) for number in range(12))

    async def under_way() -> bool:
        return provider.attempts == 4

    async def begun() -> bool:
        return provider.begins == [4, 2, 2]

    await until(under_way)
    provider.disk.clear()
    provider.pairs[0].set()
    await asyncio.sleep(0.01)
    provider.pairs[1].set()  # the statement for those who have become free before is still under way
    await until(begun)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (provider.attempts, provider.most) == (4, 4)


async def test_a_graceful_end_leaves_nothing_in_doubt() -> None:
    provider = Provider()
    limits = PoolLimits(slots=2, capacity=100, lease=LIMITS.lease, margin=LIMITS.margin)
    settlements: Batcher[Settled] = Batcher("settle", _nothing, capacity=1000)
    workers = WorkerPool("email", provider, provider, settlements, provider.clock, limits=limits)
    running = asyncio.create_task(workers.run())
    workers.hold(work(delivery(number), attempts=0) for number in range(10))

    async def full() -> bool:
        return provider.marked == 2

    await until(full)
    stopping = asyncio.create_task(workers.stop())
    await asyncio.sleep(0.01)
    assert not stopping.done()
    provider.gate.set()
    await stopping
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (provider.marked, provider.ended, provider.released) == (2, 2, 8)


async def _nothing(_: list[Settled]) -> None:
    return None
