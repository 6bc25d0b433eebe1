"""What Kafka tells of a running system: topics, groups and how far they are behind."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from relevo_cli.doctor.facts import BrokerFacts, Group, TopicFacts
from relevo_contracts.topics import CALLS, DELIVERIES, EVENTS, INPUTS, OUTCOMES, TOPICS, WAKEUPS
from relevo_runtime.clock import wall_seconds
from relevo_runtime.kafka import clients
from relevo_runtime.settings import RuntimeSettings

GROUPS: Mapping[str, Sequence[str]] = {
    "engine": (EVENTS, WAKEUPS, OUTCOMES, INPUTS),
    "notifier": (DELIVERIES,),
    "notifier-contacts": (EVENTS,),
    "notifier-calls": (CALLS,),
}
"""The consumer groups and what each reads."""

_DAY = timedelta(days=1).total_seconds()
_FUTURE = timedelta(minutes=1).total_seconds()
_TIMEOUT_MS = 5000


async def look(settings: RuntimeSettings) -> BrokerFacts:
    """Asks it. Raises `KafkaError` if it does not answer."""
    async with _clients(settings) as (admin, consumer):
        cluster = await admin.describe_cluster()
        described = await admin.describe_topics([settings.topic(topic.name) for topic in TOPICS])
        found = {topic["topic"]: [] if topic["error_code"] else topic["partitions"] for topic in described}
        topics = {topic.name: await _topic(consumer, settings.topic(topic.name), found) for topic in TOPICS}
        groups = {name: await _group(admin, consumer, settings, name, found) for name in GROUPS}
    return BrokerFacts(brokers=len(cluster["brokers"]), topics=topics, groups=groups)


@contextlib.asynccontextmanager
async def _clients(settings: RuntimeSettings) -> AsyncIterator[tuple[Any, Any]]:
    options = {"client_id": "relevo-doctor", "request_timeout_ms": _TIMEOUT_MS}
    async with clients.admin(settings, **options) as admin, clients.reading(settings, **options) as consumer:
        yield admin, consumer


async def _topic(consumer: Any, name: str, found: Mapping[str, list[dict[str, Any]]]) -> TopicFacts:
    partitions = found.get(name, [])
    leaderless = sum(part["leader"] < 0 for part in partitions)
    if not partitions or leaderless:
        return TopicFacts(partitions=len(partitions), leaderless=leaderless)
    places = _places(name, partitions)
    ends = await consumer.end_offsets(places)
    begins = await consumer.beginning_offsets(places)
    now = wall_seconds()
    since = await consumer.offsets_for_times({place: int((now - _DAY) * 1000) for place in places})
    future = await consumer.offsets_for_times({place: int((now + _FUTURE) * 1000) for place in places})
    return TopicFacts(
        partitions=len(partitions),
        lacking_replicas=sum(len(part["isr"]) < len(part["replicas"]) for part in partitions),
        kept=sum(ends[place] - begins[place] for place in places),
        today=sum(ends[place] - at.offset for place, at in since.items() if at is not None),
        from_the_future=any(at is not None for at in future.values()),
    )


async def _group(
    admin: Any,
    consumer: Any,
    settings: RuntimeSettings,
    service: str,
    found: Mapping[str, list[dict[str, Any]]],
) -> Group:
    members, committed = await _membership(admin, settings.group(service))
    lag = {}
    for topic in GROUPS[service]:
        places = _places(settings.topic(topic), found.get(settings.topic(topic), []))
        ends, begins = await consumer.end_offsets(places), await consumer.beginning_offsets(places)
        lag[topic] = sum(ends[place] - _read_to(committed, place, begins[place]) for place in places)
    return Group(members=members, lag=lag)


async def _membership(admin: Any, group: str) -> tuple[int, Mapping[TopicPartition, Any]]:
    """How many members a group has, and what it has committed; nothing where Kafka never had any group."""
    try:
        [answer] = await admin.describe_consumer_groups([group])
        committed = await admin.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:
        return 0, {}
    [described] = answer.to_object()["groups"]
    return len(described["members"]), committed


def _places(name: str, partitions: Sequence[dict[str, Any]]) -> list[TopicPartition]:
    return [TopicPartition(name, part["partition"]) for part in partitions if part["leader"] >= 0]


def _read_to(committed: Mapping[TopicPartition, Any], place: TopicPartition, begin: int) -> int:
    """The offset up to which a group has read; where it has read nothing yet it begins at the oldest record."""
    known = committed.get(place)
    return max(begin, known.offset) if known is not None else begin
