"""`relevo products`: the catalogue of a shop, as its events tell it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC
from typing import Annotated

import typer

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError
from relevo_contracts.payloads import Money
from relevo_control.app.shops import known_shop
from relevo_engine.adapters import catalogue
from relevo_workflow import Product, ProductVariant


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("products")(products)


def products(  # noqa: PLR0917  - a command declares its options as arguments
    shop: Annotated[str, typer.Argument(help="The shop.")],
    product_id: Annotated[str, typer.Argument(help="A product's id: all that is known of it.")] = "",
    search: Annotated[str, typer.Option(help="Those with this in their id, title, category or vendor.")] = "",
    after: Annotated[str, typer.Option(help="Those whose ids come after this one.")] = "",
    most: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the products of SHOP, or show one."""
    found = asyncio.run(_found(shop, product_id, search, after, most))
    if product_id and not found:
        raise CommandError(
            f"nothing told of a product {product_id!r} of {shop} yet; `relevo products {shop}` lists them"
        )
    if as_json:
        print_json(found[0] if product_id else found)
        return
    for product in found:
        for line in _whole(product) if product_id else (_line(product),):
            out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
    if not found:
        out().print(f"no event told of a product; `relevo import products FILE --shop {shop}` reads them from a file")
    elif len(found) == most and not product_id:
        out().print(f"there may be more: --after {found[-1].product_id}", markup=False, soft_wrap=True)


async def _found(shop: str, product_id: str, search: str, after: str, most: int) -> list[Product]:
    async with database.connection(addresses.settings()) as connection:
        await known_shop(connection, shop)
        if not product_id:
            return await catalogue.products_of(connection, shop, search, after, most)
        product = await catalogue.product_of(connection, shop, product_id)
        return [] if product is None else [product]


def _line(product: Product) -> str:
    prices = [one.price for one in product.variants if one.price is not None]
    price = product.price or (min(prices, key=lambda one: float(one.amount)) if prices else None)
    said = (_money(price), _stock(product), ", ".join(product.categories), _gone(product))
    return "  ".join((product.product_id, product.title or "-", *filter(None, said)))


def _whole(product: Product) -> Iterator[str]:
    yield _line(product)
    for name in ("vendor", "url", "image_url", "status"):
        if text := getattr(product, name):
            yield f"  {name}: {text}"
    if product.tags:
        yield f"  tags: {', '.join(product.tags)}"
    for variant in product.variants:
        yield f"  {_variant(variant)}"
    if product.told_at is not None:
        yield f"  told at {local_minute(product.told_at, UTC)} UTC"
    elif product.ordered:
        yield "  known from orders alone"


def _variant(variant: ProductVariant) -> str:
    listed = f"instead of {_money(variant.list_price)}" if variant.list_price is not None else ""
    stock = "" if variant.available is None else f"{variant.available:g} in stock"
    if not stock and variant.in_stock is not None:
        stock = "in stock" if variant.in_stock else "sold out"
    said = (variant.sku, variant.title, _money(variant.price), listed, stock)
    return "  ".join((variant.variant_id or "-", *filter(None, said)))


def _money(amount: Money | None) -> str:
    return "" if amount is None else f"{amount.amount} {amount.currency}"


def _stock(product: Product) -> str:
    """Whether anything of it can be bought, where that is known."""
    known = [one.in_stock if one.in_stock is not None else one.available for one in product.variants]
    levels = [one for one in (*known, product.in_stock) if one is not None]
    if not levels:
        return ""
    return "in stock" if any(one > 0 for one in levels) else "sold out"


def _gone(product: Product) -> str:
    return "deleted" if product.deleted_at is not None else ""
