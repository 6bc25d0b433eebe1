"""`relevo settings`: every setting of every service, with its meaning, default and present value."""

from typing import Annotated

import typer

from relevo_cli.console import hanging, out, print_json, terminal_width
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
    width = terminal_width()
    for section, entries in listing.items():
        out().print(f"\n{section}", style="bold", markup=False)
        for entry in entries:
            changed = entry.value != entry.default
            default = f" (default: {entry.default or 'empty'})" if changed else ""
            out().print(f"{entry.variable} = {entry.value}{default}", markup=False, soft_wrap=True)
            out().print(hanging(f"    {entry.meaning}", width, 4), markup=False, soft_wrap=True, style="dim")
