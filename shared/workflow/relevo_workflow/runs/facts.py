"""Folds the shop's events into what is known of a customer. The same event twice, or late, does no harm."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_contracts.contact import Contact, apply_buyer, apply_event, repeats_contact
from relevo_contracts.envelope import Event
from relevo_contracts.event_types import CUSTOM, known_payload
from relevo_contracts.payloads import (
    EVENT_TYPES,
    Buyer,
    ConsentChanged,
    CustomerChanged,
    EventContact,
    MessageReceived,
    Money,
    OrderChanged,
    Payload,
    PushChanged,
)
from relevo_workflow.model.digests import digest_of
from relevo_workflow.model.effects import Effect, KeepCoupon, SetAttributes
from relevo_workflow.model.interests import with_view
from relevo_workflow.model.order_history import OrderChange, was_placed, with_order
from relevo_workflow.model.state import Facts, Occurrence, Past
from relevo_workflow.runs.coupons import with_coupon

CUSTOMER_REDACTED = "customer.redacted"
_SEEN = frozenset(
    ("page.viewed", "form.submitted", "cart.updated", "checkout.started", "checkout.updated", "order.placed")
)
_HEARD = frozenset(("message.opened", "message.clicked", "message.received", "survey.answered"))
_VIEWED = "page.viewed"
KEPT_ORDERS = 50
_KEPT_PAST = 100
_KEPT_WHOLE = 50
_KEPT_ONCE = 5000
KEPT_STARTS = 8
_ATTRIBUTES = 200
KEPT_IMPORTS = 20


class _PersonOfEvent(Struct, frozen=True):
    """What the facts take from most events: whom they are about."""

    customer: Buyer | None = None
    contact: EventContact | None = None


class _Viewed(_PersonOfEvent, frozen=True):
    """What the facts take from a page that was looked at."""

    category: str = ""


class _Cancelled(_PersonOfEvent, frozen=True):
    """What the facts take from an order that is no more."""

    order_id: str = ""


class _Refunded(_PersonOfEvent, frozen=True):
    """What the facts take from a refund."""

    order_id: str = ""
    refund_id: str = ""
    total: Money | None = None


_OF_CONTACT = (ConsentChanged, MessageReceived, PushChanged)
_TELLING = (CustomerChanged, *_OF_CONTACT)
_UNDONE = ("order.cancelled", "order.deleted")
_READ: dict[str, type[Payload] | type[_PersonOfEvent]] = {
    **{name: payload if payload in _TELLING else _PersonOfEvent for name, payload in EVENT_TYPES.items()},
    "order.placed": OrderChanged,
    _VIEWED: _Viewed,
    **dict.fromkeys(_UNDONE, _Cancelled),
    "refund.created": _Refunded,
}
_SAYING_MORE = (CustomerChanged, OrderChanged, _Viewed, _Cancelled, _Refunded)
_TELLING_MORE = frozenset(name for name, read in _READ.items() if read in _SAYING_MORE)
"""Events that say more than who the customer is and how they may be reached."""


def fold_event(facts: Facts, event: Event, *, whole: bool = True, latest: bool = False, views: bool = False) -> Facts:
    """The facts after `event`; `facts` itself if it says nothing new. With `latest` they keep the newest of its type,
    with `views` which categories are looked at.

    Raises `msgspec.ValidationError` if the event's data does not fit its type, `KeyError` if the type is unknown.
    With `whole=False` only that part of the data has to fit which facts are made of: enough where nobody else reads it.
    """
    if event.type == CUSTOMER_REDACTED:
        return Facts(redacted_at=event.time)
    wanted = known_payload(event.type) if whole or event.type.startswith(CUSTOM) else _READ[event.type]
    payload: Any = msgspec.convert(event.data, wanted)
    changes = _seen(facts, event.time) if event.type in _SEEN else {}
    if event.type in _HEARD or (isinstance(payload, ConsentChanged) and _confirms(payload)):
        changes.update(_heard(facts, event.time))
    buyer: Buyer | None = getattr(payload, "customer", None)
    if buyer is not None:
        contact = _contact(facts.contact, payload, event)
        if contact is not facts.contact:
            changes["contact"] = contact
        says_business = buyer.group or buyer.company  # few do
        if says_business and not repeats_contact(facts.contact, event.data["customer"], event.data.get("contact")):
            changes.update(_business(facts, buyer))
    if event.type in _TELLING_MORE:
        changes.update(_of_type(facts, payload, event, views=views))
    if latest and (newest := _latest(facts, event)) is not None:
        changes["latest"] = newest
    return structs.replace(facts, **changes) if changes else facts


def _of_type(facts: Facts, payload: Any, event: Event, *, views: bool) -> dict[str, Any]:
    """What events of few types say: `_TELLING_MORE` has them."""
    if isinstance(payload, CustomerChanged):
        return _profile(facts, payload, event)
    if event.type == _VIEWED:
        viewed = with_view(facts.viewed, payload.category, event.time) if views else facts.viewed
        return {"viewed": viewed} if viewed != facts.viewed else {}
    changes = _order(facts, payload, event.time) if event.type == "order.placed" else {}
    change = _order_change(payload, event)
    return changes if change is None else changes | with_order(facts, change, event.time)


def _order_change(payload: Any, event: Event) -> OrderChange | None:
    """What an event says of an order that windows of time count."""
    if event.type == "order.placed":
        return OrderChange("placed", payload.order_id, total=payload.total, items=payload.items)
    if event.type in _UNDONE:
        return OrderChange("cancelled", payload.order_id)
    if event.type == "refund.created":
        return OrderChange("refunded", payload.order_id, payload.refund_id or event.id, payload.total)
    return None


def _business(facts: Facts, buyer: Buyer) -> dict[str, Any]:
    return {
        name: said for name in ("group", "company") if (said := getattr(buyer, name)) and said != getattr(facts, name)
    }


def _contact(contact: Contact, payload: Payload | _PersonOfEvent, event: Event) -> Contact:
    """The buyer as the event tells it, which is valid: making it anew of the payload takes as long as all the rest."""
    if isinstance(payload, _OF_CONTACT):
        return apply_event(contact, payload, event.time)
    source = (EVENT_TYPES[event.type] if isinstance(payload, _PersonOfEvent) else type(payload)).__name__
    given = event.data["contact"] if getattr(payload, "contact", None) is not None else None
    return apply_buyer(contact, event.data["customer"], event.time, source, given)


def _seen(facts: Facts, at: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if facts.last_seen_at is None or at > facts.last_seen_at:
        changes["last_seen_at"] = at
    if facts.first_seen_at is None or at < facts.first_seen_at:
        changes["first_seen_at"] = at
    return changes


def _heard(facts: Facts, at: datetime) -> dict[str, Any]:
    return {"last_heard_at": at} if facts.last_heard_at is None or at > facts.last_heard_at else {}


def _confirms(payload: ConsentChanged) -> bool:
    """Whether somebody themselves agreed by a link in a mail; shops repeat what was agreed to long ago."""
    return payload.state == "granted" and payload.double_opt_in


def _profile(facts: Facts, payload: CustomerChanged, event: Event) -> dict[str, Any]:
    """What the shop says of the customer as a whole; an older statement than the last one is left out.

    So is one that was imported before: what was counted or set since then is not in it, and stays.
    """
    at, said = event.time, digest_of(event.id) if event.historical else ""
    if (facts.profile_at is not None and at < facts.profile_at) or said in facts.profiles_imported:
        return {}
    changes: dict[str, Any] = {"profile_at": at}
    if said:
        changes["profiles_imported"] = (*facts.profiles_imported, said)[-KEPT_IMPORTS:]
    for name in ("birthday", "orders_count"):
        if getattr(payload, name) is not None:
            changes[name] = getattr(payload, name)
    if payload.orders_count is not None:
        changes["counts_at"] = at
    if payload.tags is not None or payload.tags_added or payload.tags_removed:
        changes["tags"] = _tags(facts.tags if payload.tags is None else payload.tags, payload)
    if payload.total_spent is not None:
        changes["total_spent"], changes["currency"] = payload.total_spent.amount, payload.total_spent.currency
    if payload.attributes:
        changes["attributes"] = bounded_attributes(facts.attributes, payload.attributes)
    return changes


def _tags(known: list[str], payload: CustomerChanged) -> list[str]:
    """The tags after what a shop says of them: all, or only those that were added or removed."""
    kept = [tag for tag in known if tag not in payload.tags_removed]
    return [*kept, *(tag for tag in dict.fromkeys(payload.tags_added) if tag not in kept)]


def bounded_attributes(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`known` with what is `new`; the oldest go if they are too many."""
    return dict(list({**known, **new}.items())[-_ATTRIBUTES:])


def _order(facts: Facts, payload: OrderChanged, at: datetime) -> dict[str, Any]:
    """Counts an order once. A count that the shop itself gave later than the order has it already."""
    if was_placed(facts, payload.order_id):
        return {}
    changes: dict[str, Any] = {"order_ids": (*facts.order_ids[1 - KEPT_ORDERS :], payload.order_id)}
    if facts.first_order_at is None or at < facts.first_order_at:
        changes["first_order_at"] = at
    if facts.last_order_at is None or at > facts.last_order_at:
        changes["last_order_at"] = at
    if facts.counts_at is None or at > facts.counts_at:
        changes["orders_count"] = facts.orders_count + 1
        changes.update(_spent(facts, payload.total))
    return changes


def _spent(facts: Facts, total: Money | None) -> dict[str, str]:
    if total is None or facts.currency not in ("", total.currency):
        return {}
    spent = Decimal(facts.total_spent) + Decimal(total.amount)
    return {"total_spent": format(spent, "f"), "currency": total.currency}


def _latest(facts: Facts, event: Event) -> dict[str, Occurrence] | None:
    """The newest of each type with `event` among them; `None` if a newer one of its type is known."""
    known = facts.latest.get(event.type)
    if known is not None and (known.at, known.id) >= (event.time, event.id):
        return None
    return {**facts.latest, event.type: Occurrence(id=event.id, at=event.time, data=event.data)}


def with_start(facts: Facts, name: str, run_id: str, at: datetime, *, forever: bool, customer: str = "") -> Facts:
    """The facts with the start of a run noted under `workflow/run key`.

    They don't grow for ever: the newest are kept whole, of older ones of `never` a digest, and of those so many. Those
    whose run key is the `customer` are always kept whole, one a workflow: a merge of customers has to rename them.
    """
    known = facts.past.get(name)
    starts = (*(known.run_ids if known else ()), run_id)[-KEPT_STARTS:]
    newest = max(at, known.started_at) if known else at
    spans = known.spans if known else ()
    past = {**facts.past, name: Past(started_at=newest, run_ids=starts, spans=spans, forever=forever)}
    if len(past) <= _KEPT_WHOLE:
        return structs.replace(facts, past=past)
    return _bounded_past(structs.replace(facts, past=past), customer)


def _bounded_past(facts: Facts, customer: str) -> Facts:
    """The facts with no more of the past than is kept."""
    past, once = dict(facts.past), facts.once
    passing = (key for key, one in past.items() if one.forever and key.partition("/")[2] != customer)
    lasting = sorted(passing, key=lambda key: past[key].started_at)
    for key in lasting[: max(0, len(lasting) - _KEPT_WHOLE)]:
        del past[key]
        once = (*once, digest_of(key))[-_KEPT_ONCE:]
    if len(past) > _KEPT_PAST:
        old = sorted((key for key, one in past.items() if not one.forever), key=lambda key: past[key].started_at)
        for key in old[: len(past) - _KEPT_PAST]:
            del past[key]
    return structs.replace(facts, past=past, once=once)


def ran_once(facts: Facts, name: str) -> bool:
    """Whether a run for `workflow/run key` is among those of which only a digest is kept."""
    return bool(facts.once) and digest_of(name) in facts.once


def with_end(facts: Facts, name: str, started_at: datetime, ended_at: datetime) -> Facts:
    """The facts with the time noted in which a run of `workflow/run key` was on its way."""
    known, span = facts.past.get(name), (started_at, ended_at)
    if known is None or ended_at <= started_at or span in known.spans:
        return facts
    past = structs.replace(known, spans=(*known.spans, span)[-KEPT_STARTS:])
    return structs.replace(facts, past={**facts.past, name: past})


def with_effects(facts: Facts, effects: Iterable[Effect]) -> Facts:
    """The facts after those effects that say something of the customer."""
    for effect in effects:
        if isinstance(effect, SetAttributes):
            facts = with_changes(facts, effect)
        elif isinstance(effect, KeepCoupon):
            facts = with_coupon(facts, effect.coupon)
    return facts


def with_changes(facts: Facts, changed: SetAttributes) -> Facts:
    """The facts after a workflow set attributes and tags."""
    tags = [tag for tag in facts.tags if tag not in changed.remove_tags]
    tags += [tag for tag in changed.add_tags if tag not in tags]
    return structs.replace(facts, tags=tags, attributes=bounded_attributes(facts.attributes, changed.attributes))
