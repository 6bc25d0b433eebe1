"""The files for CI are valid, and what they run are commands with options that there are."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from relevo_cli.main import application

FOLDER = Path(__file__).parents[2] / "deploy" / "ci"
FILES = sorted(FOLDER.glob("*.yaml"))


def commands(node: Any) -> Iterator[str]:
    """Every line that runs the command, wherever it stands."""
    if isinstance(node, dict):
        for value in node.values():
            yield from commands(value)
    elif isinstance(node, list):
        for value in node:
            yield from commands(value)
    elif isinstance(node, str) and node.startswith("relevo "):
        yield node


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_files_for_ci_run_commands_that_there_are(file: Path) -> None:
    found = list(commands(yaml.safe_load(file.read_text())))
    assert [one.split()[1] for one in found] == ["check", "test", "deploy", "deploy"]
    for line in found:
        _, name, *arguments = shlex.split(line)
        group = typer.main.get_command(application(name))
        command = group.commands[name]  # type: ignore[attr-defined]
        context = command.make_context(name, [*arguments], resilient_parsing=False)
        assert context.params


def test_the_server_is_given_and_the_token_comes_from_a_secret() -> None:
    github = yaml.safe_load((FOLDER / "github.yaml").read_text())["jobs"]["deploy"]
    assert set(github["env"]) == {"RELEVO_SERVER", "RELEVO_TOKEN"}
    assert github["env"]["RELEVO_TOKEN"] == "${{ secrets.RELEVO_TOKEN }}"
