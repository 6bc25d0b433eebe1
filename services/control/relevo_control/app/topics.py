"""What topics keep, read in clear: as a whole, or page by page from the offset that a cursor names."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Generic, TypeVar

import msgspec
from aiokafka import ConsumerRecord
from msgspec import Struct

from relevo_control.app.errors import NotKnownError
from relevo_control.app.pages import Page, Turn
from relevo_runtime.kafka import Record, clients
from relevo_runtime.postgres import Connection
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

T = TypeVar("T")
Place = tuple[int, int]
"""A partition, and the offset in it from which on there is more."""
MOST_READ = 5000
"""Records that are looked at for one page, whether they are wanted or not."""
_MOST_BYTES = 8 * 1024 * 1024
_BEGINNING = (0, 0)
_AT_ONCE = 200
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


class KeptTopic(Struct, Generic[T], frozen=True):
    """A topic that keeps messages: how its records are read, and what stands for one that can't be."""

    topic: str
    decode: Callable[[bytes], T]
    unreadable: Callable[[Record, Unreadable], T]

    async def read(self, seals: Seals, records: Sequence[ConsumerRecord]) -> list[tuple[Record, T]]:
        """Records of one partition and what they say."""
        found = await decoded(seals, self.topic, records, self.decode)
        return [(one, self.unreadable(one, said) if isinstance(said, Unreadable) else said) for one, said in found]


async def read_whole(connection: Connection, settings: RuntimeSettings, kept: KeptTopic[T]) -> list[tuple[Record, T]]:
    """Everything that the topic still keeps and that is not about somebody who was erased.

    Raises `NotKnownError` if there is no such topic.
    """
    seals = Seals(connection, settings)
    async with aclosing(_batches(settings, kept.topic, _BEGINNING)) as batches:
        return [one async for records in batches for one in await kept.read(seals, records)]


async def read_page(
    connection: Connection,
    settings: RuntimeSettings,
    kept: KeptTopic[T],
    turn: Turn[Place],
    wanted: Callable[[T], bool],
    *,
    most: int = MOST_READ,
) -> Page[tuple[Record, T]]:
    """A page of what is wanted, by partition and offset, among up to `most` records and 8 MiB that are looked at.

    Raises `NotKnownError` if there is no such topic.
    """
    seals = Seals(connection, settings)
    found: list[tuple[Record, T]] = []
    looked: Place | None = None
    count = size = 0
    async with aclosing(_batches(settings, kept.topic, turn.after or _BEGINNING, min(most, _AT_ONCE))) as batches:
        async for records in batches:
            found += [one for one in await kept.read(seals, records) if wanted(one[1])]
            count, size = count + len(records), size + sum(len(one.value or b"") for one in records)
            if len(found) > turn.limit or count >= most or size >= _MOST_BYTES:
                looked = _behind(records[-1])
                break
    return turn.page(found, lambda one: _behind(one[0]), looked=looked)


def _behind(record: Record | ConsumerRecord) -> Place:
    return record.partition, record.offset + 1


async def _batches(
    settings: RuntimeSettings, topic: str, begin: Place, at_once: int = _AT_ONCE
) -> AsyncGenerator[list[ConsumerRecord], None]:
    """What the logical `topic` has by now from a place on, one partition after the other, up to `at_once` each."""
    name = settings.topic(topic)
    async with clients.reading(settings, name, auto_offset_reset="earliest") as consumer:
        partitions = sorted(consumer.assignment())
        if not partitions:
            raise NotKnownError(f"there is no topic {name} on {settings.kafka}; run `relevo migrate` first")
        starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        for one in partitions:
            await consumer.position(one)  # its first look-up in the background would overtake a seek
            first = begin[1] if one.partition == begin[0] else 0 if one.partition > begin[0] else ends[one]
            consumer.seek(one, min(max(starts[one], first), ends[one]))
        for one in partitions:
            while await consumer.position(one) < ends[one]:
                for records in (await consumer.getmany(one, timeout_ms=_POLL_MS, max_records=at_once)).values():
                    yield records


def _decoded(record: Record, written: datetime, decode: Callable[[bytes], T]) -> T | Unreadable:
    try:
        return decode(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        return Unreadable(at=written, place=place, reason=str(error))
