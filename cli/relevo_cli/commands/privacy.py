"""`relevo privacy`: what is kept of a person, who asked for it, and erasing them."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from relevo_cli import addresses, database
from relevo_cli.console import counted, hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError
from relevo_cli.privacy.erase import erase as erase_person
from relevo_cli.privacy.export import Export, as_json, as_text, collect
from relevo_contracts.keys import CUSTOMER_PREFIX
from relevo_control.app.shops import known_shop
from relevo_engine.adapters import privacy
from relevo_engine.adapters.privacy import DataRequest
from relevo_ingest.adapters.lookup import NamedPerson, has_names, key_of_person, person_named
from relevo_runtime.clock import make_clock
from relevo_runtime.postgres import Connection
from relevo_runtime.settings import RuntimeSettings

Shop = Annotated[str, typer.Argument(help="The shop.")]
Customer = Annotated[str, typer.Option(help="E-mail address, phone number, customer id, order id or key.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What is kept of a person, who asked for it, and erasing them.", no_args_is_help=True)
    group.command("requests")(requests)
    group.command("export")(export)
    group.command("erase")(erase)
    app.add_typer(group, name="privacy")


def requests(
    shop: Annotated[str, typer.Option(help="This shop only; default: all.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that were answered.")] = False,
    as_json: Json = False,
) -> None:
    """List who asked for their data and has to have them by when, the most urgent first."""
    found, now = asyncio.run(_requests(shop, every))
    if as_json:
        print_json(found)
        return
    for one in found:
        out().print(hanging(line(one, now), terminal_width()), markup=False, soft_wrap=True)
    if not found:
        out().print("nobody asked for their data")


def line(one: DataRequest, now: datetime) -> str:
    """One request for the terminal; times in UTC."""
    asked = f"{one.shop}  {one.key}  asked {local_minute(one.requested_at, UTC)}"
    if one.answered_at is not None:
        return f"{asked}, answered {local_minute(one.answered_at, UTC)} by {one.answered_by}"
    left = (one.due_at - now).days
    state = f"{left} days left" if left >= 0 else f"{-left} days late"
    return f"{asked}, due {local_minute(one.due_at, UTC)} ({state})"


def export(
    shop: Shop,
    *,
    customer: Customer,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write there: JSON, or text if the name ends in .txt.")
    ] = None,
    answered_by: Annotated[str, typer.Option(help="Who gives it to the customer: their requests are answered.")] = "",
    as_text_: Annotated[bool, typer.Option("--text", help="Print it as text for people.")] = False,
) -> None:
    """Write down everything that is kept of a customer: facts, runs, decisions, tasks, messages, consents, names."""
    found, answered = asyncio.run(_export(shop, customer, answered_by))
    text = as_text_ or (out_file is not None and out_file.suffix == ".txt")
    written = as_text(found) if text else as_json(found)
    if out_file is None:
        typer.echo(written)
        return
    out_file.write_text(written + "\n", encoding="utf-8")
    out().print(f"{out_file}: everything that is kept of {found.customer} in {shop}", markup=False)
    if answered_by:
        out().print(counted(answered, "request for it is answered", "requests for it are answered"), markup=False)


def erase(
    shop: Shop,
    *,
    customer: Annotated[
        str, typer.Option(help="E-mail address, phone number with its country (+34…), customer id, order:ID or key.")
    ],
    by: Annotated[str, typer.Option(help="Who decided it; stays with the fact of the erasure.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a customer everywhere, on Kafka too. It can't be taken back."""
    if not by.strip():
        raise CommandError("--by is empty: say who decided it")
    settings = addresses.settings()
    found = asyncio.run(_person(settings, shop, customer))
    key = found.key
    if not yes and not typer.confirm(f"Erase {key} of {shop}, found by {found.by} {customer}, now and for ever?"):
        raise CommandError("nothing was erased")
    asyncio.run(erase_person(settings, shop, key, by.strip()))
    out().print(f"{key} of {shop} is erased as soon as the services have the event", markup=False)


async def _requests(shop: str, every: bool) -> tuple[list[DataRequest], datetime]:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        if shop:
            await known_shop(connection, shop)
        return await privacy.requests(connection, shop, also_answered=every), make_clock(settings).now()


async def _person(settings: RuntimeSettings, shop: str, customer: str) -> NamedPerson:
    async with database.transaction(settings) as connection:
        return await person_to_erase(connection, shop, customer)


async def person_to_erase(connection: Connection, shop: str, customer: str) -> NamedPerson:
    """Whom `customer` means and nobody else. Raises `CommandError` if the shop or the customer is not known."""
    await known_shop(connection, shop)
    if customer.startswith(CUSTOMER_PREFIX):
        return NamedPerson(await _key_now(connection, shop, customer), "key")
    found = await person_named(connection, shop, customer)
    if found is None:
        raise CommandError(
            f"no customer in {shop} is found by {customer!r}; to erase, give an e-mail address, a phone number with its"
            " country (+34…), a customer id, an order as order:ID, or a key"
        )
    return msgspec.structs.replace(found, key=await privacy.key_now(connection, shop, found.key) or found.key)


async def _key_now(connection: Connection, shop: str, key: str) -> str:
    """The key of the customer that `key` means now. Raises `CommandError` if nobody ever had it."""
    found = await privacy.key_now(connection, shop, key)
    if found is None and not await has_names(connection, shop, key):
        raise CommandError(f"no customer in {shop} has the key {key!r}, or had it; is it misspelt?")
    return found or key


async def known_key(connection: Connection, shop: str, customer: str) -> str:
    """The key of a customer. Raises `CommandError` if the shop or the customer is not known."""
    await known_shop(connection, shop)
    key = await key_of_person(connection, shop, customer)
    if key is None:
        raise CommandError(f"nothing of {customer!r} is kept in {shop}; ask by e-mail, customer id or key")
    return await privacy.key_now(connection, shop, key) or key


async def _export(shop: str, customer: str, answered_by: str) -> tuple[Export, int]:
    settings = addresses.settings()
    now = make_clock(settings).now()
    async with database.transaction(settings) as connection:
        key = await known_key(connection, shop, customer)
        found = await collect(connection, shop, key, now)
        answered = await privacy.answer_requests(connection, shop, key, now, answered_by) if answered_by else 0
    return found, answered
