"""What the payloads of events are made of: amounts, addresses, people, lines, variants."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

DecimalText = Annotated[
    str, Meta(pattern=r"^-?\d{1,15}(\.\d{1,6})?$", description="decimal number as text, such as 12.50")
]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, such as EUR")]
Instant = Annotated[datetime, Meta(tz=True)]
Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="a day (2026-03-01), or empty text")]
Count = Annotated[int, Meta(ge=0)]
Quantity = Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)]
"""Pieces, metres or kilograms: a whole number travels as one (`2`, never `2.0`)."""
Level = int | float
"""What is in stock; below zero where a shop sells more than it has."""


class Money(Struct, frozen=True, gc=False):
    """An amount: decimal text (`"12.50"`) and its ISO 4217 currency."""

    amount: DecimalText
    currency: Currency


class Address(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A postal address as the shop gave it; `country` is ISO 3166-1 alpha-2."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    postcode: str = ""
    region: str = ""
    country: str = ""
    phone: str = ""


class Buyer(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Who the event is about: the customer's own data, as far as this event tells.

    `email` is lower-cased, `phone` is E.164, `locale` is BCP 47 (`es-ES`), `timezone` an IANA name. `anonymous_id` is
    a browser's id before anyone signed in; `email_hash` is the SHA-256 of the lower-cased address in hex, where a shop
    tells no more. `account_id` is the company that the customer buys for. What belongs to one order only (the address
    for its news, the recipient of a present) is the event's `contact` and its addresses, never the customer's.
    Empty text and `None` mean "this event does not say".
    """

    id: str = ""
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    group: str = ""
    locale: str = ""
    timezone: str = ""
    country: str = ""
    email_marketing: bool | None = None
    sms_marketing: bool | None = None
    anonymous_id: str = ""
    email_hash: str = ""
    account_id: str = ""
    vat_number: str = ""
    guest: bool = False


class EventContact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the news of one order, checkout, parcel … goes: the address and number given with it, in canonical form.

    They are data of the event. They may be somebody else's than the customer's, and say nothing of the customer.
    `email_marketing` and `sms_marketing` are boxes that were ticked for this very address or number.
    """

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    locale: str = ""
    email_marketing: bool | None = None
    sms_marketing: bool | None = None


class Campaign(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What led a visitor here: the UTM parameters of the first page."""

    source: str = ""
    medium: str = ""
    name: str = ""
    term: str = ""
    content: str = ""


class Transaction(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One payment of an order: `kind` is sale, authorization, capture, refund or void, in the platform's words."""

    transaction_id: str = ""
    kind: str = ""
    status: str = ""
    method: str = ""
    amount: Money | None = None
    at: Instant | None = None


class Track(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One parcel's number at its carrier."""

    number: str = ""
    url: str = ""
    carrier: str = ""


class Item(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One line of a cart, an order, a shipment or a return.

    `title` is the product's, `variant` the variant's. `price` is for one `unit` (a piece if it is empty), `total` for
    the line after its `discount`. `requires_shipping` is `False` for what is not a parcel: a download, a gift card.
    """

    title: str
    quantity: Quantity = 1
    product_id: str = ""
    variant_id: str = ""
    sku: str = ""
    variant: str = ""
    price: Money | None = None
    url: str = ""
    image_url: str = ""
    reason: str = ""
    line_id: str = ""
    unit: str = ""
    categories: list[str] = []
    vendor: str = ""
    properties: dict[str, Any] = {}
    list_price: Money | None = None
    discount: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    weight_kg: float = 0.0
    requires_shipping: bool = True
    gift_card: bool = False
    quantity_shipped: Quantity | None = None
    quantity_refunded: Quantity | None = None
    ship_by: Day = ""


class Variant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One variant of a product: `title` is the variant's own ("Large"), not the product's."""

    variant_id: str = ""
    sku: str = ""
    title: str = ""
    price: Money | None = None
    previous_price: Money | None = None
    list_price: Money | None = None
    available: Level | None = None
    in_stock: bool | None = None
    image_url: str = ""
    options: dict[str, str] = {}
