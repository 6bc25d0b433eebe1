"""Whether every service has read what Kafka has up to now."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from aiokafka import TopicPartition

from relevo_cli.doctor.broker import GROUPS
from relevo_runtime.kafka import clients
from relevo_runtime.settings import RuntimeSettings

Offsets = Mapping[TopicPartition, int]
_TIMEOUT_MS = 5000


class Topics(Protocol):
    """The topics of a cell and its services' places in them."""

    async def ends(self) -> Offsets:
        """Where the topics end now."""
        ...

    async def unread(self, until: Offsets) -> int:
        """How many records before `until` some service has not committed yet, counted once for each service."""
        ...


class KafkaTopics:
    """Asks Kafka."""

    def __init__(self, settings: RuntimeSettings, admin: Any, consumer: Any) -> None:
        self._settings = settings
        self._admin = admin
        self._consumer = consumer
        self._topics = {group: frozenset(map(settings.topic, topics)) for group, topics in GROUPS.items()}

    async def ends(self) -> Offsets:
        """As `Topics.ends`. Raises `KafkaError`, as `unread` does."""
        names = sorted(frozenset().union(*self._topics.values()))
        described = await self._admin.describe_topics(names)
        places = [
            TopicPartition(topic["topic"], part["partition"]) for topic in described for part in topic["partitions"]
        ]
        found: Offsets = await self._consumer.end_offsets(places)
        return found

    async def unread(self, until: Offsets) -> int:
        """As `Topics.unread`."""
        begins = await self._consumer.beginning_offsets(list(until))
        committed = await asyncio.gather(*map(self._committed, self._topics))
        return sum(
            max(0, end - max(begins[place], read.get(place, 0)))
            for read, topics in zip(committed, self._topics.values(), strict=True)
            for place, end in until.items()
            if place.topic in topics
        )

    async def _committed(self, group: str) -> Offsets:
        found = await self._admin.list_consumer_group_offsets(self._settings.group(group))
        return {place: known.offset for place, known in found.items()}


@contextlib.asynccontextmanager
async def topics_of(settings: RuntimeSettings) -> AsyncIterator[KafkaTopics]:
    """The topics of the cell that `settings` name. Raises `KafkaError` where Kafka does not answer."""
    options = {"client_id": "relevo-move", "request_timeout_ms": _TIMEOUT_MS}
    async with clients.admin(settings, **options) as admin, clients.reading(settings, **options) as consumer:
        yield KafkaTopics(settings, admin, consumer)
