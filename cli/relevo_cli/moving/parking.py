"""What would begin something by itself for a shop, put off beyond all times while the shop moves, and back again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from relevo_runtime import timers
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_cli.moving", "parking.sql")
SHIFT = timedelta(hours=9_600_000)
"""How far times are put off: some thousand years. In hours, so that taking it away gives the same instant again."""
PARKED = datetime(3000, 1, 1, tzinfo=UTC)
"""What is due from here on is parked."""


async def park(connection: Connection, shop: str) -> None:
    """Nothing begins by itself any more. What is under way may arm something new, so park again when that is over."""
    await _each(connection, shop, "park_")


async def unpark(connection: Connection, shop: str) -> None:
    """Everything is due when it was before."""
    await _each(connection, shop, "unpark_")


async def _each(connection: Connection, shop: str, prefix: str) -> None:
    async with connection.transaction():
        for name, sql in STATEMENTS.items():
            if name.startswith(prefix):
                await connection.execute(sql, shop, SHIFT, PARKED)


async def under_way(connection: Connection, shop: str) -> Mapping[str, int]:
    """What is neither parked nor over, and how many of each kind."""
    return {row["what"]: row["count"] for row in await connection.fetch(STATEMENTS["under_way"], shop, PARKED)}


async def announce(connection: Connection, shop: str) -> None:
    """Tell sleeping schedulers of the timers that are not parked any more."""
    first: datetime | None = await connection.fetchval(STATEMENTS["first_timer"], shop)
    if first is not None:
        await timers.announce(connection, first)
