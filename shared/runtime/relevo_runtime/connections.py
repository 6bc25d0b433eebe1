"""How the APIs of the shops' platforms are reached: a part of the catalog. Written by the relevo command only.

Every function works inside the caller's transaction. The connection is one of `open_pool` (jsonb by msgspec).
Credentials are as they are kept: `SecretKeys.opened_credentials` opens them.
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from relevo_runtime import catalog
from relevo_runtime.catalog import Secret
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_runtime", "connections.sql")


class ShopConnection(Struct, frozen=True, kw_only=True):
    """How a shop's API is reached. `registered` has the ids of the webhooks that were made there, by topic."""

    shop: str
    platform: str
    base_url: str
    credentials: dict[str, Secret]
    settings: dict[str, Any] = {}
    registered: dict[str, str] = {}
    connected_at: datetime


async def connections(connection: Connection) -> list[ShopConnection]:
    """Those of every shop that has one, by its name."""
    rows = await connection.fetch(STATEMENTS["connections"])
    return [msgspec.convert(dict(row), ShopConnection) for row in rows]


async def connection(connection: Connection, shop: str) -> ShopConnection | None:
    """How this shop is reached; None if it was never connected."""
    row = await connection.fetchrow(STATEMENTS["connection"], shop)
    return None if row is None else msgspec.convert(dict(row), ShopConnection)


async def connect(connection: Connection, made: ShopConnection) -> None:
    """Keep how a shop is reached, in place of what was known."""
    row = (made.shop, made.platform, made.base_url, made.credentials, made.settings, made.registered)
    await connection.execute(STATEMENTS["connect"], *row, made.connected_at)
    await catalog.changed(connection)


async def register(connection: Connection, shop: str, registered: dict[str, str]) -> None:
    """Keep which webhooks are registered for a shop, by topic."""
    await connection.execute(STATEMENTS["registered"], shop, registered)


async def lock(connection: Connection, shop: str) -> bool:
    """Whether nobody else connects the shop; it stays so until `connection` is closed."""
    free: bool = await connection.fetchval(STATEMENTS["lock"], shop)
    return free


async def disconnect(connection: Connection, shop: str) -> bool:
    """Forget how a shop is reached; false if that was not known."""
    await catalog.changed(connection)
    return await connection.execute(STATEMENTS["disconnect"], shop) != "DELETE 0"
