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
Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="a day (2026-03-01), or empty text")]
Count = Annotated[int, Meta(ge=0)]
Quantity = Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)]
"""Pieces, metres or kilograms: a whole number travels as one (`2`, never `2.0`)."""
Level = int | float
"""What is in stock; below zero where a shop sells more than it has."""


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


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a cart, an order, a shipment or a return.

    `title` is the product's, `variant` the variant's. `price` is for one `unit` (a piece if it is empty), `total` for
    the line after its `discount`. `requires_shipping` is `False` for what is no parcel: a download, a gift card.
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
    properties: dict[str, str] = {}
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


class CustomerChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.created`, `.updated`, `.deleted`: what the shop knows of a customer now.

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
    """`consent.changed`: a proof of consent, or its withdrawal (GDPR Art. 7(1) and 7(3)).

    It holds for the address or number that `customer` gives and for no other. `source`, `wording`, `form_url` and
    `ip_hash` are the evidence: what was asked, where, and from where it was answered.
    """

    customer: Buyer
    channel: Literal["email", "sms", "whatsapp", "push"]
    state: Literal["granted", "withdrawn", "pending"]
    purpose: Literal["marketing", "newsletter", "product_news", "survey", "partners"] = "marketing"
    double_opt_in: bool = False
    source: str = ""
    wording: str = ""
    form_url: str = ""
    list_id: str = ""
    ip_hash: str = ""


class PageViewed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`page.viewed`: a page of the storefront was looked at."""

    customer: Buyer
    url: str = ""
    title: str = ""
    product_id: str = ""
    referrer: str = ""
    variant_id: str = ""
    sku: str = ""
    category: str = ""
    brand: str = ""
    price: Money | None = None
    image_url: str = ""
    campaign: Campaign | None = None


class FormSubmitted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`form.submitted`: a form of the storefront was sent."""

    customer: Buyer
    form: str
    fields: dict[str, str] = {}
    url: str = ""
    campaign: Campaign | None = None


class CartUpdated(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`cart.updated`: the whole cart after the change."""

    customer: Buyer
    cart_token: str
    items: list[Item] = []
    total: Money | None = None
    url: str = ""
    store: str = ""
    channel: str = ""


class CheckoutChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`checkout.started`, `checkout.updated`. `completed_at` is set once it became an order."""

    customer: Buyer
    checkout_token: str = ""
    total: Money | None = None
    cart_token: str = ""
    items: list[Item] = []
    recover_url: str = ""
    completed_at: Instant | None = None
    contact: EventContact | None = None
    subtotal: Money | None = None
    discount: Money | None = None
    shipping: Money | None = None
    tax: Money | None = None
    discount_codes: list[str] = []
    shipping_address: Address | None = None
    billing_address: Address | None = None
    note: str = ""
    attributes: dict[str, str] = {}
    store: str = ""
    channel: str = ""


class OrderChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`order.placed`, `.paid`, `.cancelled`, `.status_changed`, `.deleted`: the order as it is now.

    `items` and the amounts are the order's current ones, without what was removed or refunded since, in the shop's
    currency; `buyer_total` is the total in the buyer's, where that differs, and `original_total` what was ordered.
    `previous_…` are set on `order.status_changed`: what the status was before this change. `status_label` is the
    status in the shop's own words. `test` is an order that nobody placed. `notify_customer` is `False` where the
    shop's staff chose to tell the customer nothing. `paid` and `due` are what was paid and what is still to be paid.
    """

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
    contact: EventContact | None = None
    previous_status: str = ""
    previous_payment_status: str = ""
    previous_fulfilment_status: str = ""
    status_label: str = ""
    test: bool = False
    notify_customer: bool = True
    payment_method: str = ""
    payment_method_title: str = ""
    transactions: list[Transaction] = []
    paid: Money | None = None
    due: Money | None = None
    refunded: Money | None = None
    fees: Money | None = None
    original_total: Money | None = None
    buyer_total: Money | None = None
    taxes_included: bool = False
    billing_address: Address | None = None
    shipping_method: str = ""
    note: str = ""
    gift_message: str = ""
    po_number: str = ""
    payment_term: str = ""
    sales_representative: str = ""
    invoice_number: str = ""
    attributes: dict[str, str] = {}
    weight_kg: float = 0.0
    store: str = ""
    channel: str = ""
    paid_at: Instant | None = None
    completed_at: Instant | None = None
    cancelled_at: Instant | None = None
    due_at: Instant | None = None
    ship_until: Day = ""


class ShipmentChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`shipment.created`, `shipment.updated`, `shipment.delivered`.

    `shipment.created` says that a parcel has left. What is no parcel or has not left yet is `shipment.updated`, with
    `kind` telling what it is: `parcel`, `pickup` (handed over or to be collected), `digital` (a gift card, a download),
    empty where the platform does not say. `tracks` are all parcels of it; `tracking_number`, `tracking_url` and
    `carrier` the first one's. `origin` is the warehouse, `scan_location` where the carrier saw it last.
    """

    customer: Buyer
    shipment_id: str = ""
    order_id: str = ""
    order_number: str = ""
    status: str = ""
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    items: list[Item] = []
    address: Address | None = None
    contact: EventContact | None = None
    kind: str = ""
    tracks: list[Track] = []
    origin: str = ""
    scan_location: str = ""
    comment: str = ""
    shipped_at: Instant | None = None
    estimated_at: Instant | None = None
    delivered_at: Instant | None = None
    weight_kg: float = 0.0
    cost: Money | None = None
    test: bool = False
    notify_customer: bool = True
    store: str = ""


class RefundCreated(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`refund.created`: money went back to the customer. `total` is what was paid back, never what is still pending."""

    customer: Buyer
    refund_id: str = ""
    order_id: str = ""
    total: Money | None = None
    reason: str = ""
    items: list[Item] = []
    contact: EventContact | None = None
    order_number: str = ""
    payment_method: str = ""
    shipping: Money | None = None
    fee: Money | None = None
    test: bool = False
    notify_customer: bool = True
    store: str = ""


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
    contact: EventContact | None = None
    fee: Money | None = None
    test: bool = False
    store: str = ""


class StockChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`product.stock_changed`, `product.restocked`.

    `available` is `None` where the shop does not track it; then `in_stock` may say whether it can be bought. `title` is
    the product's, `variant` the variant's. `location` is the warehouse that is meant; empty: all together.
    """

    product_id: str = ""
    variant_id: str = ""
    inventory_item_id: str = ""
    sku: str = ""
    title: str = ""
    available: Level | None = None
    previous: Level | None = None
    price: Money | None = None
    url: str = ""
    variant: str = ""
    image_url: str = ""
    in_stock: bool | None = None
    backorders: bool = False
    low_threshold: Level | None = None
    location: str = ""
    store: str = ""


class ProductChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`product.created`, `.updated`, `.price_changed`, `.deleted`: the product as it is now.

    On `product.price_changed` `variant_id`, `price` and `previous_price` are those of the variant whose price changed.
    `list_price` is the price before a reduction that the shop shows.
    """

    product_id: str = ""
    variant_id: str = ""
    sku: str = ""
    title: str = ""
    variant: str = ""
    description: str = ""
    url: str = ""
    image_url: str = ""
    images: list[str] = []
    categories: list[str] = []
    vendor: str = ""
    tags: list[str] = []
    status: str = ""
    price: Money | None = None
    previous_price: Money | None = None
    list_price: Money | None = None
    in_stock: bool | None = None
    variants: list[Variant] = []
    store: str = ""


class ProductRequested(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`back_in_stock.requested`, `price_drop.requested`: a customer wants to hear of a product."""

    customer: Buyer
    product_id: str = ""
    variant_id: str = ""
    sku: str = ""
    title: str = ""
    variant: str = ""
    url: str = ""
    image_url: str = ""
    price: Money | None = None
    target_price: Money | None = None
    channels: list[str] = []
    form_url: str = ""


class SubscriptionChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`subscription.created`, `.updated`, `.cancelled`, `.billed`, `.billing_failed`."""

    customer: Buyer
    subscription_id: str
    status: str = ""
    interval: str = ""
    order_id: str = ""
    next_billing_at: Instant | None = None
    total: Money | None = None
    contact: EventContact | None = None
    number: str = ""
    previous_status: str = ""
    items: list[Item] = []
    payment_method: str = ""
    error: str = ""
    trial_ends_at: Instant | None = None
    last_payment_at: Instant | None = None
    ends_at: Instant | None = None
    store: str = ""


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
    contact: EventContact | None = None
    po_number: str = ""
    ship_until: Day = ""
    sales_representative: str = ""
    store: str = ""


class InvoiceChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`invoice.created`, `.paid`, `.overdue`, `.cancelled`. `due` is what is still to be paid, until `due_at`."""

    customer: Buyer
    invoice_id: str = ""
    order_id: str = ""
    order_number: str = ""
    number: str = ""
    status: str = ""
    contact: EventContact | None = None
    items: list[Item] = []
    total: Money | None = None
    due: Money | None = None
    due_at: Instant | None = None
    url: str = ""
    po_number: str = ""
    store: str = ""


class PaymentChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`payment.received`, `payment.failed`: one payment of an order, an invoice or a subscription."""

    customer: Buyer
    payment_id: str = ""
    order_id: str = ""
    order_number: str = ""
    invoice_id: str = ""
    subscription_id: str = ""
    status: str = ""
    method: str = ""
    method_title: str = ""
    error: str = ""
    total: Money | None = None
    due: Money | None = None
    contact: EventContact | None = None
    retry_url: str = ""
    test: bool = False
    store: str = ""


class DisputeChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`dispute.opened`, `.updated`, `.closed`: a payment is contested; evidence is wanted until `evidence_due_at`."""

    customer: Buyer
    dispute_id: str = ""
    order_id: str = ""
    order_number: str = ""
    kind: str = ""
    status: str = ""
    reason: str = ""
    total: Money | None = None
    evidence_due_at: Instant | None = None
    contact: EventContact | None = None
    store: str = ""


class CouponChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`coupon.created`, `.updated`, `.deleted`, `.redeemed`, `.expired`.

    `customer` is whose coupon it is, or who redeemed it; it may say nothing, then the event is the shop's own.
    `kind` is `percent`, `amount` or `free_shipping`.
    """

    customer: Buyer = Buyer()
    coupon_id: str = ""
    code: str = ""
    kind: str = ""
    percent: float = 0.0
    amount: Money | None = None
    minimum: Money | None = None
    starts_at: Instant | None = None
    expires_at: Instant | None = None
    usage_limit: Count | None = None
    used: Count | None = None
    order_id: str = ""
    description: str = ""
    products: list[str] = []
    categories: list[str] = []
    store: str = ""


class CustomerMerged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.merged`: `customer` was kept, and all that is known of `merged` is the kept one's from now on."""

    customer: Buyer
    merged: list[Buyer] = []


class CustomerSeen(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.logged_in`: a customer signed in to the shop."""

    customer: Buyer
    url: str = ""
    store: str = ""


class PrivacyRequested(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.data_requested`, `customer.redacted`: a person's right under GDPR Art. 15 and 17."""

    customer: Buyer
    order_ids: list[str] = []
    request_id: str = ""


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
    | InvoiceChanged
    | PaymentChanged
    | DisputeChanged
    | CouponChanged
    | ProductChanged
    | ProductRequested
    | CustomerMerged
    | CustomerSeen
    | PrivacyRequested
    | ShopChanged
)

EVENT_TYPES: dict[str, type[Payload]] = {
    "customer.created": CustomerChanged,
    "customer.updated": CustomerChanged,
    "customer.deleted": CustomerChanged,
    "customer.merged": CustomerMerged,
    "customer.logged_in": CustomerSeen,
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
    "order.deleted": OrderChanged,
    "invoice.created": InvoiceChanged,
    "invoice.paid": InvoiceChanged,
    "invoice.overdue": InvoiceChanged,
    "invoice.cancelled": InvoiceChanged,
    "payment.received": PaymentChanged,
    "payment.failed": PaymentChanged,
    "dispute.opened": DisputeChanged,
    "dispute.updated": DisputeChanged,
    "dispute.closed": DisputeChanged,
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
    "product.created": ProductChanged,
    "product.updated": ProductChanged,
    "product.price_changed": ProductChanged,
    "product.deleted": ProductChanged,
    "back_in_stock.requested": ProductRequested,
    "price_drop.requested": ProductRequested,
    "coupon.created": CouponChanged,
    "coupon.updated": CouponChanged,
    "coupon.deleted": CouponChanged,
    "coupon.redeemed": CouponChanged,
    "coupon.expired": CouponChanged,
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
