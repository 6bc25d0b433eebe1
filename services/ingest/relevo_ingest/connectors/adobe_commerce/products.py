"""Products and their stock. An event may name a product by its SKU alone: a shop chooses the fields that it sends."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import structs

from relevo_contracts.payloads import Money, ProductChanged, StockChanged
from relevo_ingest.connectors.adobe_commerce import parts
from relevo_ingest.connectors.adobe_commerce.message import VALUE, Message, ident, is_new, is_true, own_id, saved_at
from relevo_ingest.connectors.adobe_commerce.shapes import Flag, ProductShape, ProductStockShape, StockShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import Product
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateViews

_STATUSES = {"1": "enabled", "2": "disabled"}
_NOTHING_NEW = "nothing of the product changed that there is an event for"


def saved(message: Message, shop: ShopContext) -> Reading:
    """`observer.catalog_product_save_commit_after`."""
    shape = message.value(ProductShape)
    payload, at = _payload(shape, shop), saved_at(shape, message)
    stock = _stock(payload, shape)
    entity = _entity(payload)
    state: State = {
        "details": _details(payload),
        "price": payload.price.amount if payload.price else None,
        "qty": stock.available,
        "in_stock": stock.in_stock,
    }

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        before = seen.before if seen.before is None or seen.fresh else state
        drafts = list(_drafts(payload, stock, before, at, news=is_new(shape)))
        return drafts or NoEvent(_NOTHING_NEW, (_subject(payload),))

    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=state, at=at),))


def deleted(message: Message, shop: ShopContext) -> Reading:
    """`observer.catalog_product_delete_commit_after`."""
    payload = _payload(message.value(ProductShape), shop)
    made_id = f"product.deleted:{_entity(payload).id}"
    return [Draft(type="product.deleted", payload=payload, subject=_subject(payload), at=message.at, id=made_id)]


def stock_changed(message: Message, shop: ShopContext) -> Reading:
    """`observer.cataloginventory_stock_item_save_commit_after`."""
    del shop
    shape = message.value(StockShape)
    product_id = fields.required(ident(shape.product_id), f"{VALUE}.product_id")
    payload = StockChanged(
        product_id=product_id,
        available=None if shape.qty is None else parts.whole(shape.qty),
        in_stock=_flag(shape.is_in_stock),
        backorders=is_true(shape.backorders),
        low_threshold=None if shape.notify_stock_qty is None else parts.whole(shape.notify_stock_qty),
        store=message.store,
    )
    entity, subject = Entity("stock", product_id), Product(product_id)
    state: State = {"qty": payload.available, "in_stock": payload.in_stock}

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        if seen.before is not None and (not seen.fresh or seen.before == state):
            return NoEvent("the stock is as it was known already", (subject,))
        return list(_stock_drafts(payload, seen.before or {}, subject, message.at))

    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=state, at=message.at),))


def _drafts(
    payload: ProductChanged, stock: StockChanged, before: State | None, at: datetime | None, *, news: bool
) -> Iterator[Draft]:
    subject = _subject(payload)
    if news:
        made_id = f"product.created:{_entity(payload).id}"
        yield Draft(type="product.created", payload=payload, subject=subject, at=at, id=made_id)
    elif before is None or before.get("details") != _details(payload):
        yield Draft(type="product.updated", payload=payload, subject=subject, at=at)
    if before is None:
        return
    was = _known_price(before, payload.price)
    if payload.price is not None and was is not None and Decimal(was.amount) != Decimal(payload.price.amount):
        changed = structs.replace(payload, previous_price=was)
        yield Draft(type="product.price_changed", payload=changed, subject=subject, at=at)
    if (before.get("qty"), before.get("in_stock")) != (stock.available, stock.in_stock):
        yield from _stock_drafts(stock, before, subject, at)


def _stock_drafts(now: StockChanged, before: State, subject: Product, at: datetime | None) -> Iterator[Draft]:
    """`product.stock_changed`, and `product.restocked` if it can be bought again."""
    previous = before.get("qty")
    payload = structs.replace(now, previous=previous if isinstance(previous, int | float) else None)
    if before.get("in_stock") is False and now.in_stock:
        yield Draft(type="product.restocked", payload=payload, subject=subject, at=at)
    yield Draft(type="product.stock_changed", payload=payload, subject=subject, at=at)


def _payload(shape: ProductShape, shop: ShopContext) -> ProductChanged:
    sku = normalise.text(shape.sku, 100)
    product_id = own_id(shape)
    fields.required(product_id or sku, f"{VALUE}.sku")
    full = fields.optional_money(shape.price, shop.currency, f"{VALUE}.price")
    special = fields.optional_money(shape.special_price, shop.currency, f"{VALUE}.special_price")
    reduced = special is not None and full is not None and Decimal(special.amount) < Decimal(full.amount)
    status = ident(shape.status)
    return ProductChanged(
        product_id=product_id,
        sku=sku,
        title=fields.plain_text(shape.name, 300),
        description=fields.plain_text(shape.description, 5_000),
        status=_STATUSES.get(status, status),
        price=special if reduced else full,
        list_price=full if reduced else None,
        in_stock=_in_stock(shape),
    )


def _stock(payload: ProductChanged, shape: ProductShape) -> StockChanged:
    given = shape.quantity_and_stock_status or shape.stock_data or ProductStockShape()
    return StockChanged(
        product_id=payload.product_id,
        sku=payload.sku,
        title=payload.title,
        available=None if given.qty is None else parts.whole(given.qty),
        in_stock=payload.in_stock,
        price=payload.price,
    )


def _in_stock(shape: ProductShape) -> bool | None:
    for given in (shape.quantity_and_stock_status, shape.stock_data):
        if given is not None and given.is_in_stock is not None:
            return is_true(given.is_in_stock)
    return None


def _flag(given: Flag) -> bool | None:
    return None if given is None else is_true(given)


def _entity(payload: ProductChanged) -> Entity:
    return Entity("product", payload.product_id or f"sku:{payload.sku}")


def _subject(payload: ProductChanged) -> Product:
    return Product(payload.product_id, skus=(payload.sku,) if payload.sku else ())


def _known_price(before: State, now: Money | None) -> Money | None:
    was = before.get("price")
    return fields.optional_money(was, now.currency, "known price") if now and isinstance(was, str) else None


def _details(payload: ProductChanged) -> str:
    """A digest of everything but stock and prices, which have events of their own."""
    plain = structs.replace(payload, price=None, list_price=None, in_stock=None)
    return normalise.digest(msgspec.json.encode(plain).decode())
