"""`relevo check`: every mistake in workflows, with file, line and column."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from relevo_cli.console import err, print_json
from relevo_cli.workflow_files import need_folders, path_of, read_folder
from relevo_workflow.diagnostics import Diagnostic, Position
from relevo_workflow.json_schema import workflow_schema
from relevo_workflow.load import diagnose

LIBRARY = Path("workflows")


class Finding(Struct, frozen=True):
    """One mistake, as `--json` tells it."""

    file: str
    line: int
    column: int
    severity: str
    message: str
    help: str


class Summary(Struct, frozen=True):
    """What was checked; the last line of `--json`."""

    workflows: int
    errors: int
    warnings: int


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    path: Annotated[Path, typer.Argument(help="A workflow folder, or a folder of workflow folders.")] = LIBRARY,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as errors do.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of workflow.yaml for editors, and check nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list, then a line with the sums.")] = False,
) -> None:
    """Check workflows: YAML, grammar, names, types, templates and habits. Exit code 1 if there is an error."""
    if schema:
        sys.stdout.write(json.dumps(workflow_schema(), indent=2, ensure_ascii=False) + "\n")
        return
    folders = need_folders(path)
    found = sorted({one for folder in folders for one in findings(folder)}, key=_order)
    errors = sum(one.severity == "error" for one in found)
    summary = Summary(workflows=len(folders), errors=errors, warnings=len(found) - errors)
    _print(found, summary, as_json=as_json)
    if errors or (strict and found):
        raise typer.Exit(1)


def findings(folder: Path) -> Iterator[Diagnostic]:
    """Everything that is wrong with the workflow of `folder`, with paths as they are from here."""
    for one in diagnose(read_folder(folder, parse=False))[1]:
        yield placed(folder, one)


def placed(folder: Path, found: Diagnostic) -> Diagnostic:
    """The same with the path of the file as it is from here."""
    where = found.position
    position = Position(path_of(folder, where.file).as_posix(), where.line, where.column)
    return Diagnostic(position, found.message, found.help, found.severity)


def _order(one: Diagnostic) -> tuple[str, int, int, str]:
    return one.position.file, one.position.line, one.position.column, one.message


def _print(found: list[Diagnostic], summary: Summary, *, as_json: bool) -> None:
    if as_json:
        print_json([_finding(one) for one in found])
        print_json(summary)
        return
    for one in found:
        # Not through rich: a line is one finding, however long, for editors and pipes.
        sys.stdout.write(f"{one}\n")
    colour = "red" if summary.errors else "yellow" if summary.warnings else "green"
    count = f"{summary.workflows} {'workflow' if summary.workflows == 1 else 'workflows'}"
    err().print(f"{count}: {summary.errors} errors, {summary.warnings} warnings", style=colour)


def _finding(one: Diagnostic) -> Finding:
    where = one.position
    return Finding(where.file, where.line, where.column, one.severity, one.message, one.help)
