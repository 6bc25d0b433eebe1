"""Reads what a test's topics hold."""

from typing import TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Struct

from relevo_contracts.messages import WakeUp
from relevo_contracts.topics import WAKEUPS
from relevo_runtime.settings import RuntimeSettings
from tests.sealed import in_clear

T = TypeVar("T", bound=Struct)


async def read_topic(settings: RuntimeSettings, topic: str) -> list[tuple[bytes, bytes]]:
    """Every message of a topic, keys and values, in order within each partition."""
    name = settings.topic(topic)
    consumer = AIOKafkaConsumer(
        name, bootstrap_servers=settings.kafka, group_id=None, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(name, number) for number in range(settings.partitions)]
        assert consumer.assignment() == set(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[tuple[bytes, bytes]] = []
        while [part for part, end in ends.items() if await consumer.position(part) < end]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [(record.key, record.value) for record in records]
        return await in_clear(settings, found)
    finally:
        await consumer.stop()


async def wake_ups(settings: RuntimeSettings) -> list[WakeUp]:
    """Every wake-up that was published."""
    return [msgspec.json.decode(value, type=WakeUp) for _, value in await read_topic(settings, WAKEUPS)]
