"""`relevo tokens`: what opens the control API. It works on the database alone: nobody makes tokens by a token."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import err, local_minute, out, print_json
from relevo_cli.login_name import login_name
from relevo_control.adapters import tokens as table
from relevo_control.app import tokens
from relevo_control.core.permissions import ROLES
from relevo_control.core.tokens import Token
from relevo_runtime.catalog import EVERY_SHOP
from relevo_runtime.clock import make_clock


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Tokens of the control API: make, list and revoke them.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(list_tokens)
    group.command("revoke")(revoke)
    app.add_typer(group, name="tokens")


def create(
    name: Annotated[str, typer.Argument(help="Who acts by it: a person, or what runs unattended, such as ci.")],
    role: Annotated[list[str], typer.Option(help=f"What it may: {', '.join(ROLES)}; may be repeated.")],
    shop: Annotated[str, typer.Option(help="For this shop only; default: for every shop.")] = EVERY_SHOP,
    days: Annotated[int, typer.Option(min=1, help="How long it holds.")] = 90,
    as_json: JsonOption = False,
) -> None:
    """Make a token. It is printed once; the database has its hash alone."""
    token, text = asyncio.run(_create(name, role, shop, days))
    if as_json:
        print_json({"token": text, "id": token.token_id, "expires_at": token.expires_at})
        return
    out().print(text, markup=False, soft_wrap=True)
    until = local_minute(token.expires_at, UTC)
    err().print(f"token {token.token_id} of {token.name} holds until {until} UTC; it is shown this once", markup=False)


def list_tokens(as_json: JsonOption = False) -> None:
    """List the tokens, the newest first."""
    found, now = asyncio.run(_list())
    if as_json:
        print_json([{**_public(one), "state": one.state(now)} for one in found])
        return
    if not found:
        out().print("there is no token yet; make one with `relevo tokens create NAME --role viewer`")
        return
    shown = Table("id", "name", "roles", "shop", "until (UTC)", "")
    for one in found:
        row = (one.token_id, one.name, ", ".join(one.roles), one.shop, local_minute(one.expires_at, UTC))
        shown.add_row(*row, one.state(now))
    out().print(shown)


def revoke(token_id: Annotated[str, typer.Argument(help="The id that `relevo tokens list` prints.")]) -> None:
    """Let a token hold no longer, from its next request on."""
    asyncio.run(_revoke(token_id))
    out().print(f"token {token_id} holds no longer", markup=False)


def _public(one: Token) -> dict[str, object]:
    return {name: getattr(one, name) for name in Token.__struct_fields__}


async def _create(name: str, role: list[str], shop: str, days: int) -> tuple[Token, str]:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        now = make_clock(settings).now()
        wanted = tokens.NewToken(name=name, roles=role, shop=shop, holds=timedelta(days=days))
        return await tokens.create(connection, wanted, now, by=login_name())


async def _list() -> tuple[list[Token], datetime]:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        return await table.tokens(connection), make_clock(settings).now()


async def _revoke(token_id: str) -> None:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        await tokens.revoke(connection, token_id, make_clock(settings).now(), by=login_name())
