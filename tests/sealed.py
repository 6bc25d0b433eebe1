"""What a test's topics hold: as Kafka has it, and in clear."""

from collections.abc import Sequence

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from relevo_contracts.messages import DeadLetter
from relevo_contracts.topics import TOPICS
from relevo_control.app.dead_letters import read_dead_letters
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import prepare_connection
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

Message = tuple[bytes, bytes]


async def in_clear(settings: RuntimeSettings, messages: Sequence[Message]) -> list[Message]:
    """Messages as their readers see them; those of people who were erased are left out."""
    connection = await asyncpg.connect(settings.dsn)
    try:
        await prepare_connection(connection)
        records = [Record("", 0, number, key or b"", value or b"") for number, (key, value) in enumerate(messages)]
        return [(record.key, record.value) for record in await Seals(connection, settings).open(records)]
    finally:
        await connection.close()


async def raw(settings: RuntimeSettings, topic: str) -> list[Message]:
    """Every key and value of a topic as Kafka keeps it."""
    name = settings.topic(topic)
    consumer = AIOKafkaConsumer(name, bootstrap_servers=settings.kafka, group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(name, number) for number in range(settings.partitions)]
        ends = await consumer.end_offsets(partitions)
        found: list[Message] = []
        while [part for part, end in ends.items() if await consumer.position(part) < end]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [(record.key or b"", record.value or b"") for record in records]
        return found
    finally:
        await consumer.stop()


async def everything_on_kafka(settings: RuntimeSettings) -> bytes:
    """All that all topics hold, one after the other."""
    return b"\n".join([part for topic in TOPICS for message in await raw(settings, topic.name) for part in message])


async def kept_letters(settings: RuntimeSettings, *, sealed: bool = False) -> list[DeadLetter]:
    """Every dead letter that the topic keeps."""
    connection = await asyncpg.connect(settings.dsn)
    try:
        await prepare_connection(connection)
        return await read_dead_letters(connection, settings, sealed=sealed)
    finally:
        await connection.close()
