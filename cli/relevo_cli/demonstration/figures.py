"""How many runs of a shop started and ended, asked of the database."""

from msgspec import Struct

from relevo_cli import database
from relevo_runtime.postgres import Statements
from relevo_runtime.settings import RuntimeSettings

STATEMENTS = Statements.load("relevo_cli.demonstration", "figures.sql")


class Runs(Struct, frozen=True):
    """Runs of workflows, since the shop is known."""

    started: int
    ended: int


async def runs(settings: RuntimeSettings, shop: str) -> Runs:
    """The figures of one shop."""
    async with database.transaction(settings) as connection:
        row = await connection.fetchrow(STATEMENTS["runs"], shop)
    assert row is not None
    return Runs(row["started"], row["ended"])
