"""The tests' own databases: one that is used again can't be told from a new one."""

import asyncpg

from relevo_runtime.migrations import installed_packages, pending
from relevo_testing.servers import Servers
from tests.databases import Databases

FILL = """
insert into engine.outbox (shop, id, topic, key, value)
select 'acme', n::text, 'topic', 'key', '' from generate_series(1, 5) n;
delete from engine.outbox where id = '5';
update public.relevo_migration set checksum = 'another';
"""
TABLES = """
select c.oid::regclass::text
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1
"""
SEQUENCES = "select schemaname, sequencename, last_value from pg_sequences order by 1, 2"


async def content(dsn: str) -> dict[str, list[asyncpg.Record]]:
    """All that can be read in it: the rows of each table, and where each sequence is."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = {name: await connection.fetch(f"select * from {name}") for (name,) in await connection.fetch(TABLES)}
        return rows | {"sequences": await connection.fetch(SEQUENCES)}
    finally:
        await connection.close()


async def execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def test_a_database_that_was_written_to_comes_back_as_new_under_another_name(platform: Servers) -> None:
    databases = Databases(await platform.postgres())
    try:
        first = await databases.take()
        new = await content(first)
        await execute(first, FILL)
        written = await content(first)
        assert {name for name in new if written[name] != new[name]} == {
            *("engine.outbox", "relevo_migration", "sequences"),
        }
        still_connected = await asyncpg.connect(first)
        await databases.give_back(first)
        second = await databases.take()
        assert still_connected.is_closed()
        assert second != first
        assert await content(second) == new
        assert await pending(second, installed_packages()) == []
    finally:
        await databases.close()


async def test_a_database_whose_schema_was_changed_is_not_used_again(platform: Servers) -> None:
    databases = Databases(await platform.postgres())
    try:
        new = await content(first := await databases.take())
        for change in ("create table catalog.more (one int)", "drop schema catalog cascade", "truncate catalog.shop"):
            await execute(first, change)
            await databases.give_back(first)
            first = await databases.take()
            assert await content(first) == new
    finally:
        await databases.close()
