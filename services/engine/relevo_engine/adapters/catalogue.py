"""What is known of products, in the table `engine.product`."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from relevo_engine.core.catalogue import ProductKey
from relevo_runtime.postgres import Connection, Part, Statements
from relevo_workflow import Product

STATEMENTS = Statements.load("relevo_engine.adapters", "catalogue.sql")
_decode = msgspec.json.Decoder(Product).decode
_encode = msgspec.json.Encoder().encode


def read(body: str) -> Product:
    """A row's product."""
    return _decode(body)


def saving(products: Mapping[ProductKey, Product], now: datetime) -> Part:
    """Writes products, new or changed; what only an order told of changes nothing that is there."""
    rows = sorted(products.items())
    return Part(
        STATEMENTS["save"],
        (
            [shop for (shop, _), _ in rows],
            [name for (_, name), _ in rows],
            [_encode(product) for _, product in rows],
            [not product.ordered for _, product in rows],
            now,
        ),
    )


async def products_of(connection: Connection, shop: str, search: str, after: str, most: int) -> list[Product]:
    """A page of a shop's products by id, of those whose id, title, category or vendor has `search` in it."""
    rows = await connection.fetch(STATEMENTS["list"], shop, search, after, most)
    return [_decode(row["product"]) for row in rows]


async def product_of(connection: Connection, shop: str, product_id: str) -> Product | None:
    """A product by its id."""
    body = await connection.fetchval(STATEMENTS["show"], shop, product_id)
    return None if body is None else _decode(body)
