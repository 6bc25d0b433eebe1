"""`relevo history`: the versions of a workflow, who deployed them, and what each changed."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Annotated

import typer

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError
from relevo_cli.stored import read_stored
from relevo_runtime import catalog
from relevo_runtime.catalog import Deployed
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow.changes import compare_versions, file_diff


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
    for line in lines(past):
        out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)


def _changes(past: Sequence[Deployed], revision: int) -> Iterator[str]:
    found = next((one for one in past if one.revision == revision), None)
    if found is None:
        raise CommandError(f"{past[0].workflow} has no revision {revision}")
    before = next((one for one in past if one.revision < revision and one.shop == found.shop), None)
    if before is not None:
        old, new = read_stored(before.files), read_stored(found.files)
        if old is not None and new is not None:
            yield from compare_versions(old, new).lines()
    yield from file_diff(before.files if before is not None else {}, found.files)


def lines(past: Sequence[Deployed]) -> Iterator[str]:
    """The deployments for the terminal, times in UTC."""
    for one in past:
        mark = "*" if one.active else " "
        when = local_minute(one.deployed_at, UTC) if one.deployed_at else ""
        where = "" if one.shop == catalog.EVERY_SHOP else f"  for {one.shop}"
        yield f"{mark} {one.revision:>4}  {one.version}  {when} UTC  {one.in_flight}{where}"
        signed = {"by": one.author, "reviewed by": one.reviewer, "approved by": one.approver}
        who = ", ".join(f"{how} {name}" for how, name in signed.items() if name)
        yield from (f"{'':8}{text}" for text in (who, one.note, _retired(one)) if text)
    if any(one.active for one in past):
        yield "* what new runs start with"
    else:
        yield "no version starts runs now: the last one was taken out of service"


def _retired(one: Deployed) -> str:
    if one.retired_at is None:
        return ""
    why = f": {one.retired_note}" if one.retired_note else ""
    by = f" by {one.retired_by}" if one.retired_by else ""
    return f"taken out of service {local_minute(one.retired_at, UTC)} UTC{by}{why}"


def _public(one: Deployed) -> dict[str, object]:
    fields = ("revision", "version", "shop", "active", "deployed_at", "author", "reviewer", "approver", "in_flight")
    retired = ("retired_at", "retired_by", "retired_note")
    return {name: getattr(one, name) for name in (*fields, "note", *retired)}


async def _history(settings: RuntimeSettings, workflow: str) -> list[Deployed]:
    async with database.transaction(settings) as connection:
        return await catalog.history(connection, workflow)
