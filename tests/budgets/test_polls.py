"""What a look at a queue costs in round trips while nothing in it is due: every pool looks once a second."""

import tempfile
from datetime import timedelta
from pathlib import Path

import msgspec

from relevo_notifier.adapters.deliveries import Deliveries, ProviderQueue
from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.poll import LONGEST, Poll
from relevo_notifier.app.report import Report
from relevo_notifier.app.worker_pool import PoolLimits, WorkerPool
from relevo_notifier.core.work import NEVER, Incoming, Settled, Work
from relevo_runtime.clock import ManualClock
from relevo_runtime.postgres import open_pool
from tests.budgets.counting import counted
from tests.notifier.support import NOON, delivery
from tests.notifier.test_malformed_values import Provider, attempt_over

MINUTE = timedelta(minutes=1)
LIMITS = PoolLimits(slots=2, capacity=10, lease=2 * MINUTE, margin=MINUTE)


async def test_a_look_at_what_is_not_due_is_one_round_trip_and_tells_when_it_is(database: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        async with counted(database, Path(folder)) as (dsn, trips):
            pool = await open_pool(dsn, application_name="budget", min_size=1, max_size=1)
            async with pool:
                queue = ProviderQueue(Deliveries(pool), "email", "smtp")
                poll = _poll(queue)
                await poll.run_once(NOON)
                trips.reset()
                assert await poll.run_once(NOON) == NOON + LONGEST
                assert trips.count == 1
                assert (await queue.claim_due(NOON, NOON + MINUTE, 10)).next_at == NEVER
                soon = NOON + LONGEST / 2
                item = delivery(1)
                await queue.accept([Incoming(item, msgspec.json.encode(item), False, soon)], NOON)
                trips.reset()
                assert await poll.run_once(NOON) == soon
                assert trips.count == 1
                due = await queue.claim_due(soon, soon + MINUTE, 10)
                assert (len(due.queued), due.next_at) == (1, None)


def _poll(queue: ProviderQueue) -> Poll[Work, Settled]:
    clock = ManualClock(NOON)
    settlements: Batcher[Settled] = Batcher("settle", _nothing)
    reports: Batcher[Report] = Batcher("reports", _nothing)
    workers = WorkerPool("email", attempt_over(Provider()), queue, settlements, clock, limits=LIMITS)
    return Poll(workers, queue, settlements, reports, clock)


async def _nothing(_: object) -> None:
    raise AssertionError
