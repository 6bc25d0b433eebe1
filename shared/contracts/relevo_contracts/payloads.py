"""The payloads of the canonical shop events: what a workflow may name as `event.…`.

Rules for every payload:

- Money is decimal text with its currency, never a float (`Money`).
- Instants are RFC 3339 with a zone, always sent in UTC (`datetime`, aware).
- An unknown value is absent or `None`; an empty string means that the shop said "empty".
- Fields are only ever added, with a default; `tests/contracts` holds the published schemas to that.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

DecimalText = Annotated[str, Meta(pattern=r"^-?\d{1,15}(\.\d{1,6})?$", description="decimal number as text")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217 code")]
Instant = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0)]


class Money(Struct, frozen=True):
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


class Buyer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who the event is about, as far as this event tells.

    `email` is lower-cased, `phone` is E.164, `locale` is BCP 47 (`es-ES`), `timezone` an IANA name.
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


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a cart, an order, a shipment or a return."""

    title: str
    quantity: Count = 1
    product_id: str = ""
    variant_id: str = ""
    sku: str = ""
    variant: str = ""
    price: Money | None = None
    url: str = ""
    image_url: str = ""
    reason: str = ""


class CustomerChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.created`, `customer.updated`: what the shop knows of a customer now.

    `tags` are all tags; a shop that tells only what changed says so in `tags_added` and `tags_removed`.
    """

    customer: Buyer
    birthday: date | None = None
    tags: list[str] | None = None
    tags_added: list[str] = []
    tags_removed: list[str] = []
    orders_count: Count | None = None
    total_spent: Money | None = None
    attributes: dict[str, str] = {}


class ConsentChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`consent.changed`: a proof of consent, or its withdrawal (GDPR Art. 7(1) and 7(3))."""

    customer: Buyer
    channel: Literal["email", "sms"]
    state: Literal["granted", "withdrawn", "pending"]
    purpose: Literal["marketing"] = "marketing"
    double_opt_in: bool = False
    source: str = ""
    wording: str = ""


class PageViewed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`page.viewed`: a page of the storefront was looked at."""

    customer: Buyer
    url: str = ""
    title: str = ""
    product_id: str = ""
    referrer: str = ""


class FormSubmitted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`form.submitted`: a form of the storefront was sent."""

    customer: Buyer
    form: str
    fields: dict[str, str] = {}
    url: str = ""


class CartUpdated(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`cart.updated`: the whole cart after the change."""

    customer: Buyer
    cart_token: str
    items: list[Item] = []
    total: Money | None = None
    url: str = ""


class CheckoutChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`checkout.started`, `checkout.updated`. `completed_at` is set once it became an order."""

    customer: Buyer
    checkout_token: str
    total: Money
    cart_token: str = ""
    items: list[Item] = []
    recover_url: str = ""
    completed_at: Instant | None = None


class OrderChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`order.placed`, `order.paid`, `order.cancelled`, `order.status_changed`: the order as it is now."""

    customer: Buyer
    order_id: str
    total: Money | None = None
    number: str = ""
    status: str = ""
    payment_status: str = ""
    fulfilment_status: str = ""
    checkout_token: str = ""
    cart_token: str = ""
    items: list[Item] = []
    subtotal: Money | None = None
    discount: Money | None = None
    shipping: Money | None = None
    tax: Money | None = None
    discount_codes: list[str] = []
    shipping_address: Address | None = None
    placed_at: Instant | None = None
    cancel_reason: str = ""
    status_url: str = ""
    tags: list[str] = []


class ShipmentChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`shipment.created`, `shipment.updated`, `shipment.delivered`."""

    customer: Buyer
    shipment_id: str
    order_id: str
    order_number: str = ""
    status: str = ""
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    items: list[Item] = []
    address: Address | None = None


class RefundCreated(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`refund.created`: money went back to the customer."""

    customer: Buyer
    refund_id: str
    order_id: str
    total: Money | None = None
    reason: str = ""
    items: list[Item] = []


class ReturnChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`return.requested`, `.approved`, `.declined`, `.received`, `.closed`."""

    customer: Buyer
    return_id: str
    order_id: str
    order_number: str = ""
    status: str = ""
    reason: str = ""
    items: list[Item] = []
    total: Money | None = None


class StockChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`product.stock_changed`, `product.restocked`. `available` is `None` where the shop does not track it."""

    product_id: str
    variant_id: str = ""
    inventory_item_id: str = ""
    sku: str = ""
    title: str = ""
    available: int | None = None
    previous: int | None = None
    price: Money | None = None
    url: str = ""


class SubscriptionChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`subscription.created`, `.updated`, `.cancelled`, `.billed`, `.billing_failed`."""

    customer: Buyer
    subscription_id: str
    status: str = ""
    interval: str = ""
    order_id: str = ""
    next_billing_at: Instant | None = None
    total: Money | None = None


class QuoteChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`quote.requested`, `.sent`, `.accepted`, `.declined`, `.expired`."""

    customer: Buyer
    quote_id: str
    number: str = ""
    status: str = ""
    items: list[Item] = []
    total: Money | None = None
    discount_percent: float = 0.0
    destination: str = ""
    weight_kg: float = 0.0
    valid_until: Instant | None = None
    note: str = ""


class PrivacyRequested(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.data_requested`, `customer.redacted`: a person's right under GDPR Art. 15 and 17."""

    customer: Buyer
    order_ids: list[str] = []


class ShopChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`shop.disconnected`, `shop.redacted`: the shop itself left, or asks for erasure."""

    domain: str = ""


Payload = (
    CustomerChanged
    | ConsentChanged
    | PageViewed
    | FormSubmitted
    | CartUpdated
    | CheckoutChanged
    | OrderChanged
    | ShipmentChanged
    | RefundCreated
    | ReturnChanged
    | StockChanged
    | SubscriptionChanged
    | QuoteChanged
    | PrivacyRequested
    | ShopChanged
)

EVENT_TYPES: dict[str, type[Payload]] = {
    "customer.created": CustomerChanged,
    "customer.updated": CustomerChanged,
    "customer.data_requested": PrivacyRequested,
    "customer.redacted": PrivacyRequested,
    "consent.changed": ConsentChanged,
    "page.viewed": PageViewed,
    "form.submitted": FormSubmitted,
    "cart.updated": CartUpdated,
    "checkout.started": CheckoutChanged,
    "checkout.updated": CheckoutChanged,
    "order.placed": OrderChanged,
    "order.paid": OrderChanged,
    "order.cancelled": OrderChanged,
    "order.status_changed": OrderChanged,
    "shipment.created": ShipmentChanged,
    "shipment.updated": ShipmentChanged,
    "shipment.delivered": ShipmentChanged,
    "refund.created": RefundCreated,
    "return.requested": ReturnChanged,
    "return.approved": ReturnChanged,
    "return.declined": ReturnChanged,
    "return.received": ReturnChanged,
    "return.closed": ReturnChanged,
    "product.stock_changed": StockChanged,
    "product.restocked": StockChanged,
    "subscription.created": SubscriptionChanged,
    "subscription.updated": SubscriptionChanged,
    "subscription.cancelled": SubscriptionChanged,
    "subscription.billed": SubscriptionChanged,
    "subscription.billing_failed": SubscriptionChanged,
    "quote.requested": QuoteChanged,
    "quote.sent": QuoteChanged,
    "quote.accepted": QuoteChanged,
    "quote.declined": QuoteChanged,
    "quote.expired": QuoteChanged,
    "shop.disconnected": ShopChanged,
    "shop.redacted": ShopChanged,
}
"""Every canonical event type and its payload. An event's type says what happened, in the past tense."""
