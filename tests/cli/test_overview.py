"""`relevo --help`, and what a command imports before it runs."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from relevo_cli import commands
from relevo_cli.main import COMMANDS, application, module_of, overview

SLOW = "aiokafka, asyncpg, faststream, httpx, jgo, pydantic, starlette, uvicorn"


def test_the_overview_names_every_command_with_a_line_that_fits_a_terminal() -> None:
    shown = CliRunner().invoke(overview(), ["--help"], terminal_width=80)
    assert shown.exit_code == 0
    widest = max(map(len, COMMANDS)) + 2
    for name, summary in COMMANDS.items():
        assert f"  {name:<{widest}}{summary}\n" in shown.output


def test_every_command_is_the_one_that_its_module_registers() -> None:
    whole = typer.main.get_command(application(*COMMANDS))
    assert list(getattr(whole, "commands", {})) and set(getattr(whole, "commands", {})) == set(COMMANDS)
    modules = {path.stem for path in Path(commands.__file__).parent.glob("*.py") if "def register(" in path.read_text()}
    assert modules == {module_of(name).rpartition(".")[2] for name in COMMANDS}


@pytest.mark.parametrize("asked", ["overview()", *(f"application({name!r})" for name in ("check", "test", "new"))])
def test_what_needs_no_server_imports_no_library_of_one(asked: str) -> None:
    program = (
        f"import sys; from relevo_cli.main import application, overview; {asked}; "
        f"print(sorted(set('{SLOW}'.split(', ')) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("asked", ["up", "deploy", "tasks", "shops"])
def test_a_command_that_consumes_nothing_does_not_import_faststream(asked: str) -> None:
    program = f"import sys, relevo_cli.main as cli; cli.application({asked!r}); print('faststream' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")
