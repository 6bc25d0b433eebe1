"""Migrations while the previous release works: they only add, they hold nobody up, and they may be cut anywhere."""

import asyncio
import contextlib
import re
import sys
import uuid
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import asyncpg
import pytest
from msgspec import Struct

from relevo_runtime.errors import MigrationError
from relevo_runtime.migrations import _OPEN, Migration, installed_packages, migrate, migrations, pending
from relevo_runtime.postgres import Pool, open_pool
from relevo_testing.servers import Servers, with_database
from tests.architecture.test_schema import described
from tests.conftest import Platforms
from tests.e2e.machine import surroundings

NAMESPACES = "n.nspname in ('catalog', 'scheduler', 'engine', 'notifier', 'ingest', 'control')"
SNAPSHOT = f"""
select 'table' as kind, n.nspname || '.' || c.relname as owner, '' as name, '' as what
from pg_class c join pg_namespace n on n.oid = c.relnamespace where {NAMESPACES} and c.relkind in ('r', 'p')
union all
select 'column', n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where {NAMESPACES} and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
union all
select 'needed', n.nspname || '.' || c.relname, a.attname, ''
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where {NAMESPACES} and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  and a.attnotnull and not a.atthasdef and a.attidentity = ''
union all
select 'rule', n.nspname || '.' || c.relname, '', pg_get_constraintdef(k.oid)
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where {NAMESPACES} and k.contype <> 'n'
union all
select 'unique', n.nspname || '.' || t.relname, '', regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '')
from pg_index i join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
where {NAMESPACES} and i.indisunique
union all
select 'function', n.nspname || '.' || p.proname, pg_get_function_identity_arguments(p.oid),
       pg_get_function_result(p.oid)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {NAMESPACES}
union all
select 'trigger', n.nspname || '.' || c.relname, '', pg_get_triggerdef(g.oid)
from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
where {NAMESPACES} and not g.tgisinternal
"""
KEPT = ("table", "column", "unique", "function")
"""What statements of the previous release name: it has to stay as it is."""
REFUSES = ("needed", "rule", "unique", "trigger")
"""What may refuse a row as the previous release writes it: a table that was there before gets none."""
EXCUSED: Mapping[str, str] = {
    "relevo_runtime/0002_governance": "a rule of a column that it adds, whose default fits",
    "relevo_runtime/0004_retirement": "a rule of a column that it adds, which may be null",
    "relevo_runtime/0005_shop_mail": "a rule of a column that it adds, whose default fits",
    "relevo_engine/0006_erasure": "wider than the rule that it replaces",
    "relevo_notifier/0005_consent": "wider than the rule that it replaces",
    "relevo_notifier/0011_undone": "before the first release",
    "relevo_notifier/0020_channels": "wider than the rules that it replaces",
    "relevo_ingest/0004_persons": "wider than the rule that it replaces",
    "relevo_ingest/0009_erasure_request": "before the first release",
}
"""Migrations that do it all the same, and why nothing breaks."""


class Thing(Struct, frozen=True, order=True):
    """Something of a schema. `owner` is its table, or a function."""

    kind: str
    owner: str
    name: str
    what: str


class Emptied(Struct, frozen=True):
    """A database without migrations."""

    dsn: str
    pool: Pool


@pytest.fixture
async def emptied(platforms: Platforms, platform: Servers) -> AsyncIterator[Emptied]:
    admin, name = await platform.postgres(), f"relevo_test_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(admin)
    await connection.execute(f"create database {name}")
    await connection.close()
    dsn = with_database(admin, name)
    pool = await open_pool(dsn, application_name="relevo-tests")
    yield Emptied(dsn, pool)
    pool.terminate()
    await (await platforms.databases(platform)).drop(name)


async def snapshot(pool: Pool) -> set[Thing]:
    return {Thing(**row) for row in await pool.fetch(SNAPSHOT)}


def broken(before: set[Thing], after: set[Thing]) -> Iterator[Thing]:
    """What a release that was written for the one schema can't do with the other."""
    yield from (one for one in before - after if one.kind in KEPT)
    tables = {one.owner for one in before if one.kind == "table"}
    yield from (one for one in after - before if one.kind in REFUSES and one.owner in tables)


async def test_a_migration_only_adds_what_the_release_before_need_not_know(emptied: Emptied) -> None:
    found: dict[str, list[Thing]] = {}
    before = await snapshot(emptied.pool)
    for one in migrations(installed_packages()):
        await emptied.pool.execute(one.sql)
        after = await snapshot(emptied.pool)
        if wrong := sorted(broken(before, after)):
            found[one.label] = wrong
        before = after
    assert {label: things for label, things in found.items() if label not in EXCUSED} == {}
    assert sorted(found) == sorted(EXCUSED)


@pytest.mark.parametrize(
    ("change", "breaks"),
    [
        ("alter table engine.run drop column variant", True),
        ("alter table engine.run rename column variant to arm", True),
        ("alter table engine.run alter column step type bytea using null::bytea", True),
        ("alter table engine.run add column later text not null", True),
        ("alter table engine.run add constraint later check (variant <> 'x')", True),
        ("create unique index later on engine.run (shop, key)", True),
        ("alter table engine.task drop constraint task_pkey", True),
        ("drop table engine.task", True),
        ("drop function notifier.rate_lock", True),
        ("alter table engine.run add column later text not null default ''", False),
        ("alter table engine.run add column later text", False),
        ("create index later on engine.run (shop, key)", False),
        ("create table engine.later (shop text primary key, needed text not null check (needed <> ''))", False),
    ],
)
async def test_what_the_release_before_can_not_work_with_is_found(pool: Pool, change: str, breaks: bool) -> None:
    before = await snapshot(pool)
    await pool.execute(change)
    assert bool(list(broken(before, await snapshot(pool)))) == breaks


PAUSE = """
create table public.passed (package text, number int);
create function public.pause() returns trigger language plpgsql as $$
begin
    if not exists (select from public.passed p where p.package = new.package and p.number = new.number) then
        perform pg_advisory_xact_lock(1);
    end if;
    return new;
end $$;
create trigger pause before insert on public.relevo_migration for each row execute function public.pause()
"""
PAUSED = """
select pid from pg_stat_activity
where datname = current_database() and application_name = 'relevo-migrate' and wait_event = 'advisory'
"""
WAITS = PAUSED.replace("advisory", "relation")


TURN_OFF = "select pg_advisory_unlock(1)"
LAST = "relevo_notifier/0034_recalled"
"""A migration that changes a table which is always in use."""


async def some_value(pool: Pool, sql: str, *values: object) -> object:
    """What a query answers, once it does."""
    async with asyncio.timeout(60):
        while (found := await pool.fetchval(sql, *values)) is None:
            await asyncio.sleep(0.01)
    return found


async def pass_(pool: Pool, some: Sequence[Migration]) -> None:
    """These do not stand still before their commit."""
    await pool.executemany("insert into public.passed values ($1, $2)", [(one.package, one.number) for one in some])


async def test_each_migration_may_be_cut_before_its_commit_and_is_repeated(emptied: Emptied, pool: Pool) -> None:
    every = migrations(installed_packages())
    await migrate(emptied.dsn, [])
    await emptied.pool.execute(PAUSE)
    for one in every:
        async with emptied.pool.acquire() as holder:
            await holder.execute("select pg_advisory_lock(1)")
            working = asyncio.create_task(migrate(emptied.dsn, installed_packages()))
            process = await some_value(emptied.pool, PAUSED)
            await holder.fetchval("select pg_terminate_backend($1, 5000)", process)
            with pytest.raises((MigrationError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                await working
            await holder.execute(TURN_OFF)
        assert (await pending(emptied.dsn, installed_packages()))[0] == one.label
        await pass_(emptied.pool, [one])
    assert await migrate(emptied.dsn, installed_packages()) == [every[-1].label]
    assert await described(emptied.pool) == await described(pool)


async def test_a_command_that_is_killed_in_the_middle_is_run_again(emptied: Emptied, pool: Pool) -> None:
    every = migrations(installed_packages())
    done, left = every[: len(every) // 2], every[len(every) // 2 :]
    await migrate(emptied.dsn, [])
    await emptied.pool.execute(PAUSE)
    await pass_(emptied.pool, done)
    async with emptied.pool.acquire() as holder:
        await holder.execute("select pg_advisory_lock(1)")
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relevo_cli", "migrate"),
            env=surroundings() | {"RELEVO_POSTGRES": emptied.dsn, "RELEVO_KAFKA": "127.0.0.1:9"},
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        await some_value(emptied.pool, PAUSED)
        command.kill()
        await command.wait()
        # The server does not know yet that nobody listens.
        again = asyncio.create_task(migrate(emptied.dsn, installed_packages()))
        await pass_(emptied.pool, left)
        await holder.execute(TURN_OFF)
    assert await again == [one.label for one in left]
    assert await described(emptied.pool) == await described(pool)


@contextlib.asynccontextmanager
async def in_use(pool: Pool) -> AsyncIterator[None]:
    """Somebody reads a table for as long as the block runs, which the migration LAST wants to change."""
    await pool.execute("alter table notifier.delivery drop column recalled")
    await pool.execute("delete from public.relevo_migration where package || '/00' || number || '_' || name = $1", LAST)
    async with pool.acquire() as reader, reader.transaction():
        await reader.execute("select count(*) from notifier.delivery")
        yield


async def test_a_migration_that_waits_for_a_table_holds_up_nobody_else(database: str, pool: Pool) -> None:
    async with in_use(pool):
        working = asyncio.create_task(migrate(database, installed_packages()))
        await some_value(pool, WAITS)
        async with asyncio.timeout(60):  # whoever comes after it queues behind it until it gives up for a moment
            await pool.fetchval("select count(*) from notifier.delivery")
        assert not working.done()
    assert await working == [LAST]


async def test_a_migration_that_can_not_have_its_table_says_who_holds_it(database: str, pool: Pool) -> None:
    async with in_use(pool):
        with pytest.raises(MigrationError, match=rf"{LAST} .* relevo-tests \(process [0-9]+, idle in transaction\)"):
            await migrate(database, installed_packages(), patience=0)
        assert await pending(database, installed_packages()) == [LAST]
    assert await migrate(database, installed_packages()) == [LAST]


async def test_an_owner_who_can_not_see_the_sessions_of_others_says_so(database: str, pool: Pool) -> None:
    role = f"owner_{uuid.uuid4().hex[:8]}"
    async with in_use(pool), pool.acquire() as connection:
        await connection.execute(f"create role {role}")
        try:
            await connection.execute(f"set role {role}")
            hidden = await connection.fetchval(_OPEN)
            await connection.execute(f"reset role; grant pg_read_all_stats to {role}; set role {role}")
            while "relevo-tests (process" not in (shown := await connection.fetchval(_OPEN)):
                await asyncio.sleep(0.05)  # it is not open for long enough yet
        finally:
            await connection.execute(f"reset role; drop role {role}")
    assert re.fullmatch("none that this user can see; [0-9]+ sessions of others are hidden from it: .*", hidden)
    assert re.fullmatch(r"relevo-tests \(process [0-9]+, idle in transaction\)", shown)
