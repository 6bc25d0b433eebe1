"""Taking work over from Kafka: once this has committed, the table is the queue and the offsets may go."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Generic

import msgspec
from msgspec import Struct

from relevo_notifier.app.ports import Intake, R
from relevo_notifier.app.worker_pool import WorkerPool
from relevo_notifier.core.work import C, Incoming, W
from relevo_runtime.clock import Clock
from relevo_runtime.records import Record, read
from relevo_runtime.traces import NO_TRACES, Traces

PATIENCE = 5.0
"""Seconds for which a full pool holds up Kafka, before what comes is left to the table."""


class Recalls(Struct, Generic[C], frozen=True):
    """Which commands take back earlier ones, and how that is written down."""

    concern: Callable[[C], bool]
    carry_out: Callable[[Sequence[C], datetime], Awaitable[None]]


class Accept(Generic[C, W, R]):
    """The handler of a topic of commands: each goes into the queue, and to the workers, that `route` names.

    `is_full` says of which queue enough waits in the table. `recalls` take back what came before them.
    """

    def __init__(
        self,
        command: type[C],
        route: Callable[[C], str],
        queues: Mapping[str, Intake[C, W]],
        worker_pools: Mapping[str, WorkerPool[W, R]],
        clock: Clock,
        *,
        is_full: Callable[[str], bool] = lambda _: False,
        recalls: Recalls[C] | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._decoder = msgspec.json.Decoder(command)
        self._route = route
        self._queues = queues
        self._worker_pools = worker_pools
        self._clock = clock
        self._is_full = is_full
        self._recalls = recalls
        self._traces = traces
        self._crowded: set[str] = set()

    async def __call__(self, records: Sequence[Record]) -> None:
        """Keep the commands of a batch, each once, and begin as many as there are workers free.

        The others are held in memory as far as there is room, and left to the table otherwise. Raises `Poison` for a
        record that is not such a command, before anything is kept.
        """
        commands = [read(self._decoder, record) for record in records]
        with self._traces.batch(
            "notifier batch",
            "consumer",
            {"messaging.batch.message_count": len(commands)},
            links=[command.traceparent for command in commands],
        ):
            await self._take([(command, record.value) for command, record in zip(commands, records, strict=True)])

    async def _take(self, items: Sequence[tuple[C, bytes]]) -> None:
        by_route: dict[str, list[tuple[C, bytes]]] = {name: [] for name in self._worker_pools}
        recalls, taken_back = self._recalls, list[C]()
        for command, body in items:
            if recalls is not None and recalls.concern(command):
                taken_back.append(command)
            else:
                by_route[self._route(command)].append((command, body))
        # Who has room comes first: a provider that is away holds up Kafka, but nothing that is here already for others.
        for name in sorted(by_route, key=lambda name: self._worker_pools[name].is_crowded):
            if routed := by_route[name]:
                await self._wait(name)
                await self._accept(routed, self._queues[name], self._worker_pools[name])
        if recalls is not None and taken_back:
            await recalls.carry_out(taken_back, self._clock.now())

    async def _wait(self, name: str) -> None:
        """Hold up Kafka for a moment while a pool is crowded: what it soon has room for need not be claimed later.

        One that stays crowded holds up no more, so that receipts do not wait on Kafka behind a campaign; one of which
        too much waits in the table does so at each batch. Heartbeats go on meanwhile, and so do the partitions.
        """
        workers = self._worker_pools[name]
        if self._is_full(name):
            await asyncio.sleep(PATIENCE)
        elif name in self._crowded and workers.is_crowded:
            return
        elif await workers.wait_for_capacity(PATIENCE):
            self._crowded.discard(name)
        else:
            self._crowded.add(name)

    async def _accept(self, items: Sequence[tuple[C, bytes]], queue: Intake[C, W], workers: WorkerPool[W, R]) -> None:
        now, lease = self._clock.now(), workers.lease()
        places = workers.reserve(len(items))
        held = places + workers.room_for_new()
        incoming = [
            Incoming(command, body, begun=number < places, wake_at=lease if number < held else now)
            for number, (command, body) in enumerate(items)
        ]
        try:
            works = await queue.accept(incoming, now)
        finally:
            workers.unreserve(places)
        workers.hold(work for work in works if not work.attempts and work.lease == lease)
        await workers.begin(work for work in works if work.attempts)
