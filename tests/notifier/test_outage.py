"""The database goes away for a while: the notifier waits, forgets nothing of what it has begun, and goes on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec

from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.poll import Poll
from relevo_notifier.app.report import Report
from relevo_notifier.app.worker_pool import PoolLimits, WorkerPool
from relevo_notifier.core.settle import final
from relevo_notifier.core.work import Due, Incoming, Settled, Work
from relevo_runtime.clock import ManualClock
from relevo_runtime.postgres import Pool
from tests.notifier.support import NOON, delivery, work
from tests.notifier.waiting import until

LEASE = timedelta(minutes=2)
LIMITS = PoolLimits(slots=2, capacity=10, lease=LEASE, margin=timedelta(seconds=30))


class Away:
    """A table, and an attempt's needs, that fail as often as `failures` says; it notes what was asked for."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.clock = ManualClock(NOON)
        self.asked: list[tuple[datetime, Sequence[datetime]]] = []
        self.attempted: list[str] = []
        self.settled: list[Settled] = []
        self.claims = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the server closed the connection")

    async def begin(
        self, works: Sequence[Work], lease: datetime, tried: Sequence[datetime] = (), enough: datetime | None = None
    ) -> list[Work]:
        self.asked.append((lease, tried))
        self.fail()
        return [msgspec.structs.replace(one, lease=lease, attempts=one.attempts + 1) for one in works]

    async def release(self, works: Sequence[Work], now: datetime) -> None:
        raise AssertionError

    async def claim_due(self, now: datetime, lease: datetime, limit: int) -> Due[Work]:
        self.claims += 1
        return Due([], [], [])

    async def next_wake(self) -> datetime | None:
        return None

    async def mark_unreadable(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        assert not unreadable

    async def ready(self, item: Work) -> None:
        self.fail()

    async def __call__(self, item: Work) -> Settled:
        self.attempted.append(item.delivery.id)
        return final(item, "sent", self.clock.now())

    def put_back(self, item: Work, now: datetime) -> Settled:
        return Settled(work=item, state="queued", wake_at=now, counts=False)

    def failed(self, item: Work, why: str, now: datetime) -> Settled:
        return final(item, "failed", now, why)

    async def settle(self, settled: list[Settled]) -> None:
        await self.gate.wait()
        self.settled += settled

    async def ended(self) -> bool:
        return len(self.settled) == 1


@asynccontextmanager
async def running(away: Away) -> AsyncIterator[tuple[WorkerPool[Work, Settled], Poll[Work, Settled]]]:
    """A worker pool over `away`, and its poll; fails if the pool ends."""
    settlements: Batcher[Settled] = Batcher("settle", away.settle)
    reports: Batcher[Report] = Batcher("reports", _nothing)
    workers = WorkerPool("email", away, away, settlements, away.clock, limits=LIMITS)
    tasks = [asyncio.create_task(workers.run()), asyncio.create_task(settlements.run())]
    try:
        yield workers, Poll(workers, away, settlements, reports, away.clock)
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _nothing(_: list[Report]) -> None:
    raise AssertionError


async def test_marking_as_begun_is_tried_again_and_says_what_was_tried() -> None:
    away = Away(failures=2)
    async with running(away) as (workers, _):
        workers.hold([work(attempts=0)])
        await until(away.ended)
    assert away.attempted == [delivery().id]
    [first, second, third] = away.asked
    assert (first[1], second[1], third[1]) == ((), (first[0],), (first[0], second[0]))


async def test_what_is_begun_waits_for_what_it_needs() -> None:
    away = Away(failures=2)
    async with running(away) as (workers, _):
        await workers.begin([work(lease=NOON + LEASE)])
        await until(away.ended)
    assert [settled.state for settled in away.settled] == ["sent"]


async def test_what_waited_longer_than_its_lease_goes_back_and_nobody_takes_it_over_before() -> None:
    away = Away(failures=1)
    async with running(away) as (workers, poll):
        await workers.begin([work(lease=NOON + LEASE)])
        away.clock.advance(timedelta(minutes=10))
        await poll.run_once(away.clock.now())
        assert away.claims == 0
        await until(away.ended)
        await poll.run_once(away.clock.now())
        assert away.claims == 1
    assert [(settled.state, settled.counts) for settled in away.settled] == [("queued", False)]
    assert away.attempted == []


async def test_nothing_is_claimed_before_what_was_sent_is_written_down() -> None:
    away = Away()
    away.gate.clear()
    async with running(away) as (workers, poll):
        await workers.begin([work(lease=NOON + LEASE)])

        async def attempted() -> bool:
            return bool(away.attempted)

        await until(attempted)
        away.clock.advance(timedelta(minutes=10))
        look = asyncio.create_task(poll.run_once(away.clock.now()))
        await asyncio.sleep(0.05)
        assert away.claims == 0
        away.gate.set()
        await look
    assert (away.claims, len(away.settled)) == (1, 1)


async def test_a_try_whose_commit_nobody_heard_of_is_the_same_begin(pool: Pool) -> None:
    deliveries, held, lease = Deliveries(pool), NOON + LEASE, NOON + 2 * LEASE
    [queued] = await deliveries.accept([Incoming(delivery(), msgspec.json.encode(delivery()), False, held)], NOON)
    assert len(await deliveries.begin([queued], lease)) == 1
    later = lease + timedelta(seconds=1)
    assert await deliveries.begin([queued], later) == []
    [begun] = await deliveries.begin([queued], later, [lease])
    assert (begun.attempts, begun.lease) == (1, later)


async def test_what_was_sent_counts_although_another_has_taken_it_over(pool: Pool) -> None:
    deliveries, lease = Deliveries(pool), NOON + LEASE
    [begun] = await deliveries.accept([Incoming(delivery(), msgspec.json.encode(delivery()), True, lease)], NOON)
    late = lease + LEASE
    [doubtful] = (await deliveries.claim_due("email", lease, late, 10)).doubtful
    assert await deliveries.settle([Settled(work=begun, state="queued", wake_at=late)], late) == set()
    assert await deliveries.settle([final(begun, "sent", late)], late) == {begun.ref}
    assert await deliveries.settle([final(doubtful, "in_doubt", late)], late) == set()


async def test_what_is_held_twice_is_begun_once(pool: Pool) -> None:
    """Its lease ended while it was held, so that a look at the table brought it once more."""
    deliveries, command = Deliveries(pool), delivery()
    await deliveries.accept([Incoming(command, msgspec.json.encode(command), False, NOON)], NOON)
    [before] = (await deliveries.claim_due("email", NOON, NOON + LEASE, 10)).queued
    later = NOON + 2 * LEASE
    [after] = (await deliveries.claim_due("email", later, later + LEASE, 10)).queued
    begun = await deliveries.begin([before, after], later + LEASE)
    assert [(one.ref, one.attempts) for one in begun] == [(after.ref, 1)]
    assert await deliveries.begin([before, after], later + LEASE) == []


async def test_what_is_held_twice_is_begun_once_though_a_try_of_it_was_lost(pool: Pool) -> None:
    deliveries, command = Deliveries(pool), delivery()
    await deliveries.accept([Incoming(command, msgspec.json.encode(command), False, NOON)], NOON)
    [before] = (await deliveries.claim_due("email", NOON, NOON + LEASE, 10)).queued
    later = NOON + 2 * LEASE
    [after] = (await deliveries.claim_due("email", later, later + LEASE, 10)).queued
    first = later + LEASE
    assert len(await deliveries.begin([before, after], first)) == 1
    assert len(await deliveries.begin([before, after], first + LEASE, [first])) == 1


async def test_work_that_comes_again_takes_the_place_of_what_is_held() -> None:
    away = Away()
    async with running(away) as (workers, _):
        workers.hold([work(attempts=0)])
        workers.hold([work(attempts=0, lease=NOON + 2 * LEASE)])
        assert workers.room() == LIMITS.capacity - 1
        await until(away.ended)
    assert away.attempted == [delivery().id]
