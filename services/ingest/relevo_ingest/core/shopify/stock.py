"""`inventory_levels/update`, `variants/*`, `products/*`: what is in stock.

Inventory levels name an inventory item only. Products teach which inventory item is whose, so that such an
event finds its product.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from relevo_contracts.payloads import StockChanged
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import Product
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, NoEvent, Reading, ShopContext
from relevo_ingest.core.shopify import parts
from relevo_ingest.core.shopify.shapes import Amount, Id, Text, Time

Level = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]  # oversold stock is negative
_VARIANTS_LIMIT = 250


class LevelShape(Struct, frozen=True, kw_only=True):
    """The level of an inventory item at one location; `available` is null where it is not tracked."""

    inventory_item_id: Id = None
    available: Level | None = None
    updated_at: Time = None


class VariantShape(Struct, frozen=True, kw_only=True):
    """A variant of a product."""

    id: Id = None
    product_id: Id = None
    inventory_item_id: Id = None
    title: Text = None
    sku: Text = None
    price: Amount = None
    inventory_quantity: Level | None = None
    old_inventory_quantity: Level | None = None
    updated_at: Time = None


class ProductShape(Struct, frozen=True, kw_only=True):
    """A product with its variants."""

    id: Id = None
    title: Text = None
    updated_at: Time = None
    variants: list[VariantShape] | None = None


def level(body: bytes, shop: ShopContext) -> Reading:
    """`inventory_levels/update`, `inventory_levels/connect`."""
    del shop
    shape = decode(body, LevelShape)
    item = parts.required(shape.inventory_item_id, "inventory_item_id")
    payload = StockChanged(product_id="", inventory_item_id=item, available=shape.available)
    return [Draft(type="product.stock_changed", payload=payload, subject=Product("", (item,)), at=shape.updated_at)]


def in_stock(body: bytes, shop: ShopContext) -> Reading:
    """`variants/in_stock`: it is back, which also is a change of stock."""
    variant = decode(body, VariantShape)
    return [_draft(event_type, variant, shop) for event_type in ("product.restocked", "product.stock_changed")]


def out_of_stock(body: bytes, shop: ShopContext) -> Reading:
    """`variants/out_of_stock`."""
    return [_draft("product.stock_changed", decode(body, VariantShape), shop)]


def product(body: bytes, shop: ShopContext) -> Reading:
    """`products/create`, `products/update`: an event for each variant whose quantity differs from before."""
    shape = decode(body, ProductShape)
    product_id = parts.required(shape.id, "id")
    variants = (shape.variants or [])[:_VARIANTS_LIMIT]
    whole = [msgspec.structs.replace(variant, product_id=product_id, title=shape.title) for variant in variants]
    drafts = [
        _draft("product.stock_changed", variant, shop, f"variants[{n}].")
        for n, variant in enumerate(whole)
        if _quantity_differs(variant)
    ]
    if drafts:
        return drafts
    stock_items = tuple(filter(None, (parts.ident(variant.inventory_item_id) for variant in variants)))
    learnt = (Product(product_id, stock_items),) if stock_items else ()
    return NoEvent("nothing in stock changed; other details of a product have no canonical event", learnt)


def _quantity_differs(variant: VariantShape) -> bool:
    quantities = (variant.inventory_quantity, variant.old_inventory_quantity)
    return None not in quantities and quantities[0] != quantities[1]


def _draft(event_type: str, variant: VariantShape, shop: ShopContext, where: str = "") -> Draft:
    product_id = parts.required(variant.product_id, f"{where}product_id")
    item = parts.ident(variant.inventory_item_id)
    payload = StockChanged(
        product_id=product_id,
        variant_id=parts.ident(variant.id),
        inventory_item_id=item,
        sku=normalise.text(variant.sku, 100),
        title=normalise.text(variant.title, 300),
        available=variant.inventory_quantity,
        previous=variant.old_inventory_quantity,
        price=parts.optional_money(variant.price, parts.currency_of(shop), f"{where}price"),
    )
    subject = Product(product_id, (item,) if item else ())
    return Draft(type=event_type, payload=payload, subject=subject, at=variant.updated_at)
