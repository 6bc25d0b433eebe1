"""Which event of Adobe Commerce is read by what, and what it can make. Source: events-reference.md."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from relevo_ingest.connectors.adobe_commerce import carts, customers, invoices, orders, products, shipments
from relevo_ingest.connectors.adobe_commerce.message import Message, message
from relevo_ingest.core.drafts import NoEvent, Reading, ShopContext

Reader = Callable[[Message, ShopContext], Reading]


class Topic(Struct, frozen=True):
    """One event: what reads it, which events it can make."""

    read: Reader
    events: tuple[str, ...]


_ORDER = Topic(orders.saved, ("order.placed", "order.paid", "order.cancelled", "order.status_changed"))
_CUSTOMER = Topic(customers.saved, ("customer.created", "customer.updated"))
_PRODUCT = Topic(
    products.saved,
    ("product.created", "product.updated", "product.price_changed", "product.restocked", "product.stock_changed"),
)
_RETURN = Topic(
    invoices.returned,
    ("return.requested", "return.approved", "return.received", "return.declined", "return.closed"),
)

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "observer.sales_order_save_commit_after": _ORDER,
        "observer.sales_order_save_after": _ORDER,
        "observer.checkout_submit_all_after": Topic(orders.submitted, _ORDER.events),
        "plugin.sales.api.order_management.place": Topic(orders.placed, _ORDER.events),
        "observer.sales_order_invoice_save_after": Topic(
            invoices.invoiced, ("invoice.created", "invoice.paid", "invoice.cancelled")
        ),
        "observer.sales_order_creditmemo_save_after": Topic(invoices.refunded, ("refund.created",)),
        "observer.sales_order_shipment_save_after": Topic(shipments.saved, ("shipment.created", "shipment.updated")),
        "observer.sales_order_shipment_track_save_after": Topic(shipments.tracked, ("shipment.updated",)),
        "observer.rma_save_commit_after": _RETURN,
        "observer.rma_save_after": _RETURN,
        "observer.sales_quote_save_after": Topic(carts.saved, ("cart.updated",)),
        "observer.checkout_cart_product_add_after": Topic(carts.product_added, ("cart.updated",)),
        "observer.customer_save_commit_after": _CUSTOMER,
        "observer.customer_save_after": _CUSTOMER,
        "observer.customer_register_success": Topic(customers.registered, ("customer.created",)),
        "observer.customer_login": Topic(customers.signed_in, ("customer.logged_in",)),
        "observer.customer_delete_commit_after": Topic(customers.deleted, ("customer.deleted",)),
        "observer.newsletter_subscriber_save_commit_after": Topic(customers.subscribed, ("consent.changed",)),
        "observer.company_save_commit_after": Topic(customers.company, ("customer.created", "customer.updated")),
        "observer.catalog_product_save_commit_after": _PRODUCT,
        "observer.catalog_product_save_after": _PRODUCT,
        "observer.catalog_product_delete_commit_after": Topic(products.deleted, ("product.deleted",)),
        "observer.cataloginventory_stock_item_save_commit_after": Topic(
            products.stock_changed, ("product.restocked", "product.stock_changed")
        ),
    }
)
"""Every event that is read."""

_BACK_OFFICE = "be-observer."


def read(topic: str, body: bytes, shop: ShopContext) -> Reading:
    """The drafts of an event, or why it has none. Raises `InvalidPayload`."""
    known = TOPICS.get(topic)
    if known is not None:
        return known.read(message(body), shop)
    if topic.startswith(_BACK_OFFICE):
        return NoEvent(f"{topic}: a back office tells it to the shop; what the shop makes of it is told by the shop")
    return NoEvent(f"{topic}: no canonical event is made of this event")
