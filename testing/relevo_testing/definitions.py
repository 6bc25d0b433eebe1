"""Workflow folders as tests need them: compiled once, with the places of what is wrong as paths from here."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from msgspec import Struct

from relevo_cli.errors import CommandError
from relevo_cli.workflow_files import need_folders, placed, read_folder
from relevo_workflow import Definition, Diagnostic, diagnose
from relevo_workflow.testing import Previews


class WorkflowBroken(Exception):  # noqa: N818 - says what is the case
    """A workflow, or a test of it, can't be used; the message has every reason with its place."""


class Compiled(Struct, frozen=True):
    """A workflow that was read and checked. `previews` render its messages."""

    folder: Path
    definition: Definition
    previews: Previews


@cache
def compiled(folder: Path) -> Compiled:
    """The workflow in this folder, read once a test run. Raises `WorkflowBroken`."""
    try:
        [folder] = need_folders(folder)
        definition, found = diagnose(read_folder(folder, parse=False))
    except CommandError as error:
        raise WorkflowBroken(str(error)) from None
    if definition is None:
        raise WorkflowBroken(lines(placed(near(folder), one) for one in found if one.severity == "error"))
    return Compiled(folder, definition, Previews(definition))


def near(path: Path) -> Path:
    """The path from here, if it lies below: what people read."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def lines(found: Iterable[Diagnostic]) -> str:
    """Each difference with its place on a line, and below it what was expected, what came and what helps."""
    return "\n".join(f"{one.position.file}:{one.position.line}: {described(one)}" for one in found)


def described(one: Diagnostic) -> str:
    """A difference without its place: what was expected, and on lines of their own what came and what helps."""
    expected, comma, got = one.message.partition(", got ")
    return f"{expected}{f'{NEXT}got {got}' if comma else ''}{f'{NEXT}({one.help})' if one.help else ''}"


NEXT = "\n    "
