"""`relevo migrate`: bring the database up to date and create the topics."""

import asyncio
from typing import Annotated

import typer

from relevo_cli import addresses
from relevo_cli.console import out, print_json
from relevo_runtime.kafka import create_topics
from relevo_runtime.migrations import installed_packages
from relevo_runtime.migrations import migrate as apply_migrations
from relevo_runtime.settings import RuntimeSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Apply the migrations and create the topics that are missing. Running it again changes nothing."""
    applied, topics = asyncio.run(prepare(addresses.settings()))
    if as_json:
        print_json({"migrations": applied, "topics": topics})
        return
    for label in applied:
        out().print(f"migrated  {label}")
    for topic in topics:
        out().print(f"created   {topic}")
    if not applied and not topics:
        out().print("nothing to do: the database and the topics are up to date")


async def prepare(settings: RuntimeSettings) -> tuple[list[str], list[str]]:
    """Migrations, then topics; returns what was done."""
    return await apply_migrations(settings.dsn, installed_packages()), await create_topics(settings)
