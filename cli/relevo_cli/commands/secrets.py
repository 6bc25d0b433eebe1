"""`relevo secrets`: how the database keeps what opens the webhooks and the APIs of shops."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer
from msgspec import Struct
from msgspec.structs import replace

from relevo_cli import addresses, database
from relevo_cli.console import counted, err, out
from relevo_cli.errors import CommandError
from relevo_runtime import catalog, connections, storefronts, systems
from relevo_runtime.catalog import Secret
from relevo_runtime.errors import RuntimeFault
from relevo_runtime.postgres import Connection
from relevo_runtime.secret_keys import WEBHOOK, SecretKeys

Keep = Callable[[Secret, str, str], Secret]
"""How a secret is to be kept, by its shop and name. Raises `RuntimeFault`."""


class Rotated(Struct, frozen=True):
    """How many secrets are kept anew, and which could not be opened, each with the reason."""

    secrets: int
    left: list[str]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="How the secrets of shops are kept in the database.", no_args_is_help=True)
    group.callback()(lambda: None)
    group.command("rotate")(rotate)
    app.add_typer(group, name="secrets")


def rotate(
    in_clear: Annotated[
        bool, typer.Option("--in-clear", help="Keep them in clear, as a release without sealing reads them.")
    ] = False,
) -> None:
    """Seal every secret of shops anew with the first key of RELEVO_SECRETS_KEY; afterwards the others can go.

    Webhook secrets, API credentials and those of other systems, also what was kept in clear until now. Services need
    the new key before.
    """
    keys = SecretKeys(addresses.settings())
    if not keys.seal:
        raise CommandError(
            "RELEVO_SECRETS_KEY is not set: make one with `head -c 32 /dev/urandom | base64 | tr +/ -_`, set it for"
            " ingest and for this command, then run it again"
        )
    done = asyncio.run(_rotate(keys, in_clear=in_clear))
    how = "kept in clear" if in_clear else "sealed with the first key"
    out().print(f"{counted(done.secrets, 'secret is', 'secrets are')} {how}", markup=False)
    for line in done.left:
        err().print(line, markup=False, style="red", soft_wrap=True)
    if done.left:
        raise typer.Exit(1)


async def _rotate(keys: SecretKeys, *, in_clear: bool) -> Rotated:
    left: list[str] = []
    count = 0

    def keep(secret: Secret, shop: str, name: str) -> Secret:
        nonlocal count
        try:
            opened = keys.opened(secret, shop=shop, name=name)
        except RuntimeFault as fault:
            left.append(f"{shop}: {name} stays as it is: {fault}")
            return secret
        count += 1
        return opened if in_clear else keys.sealed(opened, shop=shop, name=name)

    async with database.transaction(addresses.settings()) as connection:
        await catalog.hold(connection)
        await _webhooks(connection, keep)
        await _credentials(connection, keep)
        await _systems(connection, keep)
        await _storefronts(connection, keep)
    return Rotated(count, left)


async def _webhooks(connection: Connection, keep: Keep) -> None:
    for shop in await catalog.shops(connection):
        if shop.secrets:
            kept = [keep(one, shop.shop, WEBHOOK) for one in shop.secrets]
            await catalog.update_shop(connection, replace(shop, secrets=kept))


async def _systems(connection: Connection, keep: Keep) -> None:
    for one in await systems.systems(connection):
        kept = {
            name: keep(secret, one.shop, systems.sealed_as(one.port, name)) for name, secret in one.credentials.items()
        }
        await systems.add(connection, replace(one, credentials=kept))


async def _storefronts(connection: Connection, keep: Keep) -> None:
    for one in await storefronts.storefronts(connection):
        kept = [keep(secret, one.shop, storefronts.SEALED_AS) for secret in one.secrets]
        await storefronts.set_storefront(connection, replace(one, secrets=kept))


async def _credentials(connection: Connection, keep: Keep) -> None:
    for one in await connections.connections(connection):
        kept = {name: keep(secret, one.shop, name) for name, secret in one.credentials.items()}
        await connections.connect(connection, replace(one, credentials=kept))
