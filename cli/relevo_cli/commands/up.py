"""`relevo up`: the whole system in the foreground."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from relevo_cli import addresses
from relevo_cli.addresses import Running
from relevo_cli.child import Died
from relevo_cli.console import err, out, print_json
from relevo_cli.deploying.report import secret_lines
from relevo_cli.embedded_servers import ServerDied
from relevo_cli.stoppable import until_stopped
from relevo_cli.system import ServicePlan, running_system
from relevo_cli.workflow_files import Loaded, load_folders, workflow_folders
from relevo_control.app.source_files import secrets_named
from relevo_sandbox.sandbox import parent_gone

HERE = Path("workflows")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    speed: Annotated[float, typer.Option(min=0.001, max=100_000, help="How many seconds pass in one second.")] = 1.0,
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, help="Where ingest listens; tasks, sandbox and the control API at the next three. 0: any."
        ),
    ] = 8080,
    data: Annotated[Path, typer.Option(help="Folder for the databases, logs and received mail.")] = addresses.DATA,
    workflows: Annotated[Path | None, typer.Option(help="Workflow folders to deploy; default: workflows/.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print where everything listens as one JSON object.")] = False,
) -> None:
    """Start Kafka, PostgreSQL, all services and the sandbox; Ctrl-C stops everything."""
    plan = ServicePlan(data=data.absolute(), workflows=_workflows(workflows), port=port, speed=speed, control=True)
    asyncio.run(until_stopped(_up(plan, as_json=as_json)))


def _workflows(given: Path | None) -> list[Loaded]:
    """Those of the folder that was `given`, or of `workflows/` here; where there is none, that is said."""
    if given is not None or any(workflow_folders(HERE)):
        return load_folders(given or HERE)
    err().print(
        f"there is no workflow in {HERE.absolute()}: nothing is deployed, and events start nothing.\n"
        "  relevo new my-workflow            writes one\n"
        "  relevo new --from abandoned-cart  copies one of the library\n"
        "  relevo up --workflows FOLDER      deploys those of another folder",
        style="yellow",
        markup=False,
        soft_wrap=True,
    )
    return []


async def _up(plan: ServicePlan, *, as_json: bool) -> None:
    console = err()
    secrets = {one.definition.name: secrets_named(one.definition) for one in plan.workflows}
    for line in secret_lines(secrets, os.environ):
        console.print(line, style="yellow", markup=False, soft_wrap=True)
    parent = asyncio.create_task(parent_gone())  # from the beginning: who is adopted while all starts would not notice
    async with running_system(plan, say=step_printer(console), on_death=restart_printer(console)) as system:
        if as_json:
            print_json(system.running)
        else:
            _print(system.running)
        await (parent if system.settings.watch_parent else asyncio.Event().wait())


def _print(running: Running) -> None:
    console = out()
    rows = {
        "webhooks": f"POST {running.ingest}/hooks/SHOP/PLATFORM",
        "events": f"POST {running.ingest}/events/SHOP",
        "tasks": f"GET  {running.tasks}/SHOP",
        "messages": f"{running.sandbox}  (files in {running.mail_folder})",
        "calls": f"{running.sandbox}/echo  (answers steps `http` with what they sent)",
        "control": f"{running.control}  (`relevo tokens create NAME --role admin` prints a token)",
        "Kafka": running.kafka,
        "PostgreSQL": running.postgres,
        "logs": running.logs,
    }
    for name, value in rows.items():
        console.print(f"{name:10} {value}", markup=False, soft_wrap=True)  # whole, to be copied
    console.print("\nMake a shop known: relevo shops add NAME --platform shopify --secret SECRET\nCtrl-C stops.")


def step_printer(console: Console) -> Callable[[str], None]:
    """Prints the steps of the start."""
    return lambda step: console.print(f"… {step}", style="dim", markup=False)


def restart_printer(console: Console) -> Callable[[Died | ServerDied], None]:
    """Prints that a process died and is started again."""
    return lambda died: console.print(describe(died), style="yellow", markup=False)


def describe(died: Died | ServerDied) -> str:
    """A death as a sentence."""
    if isinstance(died, ServerDied):
        return f"{died.name} died; starting it again on the same data in {died.pause.total_seconds():.1f} s"
    how = f"was killed by signal {-died.code}" if died.code < 0 else f"ended with code {died.code}"
    return f"{died.name} {how}; starting it again (restart {died.restarts})"
