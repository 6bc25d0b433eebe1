"""`relevo history`: the versions of a workflow or of the contact policy, who deployed them, and what each changed."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Annotated

import typer

from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import hanging, local_minute, out, print_json, terminal_width
from relevo_cli.operations import operations
from relevo_control.app.history import Deployment, what_of
from relevo_runtime import catalog

PolicyOption = Annotated[bool, typer.Option("--policy", help="The contact policy, in place of a workflow.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("history")(history)


def history(
    workflow: Annotated[str, typer.Argument(help="The name of the workflow.", show_default=False)] = "",
    *,
    policy: PolicyOption = False,
    diff: Annotated[int, typer.Option(help="Show what this revision changed.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """List the deployments of WORKFLOW, the newest first, or show what one of them changed."""
    of = what_of(workflow, policy=policy)
    if diff:
        changes = asyncio.run(operations().changes(of, diff))
        if as_json:
            print_json(changes)
        else:
            for line in changes:
                out().print(line, markup=False)
        return
    past = asyncio.run(operations().history(of))
    if as_json:
        print_json(past)
        return
    for line in lines(past, policy=policy):
        out().print(hanging(line, terminal_width()), markup=False, soft_wrap=True)


def lines(past: Sequence[Deployment], *, policy: bool = False) -> Iterator[str]:
    """The deployments for the terminal, times in UTC."""
    for one in past:
        mark = "*" if one.active else " "
        when = local_minute(one.deployed_at, UTC) if one.deployed_at else ""
        how = (one.in_flight, "" if one.shop == catalog.EVERY_SHOP else f"for {one.shop}")
        yield f"{mark} {one.revision:>4}  {one.version}  {when} UTC" + "".join(f"  {said}" for said in how if said)
        signed = {"by": one.author, "reviewed by": one.reviewer, "approved by": one.approver}
        who = ", ".join(f"{how} {name}" for how, name in signed.items() if name)
        yield from (f"{'':8}{text}" for text in (who, one.note, _retired(one)) if text)
    if any(one.active for one in past):
        yield "* in service" if policy else "* what new runs start with"
    else:
        yield "no version starts runs now: the last one was taken out of service"


def _retired(one: Deployment) -> str:
    if one.retired_at is None:
        return ""
    why = f": {one.retired_note}" if one.retired_note else ""
    by = f" by {one.retired_by}" if one.retired_by else ""
    return f"taken out of service {local_minute(one.retired_at, UTC)} UTC{by}{why}"
