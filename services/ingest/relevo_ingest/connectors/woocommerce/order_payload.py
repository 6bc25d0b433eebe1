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
FAILED, PENDING, CANCELLED = "failed", "pending", "cancelled"
PAID_LATER = frozenset(("bacs", "cheque", "cod"))
"""Methods by which the money comes after the order: bank transfer, cheque, on delivery. No page of payment is open."""
ON_DELIVERY = "cod"
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


def awaits_payment(order: OrderShape, payload: OrderChanged) -> bool:
    """Whether nothing is bought until the buyer pays: the payment was declined, or never came.

    WooCommerce itself writes to no buyer of an order that is `pending`; it does once the order is `on-hold`, which
    waits for a bank transfer, or `processing`. Source: class-wc-emails.php, class-wc-email-customer-on-hold-order.php.
    An order may come to wait after it was placed: see `was_placed`.
    """
    if payload.status == FAILED:
        return True
    unpaid = payload.paid_at is None and not refunds_of(order)
    return payload.status in (PENDING, CANCELLED) and unpaid and payload.payment_method not in PAID_LATER


def was_placed(before: State | None) -> bool:
    """Whether an order of this state was told as placed. Earlier releases kept no mark, and told all but `failed`."""
    if before is None:
        return False
    if "placed" in before or "awaited" in before:
        return "placed" in before
    return before.get("status") not in (*UNPLACED, FAILED)


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
    waits = payload.status in UNPLACED or awaits_payment(order, payload)
    mark = "awaited" if waits else "placed"  # both stay once they are set
    return {**kept, **statuses, "paid": payload.paid_at is not None, "refunds": refunds, mark: True}


def _payment_status(order: OrderShape, total: Money | None, refunded: Money | None, *, paid: bool) -> str:
    """WooCommerce has one status for everything; how it was paid follows from it, the date and the refunds."""
    if status_of(order) == "refunded" or (refunded is not None and not fields.is_positive(total)):
        return "refunded"
    if refunded is not None:
        return "partially_refunded"
    if paid:
        return "paid"
    return "failed" if status_of(order) == FAILED else "pending"
