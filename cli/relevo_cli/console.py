"""Where the command prints: results to standard output, everything else to standard error."""

import sys
import textwrap
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from rich.console import Console


def out() -> Console:
    """For results."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """For progress and errors, so that standard output stays clean for pipes."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def hanging(line: str, width: int | None, indent: int | None = None) -> str:
    """A line wrapped at `width` with what follows indented: by `indent`, or by two more than the line itself is.

    Without a width it stays one line, for pipes and files.
    """
    if width is None or len(line) <= width:
        return line
    following = len(line) - len(line.lstrip()) + 2 if indent is None else indent
    wrapped = textwrap.wrap(
        *(line, width), subsequent_indent=" " * following, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(wrapped)


def terminal_width() -> int | None:
    """How wide the terminal at standard output is; None if it is none."""
    return out().width if sys.stdout.isatty() else None


def local_minute(at: datetime, zone: tzinfo) -> str:
    """An instant as people read it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with what there are so many of: `1 error`, `2 errors`, `3 people are asked`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def print_json(value: Any) -> None:
    """One JSON document on one line."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()
