"""Taking work over from Kafka: once this has committed, the table is the queue and the offsets may go."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic

import msgspec

from relevo_notifier.app.ports import Intake, R
from relevo_notifier.app.worker_pool import WorkerPool
from relevo_notifier.core.work import C, Incoming, W
from relevo_runtime.clock import Clock
from relevo_runtime.records import Record, read

PATIENCE = 5.0
"""Seconds for which a full pool holds up Kafka, before what comes is left to the table."""


class Accept(Generic[C, W, R]):
    """The handler of a topic of commands: each goes into the queue, and to the workers, that `route` names."""

    def __init__(
        self,
        command: type[C],
        route: Callable[[C], str],
        queues: Mapping[str, Intake[C, W]],
        worker_pools: Mapping[str, WorkerPool[W, R]],
        clock: Clock,
    ) -> None:
        self._decoder = msgspec.json.Decoder(command)
        self._route = route
        self._queues = queues
        self._worker_pools = worker_pools
        self._clock = clock

    async def __call__(self, records: Sequence[Record]) -> None:
        """Keep the commands of a batch, each once, and begin as many as there are workers free.

        The others are held in memory as far as there is room, and left to the table otherwise. Raises `Poison` for a
        record that is not such a command, before anything is kept.
        """
        by_route: dict[str, list[tuple[C, bytes]]] = {name: [] for name in self._worker_pools}
        for record in records:
            command = read(self._decoder, record)
            by_route[self._route(command)].append((command, record.value))
        # Who has room comes first: a provider that is away holds up Kafka, but nothing that is here already for others.
        for name in sorted(by_route, key=lambda name: self._worker_pools[name].is_crowded):
            if items := by_route[name]:
                await self._accept(items, self._queues[name], self._worker_pools[name])

    async def _accept(self, items: Sequence[tuple[C, bytes]], queue: Intake[C, W], workers: WorkerPool[W, R]) -> None:
        await workers.wait_for_capacity(PATIENCE)
        now, lease = self._clock.now(), workers.lease()
        places = workers.reserve(len(items))
        held = places + workers.room()
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
