"""`relevo settings`: every setting of every service, with its meaning, default and present value."""

from typing import Annotated

import typer
from rich.table import Table

from relevo_cli.console import out, print_json
from relevo_cli.service_settings import sections


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings")(settings)


def settings(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Print all settings with meaning, default and the value that holds now; secrets are masked."""
    listing = sections()
    if as_json:
        print_json(listing)
        return
    for section, entries in listing.items():
        table = Table(title=section, title_justify="left", title_style="bold", expand=False)
        for column in ("variable", "meaning", "default", "now"):
            table.add_column(column, overflow="fold")
        for entry in entries:
            now = "" if entry.value == entry.default else entry.value
            table.add_row(entry.variable, entry.meaning, entry.default, now)
        out().print(table)
