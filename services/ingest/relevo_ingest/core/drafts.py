"""What a connector makes of a message: drafts of events, or the reason why there are none."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from relevo_contracts.envelope import Event, event_data
from relevo_contracts.payloads import ConsentChanged, Payload, StockChanged
from relevo_ingest.core.aliases import Subject, product_id_of
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.times import EventTime, Plausible, plausible, statement_time, to_utc


class ShopContext(Struct, frozen=True):
    """What must be known of the shop to read its messages. `region` is ISO 3166-1, a hint for phone numbers."""

    shop: str
    currency: str = ""
    region: str = ""


class Draft(Struct, frozen=True, kw_only=True):
    """An event before it has its key. `at` is the sender's claim; an empty `id` is made from the delivery's."""

    type: str
    payload: Payload
    subject: Subject
    at: datetime | None = None
    id: str = ""
    source: str = ""
    historical: bool = False


class NoEvent(Struct, frozen=True):
    """A genuine message without a canonical event, and why. `learnt` are names that it teaches all the same."""

    reason: str
    learnt: tuple[Subject, ...] = ()


Reading = Sequence[Draft] | NoEvent


class Arrival(Struct, frozen=True, kw_only=True):
    """How a message came: `id` is the same for each redelivery, `received` is when it reached ingest."""

    shop: str
    id: str
    source: str
    received: datetime
    hinted_at: datetime | None = None


class Finished(Struct, frozen=True):
    """An event that is ready to be published, encoded, with a note for its sender."""

    event: Event
    value: bytes
    note: str = ""


class Limits(Struct, frozen=True):
    """How far senders are believed, and how large an encoded message may be for the broker to take it."""

    plausible: Plausible
    message_bytes: int = 900_000


DEFAULT_LIMITS = Limits(Plausible(skew=timedelta(minutes=5), oldest=timedelta(days=7)))


def finish(drafts: Sequence[Draft], keys: Mapping[Subject, str], arrival: Arrival, limits: Limits) -> list[Finished]:
    """The events of one message, in order, each with its key, its id, its plausible time.

    The first event carries the delivery's id, the others that id and their place: a redelivery gives the same
    ids. Raises `InvalidPayload` if an event is too large for the broker.
    """
    finished = []
    for place, draft in enumerate(drafts):
        own_id = draft.id or (arrival.id if place == 0 else f"{arrival.id}:{place}")
        time = _time(draft, arrival, limits.plausible)
        event = Event(
            id=own_id,
            source=draft.source or arrival.source,
            type=draft.type,
            time=time.at,
            shop=arrival.shop,
            key=keys[draft.subject],
            data=event_data(_with_product(draft.payload, keys[draft.subject])),
            receivedtime=arrival.received,
            historical=time.historical,
        )
        finished.append(Finished(event, _encode(event, limits.message_bytes), time.note))
    return finished


def _time(draft: Draft, arrival: Arrival, limits: Plausible) -> EventTime:
    claimed = to_utc(draft.at) if draft.at else arrival.hinted_at
    rule = statement_time if isinstance(draft.payload, ConsentChanged) else plausible
    return rule(claimed, arrival.received, limits, historical=draft.historical)


def _with_product(payload: Payload, key: str) -> Payload:
    if isinstance(payload, StockChanged) and not payload.product_id:
        return msgspec.structs.replace(payload, product_id=product_id_of(key))
    return payload


def _encode(event: Event, limit: int) -> bytes:
    value = msgspec.json.encode(event)
    if len(value) > limit:
        raise InvalidPayload("body", f"the {event.type} event has {len(value)} bytes; at most {limit} can be stored")
    return value
