"""`relevo watch`: check, test and preview workflows again at each save."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console

from relevo_cli.addresses import DATA
from relevo_cli.authoring.file_watcher import SaveWatcher
from relevo_cli.authoring.preview import page
from relevo_cli.commands.check import SiblingWorkflows, findings
from relevo_cli.commands.test import show, tested
from relevo_cli.console import counted, out
from relevo_cli.workflow_files import LIBRARY, need_folders
from relevo_control.app.errors import OperationError
from relevo_workflow import Diagnostic
from relevo_workflow.testing import Previews

PREVIEWS = DATA / "preview"
LOOK_EVERY = 0.15
"""Seconds between two looks at the files: below what a person notices."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("watch")(watch)


def watch(
    path: Annotated[Path, typer.Argument(help="A workflow folder, or a folder of workflow folders.")] = LIBRARY,
    previews: Annotated[Path, typer.Option("--preview", metavar="FOLDER", help="Where to write previews.")] = PREVIEWS,
) -> None:
    """Check and test workflows, and write a page with their picture and messages, again at each save, until Ctrl-C."""
    need_folders(path)
    watcher, console = SaveWatcher(path), out()
    try:
        while True:
            look(watcher, console, previews)
            time.sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def look(watcher: SaveWatcher, console: Console, previews: Path) -> bool:
    """Looks once; whether anything was saved since the last look. Never raises for what stands in files."""
    before = watcher.watched
    changed = watcher.changed()
    if not changed and len(before) == len(watcher.watched):
        return False
    if console.is_terminal:
        console.clear()
    for folder in changed:
        try:
            round_of(folder, console, previews)
        except (OperationError, OSError) as error:
            console.print(f"✗ {folder.as_posix()}: {error}", style="red", markup=False)
        except Exception as error:  # noqa: BLE001 - whatever a half-written file brings up, the next save is looked at
            message = f"✗ {folder.as_posix()}: {type(error).__name__}: {error}"
            console.print(message, style="red", markup=False)
    _print_end(console, watcher.watched)
    return True


def round_of(folder: Path, console: Console, previews: Path) -> None:
    """Checks, tests and previews one workflow, and prints what came of it."""
    begun, library = perf_counter(), SiblingWorkflows()
    found = sorted(
        set(findings([folder], library)), key=lambda one: (one.position.file, one.position.line, one.message)
    )
    for one in found:
        console.print(str(one), markup=False, soft_wrap=True)
    if any(one.severity == "error" for one in found):
        console.print(f"✗ {folder.name}: {_count(found)}", style="red", markup=False)
        return
    definition, _ = library.diagnosed(folder)
    if definition is None:
        return
    messages = Previews(definition)
    suite = tested(folder, definition, [], messages)
    previews.mkdir(parents=True, exist_ok=True)
    file = previews / f"{definition.name}.html"
    file.write_text(page(definition, messages), encoding="utf-8")
    show(console, suite, perf_counter() - begun)
    console.print(f"  {file.as_posix()}", style="dim", markup=False, soft_wrap=True)


def _count(found: Sequence[Diagnostic]) -> str:
    def words() -> Iterator[str]:
        for severity in ("error", "warning"):
            number = sum(one.severity == severity for one in found)
            if number:
                yield counted(number, severity)

    return ", ".join(words())


def _print_end(console: Console, watched: Sequence[Path]) -> None:
    if not watched:
        console.print("there is no workflow left; watching for one (Ctrl-C ends it)", style="yellow")
    elif console.is_terminal:
        console.print("watching for the next save (Ctrl-C ends it)", style="dim")
