"""How far a running system is behind its clock: the oldest instant of which some work is not done yet."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from aiokafka import TopicPartition

from relevo_cli.doctor.broker import GROUPS
from relevo_runtime.kafka import clients
from relevo_runtime.postgres import Statements
from relevo_runtime.settings import RuntimeSettings

STATEMENTS = Statements.load("relevo_cli", "backlog.sql")
_TIMEOUT_MS = 5000
_TIMEOUT_SECONDS = 5.0
Ends = Mapping[TopicPartition, int]


class Marks:
    """Where the topics ended at which instant, until every group has read so far: pure."""

    def __init__(self, begins: Ends) -> None:
        """`begins` is where reading counts from: what was there before is nobody's backlog."""
        self._begins = begins
        self._marks: deque[tuple[datetime, Ends]] = deque()

    def add(self, at: datetime, ends: Ends) -> None:
        """The topics ended there at `at`, which is after all instants before."""
        if not self._marks or self._marks[-1][1] != ends:
            self._marks.append((at, ends))

    def read(self, groups: Mapping[str, tuple[Ends, frozenset[str]]]) -> None:
        """How far each group has read of its topics: marks that all have passed are over."""
        while self._marks and self._passed(self._marks[0][1], groups):
            self._marks.popleft()

    def oldest(self, after: datetime) -> datetime | None:
        """The first instant after `after` of which a group has not read everything."""
        return next((at for at, _ in self._marks if at > after), None)

    def _passed(self, ends: Ends, groups: Mapping[str, tuple[Ends, frozenset[str]]]) -> bool:
        return all(
            committed.get(place, self._begins[place]) >= end
            for committed, topics in groups.values()
            for place, end in ends.items()
            if place.topic in topics
        )


class Backlog:
    """Asks Kafka and PostgreSQL."""

    def __init__(self, settings: RuntimeSettings, admin: Any, consumer: Any, lease: timedelta) -> None:
        self._settings = settings
        self._admin = admin
        self._consumer = consumer
        self._lease = lease
        self._topics = {group: frozenset(settings.topic(topic) for topic in topics) for group, topics in GROUPS.items()}
        self._places: list[TopicPartition] = []
        self._coordinators: dict[str, int] = {}
        self._marks = Marks({})
        self._connection: asyncpg.Connection[Any] | None = None

    async def prepare(self) -> None:
        """Look where the topics end: what comes from now on counts."""
        for topic in sorted(frozenset().union(*self._topics.values())):
            partitions = await self._admin.describe_topics([topic])
            self._places += [TopicPartition(topic, one["partition"]) for one in partitions[0]["partitions"]]
        self._marks = Marks(await self._consumer.end_offsets(self._places))

    async def oldest(self, now: datetime, after: datetime) -> datetime | None:
        """The oldest instant after `after` of what is not done at `now`. Raises what Kafka and PostgreSQL raise."""
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            unread, waiting = await asyncio.gather(self._unread(now, after), self._waiting(now, after))
        return min((one for one in (unread, waiting) if one is not None), default=None)

    async def close(self) -> None:
        """Give up the connection to the database."""
        if self._connection is not None:
            self._connection.terminate()

    async def _unread(self, now: datetime, after: datetime) -> datetime | None:
        self._marks.add(now, await self._consumer.end_offsets(self._places))
        committed = await asyncio.gather(*(self._committed(group) for group in self._topics))
        self._marks.read(
            {group: (at, topics) for at, (group, topics) in zip(committed, self._topics.items(), strict=True)}
        )
        return self._marks.oldest(after)

    async def _committed(self, group: str) -> Ends:
        name = self._settings.group(group)
        try:
            if group not in self._coordinators:
                self._coordinators[group] = await self._admin.find_coordinator(name)
            found = await self._admin.list_consumer_group_offsets(name, self._coordinators[group])
        except BaseException:
            self._coordinators.pop(group, None)
            raise
        return {place: known.offset for place, known in found.items()}

    async def _waiting(self, now: datetime, after: datetime) -> datetime | None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._settings.dsn)
        at: datetime | None = await self._connection.fetchval(STATEMENTS["oldest"], now, after, self._lease)
        return at


@contextlib.asynccontextmanager
async def backlog_of(settings: RuntimeSettings, lease: timedelta) -> AsyncIterator[Backlog]:
    """The backlog of the system that runs there. `lease` is how long what is sent is promised to one, in clock time.

    Raises `KafkaError` where Kafka does not answer at first.
    """
    options = {"client_id": "relevo-pace", "request_timeout_ms": _TIMEOUT_MS}
    async with clients.admin(settings, **options) as admin, clients.reading(settings, **options) as consumer:
        backlog = Backlog(settings, admin, consumer, lease)
        try:
            await backlog.prepare()
            yield backlog
        finally:
            await backlog.close()
