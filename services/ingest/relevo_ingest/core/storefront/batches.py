"""The body of `POST /t/{shop}`: who sends it, whether the visitor agreed, and what happened, as plain values."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from relevo_contracts.payloads import Instant
from relevo_ingest.core import normalise
from relevo_ingest.core.coercion import CannotCoerce, coerce
from relevo_ingest.core.decoding import parse_object
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.storefront.values import visitor_id
from relevo_ingest.core.times import to_utc

Choice = Literal["granted", "denied", ""]
"""What a visitor said about being remembered; empty: nothing yet."""
MOST_HITS = 100
_ID_LIMIT = 150
_LONGEST_WAIT = timedelta(days=30)


class Hit(Struct, frozen=True, kw_only=True):
    """One thing that happened in a browser. `visitor` is the browser's random id; empty if it has none."""

    id: str
    type: str
    visitor: str = ""
    at: datetime | None = None
    data: Mapping[str, Any] = {}
    choice: Choice = ""
    locale: str = ""


class Batch(Struct, frozen=True):
    """What one request says. `key` is the public key that it carries."""

    key: str
    hits: Sequence[Hit]


class _Envelope(Struct, frozen=True):
    key: str = ""
    anonymous_id: str = ""
    consent: str = ""
    sent_at: Instant | None = None
    locale: str = ""
    events: list[dict[str, Any]] = []


class _Event(Struct, frozen=True):
    type: str
    id: str = ""
    at: Instant | None = None
    data: dict[str, Any] = {}


def read_batch(body: bytes, received: datetime) -> Batch:
    """The batch that our own script sends. Raises `InvalidPayload`."""
    envelope = _coerced(parse_object(body), _Envelope, "")
    check_count(envelope.events, "events")
    choice = choice_of(envelope.consent)
    visitor, locale = visitor_id(envelope.anonymous_id), normalise.locale(envelope.locale)
    hits = []
    for n, given in enumerate(envelope.events):
        one = _coerced(given, _Event, f"events[{n}]")
        at = corrected(one.at, envelope.sent_at, received)
        named = one.id or fingerprint(given)
        hits.append(Hit(id=named, type=one.type, visitor=visitor, at=at, data=one.data, choice=choice, locale=locale))
    return Batch(envelope.key, hits)


def check_count(events: Sequence[object], where: str) -> None:
    """Raises `InvalidPayload` if there is nothing, or too much at once."""
    if not events:
        raise InvalidPayload(where, "is missing or empty: it has what happened")
    if len(events) > MOST_HITS:
        raise InvalidPayload(where, f"has {len(events)} entries; at most {MOST_HITS} are taken at once")


def choice_of(given: str) -> Choice:
    """What was said about consent; any other word than `granted` and `denied` says nothing."""
    word = given.strip().lower()
    return "granted" if word == "granted" else "denied" if word == "denied" else ""


def corrected(at: datetime | None, sent: datetime | None, received: datetime) -> datetime | None:
    """When it happened by our clock: as long before the arrival as it was before the sending, by the browser's clock.

    Source: Segment's documentation of `timestamp` and `sentAt`.
    """
    if at is None or sent is None:
        return to_utc(at) if at else None
    waited = to_utc(sent) - to_utc(at)
    return received - waited if timedelta() <= waited <= _LONGEST_WAIT else received


def fingerprint(given: Mapping[str, Any]) -> str:
    """An id for what has none: the same if it is sent again."""
    return normalise.digest(msgspec.json.encode(given, order="deterministic").decode())


def event_id(hit: Hit) -> str:
    """The id of the hit's event. The visitor is in it: nobody can take the id of what another browser will send."""
    return "storefront#" + normalise.digest(f"{hit.visitor}\0{hit.type}\0{hit.id[:_ID_LIMIT]}")


def _coerced(value: Any, shape: type[Any], where: str) -> Any:
    try:
        return coerce(value, shape, where)
    except CannotCoerce as error:
        raise InvalidPayload(error.where or "body", error.problem) from None
