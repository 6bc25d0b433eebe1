"""One example of the data of each event type, as a sender would write it: for the documents, and for whoever tries.

Plain JSON values. A test holds each to its type, strictly; the catalogue and the OpenAPI documents show them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from relevo_contracts.payloads import EVENT_TYPES

Data = dict[str, Any]


def example(event_type: str) -> Data:
    """The data of an example of `event_type`. Raises `KeyError` for a type that there is not."""
    payload = EVENT_TYPES[event_type]
    family = event_type.partition(".")[0]
    return {**(_BASE.get(payload.__name__) or {}), **_FAMILY.get(family, {}), **_OF_TYPE.get(event_type, {})}


def cloud_event(event_type: str, number: int = 1) -> Data:
    """The example as a CloudEvent, ready to be posted. Without a time it happened when it arrives."""
    return {
        "specversion": "1.0",
        "id": f"{event_type}-{number}",
        "source": "my-shop",
        "type": event_type,
        "data": example(event_type),
    }


def _euros(amount: str) -> Data:
    return {"amount": amount, "currency": "EUR"}


_ANA: Data = {"id": "7300000000101", "email": "ana@example.com", "first_name": "Ana", "locale": "es-ES"}
_TEAPOT: Data = {
    "title": "Teapot",
    "quantity": 1,
    "product_id": "4100000000001",
    "sku": "TEA-POT-1",
    "price": _euros("42.00"),
}
_PRODUCT: Data = {
    "product_id": "4100000000001",
    "variant_id": "4200000000011",
    "sku": "TEA-POT-1",
    "title": "Teapot",
    "url": "https://tea.example.com/teapot",
}
_BY_ORDER: Data = {"order_id": "1001", "order_number": "#1001"}

_BASE: Mapping[str, Data] = MappingProxyType(
    {
        "CustomerChanged": {"customer": _ANA, "tags": ["wholesale"], "attributes": {"shoe_size": 39}},
        "CustomerMerged": {"customer": _ANA, "merged": [{"id": "7300000000102", "email": "ana@work.example.com"}]},
        "CustomerSeen": {"customer": _ANA, "url": "https://tea.example.com/account"},
        "ConsentChanged": {
            "customer": {"email": "ana@example.com"},
            "channel": "email",
            "state": "granted",
            "double_opt_in": True,
            "source": "footer-form",
            "wording": "Yes, send me offers by e-mail.",
            "form_url": "https://tea.example.com/",
        },
        "ConsentRequested": {
            "customer": {"email": "ana@example.com"},
            "request_id": "r-51",
            "contact": {"email": "ana@example.com", "locale": "es-ES"},
            "confirm_url": "https://relevo.tea.example.com/c/WyJjb25maXJtIiwidGVhIiwici01MSJd",
            "expires_at": "2026-03-09T08:00:00Z",
            "form": "footer",
            "form_url": "https://tea.example.com/",
            "wording": "Yes, send me offers by e-mail.",
            "wording_version": "2026-01",
        },
        "SearchPerformed": {"customer": {"anonymous_id": "b-1f0c"}, "query": "teapot", "results": 4},
        "WishlistUpdated": {"customer": {"anonymous_id": "b-1f0c"}, "added": [_TEAPOT]},
        "PageViewed": {
            "customer": {"anonymous_id": "b-1f0c"},
            "url": "https://tea.example.com/teapot",
            "title": "Teapot",
            "product_id": "4100000000001",
        },
        "MessageChanged": {
            "customer": {"email": "ana@example.com"},
            "delivery_id": "0198c2f0/remind/3",
            "provider": "ses",
            "permanent": True,
            "status": "5.1.1",
            "reason": "Permanent/General: 550 5.1.1 user unknown",
        },
        "MessageReceived": {
            "customer": {"phone": "+34600111222"},
            "contact": {"phone": "+34600111222"},
            "text": "Do you have it in blue?",
            "to": "+34600999888",
            "message_id": "SM0123456789abcdef0123456789abcdef",
            "provider": "twilio",
            "delivery_id": "0198c2f0/remind/3",
            "workflow": "abandoned-cart",
            "step": "remind",
        },
        "MessageEngagement": {
            "customer": {"email": "ana@example.com"},
            "delivery_id": "0198c2f0/remind/3",
            "run_id": "0198c2f0",
            "workflow": "abandoned-cart",
            "version": "0123456789abcdef",
            "step": "remind",
            "template": "reminder",
            "purpose": "marketing",
            "sent_at": "2026-03-02T07:00:00Z",
        },
        "SurveyAnswered": {
            "customer": {"email": "ana@example.com"},
            "survey": "satisfaction",
            "delivery_id": "0198c2f0/ask/3",
            "run_id": "0198c2f0",
            "workflow": "post-purchase",
            "version": "0123456789abcdef",
            "step": "ask",
            "template": "all-well",
            "sent_at": "2026-03-02T07:00:00Z",
            "answers": {"score": 2, "reasons": ["delivery"], "comment": "It came a week late."},
        },
        "FormSubmitted": {
            "customer": {"email": "ana@example.com"},
            "form": "contact",
            "fields": {"message": "Do you ship to Andorra?"},
        },
        "PushChanged": {
            "customer": {"anonymous_id": "b-1f0c"},
            "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk",
        },
        "PrivacyRequested": {"customer": _ANA, "request_id": "gdpr-7"},
        "ShopChanged": {"domain": "tea.example.com"},
        "CartUpdated": {"customer": _ANA, "cart_token": "c-81", "items": [_TEAPOT], "total": _euros("42.00")},
        "CheckoutChanged": {
            "customer": _ANA,
            "checkout_token": "k-92",
            "items": [_TEAPOT],
            "total": _euros("46.90"),
            "recover_url": "https://tea.example.com/checkout/k-92",
        },
        "OrderChanged": {
            "customer": _ANA,
            "order_id": "1001",
            "number": "#1001",
            "items": [_TEAPOT],
            "subtotal": _euros("42.00"),
            "shipping": _euros("4.90"),
            "total": _euros("46.90"),
            "contact": {"email": "ana@example.com"},
        },
        "ShipmentChanged": {
            "customer": _ANA,
            **_BY_ORDER,
            "shipment_id": "s-5",
            "kind": "parcel",
            "carrier": "Correos",
            "tracking_number": "PQ123456789ES",
            "tracking_url": "https://carrier.example.com/PQ123456789ES",
        },
        "RefundCreated": {"customer": _ANA, **_BY_ORDER, "refund_id": "r-3", "total": _euros("42.00")},
        "ReturnChanged": {"customer": _ANA, **_BY_ORDER, "return_id": "b-4", "items": [_TEAPOT]},
        "StockChanged": {**_PRODUCT, "available": 12, "previous": 0},
        "ProductChanged": {**_PRODUCT, "price": _euros("42.00"), "in_stock": True, "categories": ["Teapots"]},
        "ProductRequested": {"customer": {"email": "ana@example.com"}, **_PRODUCT, "channels": ["email"]},
        "CouponChanged": {"customer": _ANA, "code": "SPRING10", "kind": "percent", "percent": 10.0},
        "CouponPoolChanged": {"pool": "welcome", "left": 19, "warn_below": 20},
        "SubscriptionChanged": {
            "customer": _ANA,
            "subscription_id": "u-6",
            "status": "active",
            "interval": "month",
            "total": _euros("19.00"),
        },
        "QuoteChanged": {
            "customer": {"email": "ana@example.com", "company": "Café Ana"},
            "quote_id": "q-8",
            "items": [_TEAPOT | {"quantity": 40}],
            "total": _euros("1512.00"),
        },
        "InvoiceChanged": {
            "customer": _ANA,
            **_BY_ORDER,
            "invoice_id": "i-9",
            "number": "2026-0009",
            "total": _euros("46.90"),
            "due": _euros("46.90"),
            "due_at": "2026-03-16T00:00:00Z",
        },
        "PaymentChanged": {
            "customer": _ANA,
            **_BY_ORDER,
            "payment_id": "p-2",
            "method": "card",
            "total": _euros("46.90"),
        },
        "DisputeChanged": {
            "customer": _ANA,
            **_BY_ORDER,
            "dispute_id": "d-1",
            "kind": "chargeback",
            "total": _euros("46.90"),
            "evidence_due_at": "2026-03-20T00:00:00Z",
        },
    }
)
"""By payload: what every type that shares it has."""

_FAMILY: Mapping[str, Data] = MappingProxyType({"price_drop": {"target_price": _euros("35.00")}})

_OF_TYPE: Mapping[str, Data] = MappingProxyType(
    {
        "order.placed": {"payment_status": "pending", "placed_at": "2026-03-02T08:00:00Z"},
        "order.paid": {"payment_status": "paid", "paid_at": "2026-03-02T08:00:00Z"},
        "order.cancelled": {"cancel_reason": "customer", "cancelled_at": "2026-03-02T08:00:00Z"},
        "order.status_changed": {"fulfilment_status": "packed", "previous_fulfilment_status": "unfulfilled"},
        "checkout.updated": {"completed_at": "2026-03-02T08:00:00Z"},
        "shipment.created": {"shipped_at": "2026-03-02T08:00:00Z"},
        "shipment.updated": {"status": "in_transit", "scan_location": "Zaragoza"},
        "shipment.delivered": {"delivered_at": "2026-03-02T08:00:00Z"},
        "return.requested": {"reason": "too small"},
        "return.declined": {"status": "declined", "reason": "after 30 days"},
        "product.restocked": {"in_stock": True},
        "product.stock_changed": {"available": 3, "previous": 12, "low_threshold": 5},
        "product.price_changed": {"price": _euros("36.00"), "previous_price": _euros("42.00")},
        "push.subscribed": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
            "asked": True,
        },
        "coupon.redeemed": {"order_id": "1001", "used": 1},
        "coupon.expired": {"expires_at": "2026-03-02T00:00:00Z"},
        "coupons.refilled": {"left": 500},
        "subscription.cancelled": {"status": "cancelled", "previous_status": "active"},
        "subscription.billing_failed": {"error": "insufficient funds", "next_billing_at": "2026-03-05T08:00:00Z"},
        "quote.sent": {"number": "Q-8", "valid_until": "2026-03-31T00:00:00Z"},
        "invoice.paid": {"status": "paid", "due": _euros("0.00")},
        "payment.failed": {"error": "card declined", "retry_url": "https://tea.example.com/pay/1001"},
        "dispute.closed": {"status": "won"},
        "message.clicked": {"url": "https://tea.example.com/checkout/k-92"},
        "message.scanned": {"action": "clicked", "machine": "burst", "url": "https://tea.example.com/checkout/k-92"},
    }
)
"""By type: what tells it from its siblings."""
