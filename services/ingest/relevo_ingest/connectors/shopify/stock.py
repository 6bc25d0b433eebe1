"""`inventory_levels/*`, `variants/*`: what is in stock.

Inventory levels name an inventory item only. Products teach which inventory item is whose (`products.py`), so that such
an event finds its product. `title` is the product's, which only `products/*` tells; `variant` the variant's.
"""

from relevo_contracts.payloads import StockChanged
from relevo_ingest.connectors.shopify import parts
from relevo_ingest.connectors.shopify.product_shapes import LevelShape, VariantShape, product_entity, variant_title
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import Product
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, Pending, Reading, ShopContext
from relevo_ingest.core.states import UNKNOWN, StateViews


def level(body: bytes, shop: ShopContext) -> Reading:
    """`inventory_levels/update`, `inventory_levels/connect`: at one location."""
    del shop
    shape = decode(body, LevelShape)
    item = parts.required(shape.inventory_item_id, "inventory_item_id")
    location = parts.ident(shape.location_id)
    payload = StockChanged(
        product_id="",
        inventory_item_id=item,
        available=shape.available,
        in_stock=None if shape.available is None else shape.available > 0,
        location=location,
    )
    about = f"{item}@{location}"
    subject = Product("", (item,))
    return [Draft(type="product.stock_changed", payload=payload, subject=subject, at=shape.updated_at, about=about)]


def in_stock(body: bytes, shop: ShopContext) -> Reading:
    """`variants/in_stock`: it is back, which also is a change of stock."""
    return _variant(body, shop, ("product.restocked", "product.stock_changed"))


def out_of_stock(body: bytes, shop: ShopContext) -> Reading:
    """`variants/out_of_stock`."""
    return _variant(body, shop, ("product.stock_changed",))


def changed(
    event_type: str, variant: VariantShape, shop: ShopContext, *, product: str, title: str, where: str = ""
) -> Draft:
    """What is in stock of a variant of `product`, whose own title is `title`."""
    item = parts.ident(variant.inventory_item_id)
    available = variant.inventory_quantity
    payload = StockChanged(
        product_id=product,
        variant_id=parts.ident(variant.id),
        inventory_item_id=item,
        sku=normalise.text(variant.sku, 100),
        title=title,
        variant=variant_title(variant),
        available=available,
        in_stock=None if available is None else available > 0,
        backorders=(variant.inventory_policy or "").lower() == "continue",
        previous=variant.old_inventory_quantity,
        price=fields.optional_money(variant.price, shop.currency, f"{where}price"),
    )
    subject = Product(product, (item,) if item else ())
    return Draft(type=event_type, payload=payload, subject=subject, at=variant.updated_at, about=payload.variant_id)


def _variant(body: bytes, shop: ShopContext, event_types: tuple[str, ...]) -> Reading:
    variant = decode(body, VariantShape)
    product = parts.required(variant.product_id, "product_id")
    entity = product_entity(product)

    def conclude(views: StateViews) -> Conclusion:
        title = normalise.text(str(views.get(entity, UNKNOWN).now.get("title", "")), 300)
        return [changed(event_type, variant, shop, product=product, title=title) for event_type in event_types]

    return Pending(conclude=conclude, looks=(entity,))
