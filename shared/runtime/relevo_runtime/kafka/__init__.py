"""Kafka: publishing with acknowledgement, batches of records with offsets committed after them, and the topics."""

from relevo_runtime.kafka.consumer import BatchConsumer
from relevo_runtime.kafka.member import Handler
from relevo_runtime.kafka.publisher import Publisher
from relevo_runtime.kafka.topics import TopicError, create_topics, delete_topics
from relevo_runtime.records import Record, read

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
