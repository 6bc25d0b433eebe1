"""What a shop's module posts, and what is polled of the shop: CloudEvents whose data is a record of the shop's own API.

One form for both, so that one reader reads them: `data` has the record under the name of its kind, and under `related`
the rows that it refers to, by the API's names of their lists.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from relevo_ingest.core import fields, normalise
from relevo_ingest.core.decoding import decode, parse_object
from relevo_ingest.core.drafts import Draft, NoEvent, Reading, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.redaction import secret_name
from relevo_ingest.core.times import parse_instant

T = TypeVar("T")
SPECVERSION = "1.0"
Row = dict[str, Any]


class ShopEvent(Struct, frozen=True, kw_only=True):
    """A CloudEvent of a module. `id` is the same when it is sent again; `type` is the kind of its record."""

    id: str
    type: str
    time: datetime | None
    data: Row


class Shop(Struct, frozen=True, kw_only=True):
    """What a reader knows beside the record: the shop, and the rows that the record refers to."""

    context: ShopContext
    related: Mapping[str, Any]

    def rows(self, name: str, shape: type[T]) -> list[T]:
        """The rows of a list, as far as they can be read."""
        given = self.related.get(name)
        found = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
        return [decode(msgspec.json.encode(one), shape, f"related.{name}") for one in found]


def shop_event(body: bytes) -> ShopEvent:
    """The CloudEvent. Raises `InvalidPayload` if it is none."""
    given = parse_object(body)
    data = given.get("data")
    if not isinstance(data, dict):
        raise InvalidPayload("data", "is missing: the record belongs there")
    return ShopEvent(
        id=normalise.text(str(given.get("id") or ""), 150),
        type=fields.word(str(given.get("type") or "")),
        time=parse_instant(str(given.get("time") or "")),
        data=data,
    )


def encoded(kind: str, record: Row, related: Mapping[str, Sequence[Row]], *, source: str) -> bytes:
    """A record of the API as its module would post it, without secrets. The id says what it says: it has no time."""
    data = {kind: without_secrets(record), "related": {name: without_secrets(rows) for name, rows in related.items()}}
    content = msgspec.json.encode(data, order="deterministic")
    envelope = {
        "specversion": SPECVERSION,
        "id": normalise.digest(f"{kind}\0{content.decode()}"),
        "source": source,
        "type": kind,
        "datacontenttype": "application/json",
        "data": msgspec.Raw(content),
    }
    return msgspec.json.encode(envelope)


def without_secrets(value: Any) -> Any:
    """The same JSON value without the fields whose names say that they hold a password, a key or an IP address."""
    if isinstance(value, dict):
        return {name: without_secrets(item) for name, item in value.items() if not _secret(name)}
    return [without_secrets(item) for item in value] if isinstance(value, list) else value


def record_of(event: ShopEvent, kind: str, shape: type[T]) -> T:
    """The record as `shape`. Raises `InvalidPayload` if there is none of this kind."""
    record = event.data.get(kind)
    if not isinstance(record, dict):
        raise InvalidPayload(f"data.{kind}", "is missing: the record belongs there")
    return decode(msgspec.json.encode(record), shape, f"data.{kind}")


def reader(kind: str, shape: type[T], read: Callable[[T, Shop], Reading]) -> Callable[[bytes, ShopContext], Reading]:
    """A connector's reader of bodies out of one that reads records."""

    def read_body(body: bytes, context: ShopContext) -> Reading:
        event = shop_event(body)
        related = event.data.get("related")
        shop = Shop(context=context, related=related if isinstance(related, dict) else {})
        return read(record_of(event, kind, shape), shop)

    return read_body


def mismatch(topic: str, body: bytes) -> str | None:
    """Why the body can't be one of `topic`: its record is of another kind. The type is signed with the body."""
    event = shop_event(body)
    if isinstance(event.data.get(topic), dict):
        return None
    return f"a body of {topic} has {topic!r} in its data, this one has not"


def either(drafts: Sequence[Draft], why_none: str) -> Sequence[Draft] | NoEvent:
    """The drafts, or that there are none."""
    return drafts or NoEvent(why_none)


def _secret(name: str) -> bool:
    plain = name.replace("_", "").lower()
    return secret_name(name) or name.startswith("cc_") or "ipregistration" in plain or plain in _SECRETS


_SECRETS = frozenset(("remoteip", "xforwardedfor", "protectcode", "rptokencreatedat", "lastpasswdgen"))
