"""A notification: its topic, when it was made, and the document about the thing that changed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field

from relevo_ingest.connectors.connector import FETCHED, FETCHED_AT, Fetch
from relevo_ingest.connectors.orocommerce.json_api import Document, Resource, document
from relevo_ingest.connectors.platform_api import ApiRequest
from relevo_ingest.core import fields
from relevo_ingest.core.decoding import decode, parse_object
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Number, Text, Time
from relevo_ingest.core.states import Entity

_OF_ONE = re.compile(r"(?P<base>[a-z_]+\.[a-z_]+)\.[^.]+")
_ANSWER = "resource"
_JSON_API = {"accept": "application/vnd.api+json"}
_LATEST = 4_102_444_800  # the year 2100


class EnvelopeShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a notification says of itself. The signature covers it, as it is in the body."""

    topic: Text = None
    message_id: Text = None
    timestamp: Number | float | None = None
    fetched_at: Time = field(default=None, name=FETCHED_AT)


class Message(Struct, frozen=True, kw_only=True):
    """A notification that was read. `at` is when OroCommerce made it, or when what it names was fetched."""

    at: datetime | None
    document: Document

    @property
    def primary(self) -> Resource:
        """What it is about."""
        return self.document.primary


def envelope(body: bytes) -> EnvelopeShape:
    """What the notification says of itself. Raises `InvalidPayload`."""
    return decode(body, EnvelopeShape)


def base_topic(topic: Text) -> str:
    """`order.updated` also of `order.updated.42`, under which the same change is told once more."""
    named = fields.word(topic)
    of_one = _OF_ONE.fullmatch(named)
    return of_one["base"] if of_one else named


def made_at(timestamp: float | None) -> datetime | None:
    """The instant of a Unix time."""
    if timestamp is None or not 0 < timestamp < _LATEST:
        return None
    return datetime.fromtimestamp(timestamp, UTC)


def message(body: bytes) -> Message:
    """The notification. Raises `InvalidPayload`, also where what it names could not be fetched as it is gone."""
    whole = parse_object(body)
    said = envelope(body)
    at = fields.utc(said.fetched_at) or made_at(said.timestamp)
    fetched = whole.get(FETCHED)
    if not isinstance(fetched, Mapping):
        return Message(at=at, document=document(whole.get("eventData"), "eventData"))
    if fetched.get(_ANSWER) is None:
        raise InvalidPayload("eventData.data", "is not there any more: the API does not have it")
    return Message(at=at, document=document(fetched[_ANSWER], f"{FETCHED}.{_ANSWER}"))


def fetch(thin: Resource, include: str) -> Fetch:
    """What has to be asked for a resource that the notification only names, with the relationships of `include`."""
    kind, own = thin.reference.type, thin.reference.id
    query = {"include": include} if include else {}
    path = f"/admin/api/{quote(kind, safe='')}/{quote(own, safe='')}"
    request = ApiRequest(path=path, query=query, headers=_JSON_API)
    return Fetch(entity=Entity(kind, own), requests={_ANSWER: request})


def resource_of(body: Mapping[str, Any]) -> str:
    """The type of the resource that a body names; empty if it names none."""
    event = body.get("eventData")
    data = event.get("data") if isinstance(event, Mapping) else None
    kind = data.get("type") if isinstance(data, Mapping) else None
    return kind.lower() if isinstance(kind, str) else ""
