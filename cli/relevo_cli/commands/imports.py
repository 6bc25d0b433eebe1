"""`relevo imports`: how far imports of files have come."""

import asyncio
from collections.abc import Iterator
from datetime import UTC
from typing import Annotated

import typer

from relevo_cli.console import counted, hanging, local_minute, out, print_json, terminal_width
from relevo_cli.operations import operations
from relevo_control.adapters.listings import ImportView


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="How far imports of files have come.", no_args_is_help=True)
    group.command("list")(list_imports)
    app.add_typer(group, name="imports")


def list_imports(
    shop: Annotated[str, typer.Option(help="The shop.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the imports of a shop, the newest first, with what was rejected and why."""
    found = asyncio.run(operations().imports(shop))
    if as_json:
        print_json(found)
        return
    for one in found:
        for line in _lines(one):
            out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)
    if not found:
        out().print("nothing was imported")


def _lines(one: ImportView) -> Iterator[str]:
    through = f"through {local_minute(one.ended_at, UTC)} UTC" if one.ended_at is not None else "not through"
    yield f"{one.kind}  {one.path}  {through}"
    rows = f"{one.imported} of {counted(one.records, 'row')}"
    yield f"  began {local_minute(one.began_at, UTC)} UTC  {rows}  {counted(one.events, 'event')}"
    yield from (f"  {number} rejected: {reason}" for reason, number in sorted(one.reasons.items()))
