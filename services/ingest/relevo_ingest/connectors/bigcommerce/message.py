"""A notification and the answers of the API that were fetched for it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from msgspec import Struct

from relevo_ingest.connectors.bigcommerce.shapes import NamedShape, NotificationShape
from relevo_ingest.connectors.connector import FETCHED
from relevo_ingest.core import fields
from relevo_ingest.core.coercion import CannotCoerce, coerce
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Id, Text
from relevo_ingest.core.notes import note
from relevo_ingest.core.times import to_utc

T = TypeVar("T", bound=Struct)
_LATEST = 4_102_444_800  # the year 2100


class Message(Struct, frozen=True, kw_only=True):
    """A notification. `at` is when it was made; `answers` are `None` until they were fetched.

    `state_at` is when the answers were true, for what has no time of its own.
    """

    thing: NamedShape
    at: datetime | None
    state_at: datetime | None = None
    answers: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """The id of what it names."""
        return fields.required(ident(self.thing.id), "data.id")

    def there(self, name: str) -> bool:
        """Whether the API has it."""
        return self._answer(name) is not None

    def one(self, name: str, shape: type[T]) -> T:
        """An answer. Raises `InvalidPayload` if the resource is not there any more, or is not an object."""
        found = self._answer(name)
        if found is None:
            raise InvalidPayload("data.id", f"is not there any more: the API does not have this {name}")
        return _as_shape(found, shape, f"{FETCHED}.{name}")

    def many(self, name: str, shape: type[T]) -> list[T]:
        """An answer that is a list; empty if there is none."""
        found = self._answer(name)
        listed = found if isinstance(found, list) else []
        return [_as_shape(one, shape, f"{FETCHED}.{name}") for one in listed if isinstance(one, dict)]

    def _answer(self, name: str) -> Any:
        """The answer: version 3 of the API has it below `data`, and some single things as a list of one."""
        found = (self.answers or {}).get(name)
        if isinstance(found, Mapping) and "data" in found:
            found = found["data"]
            if isinstance(found, list):
                return found[0] if found else None
        return found


def envelope(body: bytes) -> NotificationShape:
    """What the notification says of itself. Raises `InvalidPayload`."""
    return decode(body, NotificationShape)


def message(body: bytes) -> Message:
    """The notification. Raises `InvalidPayload`."""
    found = envelope(body)
    if found.data is None:
        raise InvalidPayload("data", "is missing: the notification names nothing")
    at = made_at(found.created_at)
    return Message(thing=found.data, at=at, state_at=fields.utc(found.fetched_at) or at, answers=found.fetched)


def ident(value: Id) -> str:
    """An id as text; 0 stands for none."""
    found = fields.ident(value)
    return "" if found == "0" else found


def made_at(timestamp: float | None) -> datetime | None:
    """The instant of a Unix time."""
    return datetime.fromtimestamp(timestamp, UTC) if timestamp is not None and 0 < timestamp < _LATEST else None


def time(text: Text, where: str) -> datetime | None:
    """The instant of a time as orders have it (RFC 5322), or of one in ISO 8601; if it is none, a note says so."""
    if not text:
        return None
    try:
        return to_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        pass
    try:
        return fields.utc_without_zone(text, where)
    except (ValueError, OverflowError):
        note(where, f"{text[:40]!r} is not a time; it was left out")
        return None


def _as_shape(value: Any, shape: type[T], where: str) -> T:
    try:
        return coerce(value, shape, where)
    except CannotCoerce as error:
        raise InvalidPayload(error.where, error.problem) from None
