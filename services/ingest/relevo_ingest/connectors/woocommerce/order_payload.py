"""The canonical order of a WooCommerce order, and what is kept of it to see what changes."""

from typing import Any

from msgspec import Struct

from relevo_contracts.payloads import Money, OrderChanged
from relevo_ingest.connectors.woocommerce import parts
from relevo_ingest.connectors.woocommerce.shapes import OrderShape, RefundShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.notes import cut
from relevo_ingest.core.states import State

UNPLACED = frozenset(("checkout-draft", "auto-draft", "draft", "new"))
"""Statuses of what a buyer has not ordered yet. Source: class-wc-webhook.php sends `checkout-draft` as an order."""
FAILED = "failed"
"""The payment was declined: nothing is bought unless the buyer pays otherwise. It may have been placed before."""
COLLECTED = frozenset(("local_pickup", "pickup_location"))
"""Methods of shipping by which nothing is sent."""
_REFUNDS = 250
_PREFIX = "wc-"


class KnownWooOrder(Struct, frozen=True, kw_only=True):
    """What is kept of an order beside `KnownOrder`: whether it was paid, and which refunds it has."""

    paid: bool = False
    refunds: tuple[str, ...] = ()


def status_of(order: OrderShape) -> str:
    """The status in one writing: extensions write `wc-processing` for `processing`."""
    return fields.word(order.status).removeprefix(_PREFIX)


def payload_of(order: OrderShape, shop: ShopContext) -> OrderChanged:
    """The order as it is now. Times that WooCommerce does not have are absent."""
    prices = parts.Prices(order, shop)
    reached = parts.contact(order, shop)
    original = prices.one(order.total, "total")
    refunded = parts.if_positive(
        fields.total_of([prices.paid_back(one.total, "refunds.total") for one in refunds_of(order)])
    )
    paid_at = fields.utc_without_zone(order.date_paid_gmt, "date_paid_gmt")
    total = original if refunded is None else fields.difference(original, refunded)
    lines = order.line_items or []
    whole_lines = [prices.shown(one.subtotal, one.subtotal_tax, "line_items.subtotal") for one in lines]
    fees = [prices.shown(one.total, one.total_tax, "fee_lines.total") for one in order.fee_lines or []]
    return OrderChanged(
        customer=parts.buyer(order, reached),
        contact=reached,
        order_id=fields.required(parts.ident(order.id), "id"),
        number=normalise.text(order.number, 100),
        status=status_of(order),
        payment_status=_payment_status(order, total, refunded, paid=paid_at is not None),
        fulfilment_status="fulfilled" if status_of(order) == "completed" else "",
        items=parts.items(lines, prices),
        total=total,
        original_total=original,
        subtotal=fields.total_of(whole_lines),
        discount=parts.if_positive(prices.shown(order.discount_total, order.discount_tax, "discount_total")),
        shipping=prices.shown(order.shipping_total, order.shipping_tax, "shipping_total"),
        tax=prices.one(order.total_tax, "total_tax"),
        fees=parts.if_positive(fields.total_of(fees)),
        paid=total if paid_at else None,
        refunded=refunded,
        taxes_included=prices.with_tax,
        payment_method=normalise.text(order.payment_method, 100),
        payment_method_title=fields.plain_text(order.payment_method_title, 200),
        discount_codes=[code for code in (normalise.text(one.code, 255) for one in order.coupon_lines or []) if code],
        shipping_address=parts.address(order.shipping, shop),
        billing_address=parts.address(order.billing, shop),
        shipping_method=fields.first(fields.plain_text(one.method_title, 200) for one in order.shipping_lines or []),
        note=normalise.text(order.customer_note),
        status_url=normalise.text(order.payment_url) if order.needs_payment else "",
        channel=normalise.text(order.created_via, 100),
        placed_at=fields.utc_without_zone(order.date_created_gmt, "date_created_gmt"),
        paid_at=paid_at,
        completed_at=fields.utc_without_zone(order.date_completed_gmt, "date_completed_gmt"),
    )


def refunds_of(order: OrderShape) -> list[RefundShape]:
    """The refunds that have an id."""
    return [one for one in cut(order.refunds or [], _REFUNDS, "refunds") if parts.ident(one.id)]


def known_order(order: OrderShape, payload: OrderChanged) -> KnownOrder:
    """What is kept for messages that name the order only."""
    return KnownOrder(
        number=payload.number,
        customer_id=payload.customer.id,
        guest=payload.customer.guest,
        contact=payload.contact,
        currency=payload.total.currency if payload.total else "",
        total=payload.total,
        pickup=any(one.method_id in COLLECTED for one in order.shipping_lines or []),
        status=payload.status,
        payment_status=payload.payment_status,
        fulfilment_status=payload.fulfilment_status,
    )


def state_of(order: OrderShape, payload: OrderChanged) -> State:
    """All that is kept. Statuses are kept also where they are empty: then they are known to be."""
    kept: dict[str, Any] = dict(known_order(order, payload).state())
    statuses = {name: getattr(payload, name) for name in ("status", "payment_status", "fulfilment_status")}
    refunds = [parts.ident(one.id) for one in refunds_of(order)]
    return {**kept, **statuses, "paid": payload.paid_at is not None, "refunds": refunds}


def _payment_status(order: OrderShape, total: Money | None, refunded: Money | None, *, paid: bool) -> str:
    """WooCommerce has one status for everything; how it was paid follows from it, the date and the refunds."""
    if status_of(order) == "refunded" or (refunded is not None and not fields.is_positive(total)):
        return "refunded"
    if refunded is not None:
        return "partially_refunded"
    if paid:
        return "paid"
    return "failed" if status_of(order) == "failed" else "pending"
