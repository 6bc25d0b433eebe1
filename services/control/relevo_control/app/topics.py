"""What topics keep, read in clear."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from aiokafka import ConsumerRecord
from msgspec import Struct

from relevo_control.app.errors import NotKnownError
from relevo_runtime.kafka import Record, clients
from relevo_runtime.postgres import Connection
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

T = TypeVar("T")
_POLL_MS = 500


class Unreadable(Struct, frozen=True, kw_only=True, tag="unreadable"):
    """A record that can't be read: what was cut or changed on its way, or sealed with a damaged key."""

    at: datetime
    """When it was written."""
    place: str
    """Its topic, partition and offset: `relevo.events/0/12`."""
    reason: str


async def opened(seals: Seals, topic: str, records: Iterable[ConsumerRecord]) -> list[Record]:
    """The records of the logical `topic`, without those about people who were erased."""
    return await seals.open([Record(topic, r.partition, r.offset, r.key or b"", r.value or b"") for r in records])


async def decoded(
    seals: Seals, topic: str, records: Iterable[ConsumerRecord], decode: Callable[[bytes], T]
) -> list[tuple[Record, T | Unreadable]]:
    """The records of one partition of the logical `topic` and what they say; one that can't be read hides no other."""
    records = list(records)
    times = {record.offset: datetime.fromtimestamp(record.timestamp / 1000, UTC) for record in records}
    return [(one, _decoded(one, times[one.offset], decode)) for one in await opened(seals, topic, records)]


async def read_whole(
    connection: Connection, settings: RuntimeSettings, topic: str, decode: Callable[[bytes], T]
) -> list[tuple[Record, T | Unreadable]]:
    """Everything that the logical `topic` still keeps and that is not about somebody who was erased.

    Raises `NotKnownError` if there is no such topic.
    """
    name = settings.topic(topic)
    # By its settings, not by a seek: the consumer looks up its first position in the background and would win.
    found: list[tuple[Record, T | Unreadable]] = []
    async with clients.reading(settings, name, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        if not ends:
            raise NotKnownError(f"there is no topic {name} on {settings.kafka}; run `relevo migrate` first")
        seals = Seals(connection, settings)
        while [part for part, end in ends.items() if await consumer.position(part) < end]:
            for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                found += await decoded(seals, topic, records, decode)
    return found


def _decoded(record: Record, written: datetime, decode: Callable[[bytes], T]) -> T | Unreadable:
    try:
        return decode(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        return Unreadable(at=written, place=place, reason=str(error))
