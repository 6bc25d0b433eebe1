"""What opens the API of a shop or of another system: from the environment, a file or a prompt.

Never from arguments, which others can see.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import typer

from relevo_cli.console import err
from relevo_cli.errors import CommandError, NotTextError

PREFIX = "RELEVO_CONNECT_"
STDIN = "-"


def variable(name: str) -> str:
    """The environment variable of a credential."""
    return f"{PREFIX}{name.upper()}"


def gathered(
    wanted: Mapping[str, str],
    file: str,
    environment: Mapping[str, str] = os.environ,
    *,
    ask: Callable[[str], str] | None = None,
) -> dict[str, str]:
    """Every credential that is wanted, of which it says where it is found: of the file, else of the environment, else
    asked for.

    Raises `CommandError` that names what is missing and where to find it.
    """
    given = _of_file(file, wanted) if file else {}
    given |= {name: environment[variable(name)] for name in wanted if variable(name) in environment}
    missing = [name for name in wanted if not given.get(name, "").strip()]
    if missing and ask is None and not (sys.stdin.isatty() and file != STDIN):
        lines = [f"  {variable(name)}: {wanted[name]}" for name in missing]
        raise CommandError(
            "\n".join(["credentials are missing: set these variables, or name a file with --credentials", *lines])
        )
    for name in missing:
        given[name] = (ask or _asked)(f"{name}: {wanted[name]}")
    return {name: given[name].strip() for name in wanted}


def _of_file(file: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Lines of NAME=value; names in any case, with or without the prefix of the variables."""
    found = {}
    for number, line in enumerate(_text(file).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        known = name.strip().removeprefix("export ").strip().lower().removeprefix(PREFIX.lower())
        if not equals or known not in wanted:
            names = ", ".join(wanted)
            raise CommandError(f"line {number} of the credentials is not NAME=value with one of the names {names}")
        found[known] = value.strip().strip("\"'")
    return found


def _text(file: str) -> str:
    if file == STDIN:
        return sys.stdin.read()
    path = Path(file)
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise NotTextError(path) from None
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}") from None


def _asked(prompt: str) -> str:
    err().print(prompt, markup=False)
    answer: str = typer.prompt("  (not shown)", hide_input=True, err=True)
    return answer
