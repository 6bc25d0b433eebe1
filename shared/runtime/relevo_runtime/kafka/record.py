"""A record as handlers see it."""

from typing import TypeVar

import msgspec
from msgspec import Struct

from relevo_runtime.errors import Poison
from relevo_runtime.storable import storable_json
from relevo_runtime.supervision import described

T = TypeVar("T")


class Record(Struct, frozen=True, gc=False):
    """One message from Kafka. `topic` is the logical name, without the settings' prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes


def read(decoder: "msgspec.json.Decoder[T]", record: Record) -> T:
    """What `record` says, in texts that PostgreSQL can hold. Raises `Poison` if it can't be read, for any reason."""
    try:
        return decoder.decode(storable_json(record.value))
    except Exception as error:
        raise Poison(f"the value is not a message of {record.topic}: {described(error)}", record) from error
