"""Follows what arrives for a shop: its events, what was not recognised, and what the engine did with each.

It only reads: no consumer group, no commit, no row is written. What is held is bounded, however much arrives.
"""

import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Struct

from relevo_cli import database
from relevo_cli.errors import CommandError
from relevo_contracts.envelope import Event
from relevo_contracts.messages import Unrecognised
from relevo_contracts.topics import EVENTS, UNRECOGNISED
from relevo_control.app.shops import known_shop
from relevo_control.app.topics import Unreadable, decoded
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import clients
from relevo_runtime.postgres import Connection, Statements
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

STATEMENTS = Statements.load("relevo_cli", "event_tail.sql")
_POLL_MS = 500
_MOST_AT_ONCE = 200
_MOST_DECISIONS = 2000
_PATIENCE = timedelta(seconds=15)
"""So long the engine's decisions about an event are waited for."""


class ReceivedEvent(Struct, frozen=True, kw_only=True, tag="event"):
    """An event that arrived."""

    at: datetime
    event: Event


class NotRecognised(Struct, frozen=True, kw_only=True, tag="unrecognised"):
    """A genuine message that made no event."""

    at: datetime
    message: Unrecognised


class ReportedDecision(Struct, frozen=True, kw_only=True, tag="decision"):
    """What a workflow did with an event: it started, went on, ended, or did not start, and why."""

    event_id: str
    key: str
    workflow: str
    kind: str
    reason: str
    run_id: str


Line = ReceivedEvent | NotRecognised | ReportedDecision | Unreadable
Lines = AsyncGenerator[list[Line], None]


class _RecentEvents:
    """The newest events, until the engine was given time for them."""

    def __init__(self) -> None:
        self._events: deque[tuple[datetime, str, str]] = deque(maxlen=_MOST_AT_ONCE)
        self._reported: set[tuple[str, str, str, str]] = set()

    def add(self, event: Event, now: datetime) -> None:
        self._events.append((now, event.key, event.id))

    async def new_decisions(self, connection: Connection, shop: str, now: datetime) -> list[ReportedDecision]:
        """What was decided since it was last asked."""
        if not self._events:
            return []
        keys, ids = [key for _, key, _ in self._events], [event_id for _, _, event_id in self._events]
        rows = await connection.fetch(STATEMENTS["decisions_of"], shop, keys, ids, _MOST_DECISIONS)
        new = [_decided(row) for row in rows if tuple(row[:4]) not in self._reported]
        self._reported.update(tuple(row[:4]) for row in rows)
        while self._events and now - self._events[0][0] > _PATIENCE:
            self._events.popleft()
        waiting = {(key, event_id) for _, key, event_id in self._events}
        self._reported = {one for one in self._reported if one[:2] in waiting}
        return new


async def tail(
    settings: RuntimeSettings, shop: str, *, back: timedelta, follow: bool
) -> AsyncGenerator[list[Line], None]:
    """What arrived for a shop within the last `back`, and with `follow` what arrives from now on, until it is closed.

    Raises `CommandError` if there is no such shop, or there are no topics.
    """
    clock = SystemClock()
    waiting = _RecentEvents()
    async with database.connection(settings) as connection, _consumer(settings) as consumer:
        await connection.execute("set default_transaction_read_only = on")  # it looks, whatever it calls
        await known_shop(connection, shop)
        ends = await _begin(consumer, clock.now() - back)
        seals = Seals(connection, settings)
        while follow or await _behind(consumer, ends):
            found = await _read(consumer, seals, settings, shop)
            for line in found:
                if isinstance(line, ReceivedEvent):
                    waiting.add(line.event, clock.now())
            lines = [*found, *(await waiting.new_decisions(connection, shop, clock.now()))]
            if lines:
                yield lines


@contextlib.asynccontextmanager
async def _consumer(settings: RuntimeSettings) -> AsyncIterator[AIOKafkaConsumer]:
    names = [settings.topic(topic) for topic in _READ]
    async with clients.reading(settings, *names, auto_offset_reset="latest") as consumer:
        if not consumer.assignment():
            raise CommandError(f"there is no topic {names[0]} on {settings.kafka}; run `relevo migrate` first")
        yield consumer


async def _begin(consumer: AIOKafkaConsumer, since: datetime) -> dict[TopicPartition, int]:
    """Puts the consumer to where `since` begins; where the partitions end now."""
    partitions = list(consumer.assignment())
    ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    millis = int(since.timestamp() * 1000)
    starts = await consumer.offsets_for_times(dict.fromkeys(partitions, millis))
    for partition in partitions:
        await consumer.position(partition)  # its first look-up in the background would overtake a seek
        found = starts.get(partition)
        consumer.seek(partition, found.offset if found is not None else ends[partition])
    return ends


async def _behind(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    return any([await consumer.position(partition) < end for partition, end in ends.items()])


async def _read(consumer: AIOKafkaConsumer, seals: Seals, settings: RuntimeSettings, shop: str) -> list[Line]:
    own = f"{shop}/".encode()
    lines: list[Line] = []
    polled = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_AT_ONCE)
    for partition, records in polled.items():
        topic = next(name for name in _READ if settings.topic(name) == partition.topic)
        # Others' messages are not even opened.
        mine = [record for record in records if (record.key or b"").startswith(own)]
        lines += [line for _, line in await decoded(seals, topic, mine, _READ[topic])]
    return sorted(lines, key=_arrival)


def _arrived(value: bytes) -> Line:
    event = msgspec.json.decode(value, type=Event)
    return ReceivedEvent(at=event.receivedtime, event=event)


def _not_recognised(value: bytes) -> Line:
    message = msgspec.json.decode(value, type=Unrecognised)
    return NotRecognised(at=message.receivedtime, message=message)


_READ = {EVENTS: _arrived, UNRECOGNISED: _not_recognised}


def _arrival(line: Line) -> datetime:
    assert not isinstance(line, ReportedDecision)
    return line.at


def _decided(row: Any) -> ReportedDecision:
    key, event_id, workflow, kind, reason, run_id = islice(row, 6)
    return ReportedDecision(event_id=event_id, key=key, workflow=workflow, kind=kind, reason=reason, run_id=run_id)
