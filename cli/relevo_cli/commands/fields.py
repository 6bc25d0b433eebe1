"""`relevo fields`: which of a shop's own fields are a customer's birthday, group, language and so on."""

import asyncio
from typing import Annotated

import typer

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import out, print_json
from relevo_cli.errors import CommandError
from relevo_control.app.shops import known_shop
from relevo_ingest.adapters.shop_fields import fields_of_shops, set_fields
from relevo_ingest.core.own_fields import FIELDS, is_field
from relevo_runtime import catalog


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("fields")(fields)


def fields(
    shop: Annotated[str, typer.Argument(help="The shop.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIELD=NAME]…", help="birthday=custom.birthday; FIELD=: none."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List which of SHOP's own fields say what of its customers, or set them.

    NAME is the shop's: namespace.key of a metafield of Shopify, the key of meta data of WooCommerce.
    """
    found = asyncio.run(_set(shop, dict(_setting(one) for one in settings or ())))
    if as_json:
        print_json(found)
        return
    for field, source in found.items():
        out().print(f"{field} = {source}", markup=False, soft_wrap=True)
    if not found:
        advice = f"`relevo fields {shop} birthday=custom.birthday` reads one"
        out().print(f"no own field of {shop} is read; {advice}", markup=False)


def _setting(text: str) -> tuple[str, str]:
    field, equals, source = text.partition("=")
    if not equals:
        raise CommandError(f"{text!r} is not FIELD=NAME, such as birthday=custom.birthday")
    if not is_field(field.strip()):
        raise CommandError(f"{field!r} is not one of {', '.join(FIELDS)} or attributes.<name>")
    return field.strip(), source.strip()


async def _set(shop: str, wanted: dict[str, str]) -> dict[str, str]:
    async with database.transaction(addresses.settings()) as connection:
        await known_shop(connection, shop)
        if wanted:
            await set_fields(connection, shop, wanted)
            await catalog.changed(connection)
        return (await fields_of_shops(connection)).get(shop, {})
