"""Creates the topics of the contracts with the right partitions, retention and compression."""

import asyncio
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from relevo_contracts.topics import TOPICS, Topic
from relevo_runtime.errors import RuntimeFault
from relevo_runtime.kafka import clients
from relevo_runtime.kafka.refusals import LACKS_A_RIGHT, NEEDED_RIGHTS
from relevo_runtime.settings import RuntimeSettings

_DAY_MS = 24 * 60 * 60 * 1000
_ATTEMPTS = 300
_PAUSE_SECONDS = 0.1


class TopicError(RuntimeFault):
    """A topic can't be created, or exists in a form that would break the order of one customer's messages."""


async def create_topics(settings: RuntimeSettings, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Create those of `topics` that are missing and return their names on the broker, when all have their leaders.

    Raises `TopicError` where one exists with another number of partitions: all need the same, so that everything about
    one customer meets at one engine.
    """
    async with clients.admin(settings, client_id="relevo-topics") as admin:
        created = await _create(admin, settings, topics)
        await _wait_for_leaders(admin, settings, [settings.topic(topic.name) for topic in topics])
        return created


async def delete_topics(settings: RuntimeSettings, topics: Sequence[Topic] = TOPICS) -> None:
    """Delete `topics` with all that is in them; for tests and for the embedded mode."""
    async with clients.admin(settings, client_id="relevo-topics") as admin:
        await admin.delete_topics([settings.topic(topic.name) for topic in topics])


def topic_configs(topic: Topic, replication: int) -> dict[str, str]:
    """The topic's settings on the broker: an acknowledged message is on all replicas but one, that may be away."""
    return {
        "retention.ms": str(topic.retention_days * _DAY_MS),
        "compression.type": "producer",
        "min.insync.replicas": str(max(1, replication - 1)),
    }


async def _create(admin: AIOKafkaAdminClient, settings: RuntimeSettings, topics: Sequence[Topic]) -> list[str]:
    wanted = [
        NewTopic(
            settings.topic(topic.name),
            num_partitions=settings.partitions,
            replication_factor=settings.replication,
            topic_configs=topic_configs(topic, settings.replication),
        )
        for topic in topics
    ]
    answer = await admin.create_topics(wanted)
    created = []
    for name, code, *detail in answer.topic_errors:
        error: type[KafkaError] = for_code(code)
        if code == 0:
            created.append(name)
        elif error is not TopicAlreadyExistsError:
            reason = f"{error.__name__} {detail[0] if detail else ''}".strip()
            do = f"; {NEEDED_RIGHTS}" if error in LACKS_A_RIGHT else ""
            raise TopicError(f"topic {name} can't be created: {reason}{do}")
    return created


async def _wait_for_leaders(admin: AIOKafkaAdminClient, settings: RuntimeSettings, names: Sequence[str]) -> None:
    for _ in range(_ATTEMPTS):
        found = await admin.describe_topics(list(names))
        if all(_complete(topic, settings.partitions) for topic in found):
            return
        await asyncio.sleep(_PAUSE_SECONDS)
    raise TopicError(f"the topics {', '.join(names)} have no leaders after {_ATTEMPTS * _PAUSE_SECONDS:.0f} s")


def _complete(topic: dict[str, object], partitions: int) -> bool:
    found = topic["partitions"]
    assert isinstance(found, list)
    if topic["error_code"] or any(partition["error_code"] for partition in found):
        return False
    if found and len(found) != partitions:
        raise TopicError(
            f"topic {topic['topic']} has {len(found)} partitions, the settings ask for {partitions}. "
            "Set RELEVO_PARTITIONS to what it has; a change would scatter one customer's messages"
        )
    return bool(found)
