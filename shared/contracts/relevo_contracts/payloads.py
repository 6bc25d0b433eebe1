"""The payloads of the canonical shop events: what a workflow may name as `event.…`.

Rules for every payload:

- Money is decimal text with its currency, never a float (`Money`).
- Instants are RFC 3339 with a zone, always sent in UTC (`datetime`, aware).
- An unknown value is absent or `None`; an empty string means that the shop said "empty".
- Fields are only ever added, with a default; `tests/contracts` holds the published schemas to that.
"""

from relevo_contracts.goods import ProductChanged, ProductRequested, StockChanged
from relevo_contracts.parts import (
    Address,
    Buyer,
    Campaign,
    Count,
    Currency,
    Day,
    DecimalText,
    EventContact,
    Instant,
    Item,
    Level,
    Money,
    Quantity,
    Track,
    Transaction,
    Variant,
)
from relevo_contracts.people import (
    ConsentChanged,
    ConsentRequested,
    CustomerChanged,
    CustomerMerged,
    CustomerSeen,
    CustomEvent,
    FormSubmitted,
    PageViewed,
    PrivacyRequested,
    PushChanged,
    SearchPerformed,
    ShopChanged,
    WishlistUpdated,
)
from relevo_contracts.sales import (
    CartUpdated,
    CheckoutChanged,
    CouponChanged,
    CouponPoolChanged,
    DisputeChanged,
    InvoiceChanged,
    OrderChanged,
    PaymentChanged,
    QuoteChanged,
    RefundCreated,
    ReturnChanged,
    ShipmentChanged,
    SubscriptionChanged,
)
from relevo_contracts.sending import MessageChanged, MessageEngagement, MessageReceived, SurveyAnswered

__all__ = [
    "EVENT_TYPES",
    "Address",
    "Buyer",
    "Campaign",
    "CartUpdated",
    "CheckoutChanged",
    "ConsentChanged",
    "ConsentRequested",
    "Count",
    "CouponChanged",
    "CouponPoolChanged",
    "Currency",
    "CustomEvent",
    "CustomerChanged",
    "CustomerMerged",
    "CustomerSeen",
    "Day",
    "DecimalText",
    "DisputeChanged",
    "EventContact",
    "FormSubmitted",
    "Instant",
    "InvoiceChanged",
    "Item",
    "Level",
    "MessageChanged",
    "MessageEngagement",
    "MessageReceived",
    "Money",
    "OrderChanged",
    "PageViewed",
    "Payload",
    "PaymentChanged",
    "PrivacyRequested",
    "ProductChanged",
    "ProductRequested",
    "PushChanged",
    "Quantity",
    "QuoteChanged",
    "RefundCreated",
    "ReturnChanged",
    "SearchPerformed",
    "ShipmentChanged",
    "ShopChanged",
    "StockChanged",
    "SubscriptionChanged",
    "SurveyAnswered",
    "Track",
    "Transaction",
    "Variant",
    "WishlistUpdated",
]

Payload = (
    CustomerChanged
    | ConsentChanged
    | ConsentRequested
    | PageViewed
    | SearchPerformed
    | WishlistUpdated
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
    | CouponPoolChanged
    | ProductChanged
    | ProductRequested
    | MessageChanged
    | MessageEngagement
    | MessageReceived
    | SurveyAnswered
    | CustomerMerged
    | CustomerSeen
    | PrivacyRequested
    | PushChanged
    | ShopChanged
    | CustomEvent
)

EVENT_TYPES: dict[str, type[Payload]] = {
    "customer.created": CustomerChanged,
    "customer.updated": CustomerChanged,
    "customer.deleted": CustomerChanged,
    "customer.merged": CustomerMerged,
    "customer.logged_in": CustomerSeen,
    "customer.data_requested": PrivacyRequested,
    "customer.redacted": PrivacyRequested,
    "consent.requested": ConsentRequested,
    "consent.changed": ConsentChanged,
    "page.viewed": PageViewed,
    "push.subscribed": PushChanged,
    "push.unsubscribed": PushChanged,
    "search.performed": SearchPerformed,
    "wishlist.updated": WishlistUpdated,
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
    "coupons.low": CouponPoolChanged,
    "coupons.refilled": CouponPoolChanged,
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
    "message.delivered": MessageChanged,
    "message.bounced": MessageChanged,
    "message.complained": MessageChanged,
    "message.opened": MessageEngagement,
    "message.clicked": MessageEngagement,
    "message.scanned": MessageEngagement,
    "message.received": MessageReceived,
    "survey.answered": SurveyAnswered,
    "shop.disconnected": ShopChanged,
    "shop.redacted": ShopChanged,
}
"""Every canonical event type and its payload. An event's type says what happened, in the past tense."""

_OF_MESSAGES = (one for one in EVENT_TYPES if one.startswith("message."))
_OF_CODES = ("coupon.redeemed", "coupon.expired", "coupons.low", "coupons.refilled")
SAID_BY_RELEVO = frozenset((*_OF_MESSAGES, "survey.answered", *_OF_CODES))
"""What Relevo tells of itself: its messages, its surveys, the codes of its workflows. No shop has to send it."""
