"""`orders/*`: the whole order each time, except `orders/edited`, which names the order only."""

from datetime import datetime, timedelta

from msgspec import Struct

from relevo_contracts.payloads import Buyer, OrderChanged
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.shopify import parts
from relevo_ingest.core.shopify.shapes import (
    AddressShape,
    Amount,
    CodeShape,
    CustomerShape,
    Id,
    LineShape,
    MoneySetShape,
    Text,
    Time,
)
from relevo_ingest.core.times import to_utc

_FRESH = timedelta(days=1)


class OrderShape(Struct, frozen=True, kw_only=True):
    """An order. 2026-04 has no `checkout_id`: the token ties it to its checkout."""

    id: Id = None
    name: Text = None
    email: Text = None
    contact_email: Text = None
    phone: Text = None
    customer_locale: Text = None
    currency: Text = None
    total_price: Amount = None
    subtotal_price: Amount = None
    total_discounts: Amount = None
    total_tax: Amount = None
    total_shipping_price_set: MoneySetShape | None = None
    financial_status: Text = None
    fulfillment_status: Text = None
    cancel_reason: Text = None
    checkout_token: Text = None
    cart_token: Text = None
    order_status_url: Text = None
    buyer_accepts_marketing: bool | None = None
    created_at: Time = None
    updated_at: Time = None
    cancelled_at: Time = None
    closed_at: Time = None
    tags: str | list[str] | None = None
    discount_codes: list[CodeShape] | None = None
    line_items: list[LineShape] | None = None
    customer: CustomerShape | None = None
    shipping_address: AddressShape | None = None
    billing_address: AddressShape | None = None


class OrderEditShape(Struct, frozen=True, kw_only=True):
    """What `orders/edited` wraps: which order was edited, and when the edit took effect."""

    order_id: Id = None
    created_at: Time = None
    committed_at: Time = None


class OrderEditedShape(Struct, frozen=True, kw_only=True):
    """The body of `orders/edited`."""

    order_edit: OrderEditShape = OrderEditShape()


def placed(body: bytes, shop: ShopContext) -> Reading:
    """`orders/create`."""
    order = decode(body, OrderShape)
    return [_draft("order.placed", order, shop, order.created_at or order.updated_at)]


def paid(body: bytes, shop: ShopContext) -> Reading:
    """`orders/paid`."""
    order = decode(body, OrderShape)
    return [_draft("order.paid", order, shop, order.updated_at)]


def cancelled(body: bytes, shop: ShopContext) -> Reading:
    """`orders/cancelled`."""
    order = decode(body, OrderShape)
    return [_draft("order.cancelled", order, shop, order.cancelled_at or order.updated_at)]


def changed(body: bytes, shop: ShopContext) -> Reading:
    """`orders/updated`, `orders/fulfilled`, `orders/partially_fulfilled`.

    Shipments come from `fulfillments/*` alone, which arrive beside these: two topics for one parcel would
    otherwise be two announcements of it.
    """
    order = decode(body, OrderShape)
    return [_draft("order.status_changed", order, shop, order.updated_at)]


def edited(body: bytes, shop: ShopContext) -> Reading:
    """`orders/edited`: the lines were edited; the body names the order and nothing of the buyer."""
    del shop  # an edit names no money and no person
    edit = decode(body, OrderEditedShape).order_edit
    payload = OrderChanged(
        customer=Buyer(), order_id=parts.required(edit.order_id, "order_edit.order_id"), status="edited"
    )
    at = edit.committed_at or edit.created_at
    return [Draft(type="order.status_changed", payload=payload, subject=person(payload), at=at)]


def _draft(event_type: str, order: OrderShape, shop: ShopContext, at: datetime | None) -> Draft:
    payload = _payload(order, shop, _accepts_marketing(event_type, order))
    return Draft(type=event_type, payload=payload, subject=person(payload), at=at)


def _accepts_marketing(event_type: str, order: OrderShape) -> bool | None:
    """The box that was ticked at checkout, as a statement of now: only on the order's first webhook.

    Every later webhook repeats the flag, and by then the customer may have unsubscribed.
    """
    if event_type != "order.placed":
        return None
    if order.updated_at and order.created_at and abs(order.updated_at - order.created_at) > _FRESH:
        return None
    return order.buyer_accepts_marketing


def _payload(order: OrderShape, shop: ShopContext, accepts_marketing: bool | None) -> OrderChanged:
    currency = parts.currency_of(shop, order.currency)
    shipping_set = order.total_shipping_price_set
    shipping = shipping_set.shop_money.amount if shipping_set and shipping_set.shop_money else None
    return OrderChanged(
        customer=_buyer(order, shop, accepts_marketing),
        order_id=parts.required(order.id, "id"),
        number=normalise.text(order.name, 100),
        status=_status(order),
        payment_status=normalise.text(order.financial_status, 50),
        fulfilment_status=normalise.text(order.fulfillment_status, 50),
        checkout_token=parts.ident(order.checkout_token),
        cart_token=parts.ident(order.cart_token),
        items=parts.items(order.line_items or [], currency),
        total=parts.optional_money(order.total_price, currency, "total_price"),
        subtotal=parts.optional_money(order.subtotal_price, currency, "subtotal_price"),
        discount=parts.optional_money(order.total_discounts, currency, "total_discounts"),
        shipping=parts.optional_money(shipping, currency, "total_shipping_price_set.shop_money.amount"),
        tax=parts.optional_money(order.total_tax, currency, "total_tax"),
        discount_codes=[normalise.text(code.code, 255) for code in (order.discount_codes or [])[:50] if code.code],
        shipping_address=parts.address(order.shipping_address, shop),
        placed_at=to_utc(order.created_at) if order.created_at else None,
        cancel_reason=normalise.text(order.cancel_reason, 100) if order.cancelled_at else "",
        status_url=normalise.text(order.order_status_url),
        tags=parts.tags(order.tags) or [],
    )


def _buyer(order: OrderShape, shop: ShopContext, accepts_marketing: bool | None) -> Buyer:
    delivery = order.shipping_address
    return parts.buyer(
        shop,
        customer=order.customer,
        emails=(order.email, order.contact_email),
        phones=(order.phone, delivery.phone if delivery else None),
        addresses=(order.billing_address, delivery),
        locale=order.customer_locale,
        email_marketing=accepts_marketing,
    )


def _status(order: OrderShape) -> str:
    if order.cancelled_at:
        return "cancelled"
    return "closed" if order.closed_at else "open"
