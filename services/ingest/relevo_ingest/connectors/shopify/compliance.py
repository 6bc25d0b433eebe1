"""Rights of persons (GDPR Art. 15 and 17) and the end of a shop's connection."""

from msgspec import Struct

from relevo_contracts.payloads import PrivacyRequested, ShopChanged
from relevo_ingest.connectors.shopify import parts
from relevo_ingest.connectors.shopify.shapes import CustomerShape
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import WholeShop, person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Id, Text

_ORDERS_LIMIT = 10_000


class RequestShape(Struct, frozen=True, kw_only=True):
    """The body of `customers/data_request` and `customers/redact`."""

    customer: CustomerShape | None = None
    orders_requested: list[Id] | None = None
    orders_to_redact: list[Id] | None = None


class ShopShape(Struct, frozen=True, kw_only=True):
    """The body of `app/uninstalled` (the shop itself) and `shop/redact`."""

    domain: Text = None
    myshopify_domain: Text = None
    shop_domain: Text = None


def data_requested(body: bytes, shop: ShopContext) -> Reading:
    """`customers/data_request`."""
    shape = decode(body, RequestShape)
    return _request("customer.data_requested", shape, shape.orders_requested, shop)


def customer_redacted(body: bytes, shop: ShopContext) -> Reading:
    """`customers/redact`."""
    shape = decode(body, RequestShape)
    return _request("customer.redacted", shape, shape.orders_to_redact, shop)


def shop_disconnected(body: bytes, shop: ShopContext) -> Reading:
    """`app/uninstalled`."""
    return _shop_event("shop.disconnected", body, shop)


def shop_redacted(body: bytes, shop: ShopContext) -> Reading:
    """`shop/redact`, 48 hours after the uninstallation."""
    return _shop_event("shop.redacted", body, shop)


def _request(event_type: str, shape: RequestShape, orders: list[Id] | None, shop: ShopContext) -> Reading:
    payload = PrivacyRequested(
        customer=parts.customer(shape.customer or CustomerShape(), shop),
        order_ids=[order for order in map(parts.ident, (orders or [])[:_ORDERS_LIMIT]) if order],
    )
    subject = person(payload)
    if not subject.aliases:
        raise InvalidPayload("customer", "names nobody: an id, an e-mail address or a phone number is needed")
    return [Draft(type=event_type, payload=payload, subject=subject)]


def _shop_event(event_type: str, body: bytes, shop: ShopContext) -> Reading:
    del shop
    shape = decode(body, ShopShape)
    domain = shape.myshopify_domain or shape.shop_domain or shape.domain
    payload = ShopChanged(domain=normalise.text(domain, 255))
    return [Draft(type=event_type, payload=payload, subject=WholeShop())]
