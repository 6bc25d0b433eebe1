"""`product.…` (what is sold) and `inventorylevel.…` (how many there are of it in one unit)."""

import math
from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import structs

from relevo_contracts.payloads import ProductChanged, StockChanged
from relevo_ingest.connectors.orocommerce import parts
from relevo_ingest.connectors.orocommerce.message import Message
from relevo_ingest.connectors.orocommerce.shapes import InventoryLevelShape, ProductShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import Product
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.notes import note
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateViews

INCLUDE = "names,shortDescriptions"
_IN_STOCK = "in_stock"
_MOST = 1_000_000_000
_NOTHING_NEW = "nothing of the product changed that there is an event for"


def created(message: Message, shop: ShopContext) -> Reading:
    """`product.created`."""
    return _read(message, shop, is_new=True)


def updated(message: Message, shop: ShopContext) -> Reading:
    """`product.updated`."""
    return _read(message, shop)


def deleted(message: Message, shop: ShopContext) -> Reading:
    """`product.deleted`: the product as it was, or its id alone."""
    del shop
    payload, own_id = _payload(message), f"product.deleted:{message.primary.id}"
    return [Draft(type="product.deleted", payload=payload, subject=_subject(payload), at=message.at, id=own_id)]


def stock_changed(message: Message, shop: ShopContext) -> Reading:
    """`inventorylevel.updated`, `.created`."""
    del shop
    level = message.primary
    quantity = _quantity(level.as_shape(InventoryLevelShape).quantity, f"{level.where}.attributes.quantity")
    product_id = level.id_of("product")
    entity = Entity("inventory", level.id)
    subject = Product(product_id, inventory_items=(level.id,))

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        before = (seen.before or {}).get("quantity")
        if seen.before is not None and (not seen.fresh or before == quantity):
            return NoEvent("the stock is as it was known already", (subject,))
        previous = before if isinstance(before, int | float) else None
        payload = StockChanged(product_id=product_id, inventory_item_id=level.id, available=quantity, previous=previous)
        kinds = ["product.stock_changed"]
        if previous is not None and quantity is not None and previous <= 0 < quantity:
            kinds.insert(0, "product.restocked")
        return [Draft(type=kind, payload=payload, subject=subject, at=message.at) for kind in kinds]

    observed = Observation(entity=entity, state={"quantity": quantity}, at=message.at)
    return Pending(conclude=conclude, observed=(observed,))


def _quantity(given: fields.Amount, where: str) -> fields.Level | None:
    """A number that is written as text; below zero where more is sold than there is."""
    if given is None:
        return None
    try:
        found = float(given)
    except ValueError:
        found = math.nan
    if not -_MOST <= found <= _MOST:
        note(where, f"{str(given)[:40]!r} is not how many there are; it was left out")
        return None
    return int(found) if found.is_integer() else found


def _read(message: Message, shop: ShopContext, *, is_new: bool = False) -> Reading:
    del shop
    payload = _payload(message)
    entity = Entity("product", payload.product_id)
    state: State = {"details": _details(payload), "in_stock": payload.in_stock}
    at = _at(message)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        before = seen.before if seen.before is None or seen.fresh else state
        drafts = list(_drafts(payload, before, at, is_new=is_new))
        return drafts or NoEvent(_NOTHING_NEW, (_subject(payload),))

    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=state, at=at),))


def _drafts(payload: ProductChanged, before: State | None, at: datetime | None, *, is_new: bool) -> Iterator[Draft]:
    subject = _subject(payload)
    if is_new:
        own_id = f"product.created:{payload.product_id}"
        yield Draft(type="product.created", payload=payload, subject=subject, at=at, id=own_id)
    elif before is None or before.get("details") != _details(payload):
        yield Draft(type="product.updated", payload=payload, subject=subject, at=at)
    was = before.get("in_stock") if before is not None else None
    if was is None or payload.in_stock is None or was == payload.in_stock:
        return
    stock = StockChanged(product_id=payload.product_id, sku=payload.sku, title=payload.title, in_stock=payload.in_stock)
    if payload.in_stock:
        yield Draft(type="product.restocked", payload=stock, subject=subject, at=at)
    yield Draft(type="product.stock_changed", payload=stock, subject=subject, at=at)


def _payload(message: Message) -> ProductChanged:
    found, product = message.document, message.primary
    shape = product.as_shape(ProductShape)
    stock = product.id_of("inventory_status")
    return ProductChanged(
        product_id=product.id,
        sku=normalise.text(shape.sku, 100),
        title=parts.name_of(found, product),
        description=parts.name_of(found, product, "shortDescriptions"),
        status=fields.word(shape.status),
        in_stock=fields.word(stock) == _IN_STOCK if stock else None,
    )


def _at(message: Message) -> datetime | None:
    return fields.utc(message.primary.as_shape(ProductShape).updated_at) or message.at


def _subject(payload: ProductChanged) -> Product:
    return Product(payload.product_id, skus=(payload.sku,) if payload.sku else ())


def _details(payload: ProductChanged) -> str:
    """A digest of everything but the stock, which has events of its own."""
    plain = structs.replace(payload, in_stock=None)
    return normalise.digest(msgspec.json.encode(plain).decode())
