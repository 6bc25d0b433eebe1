"""The counts of results, in the table `engine.result`."""

from collections.abc import Mapping
from datetime import date

import msgspec

from relevo_engine.core.results import Amount, Counted, CountKey
from relevo_runtime.postgres import Connection, Part, Statements, text_array

STATEMENTS = Statements.load("relevo_engine.adapters", "results.sql")


def adding(counts: Mapping[CountKey, Amount], writer: int) -> Part:
    """Adds to the counts, in rows of this writer alone: transactions that run at the same time need different ones."""
    shop, workflow, version, variant, day, step, measure, detail, currency, run_id = zip(*counts, strict=True)
    amounts = counts.values()
    return Part(
        STATEMENTS["add"],
        (
            *(text_array(one) for one in (shop, workflow, version, variant)),
            list(day),
            *(text_array(one) for one in (step, measure, detail, currency, run_id)),
            [one.count for one in amounts],
            [one.amount for one in amounts],
            [one.squares for one in amounts],
            writer,
        ),
    )


async def read(connection: Connection, shop: str, workflow: str, since: date, until: date) -> list[Counted]:
    """The counts of a workflow for runs that started from `since` to before `until` (UTC)."""
    rows = await connection.fetch(STATEMENTS["read"], shop, workflow, since, until)
    return [msgspec.convert(dict(row), Counted) for row in rows]


async def workflows(connection: Connection, shop: str) -> list[str]:
    """The workflows of a shop that have counts."""
    return [row["workflow"] for row in await connection.fetch(STATEMENTS["workflows"], shop)]
