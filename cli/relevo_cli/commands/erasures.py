"""`relevo erasures`: requests of a shop to erase, which wait before they act, and how to take one back."""

import asyncio
from datetime import UTC
from typing import Annotated

import msgspec
import typer

from relevo_cli import addresses, database
from relevo_cli.console import hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError
from relevo_ingest.adapters import erasures
from relevo_ingest.adapters.erasures import Erasure
from relevo_runtime.clock import make_clock


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Requests of shops to erase a customer or everything; each waits before it acts.", no_args_is_help=True
    )
    group.command("list")(list_erasures)
    group.command("cancel")(cancel)
    app.add_typer(group, name="erasures")


def list_erasures(
    shop: Annotated[str, typer.Option(help="Of this shop only.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the erasures that wait, the next one first."""
    found = asyncio.run(_list(shop, every=every))
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    if not found:
        out().print("no erasures wait")
    for erasure in found:
        lines = (
            f"{erasure.id}  {erasure.shop}",
            f"  {erasure.type}  {erasure.key}",
            f"  asked for {local_minute(erasure.received, UTC)} UTC, due {local_minute(erasure.due, UTC)} UTC: "
            f"{erasure.state}",
        )
        for line in lines:
            out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)


def cancel(
    erasure_id: Annotated[str, typer.Argument(help="The id that `relevo erasures list` prints.")],
    shop: Annotated[str, typer.Option(help="Its shop.")],
) -> None:
    """Take back an erasure that still waits: nothing is erased, also if the shop sends the same request again."""
    taken = asyncio.run(_cancel(shop, erasure_id))
    if taken is None:
        raise CommandError(
            f"no erasure {erasure_id} of {shop} waits; `relevo erasures list --all` tells what became of it"
        )
    out().print(f"{taken.type} of {taken.key} is taken back", markup=False)


async def _list(shop: str, *, every: bool) -> list[Erasure]:
    async with database.connection(addresses.settings()) as connection:
        return await erasures.erasures(connection, shop or None, also_over=every)


async def _cancel(shop: str, erasure_id: str) -> Erasure | None:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        return await erasures.cancel(connection, shop, erasure_id, make_clock(settings).now())
