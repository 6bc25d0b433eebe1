"""`checkouts/*` and `carts/*`: what is about to be bought. A cart names no buyer, a checkout usually does."""

from datetime import datetime

from msgspec import Struct

from relevo_contracts.payloads import Buyer, CartUpdated, CheckoutChanged
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.money import add
from relevo_ingest.core.shopify import parts
from relevo_ingest.core.shopify.shapes import (
    AddressShape,
    Amount,
    CustomerShape,
    Id,
    LineShape,
    Text,
    Time,
)
from relevo_ingest.core.times import to_utc


class CheckoutShape(Struct, frozen=True, kw_only=True):
    """A checkout. 2026-04 has no `id`: `token` is its name."""

    token: Text = None
    cart_token: Text = None
    email: Text = None
    phone: Text = None
    sms_marketing_phone: Text = None
    customer_locale: Text = None
    currency: Text = None
    total_price: Amount = None
    abandoned_checkout_url: Text = None
    buyer_accepts_marketing: bool | None = None
    buyer_accepts_sms_marketing: bool | None = None
    created_at: Time = None
    updated_at: Time = None
    completed_at: Time = None
    line_items: list[LineShape] | None = None
    customer: CustomerShape | None = None
    shipping_address: AddressShape | None = None
    billing_address: AddressShape | None = None


class CartLineShape(LineShape, frozen=True, kw_only=True):
    """A cart's line, which also has its sum."""

    line_price: Amount = None


class CartShape(Struct, frozen=True, kw_only=True):
    """A cart: no buyer, no currency."""

    id: Id = None
    token: Text = None
    created_at: Time = None
    updated_at: Time = None
    line_items: list[CartLineShape] | None = None


def started(body: bytes, shop: ShopContext) -> Reading:
    """`checkouts/create`."""
    checkout = decode(body, CheckoutShape)
    return [_draft("checkout.started", checkout, shop, checkout.created_at or checkout.updated_at)]


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`checkouts/update`; `completed_at` is set once it became an order."""
    checkout = decode(body, CheckoutShape)
    return [_draft("checkout.updated", checkout, shop, checkout.updated_at)]


def cart(body: bytes, shop: ShopContext) -> Reading:
    """`carts/create`, `carts/update`."""
    shape = decode(body, CartShape)
    lines = shape.line_items or []
    currency = parts.currency_of(shop)
    sums = [
        parts.optional_money(line.line_price, currency, f"line_items[{n}].line_price") for n, line in enumerate(lines)
    ]
    payload = CartUpdated(
        customer=Buyer(),
        cart_token=parts.required(shape.token or shape.id, "token"),
        items=parts.items(lines, currency),
        total=add([amount for amount in sums if amount]),
    )
    return [Draft(type="cart.updated", payload=payload, subject=person(payload), at=shape.updated_at)]


def _draft(event_type: str, checkout: CheckoutShape, shop: ShopContext, at: datetime | None) -> Draft:
    currency = parts.currency_of(shop, checkout.currency)
    payload = CheckoutChanged(
        customer=_buyer(checkout, shop),
        checkout_token=parts.required(checkout.token, "token"),
        total=parts.required_money(checkout.total_price, currency, "total_price"),
        cart_token=parts.ident(checkout.cart_token),
        items=parts.items(checkout.line_items or [], currency),
        recover_url=normalise.text(checkout.abandoned_checkout_url),
        completed_at=to_utc(checkout.completed_at) if checkout.completed_at else None,
    )
    return Draft(type=event_type, payload=payload, subject=person(payload), at=at)


def _buyer(checkout: CheckoutShape, shop: ShopContext) -> Buyer:
    delivery = checkout.shipping_address
    return parts.buyer(
        shop,
        customer=checkout.customer,
        emails=(checkout.email,),
        phones=(checkout.sms_marketing_phone, checkout.phone, delivery.phone if delivery else None),
        addresses=(checkout.billing_address, delivery),
        locale=checkout.customer_locale,
        # A completed checkout repeats what its order says; an open one is the buyer's statement of this moment.
        email_marketing=None if checkout.completed_at else checkout.buyer_accepts_marketing,
        sms_marketing=None if checkout.completed_at else checkout.buyer_accepts_sms_marketing,
    )
