"""What Kafka keeps and how far each group has read it; and setting groups back."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from relevo_cli.doctor.broker import GROUPS
from relevo_contracts.topics import TOPICS
from relevo_runtime.kafka import clients
from relevo_runtime.settings import RuntimeSettings

_TIMEOUT_MS = 10_000
_POLL_MS = 1000
Bounds = Mapping[int, tuple[int, int]]
"""The first offset of each partition, and the one behind its last."""


class Kept:
    """Asks Kafka. What it raises is what Kafka raises."""

    def __init__(self, settings: RuntimeSettings, admin: Any, consumer: Any) -> None:
        self._settings = settings
        self._admin = admin
        self._consumer = consumer
        self._ends: dict[TopicPartition, int] = {}

    async def missing_topics(self) -> list[str]:
        """The topics that are not there."""
        described = await self._admin.describe_topics([self._settings.topic(one.name) for one in TOPICS])
        there = {one["topic"] for one in described if not one["error_code"]}
        return [name for one in TOPICS if (name := self._settings.topic(one.name)) not in there]

    async def running(self) -> dict[str, int]:
        """The groups that have members, with how many: services run."""
        found = {}
        for group in GROUPS:
            with contextlib.suppress(GroupCoordinatorNotAvailableError):  # Kafka never had any group
                [answer] = await self._admin.describe_consumer_groups([self._settings.group(group)])
                if members := answer.to_object()["groups"][0]["members"]:
                    found[group] = len(members)
        return found

    async def bounds(self, topic: str) -> Bounds:
        """Where the partitions of the logical `topic` begin and end; none if it is not there."""
        name = self._settings.topic(topic)
        [described] = await self._admin.describe_topics([name])
        places = [TopicPartition(name, one["partition"]) for one in described["partitions"]]
        begins, ends = await self._consumer.beginning_offsets(places), await self._consumer.end_offsets(places)
        self._ends |= ends
        return {place.partition: (begins[place], ends[place]) for place in places}

    async def committed(self, group: str) -> Mapping[tuple[str, int], int]:
        """What a group has committed, by the topic's name on the broker and the partition."""
        try:
            found = await self._admin.list_consumer_group_offsets(self._settings.group(group))
        except GroupCoordinatorNotAvailableError:
            return {}
        return {(place.topic, place.partition): known.offset for place, known in found.items() if known.offset >= 0}

    async def page(self, topic: str, partition: int, offset: int, most: int) -> Sequence[ConsumerRecord]:
        """Up to `most` records from an offset on; none at the end, which is where it was when `bounds` was asked."""
        place = TopicPartition(self._settings.topic(topic), partition)
        if not self._consumer.assignment():
            await self._assign_all()
        self._consumer.seek(place, offset)
        records: Sequence[ConsumerRecord] = []
        self._consumer.resume(place)
        while not records and await self._consumer.position(place) < self._ends[place]:
            records = (await self._consumer.getmany(place, timeout_ms=_POLL_MS, max_records=most)).get(place, [])
        self._consumer.pause(place)
        return records

    async def _assign_all(self) -> None:
        """Every partition at once: each assignment asks for the cluster's metadata anew. What is not read is paused."""
        described = await self._admin.describe_topics([self._settings.topic(one.name) for one in TOPICS])
        places = [TopicPartition(one["topic"], part["partition"]) for one in described for part in one["partitions"]]
        self._consumer.assign(places)
        self._consumer.pause(*places)
        for place in places:
            await self._consumer.position(place)  # its first look-up in the background would overtake a seek

    async def before(self, topic: str, partition: int, at: datetime) -> int | None:
        """The first record of `at` or later; None if there is none."""
        place = TopicPartition(self._settings.topic(topic), partition)
        found = (await self._consumer.offsets_for_times({place: int(at.timestamp() * 1000)}))[place]
        return None if found is None else found.offset

    async def set_back(self, group: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Let a group that has no members go on at these offsets of logical topics."""
        options = {"group_id": self._settings.group(group), "request_timeout_ms": _TIMEOUT_MS}
        client = clients.consumer(self._settings, **options)
        await clients.start(client, self._settings)
        try:
            places = {TopicPartition(self._settings.topic(topic), part): at for (topic, part), at in offsets.items()}
            client.assign(list(places))
            await client.commit(places)
        finally:
            await client.stop()


@contextlib.asynccontextmanager
async def kept_by(settings: RuntimeSettings) -> AsyncIterator[Kept]:
    """What the Kafka of `settings` keeps. Raises `KafkaUnreachable`."""
    options = {"client_id": "relevo-restore-check", "request_timeout_ms": _TIMEOUT_MS}
    # A fetch from where it stood before is on its way when it seeks: it must not wait there for something to come.
    reading = {**options, "fetch_max_wait_ms": 5}
    async with clients.admin(settings, **options) as admin, clients.reading(settings, **reading) as consumer:
        yield Kept(settings, admin, consumer)


MARGIN = timedelta(hours=1)
"""So far before what the engine lacks the contacts are read again: nothing says how far they had come."""
