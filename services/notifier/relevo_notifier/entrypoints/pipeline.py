"""The one way of all work: taken over from Kafka, prepared, attempted, settled, reported. It has two kinds: deliveries
(`delivering.py`) and calls (`calling.py`).
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Generic, TypeAlias

from msgspec import Struct

from relevo_notifier.app.accept import Accept, Recalls
from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.poll import Poll
from relevo_notifier.app.ports import Attempting, Ledger, R, Rows
from relevo_notifier.app.report import Publish, Published, Report, Settle
from relevo_notifier.app.worker_pool import OPEN, Gate, Pick, PoolLimits, WorkerPool, oldest
from relevo_notifier.core.work import C, W
from relevo_notifier.entrypoints.context import ServiceContext, in_background
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.kafka import BatchConsumer, Publisher
from relevo_runtime.postgres import Pool
from relevo_runtime.records import Record
from relevo_runtime.sealing import Seals

_WINDOWS_OF_COMMANDS = 0
"""They have gathered: a transaction of the engine publishes what it has decided at once."""
_MOMENT = 0.01
"""Wall seconds that the end of an attempt waits for others."""

Handler: TypeAlias = Callable[[Sequence[Record]], Awaitable[None]]


class WorkerPoolSpec(Struct, Generic[C, W, R], frozen=True):
    """What one worker pool works on: its rows, who makes the attempts, and how many at once."""

    name: str
    rows: Rows[C, W]
    attempt: Attempting[W, R]
    limits: PoolLimits
    pick: Pick[W] = oldest
    gate: Gate = OPEN


class Kind(Struct, Generic[C, W, R], frozen=True):
    """What differs between the kinds of work. `route` names the pool that takes a command.

    `service` is the consumer group of `topic`, `prefix` begins the names of the parts that run in the background.
    Reports gather for so many `report_windows` of the settings.
    """

    service: str
    prefix: str
    command: type[C]
    topic: str
    reports: str
    ledger: Ledger[R]
    pools: Sequence[WorkerPoolSpec[C, W, R]]
    route: Callable[[C], str]
    consumers: int = 1
    is_full: Callable[[str], bool] = lambda _: False
    report_windows: int = 1
    recalls: Recalls[C] | None = None


class Dependencies(Struct, frozen=True):
    """What every pipeline needs of its service."""

    settings: NotifierSettings
    pool: Pool
    publisher: Publisher
    context: ServiceContext

    def consumer(self, *, service: str, topic: str, handler: Handler, windows: float, **options: Any) -> BatchConsumer:
        """A consumer that is not started yet. It gathers for so many `windows` of the settings."""
        context = self.context
        return BatchConsumer(
            self.settings,
            service=service,
            topics=[topic],
            handler=handler,
            clock=context.clock,
            health=context.health,
            metrics=context.metrics,
            on_failure=context.on_failure,
            seals=Seals(self.pool, self.settings),
            windows=windows,
            **options,
        )


class Pipeline(Struct, Generic[W, R], frozen=True):
    """What is left to its owner: the polls have to be called in a loop, the consumer is not started yet."""

    polls: Sequence[Poll[W, R]]
    consumer: BatchConsumer


async def start_pipeline(stack: AsyncExitStack, kind: Kind[C, W, R], dependencies: Dependencies) -> Pipeline[W, R]:
    """Work until `stack` unwinds; what has begun by then ends and is reported, what was only held is given back."""
    context = dependencies.context
    settlements, reports = await _start_settling(stack, kind, dependencies)
    worker_pools: dict[str, WorkerPool[W, R]] = {}
    polls: list[Poll[W, R]] = []
    for pool in kind.pools:
        workers = WorkerPool(
            *(pool.name, pool.attempt, pool.rows, settlements, context.clock),
            limits=pool.limits,
            pick=pool.pick,
            gate=pool.gate,
        )
        await in_background(stack, f"{pool.name}-workers", workers.run(), workers.stop, context)
        worker_pools[pool.name] = workers
        polls.append(Poll(workers, pool.rows, settlements, reports, context.clock))
    queues = {pool.name: pool.rows for pool in kind.pools}
    consumer = dependencies.consumer(
        service=kind.service,
        topic=kind.topic,
        handler=Accept(
            *(kind.command, kind.route, queues, worker_pools, context.clock),
            is_full=kind.is_full,
            recalls=kind.recalls,
            traces=context.traces,
        ),
        consumers=kind.consumers,
        max_records=dependencies.settings.notifier_batch,
        windows=_WINDOWS_OF_COMMANDS,
        pool=dependencies.pool,
    )
    return Pipeline(polls, consumer)


async def _start_settling(
    stack: AsyncExitStack, kind: Kind[C, W, R], dependencies: Dependencies
) -> tuple[Batcher[R], Batcher[Report]]:
    """Where ends of attempts go, and reports of earlier ones."""
    context, prefix, published = dependencies.context, kind.prefix, Published()
    window = dependencies.settings.batch_window / dependencies.settings.clock_speed
    publish = Publish(dependencies.publisher, kind.reports, published)
    reports: Batcher[Report] = Batcher(
        f"{prefix}reports", publish, window=window * kind.report_windows, give_up=publish.give_up
    )
    settle: Settle[R] = Settle(kind.ledger, reports, published, context.clock, context.metrics)
    # What was sent and is not written down is in doubt after a crash: it waits for a moment only.
    settlements: Batcher[R] = Batcher(f"{prefix}settle", settle, window=min(window, _MOMENT), nudge_window=window)
    published.then = settlements.nudge
    await in_background(stack, f"{prefix}reports", reports.run(), partial(_finish, reports, settle), context)
    await in_background(stack, f"{prefix}settle", settlements.run(), settlements.drained, context)
    return settlements, reports


async def _finish(reports: Batcher[Report], settle: Settle[R]) -> None:
    await reports.drained()
    await settle.flush()
