"""Which record of Magento is read by what, and what it can make. The topic is signed with the body."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from relevo_ingest.connectors.magento import orders, people, products, shapes
from relevo_ingest.core import shop_events
from relevo_ingest.core.drafts import NoEvent, Reading, ShopContext
from relevo_ingest.core.shop_events import reader

Reader = Callable[[bytes, ShopContext], Reading]


class Topic(Struct, frozen=True):
    """One kind of record: what reads it, which events it can make."""

    read: Reader
    events: tuple[str, ...]


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


def mismatch(topic: str, body: bytes) -> str | None:
    """Why `body` can't be one of `topic`; `None` if nothing speaks against it, or if the topic is not read."""
    return shop_events.mismatch(topic, body) if topic in TOPICS else None


def read(topic: str, body: bytes, shop: ShopContext) -> Reading:
    """The drafts of a message, or why it has no event. Raises `InvalidPayload`."""
    known = TOPICS.get(topic)
    return known.read(body, shop) if known else NoEvent(f"{topic}: no canonical event is made of this record")
