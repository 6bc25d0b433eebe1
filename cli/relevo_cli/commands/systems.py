"""`relevo systems`: which other systems serve a shop, so that its workflows can use them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC
from typing import Annotated

import typer
from msgspec import Struct
from msgspec.structs import replace
from rich.table import Table

from relevo_cli import addresses, database
from relevo_cli.commands.connect import IN_CLEAR
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.connecting.credentials import PREFIX, gathered
from relevo_cli.connecting.session import address_of
from relevo_cli.connecting.system_access import Checked, check_access
from relevo_cli.console import err, local_minute, out, print_json
from relevo_cli.errors import CommandError
from relevo_contracts.systems import PORTS
from relevo_control.app.shops import known_shop
from relevo_notifier.adapters.systems import access_of
from relevo_notifier.core.systems import Access, System
from relevo_notifier.systems.registry import SYSTEMS, serving
from relevo_runtime import systems
from relevo_runtime.clock import make_clock
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.systems import ShopSystem

ShopName = Annotated[str, typer.Argument(help="The shop.")]
PortName = Annotated[str, typer.Argument(help=f"What the system is for: {', '.join(PORTS)}.")]


class Shown(Struct, frozen=True, kw_only=True):
    """A system as it is listed: nothing of what opens it."""

    shop: str
    port: str
    system: str
    base_url: str
    settings: dict[str, str]
    added_at: str


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Which other systems serve a shop: its helpdesk, its ERP …", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_systems)
    group.command("check")(check)
    group.command("remove")(remove)
    app.add_typer(group, name="systems")


def add(
    shop: ShopName,
    port: PortName,
    system: Annotated[str, typer.Argument(help=f"The system: {', '.join(SYSTEMS)}.")],
    *,
    url: Annotated[str, typer.Option(help="Where it is, such as https://acme.zendesk.com.")] = "",
    credentials: Annotated[
        str, typer.Option(help=f"A file with lines NAME=value, - for standard input; else {PREFIX}…, else it asks.")
    ] = "",
    setting: Annotated[list[str] | None, typer.Option(help="What else it needs to know: NAME=value.")] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Keep it also if it can't be asked now.")] = False,
) -> None:
    """Have SYSTEM serve PORT of SHOP, after a look whether it lets us in.

    Credentials are never arguments; they are sealed in the database with RELEVO_SECRETS_KEY. docs/adapters.md says
    where each system shows them, and which settings it has.
    """
    known = _system(port, system)
    address = address_of(url or known.base_url) if url or known.base_url else ""
    if not address:
        raise CommandError(f"--url is missing: where is the {known.title} of {shop}?")
    access = Access(
        shop=shop,
        port=port,
        system=system,
        base_url=address,
        credentials=gathered(known.credentials, credentials),
        settings=_settings(known, setting or ()),
        title=known.title,
    )
    if not unchecked:
        found = asyncio.run(check_access(known, access))
        if found.failure:
            raise CommandError(f"{known.title} was not added: {found.failure}")
        out().print(f"{known.title} lets us in: {found.account}", markup=False)
    asyncio.run(_keep(access))
    out().print(f"{known.title} serves {port} of shop {shop}", markup=False)


def list_systems(
    shop: Annotated[str, typer.Argument(help="The shop; all if none is given.")] = "", as_json: JsonOption = False
) -> None:
    """Show which systems serve which ports, without what opens them."""
    found = [_shown(one) for one in asyncio.run(_systems(shop))]
    if as_json:
        print_json(found)
    elif not found:
        name = shop or "SHOP"
        out().print(f"no system yet; `relevo systems add {name} helpdesk zendesk --url …` adds one", markup=False)
    else:
        out().print(_table(found))


def check(shop: ShopName, port: Annotated[str, typer.Argument(help="One port; all if none is given.")] = "") -> None:
    """Ask the systems of SHOP whether they still let us in. Exits with 1 if one does not."""
    keys = SecretKeys(addresses.settings())
    found = [one for one in asyncio.run(_systems(shop)) if port in ("", one.port)]
    if not found:
        raise CommandError(f"nothing serves {port or 'any port'} of shop {shop}")
    failed = False
    for one in found:
        checked = asyncio.run(_checked(keys, one))
        failed = failed or bool(checked.failure)
        text = checked.failure or f"lets us in: {checked.account}"
        out().print(f"{one.port}: {one.system} {text}", markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def remove(shop: ShopName, port: PortName) -> None:
    """Forget which system serves PORT of SHOP, and what opens it. Steps that use it fail from then on."""
    if not asyncio.run(_remove(shop, port)):
        raise CommandError(f"nothing serves {port} of shop {shop}")
    out().print(f"nothing serves {port} of shop {shop} any more", markup=False)


def _system(port: str, name: str) -> System:
    known = SYSTEMS.get(name)
    if port not in PORTS:
        raise CommandError(f"there is no port {port!r}; there are {', '.join(PORTS)}")
    if known is None or known.port != port:
        raise CommandError(f"{name!r} does not serve {port}; these do: {', '.join(serving(port))}")
    return known


def _settings(known: System, given: Sequence[str]) -> dict[str, str]:
    """The settings by their names. Raises `CommandError` for one that there is not, or one that is missing."""
    found = {name.strip(): value.strip() for name, _, value in (one.partition("=") for one in given)}
    wrong = sorted(set(found) - set(known.settings))
    if wrong:
        there = ", ".join(known.settings) or "none"
        raise CommandError(f"{known.title} has no setting {wrong[0]!r}; there are: {there}")
    needed = [name for name, meaning in known.settings.items() if not meaning.startswith("optional")]
    missing = [f"  --setting {name}=…: {known.settings[name]}" for name in needed if not found.get(name)]
    if missing:
        raise CommandError("\n".join([f"{known.title} needs to know:", *missing]))
    return found


async def _checked(keys: SecretKeys, one: ShopSystem) -> Checked:
    known = SYSTEMS[one.system]
    return await check_access(known, replace(access_of(keys, one), title=known.title))


async def _keep(access: Access) -> None:
    settings = addresses.settings()
    keys = SecretKeys(settings)
    async with database.transaction(settings) as connection:
        await known_shop(connection, access.shop)
        one = ShopSystem(
            shop=access.shop,
            port=access.port,
            system=access.system,
            base_url=access.base_url,
            credentials=systems.sealed(keys, access.shop, access.port, access.credentials),
            settings=dict(access.settings),
            added_at=make_clock(settings).now(),
        )
        await systems.add(connection, one)
    if not keys.seal:
        err().print(IN_CLEAR, markup=False, soft_wrap=True, style="yellow")


async def _systems(shop: str) -> list[ShopSystem]:
    async with database.connection(addresses.settings()) as connection:
        if shop:
            await known_shop(connection, shop)
        return [one for one in await systems.systems(connection) if shop in ("", one.shop)]


async def _remove(shop: str, port: str) -> bool:
    async with database.transaction(addresses.settings()) as connection:
        await known_shop(connection, shop)
        return await systems.remove(connection, shop, port)


def _shown(one: ShopSystem) -> Shown:
    return Shown(
        shop=one.shop,
        port=one.port,
        system=one.system,
        base_url=one.base_url,
        settings=one.settings,
        added_at=local_minute(one.added_at, UTC),
    )


def _table(found: Sequence[Shown]) -> Table:
    table = Table("shop", "port", "system", "address", "settings", "added (UTC)")
    for one in found:
        settings = ", ".join(f"{name}={value}" for name, value in one.settings.items())
        table.add_row(one.shop, one.port, one.system, one.base_url, settings, one.added_at)
    return table
