"""`relevo results`: what a workflow has come to, also of runs that are long gone."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import out, print_json
from relevo_cli.errors import CommandError
from relevo_cli.operations import operations
from relevo_cli.results.page import page
from relevo_cli.results.text import lines
from relevo_control.app.results import Asked, answer_of


class Grouping(StrEnum):
    """What the runs are told apart by."""

    VERSION = "version"
    VARIANT = "variant"
    STEP = "step"
    DAY = "day"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("results")(show_results)


def show_results(
    workflow: Annotated[str, typer.Argument(help="The workflow.")],
    *,
    shop: Annotated[str, typer.Option(help="The shop.")],
    since: Annotated[
        str, typer.Option(help="Runs that started from then on: 7d, or a date such as 2026-03-10; default: 30d.")
    ] = "",
    by: Annotated[Grouping | None, typer.Option(help="Told apart by this.")] = None,
    as_json: JsonOption = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with charts to this file.")] = None,
) -> None:
    """Tell what WORKFLOW has come to: runs, messages, goals and revenue, against the holdout."""
    found = asyncio.run(operations().results(Asked(shop=shop, workflow=workflow, since=since)))
    if html is not None:
        _write(html, page(found))
    answer = answer_of(found, by.value if by is not None else "")
    if as_json:
        print_json(answer)
        return
    for line in lines(answer):
        out().print(line, markup=False, soft_wrap=True)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error.strerror}") from None
