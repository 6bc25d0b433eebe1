"""Which scope of BigCommerce is read by what, what has to be fetched for it, and what it can make.

Source: bigcommerce/docs, docs/integrations/webhooks/events.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import quote

from msgspec import Struct

from relevo_ingest.connectors.bigcommerce import carts, customers, orders, products, shipments
from relevo_ingest.connectors.bigcommerce.message import Message, ident, message
from relevo_ingest.connectors.connector import Fetch
from relevo_ingest.connectors.platform_api import ApiRequest
from relevo_ingest.core import fields
from relevo_ingest.core.drafts import NoEvent, Reading, ShopContext
from relevo_ingest.core.states import Entity

Reader = Callable[[Message, ShopContext], Reading]
Asks = Callable[[Message], Fetch]


class Topic(Struct, frozen=True):
    """One scope: what reads it, what a body of it names, which events it can make, what is fetched before."""

    read: Reader
    type: str
    events: tuple[str, ...]
    asks: Asks | None = None


def _segment(own: str) -> str:
    """An id as one segment of a path, whatever it has in it."""
    return quote(own, safe="")


def _order(order_id: str) -> dict[str, ApiRequest]:
    path = f"/v2/orders/{_segment(order_id)}"
    return {
        "order": ApiRequest(path=path),
        "products": ApiRequest(path=f"{path}/products", query={"limit": "250"}),
        "shipping_addresses": ApiRequest(path=f"{path}/shipping_addresses"),
        "coupons": ApiRequest(path=f"{path}/coupons"),
    }


def _ask_order(found: Message) -> Fetch:
    return Fetch(entity=Entity("order", found.id), requests=_order(found.id))


def _ask_refund(found: Message) -> Fetch:
    named = found.thing.refund
    refund = fields.required(ident(named.refund_id) if named else "", "data.refund.refund_id")
    path = f"/v3/orders/payment_actions/refunds/{_segment(refund)}"
    return Fetch(entity=Entity("refund", refund), requests={"refund": ApiRequest(path=path), **_order(found.id)})


def _ask_shipment(found: Message) -> Fetch:
    order = fields.required(ident(found.thing.orderId) or ident(found.thing.order_id), "data.orderId")
    own = ApiRequest(path=f"/v2/orders/{_segment(order)}/shipments/{_segment(found.id)}")
    return Fetch(entity=Entity("shipment", found.id), requests={"shipment": own, **_order(order)})


def _ask_cart(found: Message) -> Fetch:
    cart = ident(found.thing.cartId) or found.id
    request = ApiRequest(path=f"/v3/carts/{_segment(cart)}", query={"include": "redirect_urls"})
    return Fetch(entity=Entity("cart", cart), requests={"cart": request})


def _ask_customer(found: Message) -> Fetch:
    own = ident(found.thing.address.customer_id) if found.thing.address else ""
    customer = own or found.id
    request = ApiRequest(path="/v3/customers", query={"id:in": customer, "include": "addresses"})
    return Fetch(entity=Entity("customer", customer), requests={"customer": request})


def _ask_subscriber(found: Message) -> Fetch:
    request = ApiRequest(path=f"/v3/customers/subscribers/{_segment(found.id)}")
    return Fetch(entity=Entity("subscriber", found.id), requests={"subscriber": request})


def _ask_product(found: Message) -> Fetch:
    named = found.thing.inventory or found.thing.sku
    product = (ident(named.product_id) if named else "") or found.id
    query = {"include": "variants,primary_image"}
    request = ApiRequest(path=f"/v3/catalog/products/{_segment(product)}", query=query)
    return Fetch(entity=Entity("product", product), requests={"product": request})


_CHANGES = ("order.paid", "order.cancelled", "order.status_changed", "dispute.opened")
_UPDATED = Topic(orders.updated, "order", ("order.placed", *_CHANGES), _ask_order)
_CART = Topic(carts.changed, "cart", ("cart.updated",), _ask_cart)
_LINE = Topic(carts.changed, "cart_line_item", ("cart.updated",), _ask_cart)
_CUSTOMER = Topic(customers.updated, "customer", ("customer.updated",), _ask_customer)
_SUBSCRIBER = Topic(customers.subscribed, "subscriber", ("consent.changed",), _ask_subscriber)
_PRODUCT_CHANGES = ("product.updated", "product.price_changed", "product.restocked", "product.stock_changed")
_PRODUCT = Topic(products.updated, "product", _PRODUCT_CHANGES, _ask_product)
_SKU = Topic(products.updated, "sku", _PRODUCT_CHANGES, _ask_product)

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "store/order/created": Topic(orders.created, "order", ("order.placed", *_CHANGES), _ask_order),
        "store/order/updated": _UPDATED,
        "store/order/statusupdated": _UPDATED,
        "store/order/archived": _UPDATED,
        "store/order/refund/created": Topic(shipments.refunded, "order", ("refund.created",), _ask_refund),
        "store/shipment/created": Topic(shipments.created, "shipment", ("shipment.created",), _ask_shipment),
        "store/shipment/updated": Topic(shipments.updated, "shipment", ("shipment.updated",), _ask_shipment),
        "store/cart/created": _CART,
        "store/cart/updated": _CART,
        "store/cart/couponapplied": _CART,
        "store/cart/abandoned": _CART,
        "store/cart/deleted": Topic(carts.deleted, "cart", ("cart.updated",)),
        "store/cart/converted": Topic(carts.converted, "cart", ()),
        "store/cart/lineitem/created": _LINE,
        "store/cart/lineitem/updated": _LINE,
        "store/cart/lineitem/deleted": _LINE,
        "store/customer/created": Topic(customers.created, "customer", ("customer.created",), _ask_customer),
        "store/customer/updated": _CUSTOMER,
        "store/customer/deleted": Topic(customers.deleted, "customer", ("customer.deleted",), _ask_customer),
        "store/customer/address/created": _CUSTOMER,
        "store/customer/address/updated": _CUSTOMER,
        "store/customer/address/deleted": _CUSTOMER,
        "store/subscriber/created": _SUBSCRIBER,
        "store/subscriber/updated": _SUBSCRIBER,
        "store/subscriber/deleted": _SUBSCRIBER,
        "store/product/created": Topic(
            products.created, "product", ("product.created", *_PRODUCT_CHANGES), _ask_product
        ),
        "store/product/updated": _PRODUCT,
        "store/product/deleted": Topic(products.deleted, "product", ("product.deleted",), _ask_product),
        "store/product/inventory/updated": _PRODUCT,
        "store/product/inventory/order/updated": _PRODUCT,
        "store/sku/created": _SKU,
        "store/sku/updated": _SKU,
        "store/sku/deleted": _SKU,
        "store/sku/inventory/updated": _SKU,
        "store/sku/inventory/order/updated": _SKU,
        "store/app/uninstalled": Topic(customers.uninstalled, "", ("shop.disconnected",)),
    }
)
"""Every scope that is read, in lower case."""


def mismatch(topic: str, body: bytes) -> str | None:
    """Why `body` can't be one of `topic`; `None` if nothing speaks against it, or if the scope is not read."""
    known = TOPICS.get(topic)
    found = message(body)
    type_ = fields.word(found.thing.type)
    if known is None or not known.type or type_ == known.type:
        return None
    return f"a body of {topic} is about `{known.type}`, this one about `{type_[:40]}`"


def read(topic: str, body: bytes, shop: ShopContext) -> Reading | Fetch:
    """The drafts of a notification, why it has no event, or what has to be fetched. Raises `InvalidPayload`."""
    known = TOPICS.get(topic)
    if known is None:
        return NoEvent(f"{topic}: no canonical event is made of this scope")
    found = message(body)
    if known.asks is not None and found.answers is None:
        return known.asks(found)
    return known.read(found, shop)
