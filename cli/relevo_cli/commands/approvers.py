"""`relevo approvers`: who may approve changes of administrative workflows."""

import asyncio
from datetime import UTC
from typing import Annotated

import typer

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import local_minute, out, print_json
from relevo_cli.errors import CommandError
from relevo_control.app.shops import known_shop
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, Approver
from relevo_runtime.clock import make_clock

NameArgument = Annotated[str, typer.Argument(help="The name, as --approve-by will give it.")]
ForOption = Annotated[str, typer.Option(help="Only for this shop; default: for every shop.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Who may approve changes of administrative workflows.", no_args_is_help=True)
    group.command("add")(add)
    group.command("remove")(remove)
    group.command("list")(list_approvers)
    app.add_typer(group, name="approvers")


def add(name: NameArgument, shop: ForOption = EVERY_SHOP) -> None:
    """NAME may approve from now on."""
    added = asyncio.run(_add(name, shop))
    out().print(f"{name} may approve {'from now on' if added else 'already'}", markup=False)


def remove(name: NameArgument, shop: ForOption = EVERY_SHOP) -> None:
    """NAME may no longer approve."""
    if not asyncio.run(_remove(name, shop)):
        raise CommandError(f"{name} is not an approver there; `relevo approvers list` prints who is")
    out().print(f"{name} may no longer approve", markup=False)


def list_approvers(as_json: JsonOption = False) -> None:
    """List who may approve."""
    found = asyncio.run(_list())
    if as_json:
        print_json(found)
        return
    for one in found:
        where = "every shop" if one.shop == EVERY_SHOP else one.shop
        out().print(f"{one.name}  {where}  since {local_minute(one.added_at, UTC)} UTC", markup=False)
    if not found:
        out().print("nobody may approve yet; add somebody with `relevo approvers add NAME`")


async def _add(name: str, shop: str) -> bool:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        if shop != EVERY_SHOP:
            await known_shop(connection, shop)
        return await catalog.add_approver(connection, name, make_clock(settings).now(), shop=shop)


async def _remove(name: str, shop: str) -> bool:
    async with database.transaction(addresses.settings()) as connection:
        return await catalog.remove_approver(connection, name, shop=shop)


async def _list() -> list[Approver]:
    async with database.transaction(addresses.settings()) as connection:
        return await catalog.approvers(connection)
