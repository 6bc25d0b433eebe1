"""Which WooCommerce topic is read by what, what it can make, and what its body looks like.

Source: wc-webhook-functions.php (the topics), class-wc-webhook.php `build_payload` (of what is deleted the id alone).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from relevo_ingest.connectors.woocommerce import coupons, customers, orders, products, subscriptions
from relevo_ingest.core.drafts import NoEvent, Reading, ShopContext
from relevo_ingest.core.evidence import Evidence, Marks, foreign_marks, shape_mismatch

Reader = Callable[[bytes, ShopContext], Reading]


class Topic(Struct, frozen=True):
    """One topic: what reads it, what its body looks like, which events it can make."""

    read: Reader
    evidence: Evidence
    events: tuple[str, ...]


_MARKS: Marks = MappingProxyType(
    {
        "order": ("cart_hash", "transaction_id"),
        "customer": ("is_paying_customer", "avatar_url", "username"),
        "product": ("catalog_visibility", "stock_status", "permalink"),
        "coupon": ("discount_type", "usage_count"),
        "subscription": ("billing_period", "next_payment_date_gmt"),
        "refund": ("refunded_by", "refunded_payment"),
        "action": ("arg",),
        "deletion": (),
    }
)
"""Fields that only one kind of body has. Of refunds and actions nothing is read, but a shop signs actions as well."""
_FOREIGN = foreign_marks(_MARKS)

_ORDER = Evidence(family="order", has=("id", "status"), names=("order_key", "line_items", "billing"))
_CUSTOMER = Evidence(family="customer", has=("id",), names=("email", "role"), never=("order_key", "type"))
_PRODUCT = Evidence(family="product", has=("id",), names=("stock_status", "price"), never=("order_key", "email"))
_COUPON = Evidence(family="coupon", has=("id", "discount_type"), names=("code", "amount"))
_SUBSCRIPTION = Evidence(family="subscription", has=("id", "status", "billing_period"), names=("line_items",))
_DELETION = Evidence(family="deletion", has=("id",))

_ACCOUNT = ("customer.created", "customer.updated")
_SHIPMENTS = ("shipment.created", "shipment.updated", "shipment.delivered")
_CHANGES = ("order.paid", "order.cancelled", *_SHIPMENTS, "refund.created", "payment.failed")
_PRODUCT_CHANGES = ("product.updated", "product.price_changed", "product.restocked", "product.stock_changed")
_SUBSCRIPTION_CHANGES = ("subscription.updated", "subscription.billed", "subscription.cancelled")

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "order.created": Topic(orders.created, _ORDER, ("order.placed", "order.status_changed", *_CHANGES)),
        "order.updated": Topic(orders.updated, _ORDER, ("order.status_changed", "order.placed", *_CHANGES)),
        "order.restored": Topic(orders.restored, _ORDER, ("order.status_changed", "order.placed", *_CHANGES)),
        "order.deleted": Topic(orders.deleted, _DELETION, ("order.deleted",)),
        "customer.created": Topic(customers.saved, _CUSTOMER, _ACCOUNT),
        "customer.updated": Topic(customers.saved, _CUSTOMER, _ACCOUNT),
        "customer.deleted": Topic(customers.deleted, _DELETION, ("customer.deleted",)),
        "product.created": Topic(products.created, _PRODUCT, ("product.created", *_PRODUCT_CHANGES)),
        "product.updated": Topic(products.updated, _PRODUCT, _PRODUCT_CHANGES),
        "product.restored": Topic(products.restored, _PRODUCT, _PRODUCT_CHANGES),
        "product.deleted": Topic(products.deleted, _DELETION, ("product.deleted",)),
        "coupon.created": Topic(coupons.created, _COUPON, ("coupon.created",)),
        "coupon.updated": Topic(coupons.updated, _COUPON, ("coupon.updated",)),
        "coupon.restored": Topic(coupons.restored, _COUPON, ("coupon.updated",)),
        "coupon.deleted": Topic(coupons.deleted, _DELETION, ("coupon.deleted",)),
        "subscription.created": Topic(subscriptions.created, _SUBSCRIPTION, ("subscription.created",)),
        "subscription.updated": Topic(subscriptions.updated, _SUBSCRIPTION, _SUBSCRIPTION_CHANGES),
        "subscription.switched": Topic(subscriptions.updated, _SUBSCRIPTION, _SUBSCRIPTION_CHANGES),
        "subscription.deleted": Topic(subscriptions.deleted, _DELETION, ("subscription.cancelled",)),
    }
)
"""Every topic that is read."""

_ACTION = "action."


def mismatch(topic: str, body: Mapping[str, Any]) -> str | None:
    """Why `body` can't be one of `topic`; `None` if nothing speaks against it, or if the topic is not read."""
    known = TOPICS.get(topic)
    if known is None:
        return None
    if known.evidence is _DELETION and (more := next((name for name in body if name != "id"), None)):
        return f"a body of {topic} has nothing but 'id', this one has {more[:40]!r}"
    return shape_mismatch(topic, known.evidence, _FOREIGN, body)


def read(topic: str, body: bytes, shop: ShopContext) -> Reading:
    """The drafts of a webhook, or why it has no event. Raises `InvalidPayload`."""
    known = TOPICS.get(topic)
    if known is not None:
        return known.read(body, shop)
    if topic.startswith(_ACTION):
        return NoEvent(f"{topic}: an action has its argument only; use the topics of the order, customer or product")
    return NoEvent(f"{topic}: no canonical event is made of this topic")
