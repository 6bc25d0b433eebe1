"""Which other system of a shop serves a port of workflows: a part of the catalog. Written by the relevo command only.

Every function works inside the caller's transaction. The connection is one of `open_pool` (jsonb by msgspec).
Credentials are as they are kept: `opened` opens them.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from relevo_runtime import catalog
from relevo_runtime.catalog import Secret
from relevo_runtime.postgres import Connection, Statements
from relevo_runtime.secret_keys import SecretKeys

STATEMENTS = Statements.load("relevo_runtime", "systems.sql")


class ShopSystem(Struct, frozen=True, kw_only=True):
    """The system that serves a port of a shop, and how it is reached."""

    shop: str
    port: str
    system: str
    base_url: str
    credentials: dict[str, Secret]
    settings: dict[str, str] = {}
    added_at: datetime


def sealed_as(port: str, name: str) -> str:
    """The name to which a credential is bound: that of one port opens nothing at another."""
    return f"{port}/{name}"


def sealed(keys: SecretKeys, shop: str, port: str, credentials: Mapping[str, str]) -> dict[str, Secret]:
    """Credentials as the catalog keeps them, by their names."""
    return {
        name: keys.sealed(Secret(value), shop=shop, name=sealed_as(port, name)) for name, value in credentials.items()
    }


def opened(keys: SecretKeys, system: ShopSystem) -> dict[str, str]:
    """The credentials in clear. Raises `SealingError` and `Damaged`."""
    return {
        name: keys.opened(one, shop=system.shop, name=sealed_as(system.port, name)).value
        for name, one in system.credentials.items()
    }


async def systems(connection: Connection) -> list[ShopSystem]:
    """Those of every shop, by its name."""
    rows = await connection.fetch(STATEMENTS["systems"])
    return [msgspec.convert(dict(row), ShopSystem) for row in rows]


async def add(connection: Connection, one: ShopSystem) -> None:
    """Keep what serves a port of a shop, in place of what was known."""
    row = (one.shop, one.port, one.system, one.base_url, one.credentials, one.settings, one.added_at)
    await connection.execute(STATEMENTS["add"], *row)
    await catalog.changed(connection)


async def remove(connection: Connection, shop: str, port: str) -> bool:
    """Forget what serves a port of a shop; false if nothing did."""
    await catalog.changed(connection)
    return await connection.execute(STATEMENTS["remove"], shop, port) != "DELETE 0"
