"""Kafka: publishing with acknowledgement, batches of records with offsets committed after them, and the topics."""

from relevo_runtime.kafka.topics import create_topics, delete_topics

__all__ = ["create_topics", "delete_topics"]
