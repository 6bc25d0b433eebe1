"""A consumer as the tests of Kafka use it, and how far its group is."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from relevo_contracts.topics import EVENTS
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import BatchConsumer, Publisher, Record
from relevo_runtime.settings import RuntimeSettings
from tests.conftest import SettingsFactory

Handler = Callable[[Sequence[Record]], Awaitable[None]]


def consumer(settings: RuntimeSettings, handler: Handler, **changes: object) -> BatchConsumer:
    options: dict[str, object] = {"service": "test", "topics": [EVENTS], "clock": SystemClock()}
    return BatchConsumer(settings, handler=handler, **(options | changes))  # type: ignore[arg-type]


@pytest.fixture
async def publisher(settings: SettingsFactory) -> AsyncIterator[Publisher]:
    async with Publisher(settings()) as started:
        yield started


async def committed(settings: RuntimeSettings, topic: str = EVENTS) -> int:
    """The sum of the group's committed offsets: how many records count as done."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=settings.group("test"), enable_auto_commit=False
    )
    await reader.start()
    try:
        places = [TopicPartition(settings.topic(topic), n) for n in range(settings.partitions)]
        return sum([await reader.committed(place) or 0 for place in places])
    finally:
        await reader.stop()
