"""An event that was delivered: what it is called, when it was sent, and the value of the object that it is about."""

import re
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from relevo_ingest.connectors.adobe_commerce.shapes import EnvelopeShape, Flag, Saved
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.coercion import CannotCoerce, coerce
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Id, Text
from relevo_ingest.core.times import parse_instant

T = TypeVar("T", bound=Struct)
_OWN = re.compile(r"com\.adobe\.commerce\.(?:[^.]+\.)?(?P<name>(?:observer|plugin)\..+)")
_TRUE = ("1", "true", "yes")
VALUE = "data.value"


class Message(Struct, frozen=True, kw_only=True):
    """An event. `at` is when it was sent; `store` is the id of the store view in which it happened."""

    envelope: EnvelopeShape
    at: datetime | None
    store: str

    def value(self, shape: type[T]) -> T:
        """The object, as far as it can be read. Raises `InvalidPayload` if there is none."""
        given = self.envelope.data.value if self.envelope.data else None
        try:
            return coerce(given, shape, VALUE)
        except CannotCoerce as error:
            raise InvalidPayload(error.where, error.problem) from None


def envelope(body: bytes) -> EnvelopeShape:
    """What the event says of itself. Raises `InvalidPayload`."""
    return decode(body, EnvelopeShape)


def topic_of(type_: Text) -> str:
    """`observer.sales_order_save_commit_after` of `com.adobe.commerce.observer.sales_order_save_commit_after`.

    A shop with several event providers has the provider's name before it. Of any other type the type itself.
    """
    named = fields.word(type_)
    own = _OWN.fullmatch(named)
    return own["name"] if own else named


def message(body: bytes) -> Message:
    """The event. Raises `InvalidPayload`."""
    found = envelope(body)
    metadata = found.data.metadata if found.data else None
    store = fields.ident(metadata.store_id) if metadata else ""
    return Message(envelope=found, at=parse_instant(found.time), store="" if store == "0" else store)


def ident(value: Id) -> str:
    """An id as text; 0 stands for none."""
    found = fields.ident(value)
    return "" if found == "0" else found


def own_id(shape: Saved) -> str:
    """The id of the object that was saved; empty if the shop does not send it."""
    return ident(shape.entity_id) or ident(shape.id)


def is_true(flag: Flag) -> bool:
    """Whether a flag is set, which is a number, text or a Boolean."""
    return normalise.text(str(flag), 10).lower() in _TRUE


def is_new(shape: Saved) -> bool:
    """Whether the object was saved for the first time: it says so, or it was never updated since."""
    if shape.is_new is not None:
        return is_true(shape.is_new)
    return bool(shape.created_at) and shape.created_at == shape.updated_at


def made_at(shape: Saved) -> datetime | None:
    """When the object was made."""
    return fields.utc_without_zone(shape.created_at, f"{VALUE}.created_at")


def saved_at(shape: Saved, message: Message) -> datetime | None:
    """When the object became what it is."""
    return fields.utc_without_zone(shape.updated_at, f"{VALUE}.updated_at") or message.at
