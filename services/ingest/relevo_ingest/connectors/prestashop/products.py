"""`product` and `stock_available`: what is sold, and how much there is of it."""

from datetime import datetime

from relevo_contracts.payloads import ProductChanged, StockChanged
from relevo_ingest.connectors.prestashop import parts
from relevo_ingest.connectors.prestashop.parts import Lookup
from relevo_ingest.connectors.prestashop.shapes import ProductShape, StockShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import Reading
from relevo_ingest.core.notes import cut
from relevo_ingest.core.product_changes import ProductNow, stock_reading
from relevo_ingest.core.shop_events import Shop

_BACKORDERS = "1"


def product(shape: ProductShape, shop: Shop) -> Reading:
    """What changed of a product. Its stock is told beside it, of each combination."""
    lookup = Lookup(shop)
    payload = _payload(shape, lookup)
    own = [
        one for one in shop.rows("stock_availables", StockShape) if parts.ident(one.id_product) == payload.product_id
    ]
    modified = lookup.time(shape.date_upd, "date_upd")
    return ProductNow(
        payload=payload,
        created=lookup.time(shape.date_add, "date_add"),
        modified=modified,
        stock=[_stock(one, payload) for one in cut(own, 500, "stock_availables")],
    ).reading()


def stock(shape: StockShape, shop: Shop) -> Reading:
    """A change of stock, as the module tells it. It has no time of its own: the message has."""
    lookup = Lookup(shop)
    wanted = fields.required(parts.ident(shape.id_product), "id_product")
    products = shop.rows("products", ProductShape)
    found = next((one for one in products if parts.ident(one.id) == wanted), ProductShape(id=wanted))
    at: datetime | None = None
    return stock_reading([_stock(shape, _payload(found, lookup))], at)


def _stock(shape: StockShape, product: ProductChanged) -> StockChanged:
    available = parts.number(shape.quantity, "quantity")
    backorders = parts.ident(shape.out_of_stock) == _BACKORDERS
    return StockChanged(
        product_id=product.product_id,
        variant_id=parts.ident(shape.id_product_attribute),
        sku=product.sku,
        title=product.title,
        available=available,
        in_stock=None if available is None else available > 0 or backorders,
        backorders=backorders,
        price=product.price,
        url=product.url,
        image_url=product.image_url,
    )


def _payload(shape: ProductShape, lookup: Lookup) -> ProductChanged:
    product_id = fields.required(parts.ident(shape.id), "id")
    categories = (shape.associations.categories if shape.associations else None) or []
    named = [lookup.text(lookup.named("categories", one.id).name, None, 200) for one in categories]
    host = lookup.shop.domain
    return ProductChanged(
        product_id=product_id,
        sku=normalise.text(shape.reference, 100),
        title=lookup.text(shape.name, None),
        description=lookup.text(shape.description_short, None, 5_000),
        url=f"https://{host}/index.php?controller=product&id_product={product_id}" if host else "",
        categories=[name for name in named if name],
        vendor=fields.plain_text(shape.manufacturer_name, 200) if shape.manufacturer_name not in ("false", "0") else "",
        status="" if shape.active is None else "active" if parts.is_set(shape.active) else "inactive",
        price=lookup.money(shape.price, lookup.currency(), "price"),
    )
