"""`subscription.*` of the subscriptions extension: the whole subscription each time.

Source: subscriptions-rest-api-docs; the topics are those of the extension's own webhooks.
"""

from datetime import datetime

import msgspec
from msgspec import structs

from relevo_contracts.payloads import Buyer, SubscriptionChanged
from relevo_ingest.connectors.woocommerce import parts
from relevo_ingest.connectors.woocommerce.deletions import deletion
from relevo_ingest.connectors.woocommerce.order_payload import status_of
from relevo_ingest.connectors.woocommerce.shapes import SubscriptionShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateViews

_CANCELLED = "cancelled"


def created(body: bytes, shop: ShopContext) -> Reading:
    """`subscription.created`."""
    shape = decode(body, SubscriptionShape)
    payload = _payload(shape, shop)
    at = fields.utc_without_zone(shape.date_created_gmt, "date_created_gmt")
    own_id = f"subscription.created:{payload.subscription_id}"
    draft = Draft(type="subscription.created", payload=payload, subject=person(payload), at=at, id=own_id)
    return Pending(conclude=lambda _: [draft], observed=(_observation(shape, payload),))


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`subscription.updated`, `subscription.switched`: cancelled or billed if that is new, else updated."""
    shape = decode(body, SubscriptionShape)
    payload = _payload(shape, shop)
    observed = _observation(shape, payload)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(observed.entity, UNKNOWN)
        if seen.before is not None and not seen.fresh:
            return NoEvent("a newer state of the subscription is known")
        if (seen.before or {}).get("details") == _details(payload):
            return NoEvent("nothing of the subscription changed that there is an event for")
        return _changes(payload, seen.before or {}, observed.at)

    return Pending(conclude=conclude, observed=(observed,))


def deleted(body: bytes, shop: ShopContext) -> Reading:
    """`subscription.deleted`, which has the id and nothing else. Only a subscription that is known can be deleted."""
    del shop
    return deletion(body, "subscription", _entity, _deleted)


def _deleted(subscription_id: str, views: StateViews) -> Conclusion:
    del views
    payload = SubscriptionChanged(customer=Buyer(), subscription_id=subscription_id, status="deleted")
    own_id = f"subscription.cancelled:{subscription_id}"
    return [Draft(type="subscription.cancelled", payload=payload, subject=person(payload), id=own_id)]


def _entity(subscription_id: str) -> Entity:
    return Entity("subscription", subscription_id)


def _changes(payload: SubscriptionChanged, before: State, at: datetime | None) -> list[Draft]:
    """What differs from `before`; of a subscription that was never heard of, what it is now."""
    changed = structs.replace(payload, previous_status=normalise.text(str(before.get("status", "")), 50))
    paid = payload.last_payment_at.isoformat() if payload.last_payment_at else ""
    drafts = []
    if before and paid and paid != before.get("last_payment_at"):
        own_id = f"subscription.billed:{payload.subscription_id}:{paid}"
        drafts.append(_draft("subscription.billed", changed, payload.last_payment_at, own_id))
    if payload.status == _CANCELLED and before.get("status", _CANCELLED) != _CANCELLED:
        own_id = f"subscription.cancelled:{payload.subscription_id}"
        drafts.append(_draft("subscription.cancelled", changed, at, own_id))
    return drafts or [_draft("subscription.updated", changed, at)]


def _details(payload: SubscriptionChanged) -> str:
    return normalise.digest(msgspec.json.encode(payload).decode())


def _draft(event_type: str, payload: SubscriptionChanged, at: datetime | None, own_id: str = "") -> Draft:
    return Draft(type=event_type, payload=payload, subject=person(payload), at=at, id=own_id)


def _observation(shape: SubscriptionShape, payload: SubscriptionChanged) -> Observation:
    paid = payload.last_payment_at.isoformat() if payload.last_payment_at else ""
    state = {"status": payload.status, "last_payment_at": paid, "order": payload.order_id, "details": _details(payload)}
    at = fields.utc_without_zone(shape.date_modified_gmt, "date_modified_gmt")
    return Observation(entity=_entity(payload.subscription_id), state=state, at=at)


def _payload(shape: SubscriptionShape, shop: ShopContext) -> SubscriptionChanged:
    prices = parts.Prices(shape, shop)
    reached = parts.contact(shape, shop)
    every, period = fields.ident(shape.billing_interval), fields.word(shape.billing_period)
    return SubscriptionChanged(
        customer=parts.buyer(shape, reached),
        contact=reached,
        subscription_id=fields.required(parts.ident(shape.id), "id"),
        number=normalise.text(shape.number, 100),
        status=status_of(shape),
        interval=period if every in ("", "0", "1") else f"{every} {period}s",
        order_id=parts.ident(shape.parent_id),
        items=parts.items(shape.line_items, prices),
        total=prices.one(shape.total, "total"),
        payment_method=normalise.text(shape.payment_method, 100),
        next_billing_at=fields.utc_without_zone(shape.next_payment_date_gmt, "next_payment_date_gmt"),
        last_payment_at=fields.utc_without_zone(shape.last_payment_date_gmt, "last_payment_date_gmt"),
        trial_ends_at=fields.utc_without_zone(shape.trial_end_date_gmt, "trial_end_date_gmt"),
        ends_at=fields.utc_without_zone(shape.end_date_gmt, "end_date_gmt"),
    )
