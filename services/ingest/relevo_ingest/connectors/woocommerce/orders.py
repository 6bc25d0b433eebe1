"""`order.*`: the whole order as it is when the webhook is sent, up to ten minutes after what caused it.

A body tells a state and no change, and changes in between are never told. So what happened is what differs from the
last known state: a date of payment, another status, a refund more.
"""

from collections.abc import Mapping
from types import MappingProxyType

from relevo_contracts.payloads import OrderChanged
from relevo_ingest.connectors.woocommerce import parts
from relevo_ingest.connectors.woocommerce.deletions import deletion
from relevo_ingest.connectors.woocommerce.order_changes import OrderNow
from relevo_ingest.connectors.woocommerce.order_payload import (
    CANCELLED,
    FAILED,
    UNPLACED,
    awaits_payment,
    payload_of,
    state_of,
    was_placed,
)
from relevo_ingest.connectors.woocommerce.shapes import OrderShape
from relevo_ingest.core import fields, known_orders
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.order_changes import NEVER_SEEN, NOTHING_NEW
from relevo_ingest.core.states import UNKNOWN, Observation, State, StateView, StateViews

_DRAFT = "the order is the draft of an open checkout; it is told once it is placed"
_DECLINED = "the payment was declined; the order is told once it is paid, or is to be paid otherwise"
_AWAITED = "the payment is still awaited; the order is told once it is paid, or is to be paid otherwise"
_NEVER_PAID = "the order was cancelled before it was paid or told as placed"
_UNPAID: Mapping[str, str] = MappingProxyType({FAILED: _DECLINED, CANCELLED: _NEVER_PAID})


def created(body: bytes, shop: ShopContext) -> Reading:
    """`order.created`. What has happened to the order since then is told beside it."""
    return _read(body, shop, is_new=True)


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`order.updated`."""
    return _read(body, shop)


def restored(body: bytes, shop: ShopContext) -> Reading:
    """`order.restored`: it is back from the bin, which is a change by itself."""
    return _read(body, shop, is_restored=True)


def deleted(body: bytes, shop: ShopContext) -> Reading:
    """`order.deleted`, which has the order's id and nothing else. Only an order that is known can be deleted."""
    del shop
    return deletion(body, "order", known_orders.order, _deleted)


def _deleted(order_id: str, views: StateViews) -> Conclusion:
    order = known_orders.of(views, order_id)
    payload = OrderChanged(customer=order.buyer(), order_id=order_id, number=order.number, contact=order.contact)
    return [order.draft("order.deleted", payload, None, id=f"order.deleted:{order_id}")]


def _read(body: bytes, shop: ShopContext, *, is_new: bool = False, is_restored: bool = False) -> Reading:
    shape = decode(body, OrderShape)
    payload = payload_of(shape, shop)
    modified = fields.utc_without_zone(shape.date_modified_gmt, "date_modified_gmt")
    now = OrderNow(shape=shape, payload=payload, currency=parts.Prices(shape, shop).currency, modified=modified)
    entity = known_orders.order(payload.order_id)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        if payload.status in UNPLACED:
            return NoEvent(_DRAFT)
        failed = list(now.payment_failed(seen, is_new=is_new))
        if awaits_payment(shape, payload) and not was_placed(seen.before):
            return failed or NoEvent(_UNPAID.get(payload.status, _AWAITED))
        drafts = [*_drafts(now, seen, is_new=is_new), *(_restored(now, seen) if is_restored else ()), *failed]
        return drafts or NoEvent(NEVER_SEEN if seen.before is None else NOTHING_NEW)

    observed = Observation(entity=entity, state=state_of(shape, payload), at=modified)
    return Pending(conclude=conclude, observed=(observed,))


def _drafts(now: OrderNow, seen: StateView, *, is_new: bool) -> list[Draft]:
    before = seen.before
    if before is None and not is_new:
        return []
    waited, was_draft = _waited(before), before is not None and before.get("status") in UNPLACED
    drafts = [now.placed(late=waited)] if is_new or not was_placed(before) else []
    if is_new:
        # An update that came first was told to nobody, so all counts. What was told already has the same id again.
        drafts += now.since({})
    elif before is not None and seen.fresh:
        drafts += now.since(before)
    if before is not None and seen.fresh and not was_draft:
        drafts += now.status_change(before)
    return drafts


def _waited(before: State | None) -> bool:
    """Whether its payment was awaited until now, so that it is placed by the payment."""
    return before is not None and not was_placed(before) and before.get("status") not in UNPLACED


def _restored(now: OrderNow, seen: StateView) -> list[Draft]:
    """That it was in the bin is a status, too, and no webhook told it; unless another change is told already."""
    reported = seen.before is not None and seen.fresh and any(now.status_change(seen.before))
    return [] if reported else list(now.status_change({"status": "trash"}, certain=True))
