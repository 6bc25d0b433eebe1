"""What is known of a shop's products: folded from its events, and filled in where another event leaves it out. Pure.

An order line of a shop often names a product by its id alone. What the product is (its categories, address, picture) is
filled in before anybody decides, so that conditions and texts read it as if the shop had said it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import EVENT_TYPES, Instant, Item, Level, Money, ProductChanged, StockChanged

MOST_VARIANTS = 500
_MOST_IMAGES = 10
_DELETED = "product.deleted"
_PRICE_CHANGED = "product.price_changed"


class ProductVariant(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One variant. `price_at` and `stock_at` are the times of what is known of these."""

    variant_id: str = ""
    sku: str = ""
    title: str = ""
    price: Money | None = None
    list_price: Money | None = None
    available: Level | None = None
    in_stock: bool | None = None
    image_url: str = ""
    price_at: Instant | None = None
    stock_at: Instant | None = None


class Product(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A product as its newest events tell it. `price` is the product's own, where it has one beside its variants'.

    `told_at` is the time of what its own events said of it as a whole last. `ordered`: only lines of orders are known.
    """

    product_id: str
    title: str = ""
    url: str = ""
    image_url: str = ""
    images: list[str] = []
    categories: list[str] = []
    vendor: str = ""
    tags: list[str] = []
    status: str = ""
    price: Money | None = None
    list_price: Money | None = None
    in_stock: bool | None = None
    variants: list[ProductVariant] = []
    told_at: Instant | None = None
    price_at: Instant | None = None
    stock_at: Instant | None = None
    deleted_at: Instant | None = None
    ordered: bool = False

    def variant(self, variant_id: str, sku: str) -> ProductVariant | None:
        """The variant of this id, else of this SKU; the only one of a product that has one."""
        if len(self.variants) == 1 and not variant_id and not sku:
            return self.variants[0]
        by_id = (one for one in self.variants if variant_id and one.variant_id == variant_id)
        by_sku = (one for one in self.variants if sku and one.sku == sku)
        return next(by_id, None) or next(by_sku, None)


_TEXTS = ("title", "url", "image_url", "vendor", "status")
_LISTS = ("categories", "tags")


def describes_product(event: Event) -> bool:
    """Whether the event tells what its product is now."""
    return EVENT_TYPES.get(event.type) in (ProductChanged, StockChanged) and not event.test


def fold_product(known: Product | None, event: Event) -> Product | None:
    """The product after an event that tells of it; `known` itself if that is older than what is known.

    What the event leaves out stays. `None` if nothing is known and the event names no product. Raises
    `msgspec.ValidationError` if its data does not fit its type.
    """
    payload: Any = msgspec.convert(event.data, EVENT_TYPES[event.type])
    if not payload.product_id:
        return known
    product = structs.replace(known or Product(product_id=payload.product_id), ordered=False)
    if isinstance(payload, StockChanged):
        return _with_stock(product, payload, event.time)
    if event.type == _DELETED:
        return product if _older(event.time, product.told_at) else _deleted(product, event.time)
    if event.type == _PRICE_CHANGED:
        return _with_price(_introduced(product, payload), payload, event.time)
    product = _with_profile(product, payload, event.time)
    if payload.price is not None and not _older(event.time, product.price_at):
        product = structs.replace(product, price=payload.price, list_price=payload.list_price, price_at=event.time)
    return product


def of_line(item: Item) -> Product:
    """What a line of an order tells of a product that nothing else told of."""
    return Product(
        product_id=item.product_id,
        title=item.title,
        url=item.url,
        image_url=item.image_url,
        categories=list(item.categories),
        vendor=item.vendor,
        ordered=True,
    )


def _older(at: datetime, known: datetime | None) -> bool:
    return known is not None and at < known


def _deleted(product: Product, at: datetime) -> Product:
    return structs.replace(product, deleted_at=at, told_at=at)


def _with_profile(product: Product, payload: ProductChanged, at: datetime) -> Product:
    """What the product is as a whole. A field that the shop leaves out says nothing."""
    if _older(at, product.told_at):
        return product
    changes: dict[str, Any] = {name: said for name in _TEXTS if (said := getattr(payload, name))}
    changes |= {name: list(said) for name in _LISTS if (said := getattr(payload, name))}
    if payload.images:
        changes["images"] = list(payload.images[:_MOST_IMAGES])
    if payload.in_stock is not None and not _older(at, product.stock_at):
        changes |= {"in_stock": payload.in_stock, "stock_at": at}
    if payload.variants:
        changes["variants"] = list(_variants(product, payload, at))
    return structs.replace(product, told_at=at, deleted_at=None, **changes)


def _introduced(product: Product, payload: ProductChanged) -> Product:
    """What a change of its price tells of a product beside that: what nothing else told."""
    changes = {
        name: said for name in (*_TEXTS, *_LISTS) if not getattr(product, name) and (said := getattr(payload, name))
    }
    return structs.replace(product, **changes)


def _variants(product: Product, payload: ProductChanged, at: datetime) -> Iterator[ProductVariant]:
    """The variants that there are now; of each the newest price and stock."""
    for said in payload.variants[:MOST_VARIANTS]:
        known = product.variant(said.variant_id, said.sku) or ProductVariant()
        changes: dict[str, Any] = {
            name: text for name in ("variant_id", "sku", "title", "image_url") if (text := getattr(said, name))
        }
        if said.price is not None and not _older(at, known.price_at):
            changes |= {"price": said.price, "list_price": said.list_price, "price_at": at}
        if (said.available is not None or said.in_stock is not None) and not _older(at, known.stock_at):
            changes |= {"available": said.available, "in_stock": said.in_stock, "stock_at": at}
        yield structs.replace(known, **changes)


def _with_price(product: Product, payload: ProductChanged, at: datetime) -> Product:
    if not payload.variant_id:
        if _older(at, product.price_at):
            return product
        return structs.replace(product, price=payload.price, list_price=payload.list_price, price_at=at)
    known = product.variant(payload.variant_id, payload.sku) or ProductVariant(variant_id=payload.variant_id)
    if _older(at, known.price_at):
        return product
    return _with_variant(
        product, known, structs.replace(known, price=payload.price, list_price=payload.list_price, price_at=at)
    )


def _with_stock(product: Product, payload: StockChanged, at: datetime) -> Product:
    """What can be bought; a level of one warehouse among several says nothing of the whole."""
    if payload.location:
        return product
    in_stock = payload.in_stock
    if in_stock is None and payload.available is not None:
        in_stock = payload.available > 0
    if not payload.variant_id and not payload.sku and len(product.variants) != 1:
        if _older(at, product.stock_at):
            return product
        return structs.replace(product, in_stock=in_stock, stock_at=at)
    known = product.variant(payload.variant_id, payload.sku)
    known = known or ProductVariant(variant_id=payload.variant_id, sku=payload.sku, title=payload.variant)
    if _older(at, known.stock_at):
        return product
    after = structs.replace(known, available=payload.available, in_stock=in_stock, stock_at=at)
    return _with_variant(product, known, after)


def _with_variant(product: Product, known: ProductVariant, after: ProductVariant) -> Product:
    if known in product.variants:
        variants = [after if one == known else one for one in product.variants]
    else:
        variants = [*product.variants, after][-MOST_VARIANTS:]
    return structs.replace(product, variants=variants)


# --- what other events leave out ---------------------------------------------------------------------------------


_FILLED = ("title", "url", "image_url", "vendor", "brand", "categories", "category", "tags", "price")
"""Fields of payloads and lines that the catalogue fills in; `title` and `price` of a line are the order's own."""


@cache
def _fields_of(event_type: str) -> tuple[bool, tuple[str, ...]]:
    """Whether an event has lines, and which of its own fields are filled in."""
    payload = EVENT_TYPES.get(event_type)
    if payload is None:
        return False, ()
    names = payload.__struct_fields__
    own = tuple(name for name in _FILLED if name in names) if "product_id" in names else ()
    if payload is ProductChanged:  # its price is what it tells
        own = tuple(name for name in own if name != "price")
    return "items" in names, own


_OF_LINES = tuple(name for name in _FILLED if name in Item.__struct_fields__ and name not in ("title", "price"))


def products_named(event: Event) -> Iterator[str]:
    """The ids of the products that an event names."""
    has_lines, own = _fields_of(event.type)
    if own and (name := _id(event.data)):
        yield name
    if has_lines:
        for line in _lines(event.data):
            if name := _id(line):
                yield name


def with_catalogue(event: Event, products: Mapping[str, Product]) -> Event:
    """The event with what it leaves out of its products; the event itself if there is nothing to fill in."""
    if not products:
        return event
    has_lines, own = _fields_of(event.type)
    data: dict[str, Any] = event.data
    if own and (product := products.get(_id(data))):
        data = _filled(data, own, product)
    if has_lines and (lines := _lines(data)):
        filled = [_filled(one, _OF_LINES, known) if (known := products.get(_id(one))) else one for one in lines]
        if any(after is not before for after, before in zip(filled, lines, strict=True)):
            data = {**data, "items": filled}
    return event if data is event.data else structs.replace(event, data=data)


def _lines(data: dict[str, Any]) -> list[Any]:
    """Its lines, whatever stands there: nobody has looked at the data yet."""
    found = data.get("items")
    return found if isinstance(found, list) else []


def _id(data: Any) -> str:
    found = data.get("product_id") if isinstance(data, dict) else None
    return found if isinstance(found, str) else ""


def _filled(data: dict[str, Any], fields: tuple[str, ...], product: Product) -> dict[str, Any]:
    absent = [name for name in fields if not data.get(name)]
    if not absent:
        return data
    variant = product.variant(_text(data, "variant_id"), _text(data, "sku")) or ProductVariant()
    known = {name: said for name in absent if (said := _value_of(name, product, variant))}
    return {**data, **known} if known else data


def _text(data: dict[str, Any], name: str) -> str:
    found = data.get(name)
    return found if isinstance(found, str) else ""


def _value_of(name: str, product: Product, variant: ProductVariant) -> Any:
    match name:
        case "brand":
            return product.vendor
        case "category":
            return product.categories[0] if product.categories else ""
        case "categories" | "tags":
            return list(getattr(product, name))
        case "image_url":
            return variant.image_url or product.image_url
        case "price":
            price = variant.price or product.price
            return msgspec.to_builtins(price) if price is not None else None
        case _:
            return getattr(product, name)
