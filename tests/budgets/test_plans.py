"""Services that plan each statement once (`LOOKUPS`) read no table whole, though it was empty when they planned."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from relevo_runtime.postgres import LOOKUPS, Statements

STATEMENTS = {
    "relevo_engine.adapters": ("catalogue.sql", "fanouts.sql", "results.sql", "store.sql", "waiting.sql"),
    "relevo_notifier.adapters": (
        *("calls.sql", "contacts.sql", "coupons.sql", "deliveries.sql", "engagement.sql", "last_surveys.sql"),
        *("merges.sql", "places.sql", "rates.sql", "retention.sql", "shop_codes.sql", "shop_erasure.sql"),
        "taken_texts.sql",
    ),
    "relevo_runtime": ("outbox.sql", "sealing.sql", "timers.sql"),
}
FILES = [(package, file) for package, files in STATEMENTS.items() for file in files]


@pytest.mark.parametrize(("package", "file"), FILES)
async def test_what_is_planned_once_reads_no_whole_table(database: str, package: str, file: str) -> None:
    connection = await asyncpg.connect(database, server_settings=LOOKUPS, statement_cache_size=0)
    whole = {
        name: read
        for name, sql in Statements.load(package, file).items()
        if (read := [*_read_whole(await _plan(connection, sql))])
    }
    await connection.close()
    assert not whole


async def _plan(connection: "asyncpg.Connection[asyncpg.Record]", sql: str) -> Any:
    await connection.execute(f"prepare one as {sql}")
    count = await connection.fetchval(
        "select cardinality(parameter_types) from pg_prepared_statements where name = 'one'"
    )
    nulls = f"({', '.join(['null'] * count)})" if count else ""
    explained = await connection.fetchval(f"explain (format json) execute one{nulls}")
    await connection.execute("deallocate one")
    return json.loads(explained)[0]["Plan"]


def _read_whole(node: Any, limited: bool = False) -> Iterator[str]:
    """The tables that a plan reads from one end to the other; one in the order of an index, up to a limit, is none."""
    kind = node["Node Type"]
    if kind == "Seq Scan" or (kind.startswith("Index") and "Index Cond" not in node and not limited):
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _read_whole(child, kind == "Limit" or (kind == "LockRows" and limited))
