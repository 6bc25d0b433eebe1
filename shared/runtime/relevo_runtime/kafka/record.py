"""A record as handlers see it."""

from msgspec import Struct


class Record(Struct, frozen=True, gc=False):
    """One message from Kafka. `topic` is the logical name, without the settings' prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
