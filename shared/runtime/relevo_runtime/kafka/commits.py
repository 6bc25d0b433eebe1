"""When offsets are committed: soon, not with every batch."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from relevo_runtime.metrics import Metrics

_log = logging.getLogger(__name__)


class Committing(Protocol):
    """What commits need of aiokafka's consumer."""

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        """Commit these positions."""
        ...


class Commits:
    """The positions of one group member that are done: committed together after `delay` seconds, or at once by `flush`.

    A commit that fails is logged and not tried again: a rebalance was quicker, and the records come again.
    """

    def __init__(self, member: str, metrics: Metrics, delay: float) -> None:
        self._member = member
        self._delay = delay
        self._metrics = metrics
        self._due: dict[TopicPartition, int] = {}
        self._one_at_a_time = asyncio.Lock()
        self.later: asyncio.Task[None] | None = None

    def add(
        self, consumer: Committing, offsets: dict[TopicPartition, int], on_end: Callable[[asyncio.Task[None]], object]
    ) -> None:
        """Commit these after the delay. `on_end` is told how the task that does so has ended."""
        self._due |= offsets
        if self.later is None or self.later.done():
            self.later = asyncio.create_task(self._flush_later(consumer), name=f"{self._member} commits")
            self.later.add_done_callback(on_end)

    async def flush(self, consumer: Committing) -> None:
        """Commit what is not committed yet, and return when that is done."""
        async with self._one_at_a_time:
            due, self._due = self._due, {}
            if due:
                await self._commit(consumer, due)

    async def _flush_later(self, consumer: Committing) -> None:
        while self._due:
            await asyncio.sleep(self._delay)
            await self.flush(consumer)

    async def _commit(self, consumer: Committing, offsets: dict[TopicPartition, int]) -> None:
        try:
            await consumer.commit(offsets)
        except (KafkaError, IllegalStateError) as error:
            # A rebalance was quicker. The batches come again, to us or to another; handlers know what they saw.
            self._metrics.commit_failures.inc()
            said = "%s: offsets not committed, what they stand for will come again: %s"
            _log.warning(said, self._member, error, extra={"repeats": self._member})
