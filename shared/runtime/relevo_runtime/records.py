"""A record of Kafka as handlers see it, and the error that it can never be processed. Nothing of Kafka is imported."""

import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from relevo_runtime.errors import RuntimeFault, described
from relevo_runtime.storable import storable_json

T = TypeVar("T")
_ORIGIN = "relevo-origin"
_PLACE = re.compile(rb"(-?\d{1,19})/(-?\d{1,19})")


class Record(Struct, frozen=True, gc=False):
    """One message from Kafka. `topic` is the logical name, without the settings' prefix.

    `origin` is set for a dead letter that was sent again: the partition and the offset where it was first. `sealed` is
    the value as Kafka has it, if it was sealed and `value` is what was in it.
    """

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    origin: tuple[int, int] | None = None
    sealed: bytes = b""


class Poison(RuntimeFault):
    """A record can never be processed; `reason` says why. It goes to the dead letters, the rest of its batch goes on.

    Name the `record` where you know it: then it alone is put aside, without a search for the one that fails.
    """

    def __init__(self, reason: str, record: Record | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.record = record


def origin_header(partition: int, offset: int) -> tuple[str, bytes]:
    """The Kafka header of a dead letter that is sent again."""
    return _ORIGIN, b"%d/%d" % (partition, offset)


def read_origin(headers: Sequence[tuple[str, bytes]]) -> tuple[int, int] | None:
    """What `origin_header` said, if it is there."""
    for name, value in headers:
        found = _PLACE.fullmatch(value or b"") if name == _ORIGIN else None
        if found:
            return int(found[1]), int(found[2])
    return None


def read(decoder: "msgspec.json.Decoder[T]", record: Record) -> T:
    """What `record` says, in texts that PostgreSQL can hold. Raises `Poison` if it can't be read, for any reason."""
    try:
        return decoder.decode(storable_json(record.value))
    except Exception as error:
        raise Poison(f"the value is not a message of {record.topic}: {described(error)}", record) from error
