"""Which events each Shopify topic can make, for the catalogue. A test compares it with what the readers make."""

from collections.abc import Mapping
from types import MappingProxyType

_CUSTOMER = ("customer.updated",)
_SHIPMENT = ("shipment.created", "shipment.updated", "shipment.delivered")
_QUOTE = ("quote.requested", "quote.sent", "quote.accepted")
_STOCK = ("product.stock_changed",)

EVENTS_BY_TOPIC: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "carts/create": ("cart.updated",),
        "carts/update": ("cart.updated",),
        "checkouts/create": ("checkout.started",),
        "checkouts/update": ("checkout.updated",),
        "orders/create": ("order.placed",),
        "orders/paid": ("order.paid",),
        "orders/cancelled": ("order.cancelled",),
        "orders/updated": ("order.status_changed", "refund.created"),
        "orders/fulfilled": ("order.status_changed",),
        "orders/partially_fulfilled": ("order.status_changed",),
        "orders/edited": (),
        "orders/delete": ("order.deleted",),
        "draft_orders/create": _QUOTE,
        "draft_orders/update": _QUOTE,
        "draft_orders/delete": ("quote.expired",),
        "order_transactions/create": ("payment.failed", "payment.received", "refund.created"),
        "disputes/create": ("dispute.opened",),
        "disputes/update": ("dispute.updated", "dispute.closed"),
        "fulfillments/create": _SHIPMENT,
        "fulfillments/update": _SHIPMENT,
        "fulfillment_events/create": ("shipment.updated", "shipment.delivered"),
        "customers/create": ("customer.created", "consent.changed"),
        "customers/update": (*_CUSTOMER, "consent.changed"),
        "customers/enable": (*_CUSTOMER, "consent.changed"),
        "customers/disable": (*_CUSTOMER, "consent.changed"),
        "customers/delete": ("customer.deleted", "consent.changed"),
        "customers/merge": ("customer.merged",),
        "customers/purchasing_summary": _CUSTOMER,
        "customer.tags_added": _CUSTOMER,
        "customer.tags_removed": _CUSTOMER,
        "customers_email_marketing_consent/update": ("consent.changed",),
        "customers_marketing_consent/update": ("consent.changed",),
        "refunds/create": ("refund.created",),
        "returns/request": ("return.requested",),
        "returns/approve": ("return.approved",),
        "returns/decline": ("return.declined",),
        "returns/process": ("return.received",),
        "returns/close": ("return.closed",),
        "returns/cancel": ("return.closed",),
        "returns/reopen": (),
        "inventory_levels/connect": _STOCK,
        "inventory_levels/update": _STOCK,
        "variants/in_stock": ("product.restocked", *_STOCK),
        "variants/out_of_stock": _STOCK,
        "products/create": ("product.created", *_STOCK),
        "products/update": ("product.updated", "product.price_changed", *_STOCK),
        "products/delete": ("product.deleted",),
        "subscription_contracts/create": ("subscription.created",),
        "subscription_contracts/update": ("subscription.updated",),
        "subscription_contracts/activate": ("subscription.updated",),
        "subscription_contracts/pause": ("subscription.updated",),
        "subscription_contracts/expire": ("subscription.updated",),
        "subscription_contracts/fail": ("subscription.updated",),
        "subscription_contracts/cancel": ("subscription.cancelled",),
        "subscription_billing_attempts/success": ("subscription.billed",),
        "subscription_billing_attempts/failure": ("subscription.billing_failed",),
        "subscription_billing_attempts/challenged": ("subscription.updated",),
        "app/uninstalled": ("shop.disconnected",),
        "customers/data_request": ("customer.data_requested",),
        "customers/redact": ("customer.redacted",),
        "shop/redact": ("shop.redacted",),
    }
)
"""The events of each topic that is read; a topic that only teaches something has none."""
