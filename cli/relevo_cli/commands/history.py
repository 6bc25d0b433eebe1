"""`relevo history`: the versions of a workflow, who deployed them, and what each changed."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.table import Table

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import out, print_json
from relevo_cli.errors import CommandError
from relevo_cli.stored import read_stored
from relevo_runtime import catalog
from relevo_runtime.catalog import Deployed
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow.comparison import compare, file_diff


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("history")(history)


def history(
    workflow: Annotated[str, typer.Argument(help="The name of the workflow.")],
    diff: Annotated[int, typer.Option(help="Show what this revision changed.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """List the deployments of WORKFLOW, the newest first, or show what one of them changed."""
    past = asyncio.run(_history(addresses.settings(), workflow))
    if not past:
        raise CommandError(f"no workflow {workflow!r} was ever deployed here")
    if diff:
        changes = list(_changes(past, diff))
        if as_json:
            print_json(changes)
        else:
            for line in changes:
                out().print(line, markup=False)
        return
    if as_json:
        print_json([_public(one) for one in past])
        return
    out().print(_table(past))


def _changes(past: Sequence[Deployed], revision: int) -> Iterator[str]:
    found = next((one for one in past if one.revision == revision), None)
    if found is None:
        raise CommandError(f"{past[0].workflow} has no revision {revision}")
    before = next((one for one in past if one.revision < revision and one.shop == found.shop), None)
    if before is not None:
        old, new = read_stored(before.files), read_stored(found.files)
        if old is not None and new is not None:
            yield from compare(old, new).lines()
    yield from file_diff(before.files if before is not None else {}, found.files)


def _table(past: Sequence[Deployed]) -> Table:
    table = Table("revision", "version", "shop", "when", "author", "reviewed by", "approved by", "in flight", "note")
    for one in past:
        when = one.deployed_at.isoformat(timespec="minutes") if one.deployed_at else ""
        mark = f"{one.revision} *" if one.active else str(one.revision)
        table.add_row(
            *(mark, one.version, one.shop, when, one.author, one.reviewer, one.approver, one.in_flight, one.note)
        )
    table.caption = "* what new runs start with"
    return table


def _public(one: Deployed) -> dict[str, object]:
    fields = ("revision", "version", "shop", "active", "deployed_at", "author", "reviewer", "approver", "in_flight")
    return {name: getattr(one, name) for name in (*fields, "note")}


async def _history(settings: RuntimeSettings, workflow: str) -> list[Deployed]:
    async with database.transaction(settings) as connection:
        return await catalog.history(connection, workflow)
