"""`relevo migrate`: bring the database up to date and create the topics."""

import asyncio
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from relevo_cli import addresses
from relevo_cli.console import err, out, print_json
from relevo_runtime.backoff import Backoff
from relevo_runtime.database_errors import temporary
from relevo_runtime.errors import Unreachable, described
from relevo_runtime.kafka import TopicError, create_topics
from relevo_runtime.migrations import installed_packages
from relevo_runtime.migrations import migrate as apply_migrations
from relevo_runtime.roles import apply_roles
from relevo_runtime.settings import RuntimeSettings

_NOT_YET = (KafkaError, TopicError, Unreachable)
"""What a server does that has just begun: Kafka may answer before it has brokers to put a topic on."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    roles: Annotated[
        bool, typer.Option("--roles", help="Then give each service a role of its own with the rights that it needs.")
    ] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for a database and a Kafka that don't answer yet.")
    ] = 0,
) -> None:
    """Apply the migrations and create the topics that are missing. Running it again changes nothing."""
    settings = addresses.settings()
    applied, topics = asyncio.run(_prepare_within(wait, settings))
    made = asyncio.run(apply_roles(settings.dsn, installed_packages())) if roles else []
    if as_json:
        print_json({"migrations": applied, "topics": topics, "roles": made})
        return
    for label in applied:
        out().print(f"migrated  {label}")
    for topic in topics:
        out().print(f"created   {topic}")
    for role in made:
        out().print(f"created   role {role}")
    if roles:
        out().print("granted   each role has exactly the rights that it needs")
    elif not applied and not topics:
        out().print("nothing to do: the database and the topics are up to date")


async def _prepare_within(seconds: float, settings: RuntimeSettings) -> tuple[list[str], list[str]]:
    """`prepare`, once both answer. Raises what the last try did when `seconds` are over."""
    loop, backoff = asyncio.get_running_loop(), Backoff(0.5, 5.0)
    deadline = loop.time() + seconds
    while True:
        try:
            return await prepare(settings)
        except Exception as error:
            passing = temporary(error) or isinstance(error, _NOT_YET)
            pause = backoff.failure()
            if not passing or loop.time() + pause > deadline:
                raise
            err().print(f"not yet: {described(error)}", markup=False)
            await asyncio.sleep(pause)


async def prepare(settings: RuntimeSettings) -> tuple[list[str], list[str]]:
    """Migrations, then topics; returns what was done."""
    return await apply_migrations(settings.dsn, installed_packages()), await create_topics(settings)
