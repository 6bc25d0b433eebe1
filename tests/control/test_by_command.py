"""The table of docs/control.md: which command is which operation, and who may. It holds against both registries."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from msgspec import Struct

from relevo_cli.main import COMMANDS, application, module_of
from relevo_control.core.permissions import GRANTS, ROLES, Permission
from relevo_control.entrypoints.operations import OPERATIONS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "control.md"
BY_PROGRAMS = "by programs alone"


class Row(Struct, frozen=True):
    commands: list[str]
    operation: str
    roles: str


def rows() -> Iterator[Row]:
    for cells in re.findall(r"^\| (.*) \| `(\w+)` \| (.*) \|$", PAGE.read_text(), re.MULTILINE):
        commands = [] if cells[0] == BY_PROGRAMS else re.findall(r"`([^`]+)`", cells[0])
        yield Row(commands, cells[1], cells[2])


def who_may(permission: Permission) -> str:
    found = [role for role in ROLES if permission in GRANTS[role]]
    return "every role" if len(found) == len(ROLES) else ", ".join(found)


def command_of(words: list[str]) -> Any:
    found: Any = typer.main.get_command(application(words[0]))
    for word in words:
        found = found.commands[word]
    return found


def test_every_operation_has_a_row_with_its_roles() -> None:
    assert {one.operation: one.roles for one in rows()} == {one.name: who_may(one.permission) for one in OPERATIONS}


@pytest.mark.parametrize("named", sorted({one for row in rows() for one in row.commands}))
def test_every_command_of_the_table_is_there_with_its_options(named: str) -> None:
    words = [one for one in named.split() if not one.startswith("--")]
    command = command_of(words)
    assert not hasattr(command, "commands")
    options = {option for one in command.params for option in one.opts}
    assert {one for one in named.split() if one.startswith("--")} <= options


def test_every_command_that_works_by_the_control_api_is_in_the_table() -> None:
    works = {
        name
        for name in COMMANDS
        if re.search(
            r"import operations|import .*\bControl\b|deploy import .*\bcarry_out\b|doctor import control",
            (ROOT / "cli" / f"{module_of(name).replace('.', '/')}.py").read_text(),
        )
    }
    assert {one.split()[0] for row in rows() for one in row.commands} >= works
    assert len(works) > 10
