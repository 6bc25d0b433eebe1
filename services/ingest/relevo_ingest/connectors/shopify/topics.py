"""Which Shopify topic is read by what. A topic that is not here has no canonical event, and the answer says why."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from relevo_ingest.connectors.shopify import (
    checkouts,
    compliance,
    consents,
    customers,
    draft_orders,
    fulfilments,
    orders,
    payments,
    products,
    refunds,
    returns,
    stock,
    subscriptions,
)
from relevo_ingest.core.drafts import NoEvent, Reading, ShopContext

Reader = Callable[[bytes, ShopContext], Reading]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "carts/create": checkouts.cart,
        "carts/update": checkouts.cart,
        "checkouts/create": checkouts.started,
        "checkouts/update": checkouts.updated,
        "orders/create": orders.placed,
        "orders/paid": orders.paid,
        "orders/cancelled": orders.cancelled,
        "orders/updated": orders.changed,
        "orders/fulfilled": orders.fulfilled,
        "orders/partially_fulfilled": orders.fulfilled,
        "orders/edited": orders.edited,
        "orders/delete": orders.deleted,
        "draft_orders/create": draft_orders.created,
        "draft_orders/update": draft_orders.updated,
        "draft_orders/delete": draft_orders.deleted,
        "order_transactions/create": payments.transaction,
        "disputes/create": payments.opened,
        "disputes/update": payments.dispute_updated,
        "fulfillments/create": fulfilments.created,
        "fulfillments/update": fulfilments.updated,
        "fulfillment_events/create": fulfilments.carrier_event,
        "customers/create": customers.created,
        "customers/update": customers.updated,
        "customers/enable": customers.updated,
        "customers/disable": customers.updated,
        "customers/delete": customers.deleted,
        "customers/merge": customers.merged,
        "customers/purchasing_summary": customers.purchasing_summary,
        "customer.tags_added": customers.tags_added,
        "customer.tags_removed": customers.tags_removed,
        "customers_email_marketing_consent/update": consents.email_consent,
        "customers_marketing_consent/update": consents.sms_consent,
        "refunds/create": refunds.refunded,
        "returns/request": returns.returned("return.requested"),
        "returns/approve": returns.returned("return.approved"),
        "returns/decline": returns.returned("return.declined"),
        "returns/process": returns.returned("return.received"),
        "returns/close": returns.returned("return.closed"),
        "returns/cancel": returns.returned("return.closed"),
        "returns/reopen": returns.reopened,
        "inventory_levels/connect": stock.level,
        "inventory_levels/update": stock.level,
        "variants/in_stock": stock.in_stock,
        "variants/out_of_stock": stock.out_of_stock,
        "products/create": products.created,
        "products/update": products.updated,
        "products/delete": products.deleted,
        "subscription_contracts/create": subscriptions.contract("subscription.created"),
        "subscription_contracts/update": subscriptions.contract("subscription.updated"),
        "subscription_contracts/activate": subscriptions.contract("subscription.updated"),
        "subscription_contracts/pause": subscriptions.contract("subscription.updated"),
        "subscription_contracts/expire": subscriptions.contract("subscription.updated"),
        "subscription_contracts/fail": subscriptions.contract("subscription.updated"),
        "subscription_contracts/cancel": subscriptions.contract("subscription.cancelled"),
        "subscription_billing_attempts/success": subscriptions.attempt("subscription.billed", "success"),
        "subscription_billing_attempts/failure": subscriptions.attempt("subscription.billing_failed", "failure"),
        "subscription_billing_attempts/challenged": subscriptions.attempt("subscription.updated", "challenged"),
        "app/uninstalled": compliance.shop_disconnected,
        "customers/data_request": compliance.data_requested,
        "customers/redact": compliance.customer_redacted,
        "shop/redact": compliance.shop_redacted,
    }
)

_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "returns/update": "it names neither the order nor what became of the return",
        "returns": "this step of a return changes nothing for the customer",
        "shop": "the shop's own details are kept by `relevo shops`",
        "segments": "segments are rules of Relevo's own workflows",
    }
)


def canonical_topic(topic: str) -> str:
    """A topic as it is looked up: header values come in any case."""
    return topic.strip().lower()


def is_known(topic: str) -> bool:
    """Whether `topic` (in lower case) is one that is read, or of which is known why it is not."""
    return topic in READERS or topic in _REASONS


def read(topic: str, body: bytes, shop: ShopContext) -> Reading:
    """The drafts of a webhook, or why it has no event. Raises `InvalidPayload`."""
    name = canonical_topic(topic)
    reader = READERS.get(name)
    if reader is not None:
        return reader(body, shop)
    family = name.partition("/")[0]
    reason = _REASONS.get(name) or _REASONS.get(family) or "no canonical event is made of this topic"
    return NoEvent(f"{name}: {reason}")
