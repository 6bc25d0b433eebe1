"""Which record of Magento is read by what, and what it can make. The topic is signed with the body."""

from collections.abc import Mapping
from types import MappingProxyType

from relevo_ingest.connectors.magento import orders, people, products, shapes
from relevo_ingest.connectors.module_connector import Topic
from relevo_ingest.core.shop_events import reader

_ORDER = ("order.placed", "order.paid", "order.cancelled", "order.status_changed")
_INVOICE = ("invoice.created", "invoice.paid", "invoice.cancelled")
_CUSTOMER = ("customer.created", "customer.updated", "consent.changed")
_CART = ("cart.updated", "checkout.started", "checkout.updated")
_STOCK = ("product.stock_changed", "product.restocked")
_PRODUCT = ("product.created", "product.updated", "product.price_changed")

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "customer": Topic(reader("customer", shapes.CustomerShape, people.customer), _CUSTOMER),
        "subscriber": Topic(reader("subscriber", shapes.SubscriberShape, people.subscriber), ("consent.changed",)),
        "product": Topic(reader("product", shapes.ProductShape, products.product), (*_PRODUCT, *_STOCK)),
        "stock_item": Topic(reader("stock_item", shapes.StockItemShape, products.stock), _STOCK),
        "cart": Topic(reader("cart", shapes.CartShape, people.cart), _CART),
        "order": Topic(reader("order", shapes.OrderShape, orders.order), _ORDER),
        "invoice": Topic(reader("invoice", shapes.InvoiceShape, orders.invoice), _INVOICE),
        "shipment": Topic(
            reader("shipment", shapes.ShipmentShape, orders.shipment), ("shipment.created", "shipment.updated")
        ),
        "creditmemo": Topic(reader("creditmemo", shapes.CreditMemoShape, orders.credit_memo), ("refund.created",)),
    }
)
"""Every kind of record that is read."""
