"""Which topic of OroCommerce is read by what, what it can make, and which resource it is about.

Source: WebhookConfigurationProvider (a topic is the alias of the entity and `created`, `updated` or `deleted`),
OrderPaymentStatusWebhookTopicListener.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from relevo_ingest.connectors.connector import Fetch
from relevo_ingest.connectors.orocommerce import carts, customers, orders, payments, products, quotes
from relevo_ingest.connectors.orocommerce.message import Message, fetch, message, resource_of
from relevo_ingest.core.drafts import NoEvent, Reading, ShopContext

Reader = Callable[[Message, ShopContext], Reading]


class Topic(Struct, frozen=True):
    """One topic: what reads it, the resource that it is about, which events it can make.

    `include` are the relationships that are fetched with a resource that a message only names; `None`: nothing is
    fetched, as a thing that was deleted is not there any more.
    """

    read: Reader
    resource: str
    events: tuple[str, ...]
    include: str | None = None


_CHANGES = ("order.cancelled", "order.status_changed", "shipment.created")
_PAYMENTS = ("order.paid", "order.status_changed", "payment.received", "payment.failed", "refund.created")
_PRODUCT = ("product.updated", "product.restocked", "product.stock_changed")
_STOCK = ("product.restocked", "product.stock_changed")
_QUOTE = ("quote.sent", "quote.accepted", "quote.declined", "quote.expired")

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "order.created": Topic(orders.created, "orders", ("order.placed", *_CHANGES), orders.INCLUDE),
        "order.updated": Topic(orders.updated, "orders", _CHANGES, orders.INCLUDE),
        "order.deleted": Topic(orders.deleted, "orders", ("order.deleted",)),
        "order.payment_status_updated": Topic(payments.updated, "orders", _PAYMENTS),
        "customeruser.created": Topic(customers.created, "customerusers", ("customer.created",), customers.INCLUDE),
        "customeruser.updated": Topic(customers.updated, "customerusers", ("customer.updated",), customers.INCLUDE),
        "customeruser.deleted": Topic(customers.deleted, "customerusers", ("customer.deleted",)),
        "customer.created": Topic(customers.company_created, "customers", ("customer.created",), ""),
        "customer.updated": Topic(customers.company_updated, "customers", ("customer.updated",), ""),
        "customer.deleted": Topic(customers.company_deleted, "customers", ("customer.deleted",)),
        "product.created": Topic(products.created, "products", ("product.created", *_STOCK), products.INCLUDE),
        "product.updated": Topic(products.updated, "products", _PRODUCT, products.INCLUDE),
        "product.deleted": Topic(products.deleted, "products", ("product.deleted",)),
        "inventorylevel.created": Topic(products.stock_changed, "inventorylevels", _STOCK, "product"),
        "inventorylevel.updated": Topic(products.stock_changed, "inventorylevels", _STOCK, "product"),
        "shoppinglist.created": Topic(carts.changed, "shoppinglists", ("cart.updated",), carts.INCLUDE),
        "shoppinglist.updated": Topic(carts.changed, "shoppinglists", ("cart.updated",), carts.INCLUDE),
        "shoppinglist.deleted": Topic(carts.deleted, "shoppinglists", ("cart.updated",)),
        "quote.created": Topic(quotes.changed, "quotes", _QUOTE, quotes.INCLUDE),
        "quote.updated": Topic(quotes.changed, "quotes", _QUOTE, quotes.INCLUDE),
        "rfq.created": Topic(quotes.requested, "rfqs", ("quote.requested",), quotes.REQUEST_INCLUDE),
    }
)
"""Every topic that is read."""


def mismatch(topic: str, body: Mapping[str, Any]) -> str | None:
    """Why `body` can't be one of `topic`; `None` if nothing speaks against it, or if the topic is not read."""
    known = TOPICS.get(topic)
    found = resource_of(body)
    if known is None or not found or found == known.resource:
        return None
    return f"a body of {topic} is about {known.resource}, this one is about {found[:40]}"


def read(topic: str, body: bytes, shop: ShopContext) -> Reading | Fetch:
    """The drafts of a message, why it has no event, or what has to be fetched. Raises `InvalidPayload`."""
    known = TOPICS.get(topic)
    if known is None:
        return NoEvent(f"{topic}: no canonical event is made of this topic")
    found = message(body)
    if found.primary.attributes is None and known.include is not None:
        return fetch(found.primary, known.include)
    return known.read(found, shop)
