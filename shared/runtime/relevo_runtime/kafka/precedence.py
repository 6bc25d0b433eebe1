"""Which topic goes first: what a timer asks for has to see everything that happened before it.

After an outage both topics have a backlog. A wake-up that overtook the events of its partition would remind a customer
of a cart that was bought hours ago. So the records of one topic wait until the other topic's partition of the same
number has been read as far as it went when they came.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Protocol

from aiokafka import ConsumerRecord, TopicPartition
from msgspec import Struct


class ConsumerPosition(Protocol):
    """What precedence needs of aiokafka's consumer."""

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions that it holds."""
        ...

    def highwater(self, partition: TopicPartition) -> int | None:
        """Where the partition ends, as far as the last fetch told; None before the first."""
        ...

    async def position(self, partition: TopicPartition) -> int:
        """The offset of the next record that it will hand out."""
        ...

    def pause(self, *partitions: TopicPartition) -> None:
        """Hand out nothing of these."""
        ...

    def resume(self, *partitions: TopicPartition) -> None:
        """Hand out records again."""
        ...

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on at `offset`."""
        ...


class _WaitingPartition(Struct):
    """A partition that waits. `target` is the offset that the other has to reach; None while its end is unknown."""

    ahead: TopicPartition
    last: int
    target: int | None = None


class Precedence:
    """Holds records back for one group member. `after` names, for a topic, the one that goes first (broker names)."""

    def __init__(self, after: Mapping[str, str]) -> None:
        self._after = after
        self._waiting_partitions: dict[TopicPartition, _WaitingPartition] = {}
        self._cleared: dict[TopicPartition, int] = {}

    @property
    def waiting(self) -> bool:
        """Whether anything is held back."""
        return bool(self._waiting_partitions)

    def forget(self) -> None:
        """After a rebalance: nothing is paused any more, and what was held comes again from the committed offset."""
        self._waiting_partitions.clear()
        self._cleared.clear()

    async def pick(self, batch: Sequence[ConsumerRecord], consumer: ConsumerPosition) -> Sequence[ConsumerRecord]:
        """The records whose turn it is. The others are left on the broker: their partition is paused and set back."""
        if not self._after or not any(record.topic in self._after for record in batch):
            return batch
        taken: list[ConsumerRecord] = []
        for partition, records in _runs(batch):
            if partition.topic in self._after and await self._must_wait(partition, records[-1].offset, consumer):
                consumer.seek(partition, records[0].offset)
                consumer.pause(partition)
            else:
                taken += records
        # What goes first is first: a batch that has to be tried in halves keeps the order.
        taken.sort(key=lambda record: record.topic in self._after)
        return taken

    async def release(self, consumer: ConsumerPosition) -> None:
        """Lets go on what need not wait any longer. Call it now and then while `waiting`."""
        for partition, waiting in list(self._waiting_partitions.items()):
            if not await self._reached(waiting, consumer):
                continue
            del self._waiting_partitions[partition]
            self._cleared[partition] = waiting.last
            if partition in consumer.assignment():
                consumer.resume(partition)

    async def _must_wait(self, partition: TopicPartition, last: int, consumer: ConsumerPosition) -> bool:
        # What waited once doesn't wait again, or a topic that never rests would starve the other.
        if last <= self._cleared.get(partition, -1):
            return False
        waiting = _WaitingPartition(TopicPartition(self._after[partition.topic], partition.partition), last)
        if await self._reached(waiting, consumer):
            return False
        self._waiting_partitions[partition] = waiting
        return True

    async def _reached(self, waiting: _WaitingPartition, consumer: ConsumerPosition) -> bool:
        if waiting.ahead not in consumer.assignment():
            return True
        if waiting.target is None:
            waiting.target = consumer.highwater(waiting.ahead)
        return waiting.target is not None and await consumer.position(waiting.ahead) >= waiting.target


def _runs(batch: Sequence[ConsumerRecord]) -> Iterator[tuple[TopicPartition, list[ConsumerRecord]]]:
    for (topic, partition), records in groupby(batch, key=lambda record: (record.topic, record.partition)):
        yield TopicPartition(topic, partition), list(records)
