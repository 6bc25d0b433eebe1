"""What happens from a cart to a delivered, paid or returned order: payloads, see `relevo_contracts.payloads`."""

from typing import Any

from msgspec import Struct

from relevo_contracts.parts import Address, Buyer, Count, Day, EventContact, Instant, Item, Money, Track, Transaction


class CartUpdated(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`cart.updated`: the whole cart after the change. `recover_url` is the link that brings it back on any device."""

    customer: Buyer
    cart_token: str
    items: list[Item] = []
    total: Money | None = None
    url: str = ""
    store: str = ""
    channel: str = ""
    recover_url: str = ""


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
    attributes: dict[str, Any] = {}
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
    attributes: dict[str, Any] = {}
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

    `shipment.created` says that a parcel has left. What is not a parcel or has not left yet is `shipment.updated`, with
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
    """`return.requested`, `.approved`, `.declined`, `.received`, `.closed`.

    `address` is where the parcel comes from, `weight_kg` what it weighs.
    """

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
    address: Address | None = None
    weight_kg: float = 0.0


class SubscriptionChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`subscription.created`, `.updated`, `.cancelled`, `.billed`, `.billing_failed`.

    `retry_url` is where the customer pays again, or changes how they pay.
    """

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
    retry_url: str = ""


class QuoteChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`quote.requested`, `.sent`, `.accepted`, `.declined`, `.expired`.

    `request_id` is the `quote_id` of the request that a quote of the shop answers. `order_id` is the order that an
    accepted quote has become, where the shop makes it.
    """

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
    request_id: str = ""
    order_id: str = ""


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


class CouponPoolChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`coupons.low`, `coupons.refilled`: a pool of codes has fewer than `warn_below` left, or so many again.

    The event is the shop's own, and about no customer.
    """

    pool: str
    left: Count
    warn_below: Count


class CouponChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`coupon.created`, `.updated`, `.deleted`, `.redeemed`, `.expired`.

    `customer` is whose coupon it is, or who redeemed it; it may say nothing, then the event is the shop's own.
    `kind` is `percent`, `amount` or `free_shipping`. `pool` and `workflow` are set where a workflow took the code for
    the customer (step `coupon`).
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
    pool: str = ""
    workflow: str = ""
