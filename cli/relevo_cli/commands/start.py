"""`relevo start`: start a workflow by hand for one customer."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from relevo_cli import addresses, database
from relevo_cli.console import out, print_json
from relevo_cli.errors import CommandError
from relevo_contracts.envelope import partition_key
from relevo_contracts.messages import StartRequested
from relevo_contracts.topics import INPUTS
from relevo_control.app.shops import known_shop
from relevo_ingest.adapters.lookup import key_of_person
from relevo_runtime import catalog
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Connection
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow import ManualTrigger, compile_workflow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("start")(start)


def start(
    workflow: Annotated[str, typer.Argument(help="The workflow; it needs a trigger `manual:`.")],
    shop: Annotated[str, typer.Option(help="The shop.")],
    customer: Annotated[str, typer.Option(help="The customer: e-mail address, the shop's customer id, or key.")],
    data: Annotated[list[str] | None, typer.Option(help="name=value, for trigger.data; may be given often.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Ask the engine to start WORKFLOW for one customer. Its conditions and re-entry hold as for any other start."""
    settings = addresses.settings()
    asked = asyncio.run(request(settings, workflow, shop=shop, customer=customer, data=pairs(data or [])))
    if as_json:
        print_json(msgspec.to_builtins(asked))
        return
    out().print(f"{asked.workflow} is asked to start for {asked.key} of {asked.shop}", markup=False)


def pairs(given: Sequence[str]) -> dict[str, str]:
    """`name=value` texts as a mapping. Raises `CommandError` for one without a name."""
    split = [text.partition("=") for text in given]
    for name, equals, _ in split:
        if not name or not equals:
            raise CommandError(f"--data {name!r} is not name=value")
    return {name: value for name, _, value in split}


async def request(
    settings: RuntimeSettings, workflow: str, *, shop: str, customer: str, data: dict[str, str]
) -> StartRequested:
    """Publish the wish to start. Raises `CommandError` if the shop, the workflow or the customer is not known."""
    async with database.transaction(settings) as connection:
        await known_shop(connection, shop)
        await _need_manual(connection, workflow, shop)
        key = await _key(connection, shop, customer)
    asked = StartRequested(
        id=f"manual/{uuid.uuid4()}", shop=shop, key=key, workflow=workflow, at=make_clock(settings).now(), data=data
    )
    async with (
        database.connection(settings) as connection,
        Publisher(settings, seals=Seals(connection, settings)) as publisher,
    ):
        await publisher.publish(INPUTS, [(partition_key(shop, key), msgspec.json.encode(asked))])
    return asked


async def _need_manual(connection: Connection, workflow: str, shop: str) -> None:
    active = [one for one in await catalog.active_definitions(connection) if one.workflow == workflow]
    found = [one for one in active if one.shop == shop] or [one for one in active if one.shop == catalog.EVERY_SHOP]
    if not found:
        raise CommandError(f"no workflow {workflow!r} is deployed for {shop}; `relevo deploy` deploys it")
    if not any(isinstance(trigger, ManualTrigger) for trigger in compile_workflow(found[0].files).triggers):
        raise CommandError(f"{workflow} is not started by hand; give it the trigger {{manual: }}")


async def _key(connection: Connection, shop: str, customer: str) -> str:
    """The key behind a name of the customer, as ingest knows it."""
    key = await key_of_person(connection, shop, customer)
    if key is None:
        raise CommandError(f"{shop} has had no event of a customer {customer!r}: give their address, id or key")
    return key
