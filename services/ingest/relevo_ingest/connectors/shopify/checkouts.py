"""`checkouts/*` and `carts/*`: what is about to be bought. A cart names no buyer, a checkout usually does."""

from datetime import datetime

from msgspec import Struct

from relevo_contracts.payloads import Buyer, CartUpdated, CheckoutChanged, EventContact, Money
from relevo_ingest.connectors.shopify import lines, parts
from relevo_ingest.connectors.shopify.shapes import (
    AddressShape,
    CodeShape,
    CustomerShape,
    LineShape,
    MoneySetShape,
    PropertyShape,
)
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.fields import Amount, Id, Text, Time


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
    total_price_set: MoneySetShape | None = None
    subtotal_price: Amount = None
    total_discounts: Amount = None
    total_tax: Amount = None
    abandoned_checkout_url: Text = None
    buyer_accepts_marketing: bool | None = None
    buyer_accepts_sms_marketing: bool | None = None
    created_at: Time = None
    updated_at: Time = None
    completed_at: Time = None
    source_name: Text = None
    note: Text = None
    note_attributes: list[PropertyShape] | None = None
    discount_codes: list[CodeShape] | None = None
    line_items: list[LineShape] | None = None
    customer: CustomerShape | None = None
    shipping_address: AddressShape | None = None
    billing_address: AddressShape | None = None


class CartShape(Struct, frozen=True, kw_only=True):
    """A cart: no buyer, and no currency but that of its lines."""

    id: Id = None
    token: Text = None
    created_at: Time = None
    updated_at: Time = None
    line_items: list[LineShape] | None = None


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
    currency = parts.currency_of(shop)
    items = lines.items(shape.line_items, currency)
    payload = CartUpdated(
        customer=Buyer(),
        cart_token=parts.required(shape.token or shape.id, "token"),
        items=items,
        total=_sum(shape.line_items or [], currency),
    )
    return [
        Draft(
            type="cart.updated",
            payload=payload,
            subject=person(payload),
            at=shape.updated_at,
            about=payload.cart_token,
        )
    ]


def _sum(shapes: list[LineShape], currency: str) -> Money | None:
    return fields.total_of(
        [
            parts.amount(line.line_price_set, line.line_price, currency, f"line_items[{n}].line_price")
            for n, line in enumerate(shapes)
        ]
    )


def _draft(event_type: str, checkout: CheckoutShape, shop: ShopContext, at: datetime | None) -> Draft:
    currency = parts.currency_of(shop, checkout.currency, parts.currency_in(checkout.total_price_set))
    contact = _contact(checkout, shop)
    total = parts.amount(checkout.total_price_set, checkout.total_price, currency, "total_price")
    payload = CheckoutChanged(
        customer=parts.buyer(checkout.customer, contact, shop, checkout.customer_locale),
        contact=contact,
        checkout_token=parts.required(checkout.token, "token"),
        total=total,
        cart_token=parts.ident(checkout.cart_token),
        items=lines.items(checkout.line_items, currency),
        recover_url=normalise.text(checkout.abandoned_checkout_url),
        completed_at=fields.utc(checkout.completed_at),
        subtotal=fields.optional_money(checkout.subtotal_price, currency, "subtotal_price"),
        discount=fields.optional_money(checkout.total_discounts, currency, "total_discounts"),
        tax=fields.optional_money(checkout.total_tax, currency, "total_tax"),
        discount_codes=parts.codes(checkout.discount_codes),
        shipping_address=parts.address(checkout.shipping_address, shop),
        billing_address=parts.address(checkout.billing_address, shop),
        note=normalise.text(checkout.note),
        attributes=parts.attributes(checkout.note_attributes),
        channel=normalise.text(checkout.source_name, 100),
    )
    own_id = f"{event_type}:{payload.checkout_token}" if event_type == "checkout.started" else ""
    return Draft(
        type=event_type,
        payload=payload,
        subject=person(payload),
        at=at,
        id=own_id,
        about=payload.checkout_token,
    )


def _contact(checkout: CheckoutShape, shop: ShopContext) -> EventContact | None:
    """The address and number that were typed in. The box for SMS belongs to the number beside it, and to no other.

    A completed checkout repeats what its order says; an open one is the buyer's statement of this moment.
    """
    payer = checkout.billing_address or AddressShape()
    region = normalise.country(payer.country_code) or shop.region
    own, texted = normalise.phone(checkout.phone, region), normalise.phone(checkout.sms_marketing_phone, region)
    ticked = bool(texted and checkout.buyer_accepts_sms_marketing)
    is_open = checkout.completed_at is None
    return fields.contact_of(
        EventContact(
            email=normalise.email(checkout.email),
            phone=texted if ticked else own or texted,
            first_name=normalise.text(payer.first_name, 200),
            last_name=normalise.text(payer.last_name, 200),
            company=normalise.text(payer.company, 200),
            locale=normalise.locale(checkout.customer_locale),
            email_marketing=checkout.buyer_accepts_marketing if is_open else None,
            sms_marketing=True if ticked and is_open else None,
        )
    )
