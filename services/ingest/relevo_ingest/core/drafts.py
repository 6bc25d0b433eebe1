"""What a connector makes of a message: drafts of events, or the reason why there are none."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_contracts.messages import UnrecognisedKind
from relevo_contracts.payloads import Buyer, ConsentChanged, Payload, PrivacyRequested, StockChanged
from relevo_ingest.core.aliases import Subject, product_id_of
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.states import Entity, Observation, StateViews
from relevo_ingest.core.times import EventTime, Plausible, plausible, statement_time, to_utc


class ShopContext(Struct, frozen=True):
    """What must be known of the shop to read its messages. `region` is ISO 3166-1, a hint for phone numbers.

    `domain` is the one that it was registered with; empty if it was registered without. `types` are the events that it
    has: the built-in ones, and those that it declared. `own_fields` says by which names the shop keeps what is not a
    field of its platform (`core.own_fields`).
    """

    shop: str
    currency: str = ""
    region: str = ""
    domain: str = ""
    types: EventTypes = BUILT_IN
    own_fields: Mapping[str, str] = {}


class Draft(Struct, frozen=True, kw_only=True):
    """An event before it has its key. `at` is the sender's claim.

    An empty `id` is made from the delivery's. `about` is the id of what it is about: two deliveries of one happening,
    as the platform itself numbers them, are one event if they have the same type and `about`. `notes` tell its sender
    what was not taken as it was sent (`core.notes`). `hops` are those of what it follows from (`Event`).
    """

    type: str
    payload: Payload
    subject: Subject
    at: datetime | None = None
    id: str = ""
    source: str = ""
    historical: bool = False
    test: bool = False
    about: str = ""
    notes: tuple[str, ...] = ()
    hops: int = 0


class NoEvent(Struct, frozen=True):
    """A genuine message without a canonical event, and why. `subjects` are names that it teaches all the same."""

    reason: str
    subjects: tuple[Subject, ...] = ()
    kind: UnrecognisedKind = "no_event"
    where: str = ""


Conclusion = Sequence[Draft] | NoEvent


class Pending(Struct, frozen=True, kw_only=True):
    """A message whose events depend on what is known already.

    `observed` is what it tells of entities, `looks` are those that it only has to know of. `conclude` is pure: it gets
    the view of each of them.
    """

    conclude: Callable[[StateViews], Conclusion]
    observed: tuple[Observation, ...] = ()
    looks: tuple[Entity, ...] = ()


Reading = Conclusion | Pending


class Arrival(Struct, frozen=True, kw_only=True):
    """How a message came: `id` is the same for each redelivery, `received` is when it reached ingest.

    `occurrence` is the platform's number of what happened (the same in each message about it; may be empty). `test`
    says that the platform marked the message itself as a test, `historical` that its events are known only later: they
    start nothing. `traceparent` is the context of the trace that it is in.
    """

    shop: str
    id: str
    source: str
    received: datetime
    hinted_at: datetime | None = None
    occurrence: str = ""
    test: bool = False
    historical: bool = False
    traceparent: str = ""


class FinishedEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An `Event` whose data is encoded already, field by field as it is there: few look into it again."""

    id: str
    source: str
    type: str
    time: datetime
    shop: str
    key: str
    data: msgspec.Raw
    receivedtime: datetime
    specversion: str = "1.0"
    datacontenttype: str = "application/json"
    historical: bool = False
    test: bool = False
    hops: int = 0
    traceparent: str = ""


class Finished(Struct, frozen=True):
    """An event that is ready to be published, encoded, with a note for its sender."""

    event: FinishedEvent
    value: bytes
    note: str = ""


class Limits(Struct, frozen=True):
    """How far senders are believed, and how large an encoded message may be for the broker to take it."""

    plausible: Plausible
    message_bytes: int = 900_000


DEFAULT_LIMITS = Limits(Plausible(skew=timedelta(minutes=5), oldest=timedelta(days=7)))


def finish(drafts: Sequence[Draft], keys: Mapping[Subject, str], arrival: Arrival, limits: Limits) -> list[Finished]:
    """The events of one message, in order, each with its key, its id, its plausible time.

    The first event carries the delivery's id, the others that id and their place: a redelivery gives the same ids.
    Where the platform numbers what happened, that number, the type and what it is about make the id.
    Raises `InvalidPayload` if an event is too large for the broker.
    """
    finished = []
    for place, draft in enumerate(drafts):
        time, key = _time(draft, arrival, limits.plausible), keys[draft.subject]
        event = FinishedEvent(
            id=draft.id or _made_id(draft, place, arrival),
            source=draft.source or arrival.source,
            type=draft.type,
            time=time.at,
            shop=arrival.shop,
            key=key,
            data=msgspec.Raw(msgspec.json.encode(_without_person(_with_product(draft.payload, key), draft.type))),
            receivedtime=arrival.received,
            historical=time.historical,
            test=draft.test or arrival.test,
            hops=draft.hops,
            traceparent=arrival.traceparent,
        )
        finished.append(
            Finished(event, _encode(event, limits.message_bytes), "; ".join(filter(None, (time.note, *draft.notes))))
        )
    return finished


def _made_id(draft: Draft, place: int, arrival: Arrival) -> str:
    if arrival.occurrence and draft.about:
        return f"{draft.type}:{draft.about}:{arrival.occurrence}"
    return arrival.id if place == 0 else f"{arrival.id}:{place}"


def _time(draft: Draft, arrival: Arrival, limits: Plausible) -> EventTime:
    claimed = to_utc(draft.at) if draft.at else arrival.hinted_at
    rule = statement_time if isinstance(draft.payload, ConsentChanged) else plausible
    return rule(claimed, arrival.received, limits, historical=draft.historical or arrival.historical)


def _without_person(payload: Payload, event_type: str) -> Payload:
    """An erasure stays readable when all else of the person is not, so it tells nothing of them but their key."""
    return PrivacyRequested(customer=Buyer()) if event_type == "customer.redacted" else payload


def _with_product(payload: Payload, key: str) -> Payload:
    if isinstance(payload, StockChanged) and not payload.product_id:
        return msgspec.structs.replace(payload, product_id=product_id_of(key))
    return payload


def _encode(event: FinishedEvent, limit: int) -> bytes:
    value = msgspec.json.encode(event)
    if len(value) > limit:
        raise InvalidPayload("body", f"the {event.type} event has {len(value)} bytes; at most {limit} can be stored")
    return value
