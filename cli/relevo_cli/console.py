"""Where the command prints: results to standard output, everything else to standard error."""

import sys
from typing import Any

import msgspec
from rich.console import Console


def out() -> Console:
    """For results."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """For progress and errors, so that standard output stays clean for pipes."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def print_json(value: Any) -> None:
    """One JSON document on one line."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()
