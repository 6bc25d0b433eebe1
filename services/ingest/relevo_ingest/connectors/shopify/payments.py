"""`order_transactions/create` and `disputes/*`: single payments, and those that are contested."""

from decimal import Decimal

from msgspec import Struct

from relevo_contracts.payloads import DisputeChanged, Money, PaymentChanged
from relevo_ingest.connectors.shopify import parts, refunds
from relevo_ingest.connectors.shopify.shapes import TransactionShape
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.fields import Amount, Id, Text, Time
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import UNKNOWN, Observation, StateViews

_PAYS = frozenset(("sale", "capture"))
_FAILED = frozenset(("failure", "error"))
_CLOSED = frozenset(("won", "lost", "accepted", "charge_refunded", "prevented"))


class DisputeShape(Struct, frozen=True, kw_only=True):
    """A payment that is contested: an inquiry or a chargeback."""

    id: Id = None
    order_id: Id = None
    type: Text = None
    amount: Amount = None
    currency: Text = None
    reason: Text = None
    status: Text = None
    evidence_due_by: Time = None
    initiated_at: Time = None
    finalized_on: Text = None


def transaction(body: bytes, shop: ShopContext) -> Reading:
    """`order_transactions/create`: a failed payment, a part of a payment, a refund that went through at last.

    That an order is paid as a whole is said by `orders/paid`, which tells it once.
    """
    shape = parts.plain_transaction(decode(body, TransactionShape))
    payment_id, order_id = parts.required(shape.id, "id"), parts.required(shape.order_id, "order_id")
    amount = fields.optional_money(shape.amount, parts.currency_of(shop, shape.currency), "amount", absolute=True)
    if shape.kind == "refund":
        return _refund(shape, payment_id, order_id, amount)

    def conclude(views: StateViews) -> Conclusion:
        order = known_orders.of(views, order_id)
        final_type = _event_type(shape, amount, order.total)
        if final_type:
            payload = _payment(shape, payment_id, order_id, amount, order)
            at = shape.processed_at or shape.created_at
            return [order.draft(final_type, payload, at, id=f"{final_type}:{payment_id}", test=payload.test)]
        return NoEvent("order_transactions/create: a payment of a whole order is told by orders/paid")

    return Pending(conclude=conclude, looks=(known_orders.order(order_id),))


def opened(body: bytes, shop: ShopContext) -> Reading:
    """`disputes/create`."""
    return _dispute(body, shop, "dispute.opened")


def dispute_updated(body: bytes, shop: ShopContext) -> Reading:
    """`disputes/update`."""
    return _dispute(body, shop, "dispute.updated")


def _refund(shape: TransactionShape, payment_id: str, order_id: str, amount: Money | None) -> Reading:
    own, newest = refunds.transaction_entity(payment_id), refunds.open_refund_entity(order_id)
    at = shape.processed_at or shape.created_at
    if shape.status in _FAILED:  # then the order's refund is no longer under way
        over = Observation(entity=newest, state={"order": order_id, "refund": ""}, at=at)
        no_event = NoEvent("order_transactions/create: the payment of a refund failed, so no money went back")
        return Pending(conclude=lambda _: no_event, observed=(over,))
    if shape.status != "success" or not fields.is_positive(amount) or amount is None:
        return NoEvent("order_transactions/create: no money went back")

    def conclude(views: StateViews) -> Conclusion:
        kept, open_one = views.get(own, UNKNOWN).now, views.get(newest, UNKNOWN).now
        if not kept.get("refund") and _same(open_one.get("total"), amount):
            kept = open_one
        if not kept.get("refund"):
            return NoEvent("order_transactions/create: refunds/create tells of this refund")
        payload = refunds.payload_of_kept(kept, order_id, amount)
        return [refunds.draft(payload, known_orders.of(views, order_id), at)]

    return Pending(conclude=conclude, looks=(own, newest, known_orders.order(order_id)))


def _event_type(shape: TransactionShape, amount: Money | None, total: Money | None) -> str:
    """What a payment tells: that it failed, or that a part of the order is paid; empty if nothing."""
    if shape.status in _FAILED and shape.kind in (*_PAYS, "authorization"):
        return "payment.failed"
    paid = shape.status == "success" and shape.kind in _PAYS
    return "payment.received" if paid and _is_a_part(amount, total) else ""


def _payment(
    shape: TransactionShape, payment_id: str, order_id: str, amount: Money | None, order: KnownOrder
) -> PaymentChanged:
    return PaymentChanged(
        customer=order.buyer(),
        contact=order.contact,
        payment_id=payment_id,
        order_id=order_id,
        order_number=order.number,
        status=normalise.text(shape.status, 50),
        method=normalise.text(shape.gateway, 100),
        error=normalise.text(shape.message or shape.error_code, 500) if shape.status in _FAILED else "",
        total=amount,
        test=order.test or bool(shape.test),
    )


def _is_a_part(amount: Money | None, total: Money | None) -> bool:
    if amount is None or total is None or amount.currency != total.currency:
        return False
    return 0 < Decimal(amount.amount) < Decimal(total.amount)


def _same(kept: object, amount: Money) -> bool:
    if not isinstance(kept, dict) or kept.get("currency") != amount.currency:
        return False
    return str(kept.get("amount")) == amount.amount


def _dispute(body: bytes, shop: ShopContext, event_type: str) -> Reading:
    shape = decode(body, DisputeShape)
    dispute_id, order_id = parts.required(shape.id, "id"), parts.ident(shape.order_id)
    status = normalise.text(shape.status, 50).lower()
    final_type = "dispute.closed" if event_type == "dispute.updated" and status in _CLOSED else event_type
    if not order_id:
        return NoEvent("disputes: the body names no order, so nobody knows whose payment is contested")

    def conclude(views: StateViews) -> Conclusion:
        order = known_orders.of(views, order_id)
        payload = DisputeChanged(
            customer=order.buyer(),
            contact=order.contact,
            dispute_id=dispute_id,
            order_id=order_id,
            order_number=order.number,
            kind=normalise.text(shape.type, 50),
            status=status,
            reason=normalise.text(shape.reason, 200),
            total=fields.optional_money(shape.amount, parts.currency_of(shop, shape.currency), "amount"),
            evidence_due_at=fields.utc(shape.evidence_due_by),
        )
        at = shape.initiated_at if final_type == "dispute.opened" else None
        own_id = "" if final_type == "dispute.updated" else f"{final_type}:{dispute_id}"
        return [order.draft(final_type, payload, at, id=own_id, about=dispute_id)]

    return Pending(conclude=conclude, looks=(known_orders.order(order_id),))
