"""Every command that a message advises is one that there is, with the options and arguments that it takes."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer.main

from relevo_cli.commands.shops import missing
from relevo_cli.doctor.judging import findings
from relevo_cli.main import COMMANDS as ALL
from relevo_cli.main import application
from relevo_runtime.catalog import Shop
from tests.cli.test_doctor import CASES

ROOT = Path(__file__).parents[2]
ADVICE = re.compile(r"`relevo ([^`]+)`")
COMMANDS: Any = typer.main.get_command(application(*ALL))


def fault(advice: str) -> str:
    """Why the command would be refused; empty if it would not. A bare name of a command stands for what it does."""
    command, words = COMMANDS, shlex.split(advice)
    while words and hasattr(command, "commands"):
        name = words.pop(0)
        if name not in command.commands:
            return f"{command.name} has no command {name}"
        command = command.commands[name]
    if not words or "--help" in words:
        return ""
    options = {text: one for one in command.params for text in one.opts if text.startswith("-")}
    places = [one for one in command.params if one.param_type_name == "argument"]
    given, positional = set(), 0
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            positional += 1
        elif word not in options:
            return f"{command.name} has no option {word}"
        else:
            given.add(options[word].name)
            if not options[word].is_flag and not words:
                return f"{word} has no value"
            words = words if options[word].is_flag else words[1:]
    if positional > len(places) and all(one.nargs == 1 for one in places):
        return f"{command.name} takes {len(places)} arguments"
    lacking = [one.name for one in command.params if one.required and one.name not in given and one not in places]
    return f"{command.name} needs {lacking}" if lacking else ""


def texts(folder: Path) -> Iterator[str]:
    """The texts of a folder's code; what is put into one stands as X."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(str(one.value) if isinstance(one, ast.Constant) else "X" for one in node.values)


def told_by_doctor() -> set[str]:
    remark = [finding.do for facts, *_ in CASES for finding in findings(facts)]
    return set(remark) | set(missing(msgspec.structs.replace(Shop(shop="acme", platform="shopify"))))


def test_what_the_doctor_advises_can_be_run() -> None:
    assert {do: wrong for do in told_by_doctor() for one in ADVICE.findall(do) if (wrong := fault(one))} == {}
    assert [do for do in told_by_doctor() if "relevo " in ADVICE.sub("", do)] == [], "commands stand in backticks"


@pytest.mark.parametrize("folder", ["cli", "services", "shared"])
def test_what_messages_advise_can_be_run(folder: str) -> None:
    advised = {one for text in texts(ROOT / folder) for one in ADVICE.findall(text)}
    assert advised
    assert {one: wrong for one in advised if (wrong := fault(one))} == {}


@pytest.mark.parametrize(
    "advice",
    [
        "explain SHOP CUSTOMER",
        "explain --shop SHOP",
        "dead-letters resend",
        "shops add NAME --secrets s",
        "shops list x",
    ],
)
def test_what_can_not_be_run_is_found(advice: str) -> None:
    assert fault(advice)
