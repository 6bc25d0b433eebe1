"""`relevo runs`: runs of workflows, where each rests and how it ended."""

import asyncio
from datetime import UTC
from typing import Annotated

import typer

from relevo_cli.console import hanging, local_minute, out, print_json, terminal_width
from relevo_cli.operations import operations
from relevo_control.adapters.listings import RunView
from relevo_control.app.activity import RunFilter


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Runs of workflows: where each rests, how it ended.", no_args_is_help=True)
    group.command("list")(list_runs)
    app.add_typer(group, name="runs")


def list_runs(
    shop: Annotated[str, typer.Option(help="The shop.")],
    workflow: Annotated[str, typer.Option(help="Runs of this workflow only.")] = "",
    active: Annotated[bool, typer.Option("--active", help="Leave out those that have ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the runs of a shop, in the order of their ids; `relevo explain` says why one went as it did."""
    found = asyncio.run(operations().runs(RunFilter(shop=shop, workflow=workflow, active=active)))
    if as_json:
        print_json(found)
        return
    for one in found:
        out().print(hanging(_line(one), terminal_width()), markup=False, soft_wrap=True)
    if not found:
        out().print("no runs")


def _line(one: RunView) -> str:
    now = f"at {one.step}" if one.ended_at is None else f"ended {local_minute(one.ended_at, UTC)} UTC: {one.end_reason}"
    began = f"{local_minute(one.started_at, UTC)} UTC"
    return f"{one.run_id}  {one.workflow} {one.version}  {one.key}  since {began}  {now}"
