"""Which record of PrestaShop is read by what, and what it can make. The topic is signed with the body."""

from collections.abc import Mapping
from types import MappingProxyType

from relevo_ingest.connectors.module_connector import Topic
from relevo_ingest.connectors.prestashop import customers, orders, products
from relevo_ingest.connectors.prestashop.shapes import (
    CartShape,
    CustomerShape,
    NewsletterShape,
    OrderShape,
    ProductShape,
    ReturnShape,
    SlipShape,
    StockShape,
)
from relevo_ingest.core.shop_events import reader

_ORDER = ("order.placed", "order.paid", "order.cancelled", "order.status_changed")
_SHIPMENT = ("shipment.created", "shipment.updated", "shipment.delivered")
_RETURN = ("return.requested", "return.approved", "return.received", "return.declined", "return.closed")
_CUSTOMER = ("customer.created", "customer.updated", "customer.deleted", "consent.changed")
_STOCK = ("product.stock_changed", "product.restocked")
_PRODUCT = ("product.created", "product.updated", "product.price_changed")

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "customer": Topic(reader("customer", CustomerShape, customers.customer), _CUSTOMER),
        "newsletter": Topic(reader("newsletter", NewsletterShape, customers.newsletter), ("consent.changed",)),
        "product": Topic(reader("product", ProductShape, products.product), (*_PRODUCT, *_STOCK)),
        "stock_available": Topic(reader("stock_available", StockShape, products.stock), _STOCK),
        "cart": Topic(reader("cart", CartShape, customers.cart), ("cart.updated",)),
        "order": Topic(reader("order", OrderShape, orders.order), (*_ORDER, *_SHIPMENT)),
        "order_slip": Topic(reader("order_slip", SlipShape, orders.slip), ("refund.created",)),
        "order_return": Topic(reader("order_return", ReturnShape, orders.returned), _RETURN),
    }
)
"""Every kind of record that is read."""
