"""`relevo check`: every mistake in workflows, with file, line and column."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from relevo_cli.console import counted, err, print_json
from relevo_cli.errors import NotTextError
from relevo_cli.workflow_files import LIBRARY, WORKFLOW, beside, need_folders, placed, read_folder, workflow_folders
from relevo_runtime.clock import SystemClock
from relevo_workflow import (
    Definition,
    Diagnostic,
    Position,
    check_starts,
    diagnose,
    ended_entries,
    starts_others,
    workflow_schema,
)
from relevo_workflow import policy_schema as schema_of_policy


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
    policy_schema: Annotated[
        bool,
        typer.Option("--policy-schema", help="Print the JSON Schema of policy.yaml, and check nothing."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list, then a line with the sums.")] = False,
) -> None:
    """Check workflows: YAML, grammar, names, types, templates and habits. Exit code 1 if there is an error."""
    if policy_schema:
        sys.stdout.write(json.dumps(schema_of_policy(), indent=2, ensure_ascii=False) + "\n")
        return
    if schema:
        sys.stdout.write(json.dumps(workflow_schema(), indent=2, ensure_ascii=False) + "\n")
        return
    folders = need_folders(path)
    found = sorted(set(findings(folders)), key=_order)
    errors = sum(one.severity == "error" for one in found)
    summary = Summary(workflows=len(folders), errors=errors, warnings=len(found) - errors)
    _print(found, summary, as_json=as_json)
    if errors or (strict and found):
        raise typer.Exit(1)


def findings(folders: Sequence[Path], library: "SiblingWorkflows | None" = None) -> Iterator[Diagnostic]:
    """Everything that is wrong with the workflows of `folders`, with paths as they are from here.

    `library` keeps what was read, for who goes on with it.
    """
    library = library or SiblingWorkflows()
    today = SystemClock().now().date()
    for folder in folders:
        definition, found = library.diagnosed(folder)
        yield from (placed(folder, one) for one in found)
        yield from (placed(folder, one) for one in ended_entries(definition.files if definition else {}, today))
        yield from library.taken(folder, definition)
        if definition is not None and starts_others(definition):
            yield from (placed(folder, one) for one in check_starts(definition, library.beside(folder)))


class SiblingWorkflows:
    """The workflows that were looked at, and those beside them as far as one asks for them."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Definition | None, list[Diagnostic]]] = {}
        self._names: dict[str, Path] = {}

    def diagnosed(self, folder: Path) -> tuple[Definition | None, list[Diagnostic]]:
        """The workflow of a folder and what is wrong with it."""
        if folder not in self._known:
            try:
                self._known[folder] = diagnose(read_folder(folder, parse=False))
            except NotTextError as error:
                self._known[folder] = None, [not_text(folder, error)]
        return self._known[folder]

    def taken(self, folder: Path, definition: Definition | None) -> Iterator[Diagnostic]:
        """Two folders with one workflow: only one of them would be deployed."""
        if definition is None:
            return
        other = self._names.setdefault(definition.name, folder)
        if other != folder:
            where = Position((folder / WORKFLOW).as_posix())
            yield Diagnostic(where, f"'{definition.name}' is also the workflow of {other.as_posix()}", "another name")

    def beside(self, folder: Path) -> dict[str, Definition | None]:
        """The workflows in the folder that `folder` lies in, by name; `None` for one with errors."""
        found: dict[str, Definition | None] = {}
        for one in workflow_folders(beside(folder)):
            definition = self.diagnosed(one)[0]
            found[definition.name if definition is not None else one.name] = definition
        return found


def not_text(folder: Path, error: NotTextError) -> Diagnostic:
    """The finding for a file that is not text, with its path inside the folder."""
    inside = error.path.relative_to(folder if error.path.is_relative_to(folder) else beside(folder))
    return Diagnostic(Position(inside.as_posix()), "this is not UTF-8 text", "save it as UTF-8")


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
    errors, warnings = counted(summary.errors, "error"), counted(summary.warnings, "warning")
    err().print(f"{counted(summary.workflows, 'workflow')}: {errors}, {warnings}", style=colour)


def _finding(one: Diagnostic) -> Finding:
    where = one.position
    return Finding(where.file, where.line, where.column, one.severity, one.message, one.help)
