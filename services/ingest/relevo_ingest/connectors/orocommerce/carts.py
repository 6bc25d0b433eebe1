"""`shoppinglist.…`: OroCommerce's cart. A customer may have several; each is a cart with a token of its own."""

from datetime import datetime

from relevo_contracts.payloads import CartUpdated, Item
from relevo_ingest.connectors.orocommerce import parts
from relevo_ingest.connectors.orocommerce.json_api import Document, Resource
from relevo_ingest.connectors.orocommerce.message import Message
from relevo_ingest.connectors.orocommerce.shapes import ListItemShape, ListShape, ProductShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.changes import if_changed
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.notes import cut
from relevo_ingest.core.states import Entity

INCLUDE = "customerUser,customer"
_LINES = 500
_NOTHING_NEW = "the shopping list is as it was known already"
_LISTS = ("items", "lineItems")
"""The relationship of the lines: as the storefront's API calls it, and as the entity has it."""


def changed(message: Message, shop: ShopContext) -> Reading:
    """`shoppinglist.created`, `.updated`: the whole list."""
    found, given = message.document, message.primary
    shape = given.as_shape(ListShape)
    currency = normalise.text(shape.currency, 10) or shop.currency
    total = shape.total if shape.total is not None else shape.sub_total
    payload = CartUpdated(
        customer=parts.buyer(found, given),
        cart_token=given.id,
        items=_items(found, given, currency),
        total=fields.optional_money(total, currency, f"{given.where}.attributes.total"),
    )
    return _if_changed(payload, fields.utc(shape.updated_at) or message.at)


def deleted(message: Message, shop: ShopContext) -> Reading:
    """`shoppinglist.deleted`: a cart without anything in it, as after it was ordered."""
    del shop
    buyer = parts.buyer(message.document, message.primary)
    return _if_changed(CartUpdated(customer=buyer, cart_token=message.primary.id), message.at)


def _if_changed(payload: CartUpdated, at: datetime | None) -> Reading:
    draft = Draft(type="cart.updated", payload=payload, subject=person(payload), at=at)
    return if_changed(Entity("cart", payload.cart_token), draft, _NOTHING_NEW)


def _items(found: Document, given: Resource, currency: str) -> list[Item]:
    lines = [line for name in _LISTS for line in found.follow(given, name)]
    return [_item(found, line, currency) for line in cut(lines, _LINES, "items")]


def _item(found: Document, line: Resource, currency: str) -> Item:
    shape = line.as_shape(ListItemShape)
    product = found.first(line, "product")
    sku = normalise.text(product.as_shape(ProductShape).sku, 100) if product else ""
    quantity = 1 if shape.quantity is None else shape.quantity
    price = fields.optional_money(shape.value, shape.currency or currency, f"{line.where}.attributes.value")
    return Item(
        title=(parts.name_of(found, product) if product else "") or sku,
        quantity=quantity,
        product_id=line.id_of("product"),
        sku=sku,
        price=price,
        line_id=line.id,
        unit=normalise.text(line.id_of("unit"), 50),
        total=parts.times(price, quantity),
    )
