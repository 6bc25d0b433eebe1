"""`engine.merged`: which keys stand for others, and what moves with them; inside the engine's transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime

from relevo_engine.core.merging import SubjectKey
from relevo_engine.core.waiting import Waiting
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_engine.adapters", "merges.sql")


class Merges:
    """One method a statement, each for a whole batch."""

    async def earlier_keys(self, conn: Connection, keys: Collection[SubjectKey]) -> list[SubjectKey]:
        """The keys that these customers had before."""
        rows = await conn.fetch(STATEMENTS["earlier_keys"], [shop for shop, _ in keys], [key for _, key in keys])
        return [(row["shop"], row["key"]) for row in rows]

    async def move(self, conn: Connection, merges: Mapping[SubjectKey, str], at: datetime) -> list[Waiting]:
        """What is kept of the merged customers is the kept ones', facts included. Returns what they wait for.

        Runs when the rows of the batch are written, or those that it writes for the merged keys stay theirs; and after
        its erasures, or whoever was merged into an erased customer after the erasure would be erased too.
        """
        columns = _columns(merges)
        await conn.execute(STATEMENTS["merge"], *columns, at)
        runs = await conn.fetch(STATEMENTS["runs"], *columns)
        await conn.execute(STATEMENTS["ended_runs"], *columns)
        await conn.execute(STATEMENTS["tasks"], *columns)
        await conn.execute(STATEMENTS["decisions"], *columns)
        await conn.execute(STATEMENTS["forget_facts"], *columns[:2])
        if not runs:
            return []
        rows = await conn.fetch(STATEMENTS["waiting"], [row[0] for row in runs], [row[1] for row in runs])
        return [Waiting(*row) for row in rows]


def _columns(merges: Mapping[SubjectKey, str]) -> tuple[list[str], list[str], list[str]]:
    return [shop for shop, _ in merges], [key for _, key in merges], list(merges.values())
