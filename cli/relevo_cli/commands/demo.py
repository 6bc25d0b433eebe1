"""`relevo demo`: a sample shop's day, replayed over HTTP in virtual time, judged at the sinks."""

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

import typer

from relevo_cli import addresses
from relevo_cli.commands.up import describe, step_printer
from relevo_cli.console import err, out, print_json
from relevo_cli.demonstration import screen
from relevo_cli.demonstration.performance import Performance, Result, perform
from relevo_cli.demonstration.summary import print_summary
from relevo_cli.errors import CommandError
from relevo_cli.sample_shop.days.registry import PLATFORMS
from relevo_cli.sample_shop.days.shop_events import Platform
from relevo_cli.sample_shop.recording import SHOPPERS
from relevo_cli.stoppable import until_stopped
from relevo_cli.workflow_files import library, load_folder

OWN = ("postgres", "kafka", "mail", "logs")
"""What a demonstration leaves in its folder, and the next one clears away."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    *,
    speed: Annotated[float, typer.Option(min=60, max=36_000, help="How many seconds pass in one second.")] = 3600.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object in the last line.")
    ] = False,
    platform: Annotated[
        str, typer.Option(help=f"The shop system that it runs on: {', '.join(PLATFORMS)}.")
    ] = "shopify",
    shoppers: Annotated[
        int | None, typer.Option(min=1, max=800, help=f"How many people shop that day; 26, and {SHOPPERS} on shopify.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed is another day.")] = 1,
    kill: Annotated[
        int | None, typer.Option(help="kill -9 the engine, scheduler and notifier at random moments with this seed.")
    ] = None,
    data: Annotated[Path, typer.Option(help="Folder for the databases, logs and received mail.")] = addresses.DATA
    / "demo",
) -> None:
    """Replay a recorded day of the sample shop and show each message; exit 0 if every one arrived, once."""
    shop = _platform(platform)
    performance = Performance(
        data=data.absolute(),
        workflows=[load_folder(library() / name) for name in shop.flows],
        speed=speed,
        seed=seed,
        shoppers=shoppers or shop.shoppers,
        platform=shop,
        kill_seed=kill,
    )
    _clear(performance.data)
    result = asyncio.run(until_stopped(_show(performance)))
    if result is None:
        raise typer.Exit(130)
    print_summary(err() if as_json else out(), result)
    if as_json:
        print_json(result.figures())
    raise typer.Exit(0 if result.good else 1)


def _platform(name: str) -> Platform:
    """Raises `CommandError` if the sample shop can't run on it."""
    if name not in PLATFORMS:
        raise CommandError(f"there is no platform {name!r}; the sample shop runs on {', '.join(PLATFORMS)}")
    return PLATFORMS[name]


async def _show(performance: Performance) -> Result:
    console = err()
    if performance.platform.remarks:
        console.print(f"Casa Lumen on {performance.platform.title}, and what stands in for what it can't tell:")
    for remark in performance.platform.remarks:
        console.print(f"  {remark}", markup=False)
    with screen.opened(console) as shown:
        return await perform(
            performance, shown, say=step_printer(console), on_death=lambda died: shown.note(describe(died))
        )


def _clear(data: Path) -> None:
    """A demonstration begins with empty databases. Raises `CommandError` if one runs in the folder."""
    if addresses.running(data) is not None:
        raise CommandError(f"a system runs in {data}; stop it first, or choose another folder with --data")
    for name in OWN:
        shutil.rmtree(data / name, ignore_errors=True)
