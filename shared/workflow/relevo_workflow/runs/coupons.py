"""The codes that a customer has of workflows: each is reported as redeemed once, by an order, or as expired, by time.

A code is told apart by its letters, whatever their case. An order that names the code of somebody else says nothing:
only who was given a code has redeemed it.
"""

from datetime import datetime
from typing import Any, Literal

from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_workflow.model.effects import ArmTimer, CancelTimer, Emit
from relevo_workflow.model.inputs import TimerInput
from relevo_workflow.model.state import Facts, HeldCoupon
from relevo_workflow.steps.coupon import COUPON_TIMERS, end_timer
from relevo_workflow.steps.step import MAX_HOPS

KEPT_COUPONS = 20


def with_coupon(facts: Facts, coupon: HeldCoupon) -> Facts:
    """The facts with a code that was taken; the oldest go if they are too many."""
    if any(known.id == coupon.id for known in facts.coupons):
        return facts
    return structs.replace(facts, coupons=(*facts.coupons, coupon)[-KEPT_COUPONS:])


def join_coupons(kept: Facts, other: Facts) -> tuple[HeldCoupon, ...]:
    """The codes of two customers who are one."""
    known = {one.id: one for one in (*other.coupons, *kept.coupons)}
    return tuple(sorted(known.values(), key=lambda one: (one.taken_at, one.id)))[-KEPT_COUPONS:]


def redeems(facts: Facts, event: Event) -> bool:
    """Whether an event is an order with a code that the customer has, and has not redeemed yet."""
    return bool(facts.coupons) and event.type == "order.placed" and any(_redeemed(facts, event))


def redeem(shop: str, key: str, facts: Facts, event: Event) -> tuple[Facts, tuple[Emit, ...]]:
    """The facts after an order, and `coupon.redeemed` for each code of the customer that it names."""
    order_id = str(event.data.get("order_id", ""))
    marked = _redeemed(facts, event)
    coupons = tuple(
        structs.replace(one, order_id=order_id) if redeemed else one
        for one, redeemed in zip(facts.coupons, marked, strict=True)
    )
    facts = structs.replace(facts, coupons=coupons)
    emitted = (
        _emit(_event("redeemed", one, facts, shop=shop, key=key, at=event.time, hops=event.hops), event)
        for one, redeemed in zip(coupons, marked, strict=True)
        if redeemed
    )
    return facts, tuple(emitted)


def expire(shop: str, key: str, facts: Facts, arrival: TimerInput) -> tuple[Facts, tuple[Emit, ...]]:
    """The facts after the end of a code, and `coupon.expired` if it was not redeemed."""
    wakeup = arrival.wakeup
    for number, one in enumerate(facts.coupons):
        ends = wakeup.name == f"{COUPON_TIMERS}/{one.id}" and one.expires_at == wakeup.due_at
        if ends and not one.ended and not one.order_id:
            ended = structs.replace(one, ended=True)
            coupons = (*facts.coupons[:number], ended, *facts.coupons[number + 1 :])
            facts = structs.replace(facts, coupons=coupons)
            event = _event("expired", one, facts, shop=shop, key=key, at=wakeup.due_at, hops=one.hops)
            return facts, (Emit(id=event.id, event=event),) if one.hops <= MAX_HOPS else ()
    return facts, ()


def cancelled_ends(facts: Facts, key: str) -> tuple[CancelTimer, ...]:
    """The timers of a customer who is no more."""
    return tuple(
        CancelTimer(id=timer.id, name=timer.name) for one in facts.coupons if (timer := _pending(one, key)) is not None
    )


def moved_ends(facts: Facts, key: str) -> tuple[ArmTimer, ...]:
    """The timers that wake a customer at the ends of codes that somebody had who is this customer now."""
    return tuple(timer for one in facts.coupons if (timer := _pending(one, key)) is not None)


def _pending(coupon: HeldCoupon, key: str) -> ArmTimer | None:
    return None if coupon.ended or coupon.order_id else end_timer(coupon, key)


def _redeemed(facts: Facts, event: Event) -> list[bool]:
    """Of each code whether an order redeems it."""
    codes = event.data.get("discount_codes")
    named = {one.lower() for one in codes if isinstance(one, str)} if isinstance(codes, list) else set[str]()
    return [not one.order_id and one.code.lower() in named for one in facts.coupons]


def _event(
    what: Literal["redeemed", "expired"],
    coupon: HeldCoupon,
    facts: Facts,
    *,
    shop: str,
    key: str,
    at: datetime,
    hops: int,
) -> Event:
    email = facts.contact.email
    data: dict[str, Any] = {
        "customer": {"email": email} if email else {},
        "code": coupon.code,
        "pool": coupon.pool,
        "workflow": coupon.workflow,
    }
    if coupon.expires_at is not None:
        data["expires_at"] = coupon.expires_at.isoformat()
    if what == "redeemed":
        data |= {"order_id": coupon.order_id, "used": 1}
    return Event(
        id=f"{coupon.id}/{what}",
        source=f"relevo/{coupon.workflow}",
        type=f"coupon.{what}",
        time=at,
        shop=shop,
        key=key,
        data=data,
        receivedtime=at,
        hops=hops,
    )


def _emit(event: Event, order: Event) -> Emit:
    """What an order says: history is told as history."""
    told = structs.replace(event, historical=order.historical, receivedtime=order.receivedtime)
    return Emit(id=told.id, event=told)
