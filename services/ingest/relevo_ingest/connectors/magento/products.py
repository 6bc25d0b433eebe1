"""`product` and `stock_item`: what is sold, and how much there is of it. Each variant is a product of its own."""

from relevo_contracts.payloads import ProductChanged, StockChanged
from relevo_ingest.connectors.magento import parts
from relevo_ingest.connectors.magento.parts import Lookup
from relevo_ingest.connectors.magento.shapes import (
    CategoryShape,
    ProductShape,
    SourceItemShape,
    StockItemShape,
    StoreShape,
)
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import Reading
from relevo_ingest.core.product_changes import ProductNow, stock_reading
from relevo_ingest.core.shop_events import Shop

_ENABLED = "1"


def product(shape: ProductShape, shop: Shop) -> Reading:
    """What changed of a product, with what all sources have of it."""
    payload = _payload(shape, shop)
    sources = [one for one in shop.rows("sourceItems", SourceItemShape) if one.sku and one.sku == shape.sku]
    return ProductNow(
        payload=payload,
        created=fields.utc_without_zone(shape.created_at, "created_at"),
        modified=fields.utc_without_zone(shape.updated_at, "updated_at"),
        stock=[_of_sources(sources, payload)] if sources else (),
    ).reading()


def stock(shape: StockItemShape, shop: Shop) -> Reading:
    """A change of stock, as the module tells it. It has no time of its own: the message has."""
    wanted = fields.required(parts.ident(shape.product_id), "product_id")
    rows = shop.rows("products", ProductShape)
    found = next((one for one in rows if parts.ident(one.id) == wanted), ProductShape(id=wanted))
    available = parts.level(shape.qty)
    told = None if shape.is_in_stock is None else parts.is_set(shape.is_in_stock)
    backorders = parts.ident(shape.backorders) != ""
    return stock_reading([_stock(_payload(found, shop), available, told, backorders=backorders)], None)


def _of_sources(sources: list[SourceItemShape], product: ProductChanged) -> StockChanged:
    levels = [parts.level(one.quantity) for one in sources if parts.ident(one.status) == _ENABLED]
    available = sum(level for level in levels if level is not None)
    return _stock(product, available, available > 0, backorders=False)


def _stock(
    product: ProductChanged, available: float | None, in_stock: bool | None, *, backorders: bool
) -> StockChanged:
    return StockChanged(
        product_id=product.product_id,
        sku=product.sku,
        title=product.title,
        available=available,
        in_stock=in_stock,
        backorders=backorders,
        price=product.price,
        url=product.url,
        image_url=product.image_url,
    )


def _payload(shape: ProductShape, shop: Shop) -> ProductChanged:
    lookup = Lookup(shop)
    store = next((one for one in lookup.stores.values() if one.base_url), StoreShape())
    found = {one.attribute_code: one.value for one in shape.custom_attributes or []}
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    currency = lookup.currency(store.base_currency_code)
    price = lookup.money(shape.price, currency, "price")
    special = lookup.money(texts.get("special_price"), currency, "special_price")
    key, image = normalise.text(texts.get("url_key"), 300), normalise.text(texts.get("image"), 500)
    return ProductChanged(
        product_id=fields.required(parts.ident(shape.id), "id"),
        sku=normalise.text(shape.sku, 100),
        title=fields.plain_text(shape.name, 300),
        description=fields.plain_text(texts.get("short_description") or texts.get("description"), 5_000),
        url=f"{store.base_url}{key}.html" if store.base_url and key else "",
        image_url=f"{store.base_media_url}catalog/product{image}" if store.base_media_url and image[:1] == "/" else "",
        categories=_categories(shape, shop),
        status={"1": "enabled", "2": "disabled"}.get(parts.ident(shape.status), ""),
        price=special or price,
        list_price=price if special and special != price else None,
    )


def _categories(shape: ProductShape, shop: Shop) -> list[str]:
    links = (shape.extension_attributes.category_links if shape.extension_attributes else None) or []
    names = {parts.ident(one.id): fields.plain_text(one.name, 200) for one in shop.rows("categories", CategoryShape)}
    return [name for name in (names.get(parts.ident(one.category_id), "") for one in links) if name]
