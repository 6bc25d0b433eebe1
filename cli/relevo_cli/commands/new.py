"""`relevo new`: a workflow to begin with, or one of the library to make one's own."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from relevo_cli.authoring.scaffold import SCHEMA, Scaffold, scaffold, write
from relevo_cli.authoring.sources import STARTER, from_library
from relevo_cli.console import out, print_json
from relevo_cli.errors import CommandError
from relevo_cli.workflow_files import LIBRARY


class NewWorkflow(Struct, frozen=True):
    """What was written, as `--json` tells it. `segments` are rules that `segments.yaml` lacks."""

    workflow: str
    folder: str
    written: list[str]
    kept: list[str]
    segments: dict[str, str]
    next: list[str]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("new")(new)


def new(
    workflow: Annotated[
        str | None, typer.Argument(help="The new workflow's name; with --from that of the library if none is given.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="LIBRARY", help="Copy this workflow of the library.")
    ] = None,
    into: Annotated[Path, typer.Option("--in", metavar="FOLDER", help="The folder of workflows.")] = LIBRARY,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write a new workflow with a template, a layout and tests. Nothing that is there is written over."""
    name = workflow or source
    if name is None:
        raise CommandError("a new workflow needs a name: relevo new my-workflow")
    made = scaffold(into, name, STARTER if source is None else from_library(source))
    write(made)
    created = NewWorkflow(
        workflow=name,
        folder=made.folder.as_posix(),
        written=sorted(path.as_posix() for path in made.files),
        kept=sorted(path.as_posix() for path in made.kept),
        segments=made.segments,
        next=_next(made),
    )
    if as_json:
        print_json(created)
    else:
        _print(created, into)


def _next(made: Scaffold) -> list[str]:
    folder = shlex.quote(made.folder.as_posix())
    return [f"relevo watch {folder}", f"relevo diagram {folder}", f"relevo deploy {folder} --help"]


def _print(made: NewWorkflow, into: Path) -> None:
    lines = [f"wrote {path}" for path in made.written] + [f"kept  {path}" for path in made.kept]
    if made.segments:
        lines += ["", f"Add to {(into / 'segments.yaml').as_posix()}, which is yours:"]
        lines += [f"  {name}: {_quoted(rule)}" for name, rule in made.segments.items()]
    watch, diagram, deploy = made.next
    lines += [
        "",
        "Next:",
        f"  edit {made.folder}/workflow.yaml; editors complete it with {SCHEMA}",
        f"  {watch:<40} checks and tests it at each save",
        f"  {diagram:<40} draws it",
        f"  {deploy:<40} says how it goes live",
    ]
    for line in lines:
        out().print(line, markup=False, soft_wrap=True)


def _quoted(rule: str) -> str:
    return "'" + rule.replace("'", "''") + "'"
