"""What the command reads from topics, in clear."""

from collections.abc import Iterable

from aiokafka import ConsumerRecord

from relevo_runtime.kafka import Record
from relevo_runtime.sealing import Seals


async def opened(seals: Seals, topic: str, records: Iterable[ConsumerRecord]) -> list[Record]:
    """The records of the logical `topic`, without those about people who were erased."""
    return await seals.open([Record(topic, r.partition, r.offset, r.key or b"", r.value or b"") for r in records])
