"""The rows of a shop: copied to another database, compared there, deleted here."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import asyncpg
from msgspec import Struct

from relevo_cli.errors import CommandError
from relevo_cli.moving.tables import STATEMENTS, Table
from relevo_runtime.postgres import Connection

KEPT = {"notifier.delivery": "narrow_deliveries", "notifier.call": "narrow_calls"}
"""Tables that keep a trace of what went out, so that nothing that comes late goes out once more."""
_SHOPS = "catalog.shop"
_CHUNKS = 8
_SAME_TEXT = "set local timezone = 'UTC'; set local datestyle = 'ISO'; set local extra_float_digits = 1"


class Content(Struct, frozen=True):
    """How many rows a table has of a shop, and a digest of them that does not depend on their order."""

    rows: int
    digest: str


async def make_partitions(source: Connection, target: Connection) -> None:
    """What is partitioned by day here is so there: rows in a default partition are not dropped with their day."""
    there = {(row["schema"], row["name"]) for row in await target.fetch(STATEMENTS["partitions"])}
    for row in await source.fetch(STATEMENTS["partitions"]):
        if (row["schema"], row["name"]) not in there:
            try:
                await target.execute(row["made_by"])
            except asyncpg.CheckViolationError:
                continue  # the default partition has rows of that day already: more of them may join


async def copy_definitions(source: Connection, target: Connection, shop: str, tables: Sequence[Table]) -> int:
    """The files of every version that a row of the shop names, for deciding and for explaining; how many there are."""
    versions: set[str] = set()
    for table in tables:
        if table.versioned:
            rows = await source.fetch(f"select distinct version from {table.quoted} where shop = $1", shop)  # noqa: S608 - names of the schema
            versions |= {row["version"] for row in rows}
    found = [tuple(row) for row in await source.fetch(STATEMENTS["definitions"], list(versions))]
    await target.executemany(STATEMENTS["add_definition"], found)
    return len(found)


async def copy_inbox(source: Connection, target: Connection) -> None:
    """Which messages were taken here counts there too: a platform may send one again. Needs a transaction of `target`.

    Its digests name no shop, so those of all shops are copied. Those of another shop meet nothing there.
    """
    await target.execute(STATEMENTS["inbox_copy"])
    await _copy(source, target, "select id, period from engine.inbox", ("moved_inbox", None, ("id", "period")))
    await target.execute(
        "insert into engine.inbox (id, period) select id, period from moved_inbox order by id on conflict do nothing"
    )


async def copy_rows(source: Connection, target: Connection, shop: str, tables: Sequence[Table]) -> None:
    """Every row of the shop, in place of what the target has of it. Both need a transaction."""
    await delete_rows(target, shop, tables)
    for table in tables:
        select = f"select {table.selected} from {table.quoted} where shop = $1"  # noqa: S608 - names of the schema
        await _copy(source, target, select, (table.name, table.schema, table.columns), shop)


async def delete_rows(connection: Connection, shop: str, tables: Sequence[Table]) -> None:
    """Deletes what a database has of the shop."""
    for table in tables:
        await connection.execute(f"delete from {table.quoted} where shop = $1", shop)  # noqa: S608 - as above


async def delete_moved(connection: Connection, shop: str, tables: Sequence[Table]) -> None:
    """The same where it has moved away: its name stays, and of what was sent the ids."""
    await delete_rows(
        connection, shop, [table for table in tables if f"{table.schema}.{table.name}" not in {*KEPT, _SHOPS}]
    )
    for statement in KEPT.values():
        await connection.execute(STATEMENTS[statement], shop)


async def contents(connection: Connection, shop: str, tables: Sequence[Table]) -> Mapping[str, Content]:
    """What each table has of the shop. Needs a transaction, whose way of writing values it sets."""
    await connection.execute(_SAME_TEXT)
    found = {}
    for table in tables:
        row = await connection.fetchrow(
            "select count(*) as rows, coalesce(sum(('x' || substr(md5(r::text), 1, 15))::bit(60)::bigint), 0)::text"  # noqa: S608 - as above
            f" as digest from (select {table.selected} from {table.quoted} where shop = $1) as r",
            shop,
        )
        assert row is not None
        found[table.quoted] = Content(row["rows"], row["digest"])
    return found


def compare(here: Mapping[str, Content], there: Mapping[str, Content]) -> None:
    """Raises `CommandError` unless both are equal."""
    wrong = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
    if wrong:
        raise CommandError(
            f"what was copied differs in {', '.join(wrong)}: something of the shop changed meanwhile; nothing was kept"
            " there. Run the same command again"
        )


async def _copy(
    source: Connection, target: Connection, select: str, into: tuple[str, str | None, Sequence[str]], *values: object
) -> None:
    """Rows from one database to the other, some at a time in memory."""
    chunks: asyncio.Queue[bytes | None] = asyncio.Queue(_CHUNKS)
    name, schema, columns = into
    async with asyncio.TaskGroup() as both:
        both.create_task(_read(source, select, values, chunks))
        both.create_task(
            target.copy_to_table(name, source=_chunks(chunks), columns=columns, schema_name=schema, format="binary")
        )


async def _read(
    source: Connection, select: str, values: Sequence[object], chunks: "asyncio.Queue[bytes | None]"
) -> None:
    await source.copy_from_query(select, *values, output=chunks.put, format="binary")
    await chunks.put(None)


async def _chunks(chunks: "asyncio.Queue[bytes | None]") -> AsyncIterator[bytes]:
    while (chunk := await chunks.get()) is not None:
        yield chunk
