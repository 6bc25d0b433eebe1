"""The pool, the .sql files, the migrations, and which errors are worth a second try."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime

import asyncpg
import pytest

from relevo_runtime.errors import MigrationError, StatementError, Unreachable
from relevo_runtime.migrations import installed_packages, migrate, pending
from relevo_runtime.postgres import Part, Pool, Statements, open_pool, temporary, text_array, together, transaction
from relevo_testing.servers import Servers, with_database
from tests.conftest import Platforms


async def test_json_goes_in_and_out_as_plain_values(pool: Pool) -> None:
    value = {"name": "Zoë", "n": [1, 2.5, None, True], "deep": {"a": {}}}
    assert await pool.fetchval("select $1::jsonb", value) == value
    assert await pool.fetchval("select $1::jsonb", b'{"encoded": "already"}') == {"encoded": "already"}
    rows = await pool.fetch("select v from unnest($1::jsonb[]) v", [{"a": 1}, b"[2]"])
    assert [tuple(row) for row in rows] == [({"a": 1},), ([2],)]


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["one"],
        ["", " ", "null", "NULL", "{}", ",", "a,b"],
        ['"', '""', '","', "\\", '\\"', "a\\", '\\\\"'],
        ["{a", "b}", "'", "Zoë", "\n\t\x01", "日本\u2028"],
        ['x"', 'y"', '"', ",", '","'],
    ],
)
async def test_an_array_of_texts_is_read_as_it_was(pool: Pool, values: list[str]) -> None:
    assert await pool.fetchval("select $1::text::text[]", text_array(values)) == values


@pytest.mark.parametrize("made", [list, tuple, set, frozenset])
async def test_arrays_are_lists_tuples_and_sets(pool: Pool, made: Callable[[Sequence[str]], Collection[str]]) -> None:
    for texts in (["a", "", "{b,c}", '"d"'], []):
        assert sorted(await pool.fetchval("select $1::text[]", made(texts))) == sorted(texts)


async def test_an_array_of_arrays_stays_one_and_a_text_or_a_mapping_is_none(pool: Pool) -> None:
    assert await pool.fetchval("select $1::int[]", [[1, 2], [3, 4]]) == [[1, 2], [3, 4]]
    for wrong in ("ab", b"ab", {"a": 1}, {"a": 1}.values()):
        with pytest.raises(asyncpg.DataError, match="a sized iterable container expected"):
            await pool.fetchval("select $1::text[]", wrong)


async def test_a_further_connection_asks_nothing_about_types_that_another_has_met(pool: Pool) -> None:
    said: list[str] = []
    statement = "select $1::timestamptz[], $2::jsonb[], $3::date[]"
    async with pool.acquire() as first, pool.acquire() as second:
        assert await first.fetchrow(statement, [], [], []) is not None
        second.add_query_logger(lambda query: said.append(query.query))
        assert await second.fetchrow(statement, [], [b"{}"], []) is not None
    assert said == [statement]


async def test_the_server_is_asked_once_about_all_arrays(pool: Pool) -> None:
    types = [
        "boolean",
        "bytea",
        "smallint",
        "int",
        "text",
        "bigint",
        "double precision",
        "date",
        "timestamptz",
        "jsonb",
    ]
    values = [True, b"1", 1, 2, "3", 4, 0.5, date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC), [{"a": [1]}]]
    said: list[str] = []
    async with pool.acquire() as connection:
        await connection.fetchval("select $1::text[]", [""])
        connection.add_query_logger(lambda query: said.append(query.query))
        for name, value in zip(types, values, strict=True):
            assert await connection.fetchval(f"select $1::{name}[]", [value]) == [value]
    assert said == [f"select $1::{name}[]" for name in types]


@pytest.mark.relevo_containers
async def test_the_pool_names_its_service_and_keeps_the_compiler_off(pool: Pool) -> None:
    assert await pool.fetchval("show application_name") == "relevo-tests"
    assert await pool.fetchval("show jit") == "off"


async def test_a_transaction_that_stands_still_is_ended_and_may_be_tried_again(pool: Pool) -> None:
    assert await pool.fetchval("show idle_in_transaction_session_timeout") == "30s"
    async with pool.acquire() as frozen:
        await frozen.execute("set idle_in_transaction_session_timeout = '50ms'")
        with pytest.raises(Exception) as caught:
            async with frozen.transaction():
                await frozen.execute("select 1")
                while True:
                    await asyncio.sleep(0.1)
                    await frozen.execute("select 1")
    assert temporary(caught.value)


async def test_a_connection_is_given_back_without_a_further_statement_but_with_no_open_transaction(
    pool: Pool,
) -> None:
    async with pool.acquire() as watching:
        async with pool.acquire() as used:
            process = await used.fetchval("/* the last one */ select pg_backend_pid()")
        said = await watching.fetchrow("select query, state from pg_stat_activity where pid = $1", process)
        assert dict(said or {}) == {"query": "/* the last one */ select pg_backend_pid()", "state": "idle"}
        async with pool.acquire() as used:
            process = await used.fetchval("select pg_backend_pid()")
            await used.execute("begin")
        assert await watching.fetchval("select state from pg_stat_activity where pid = $1", process) == "idle"


def test_statements_are_read_by_name() -> None:
    text = "-- All about it.\n\n-- name: one\n-- Says one.\nselect 1;\n\n-- name: two\n-- Says two.\nselect 2 -- two\n"
    statements = Statements.parse("x.sql", text)
    assert dict(statements) == {"one": "/* one */ select 1", "two": "/* two */ select 2 -- two"}
    with pytest.raises(StatementError, match=r"x.sql: no statement 'three'; it has \['one', 'two'\]"):
        statements["three"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-- name: one\nselect 1", "needs a comment"),
        ("-- name: one\n-- Nothing.\n", "has no SQL"),
        ("-- name: one\n-- A.\nselect 1\n-- name: one\n-- B.\nselect 2", "there twice"),
        ("select 0\n-- name: one\n-- A.\nselect 1", "before the first"),
        ("-- name: One Two\n-- A.\nselect 1", "is not a valid name for a statement"),
    ],
)
def test_a_file_that_is_not_in_form_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(StatementError, match=says):
        Statements.parse("x.sql", text)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ConnectionResetError(), True),
        (asyncpg.InternalClientError("got result for unknown protocol state"), True),
        (TimeoutError(), True),
        (asyncpg.DeadlockDetectedError(""), True),
        (asyncpg.InvalidCachedStatementError("cached plan must not change result type"), True),
        (asyncpg.InvalidCachedStatementError("cached plan must not change result type"), True),
        (asyncpg.TooManyConnectionsError(""), True),
        (asyncpg.AdminShutdownError(""), True),
        (asyncpg.CannotConnectNowError(""), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InterfaceError("the number of columns is wrong"), False),
        (asyncpg.UniqueViolationError(""), False),
        (asyncpg.UndefinedTableError(""), False),
        (PermissionError(), False),
        (ValueError(), False),
    ],
)
def test_only_what_may_work_again_is_temporary(error: Exception, again: bool) -> None:
    assert temporary(error) is again


async def test_a_killed_connection_is_temporary(pool: Pool) -> None:
    async with pool.acquire() as victim, pool.acquire() as other:
        await other.execute("select pg_terminate_backend($1)", victim.get_server_pid())
        with pytest.raises(Exception) as caught:
            await victim.fetchval("select 1")
    assert temporary(caught.value)


async def test_migrations_of_several_processes_at_once_run_once(platforms: Platforms, platform: Servers) -> None:
    admin = await platform.postgres()
    name = f"relevo_test_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(admin)
    await connection.execute(f"create database {name}")
    await connection.close()
    fresh = with_database(admin, name)
    applied = await asyncio.gather(*[migrate(fresh, installed_packages()) for _ in range(3)])
    assert sorted(len(labels) > 0 for labels in applied) == [False, False, True]
    await (await platforms.databases(platform)).drop(name)


async def test_a_wrong_password_or_database_is_told_with_the_server_and_without_the_password(database: str) -> None:
    wrong = with_database(database, "nowhere_at_all")
    for connect in (open_pool(wrong, application_name="relevo-tests"), migrate(wrong, []), pending(wrong, [])):
        with pytest.raises(Unreachable, match=r"refuses the connection: .*nowhere_at_all.*RELEVO_POSTGRES"):
            await connect


async def test_a_migration_that_was_changed_afterwards_is_refused(database: str) -> None:
    pool = await open_pool(database, application_name="relevo-tests", max_size=1)
    await pool.execute("update relevo_migration set checksum = 'other' where package = 'relevo_runtime'")
    await pool.close()
    with pytest.raises(MigrationError, match="relevo_runtime/0001_catalog changed after it was applied"):
        await migrate(database, ["relevo_runtime"])


async def test_statements_that_go_to_the_server_as_one_keep_their_parameters(pool: Pool) -> None:
    parts = [
        Part("insert into one select * from unnest($1::text[], $2::int[])", (["a", "b"], [1, 2])),
        Part("delete from two where n = any($1::int[])", ([7],)),
        Part("insert into three select $2::text, $1::int returning n", (11, "c")),
    ]
    async with pool.acquire() as connection:
        await connection.execute("create temp table one (name text, n int)")
        await connection.execute("create temp table two (n int)")
        await connection.execute("insert into two values (7), (8)")
        await connection.execute("create temp table three (name text, n int)")
        whole = together(parts)
        assert [row["n"] for row in await connection.fetch(whole.sql, *whole.parameters)] == [11]
        assert [tuple(row) for row in await connection.fetch("select name, n from one")] == [("a", 1), ("b", 2)]
        assert [row["n"] for row in await connection.fetch("select n from two")] == [8]
        await connection.execute("drop table one, two, three")


@pytest.mark.parametrize("ending", ["commit", "leave", "raise"])
async def test_a_transaction_is_kept_only_if_the_block_commits_it(pool: Pool, ending: str) -> None:
    async with pool.acquire() as connection, pool.acquire() as other:
        with contextlib.suppress(LookupError):
            async with transaction(connection, "select pg_advisory_xact_lock(7, 7)") as commit:
                assert not await other.fetchval("select pg_try_advisory_xact_lock(7, 7)")
                await connection.execute("create table public.kept ()")
                if ending == "commit":
                    await commit()
                if ending == "raise":
                    raise LookupError
        assert await other.fetchval("select pg_try_advisory_xact_lock(7, 7)")
        assert await other.fetchval("select to_regclass('public.kept') is not null") == (ending == "commit")
        await other.execute("drop table if exists public.kept")
