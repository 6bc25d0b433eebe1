"""Kafka: publishing with acknowledgement, batches of records with offsets committed after them, and the topics.

`BatchConsumer` is imported when it is first asked for: FastStream takes half a second, and only services consume by it.
"""

from typing import TYPE_CHECKING, Any

from relevo_runtime.kafka.member import Handler
from relevo_runtime.kafka.publisher import Publisher
from relevo_runtime.kafka.topics import TopicError, create_topics, delete_topics
from relevo_runtime.records import Record, read

if TYPE_CHECKING:
    from relevo_runtime.kafka.consumer import BatchConsumer

__all__ = [
    "BatchConsumer",
    "Handler",
    "Publisher",
    "Record",
    "TopicError",
    "create_topics",
    "delete_topics",
    "read",
]


def __getattr__(name: str) -> Any:
    if name != "BatchConsumer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from relevo_runtime.kafka.consumer import BatchConsumer  # noqa: PLC0415  # see above

    return BatchConsumer
