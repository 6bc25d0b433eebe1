"""Each service has a role that may do what its statements need, and nothing else."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from relevo_engine.adapters.partitions import Partitions
from relevo_runtime.errors import MigrationError, Unreachable
from relevo_runtime.migrations import installed_packages, migrate
from relevo_runtime.postgres import Connection, Pool, Statements, open_pool
from relevo_runtime.roles import OPERATOR, SERVICES, apply_roles, declared, role_of
from tests.e2e.machine import relevo

PACKAGES = installed_packages()
ALL = ("select", "insert", "update", "delete")
TABLES = """
select n.nspname || '.' || c.relname as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname not like 'pg_%' and n.nspname not in ('information_schema', 'public', 'pristine')
  and (c.relkind in ('r', 'p', 'v', 'm', 'f') or c.relkind = 'S'
       and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('i', 'a')))
"""
MADE_LATER = re.compile(r"_\d{8}$")
RIGHTS = """
select grantee, table_schema || '.' || table_name as what, lower(privilege_type) as "right"
from information_schema.role_table_grants where grantee like 'relevo\\_%'
order by 1, 2, 3
"""

SHARED: dict[str, dict[str, tuple[str, ...]]] = {
    "ingest": {
        "catalog.sql": (),
        "connections.sql": (),
        "storefronts.sql": (),
        "consent_store.sql": ("*",),
        "last_deliveries.sql": ("*",),
        "outbox.sql": ("put", "delete"),
        "sealing.sql": ("in_use_or_new", "retire"),
    },
    "engine": {
        "catalog.sql": ("decide_winner", "next_revision"),
        "outbox.sql": ("*",),
        "pauses.sql": ("pause",),
        "sealing.sql": ("*",),
        "systems.sql": (),
        "timers.sql": ("*",),
    },
    "scheduler": {"outbox.sql": ("*",), "timers.sql": ("*",), "sealing.sql": ("in_use_or_new", "retire")},
    "notifier": {
        "catalog.sql": (),
        "connections.sql": (),
        "number_owners.sql": ("*",),
        "pauses.sql": ("pause",),
        "sealing.sql": ("in_use_or_new", "retire"),
        "storefronts.sql": (),
        "systems.sql": (),
    },
}
"""What each service runs of the runtime's statements: those that only read, and those that are named (`*`: all)."""
OF_COMMAND = ("approvers",)
"""Statements that only read, and which only the `relevo` command runs."""


def statements(service: str) -> Iterator[tuple[str, str]]:
    """Every statement that a service may run, with where it is."""
    root = Path(str(resources.files(f"relevo_{service}")))
    for path in sorted(root.rglob("*.sql")):
        if path.parent.name != "migrations":
            package = ".".join([root.name, *path.parent.relative_to(root).parts])
            for name, sql in Statements.load(package, path.name).items():
                yield f"{package}/{path.name}: {name}", sql
    for file, writing in SHARED.get(service, {}).items():
        for name, sql in Statements.load("relevo_runtime", file).items():
            reads = not re.search(r"\b(insert|update|delete)\b", sql.split("*/", 1)[1])
            if (reads and name not in OF_COMMAND) or name in writing or "*" in writing:
                yield f"relevo_runtime/{file}: {name}", sql


@pytest.fixture
async def granted(pool: Pool, database: str) -> Pool:
    """A database in which the roles have their rights."""
    await apply_roles(database, PACKAGES)
    return pool


async def become(connection: Connection, role: str) -> None:
    await connection.execute(f"set local role {role_of(role)}")


async def test_each_table_has_a_line_and_each_line_a_table(pool: Pool) -> None:
    tables = {row["name"] for row in await pool.fetch(TABLES) if not MADE_LATER.search(row["name"])}
    lines = {what for what in declared(PACKAGES) if "(" not in what}
    assert lines == tables, "a table needs a line in the grants.toml beside its migration"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_may_run_each_of_its_statements(granted: Pool, service: str) -> None:
    refused = []
    async with granted.acquire() as connection:
        for where, sql in statements(service):
            async with connection.transaction():
                await become(connection, service)
                try:
                    async with connection.transaction():
                        await connection.execute(f"explain (generic_plan) {sql}")
                except asyncpg.InsufficientPrivilegeError as error:
                    refused.append(f"{where}: {error}")
    assert refused == []


@pytest.mark.parametrize("service", SERVICES)
async def test_no_service_changes_the_schema(granted: Pool, service: str) -> None:
    attempts = ["create table public.mine ()", "create schema mine"]
    for table in (what for what in declared(PACKAGES) if "(" not in what):
        schema = table.partition(".")[0]
        attempts += [f"drop table {table}", f"truncate {table}", f"alter table {table} add mine text"]
        attempts += [f"create table {schema}.mine ()", f"create index on {table} ((true))"]
    async with granted.acquire() as connection:
        for attempt in attempts:
            async with connection.transaction():
                await become(connection, service)
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with connection.transaction():
                        await connection.execute(attempt)


async def test_a_service_sees_no_table_of_others_that_it_does_not_need(granted: Pool) -> None:
    async def readable(service: str) -> set[str]:
        tables = [what for what in declared(PACKAGES) if "(" not in what]
        found = await granted.fetch(
            "select what from unnest($2::text[]) as what where has_table_privilege($1, what, 'select')"
            " and has_schema_privilege($1, split_part(what, '.', 1), 'usage')",
            role_of(service),
            tables,
        )
        return {row["what"] for row in found}

    assert not any(name.startswith("engine.") for name in await readable("notifier"))
    assert await readable("scheduler") == {"engine.outbox", "scheduler.timer", "catalog.data_key"}
    assert "engine.customer" not in await readable("ingest")
    assert not any(name.startswith(("notifier.", "ingest.")) for name in await readable("engine"))


async def test_what_is_in_no_line_is_revoked_and_again_changes_nothing(granted: Pool, database: str) -> None:
    before = await granted.fetch(RIGHTS)
    await granted.execute("grant select on engine.customer to relevo_notifier")
    await granted.execute("grant all on all tables in schema catalog to relevo_scheduler")
    assert await granted.fetch(RIGHTS) != before
    assert await apply_roles(database, PACKAGES) == []
    assert await granted.fetch(RIGHTS) == before


async def test_an_engine_keeps_its_partitions_by_its_role(granted: Pool, database: str) -> None:
    now = datetime(2031, 5, 1, 12, tzinfo=UTC)
    engine = await open_pool(database, application_name="relevo-tests", session={"role": role_of("engine")})
    try:
        async with engine.acquire() as connection:
            await Partitions(decision_days=1).maintain(connection, now)
            await connection.execute("delete from engine.decision")  # one that was made may be used at once
            await Partitions(decision_days=1).maintain(connection, now + timedelta(days=9))
            for name in ("customer", 'inbox"; drop table engine.run; --', ""):
                with pytest.raises(asyncpg.InvalidParameterValueError):
                    await connection.execute("select engine.drop_partition($1, $2)", name, now.date())
    finally:
        engine.terminate()
    async with granted.acquire() as connection, connection.transaction():
        await become(connection, "notifier")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("select engine.drop_partition('decision', '2031-05-09')")


async def test_who_lacks_a_right_is_told_what_gives_it(granted: Pool, database: str) -> None:
    await granted.execute("drop role if exists relevo_tests_nobody; create role relevo_tests_nobody login")
    nobody = database.replace("//relevo@", "//relevo_tests_nobody@")
    try:
        with pytest.raises(MigrationError, match=r"can't be applied: permission denied .*; run them as the owner"):
            await migrate(nobody, PACKAGES)
        code, _, err = await relevo("shops", "list", RELEVO_POSTGRES=nobody)
        assert code == 2
        assert "permission denied for schema catalog; the user of RELEVO_POSTGRES lacks that right" in err
        assert "`relevo migrate --roles`" in " ".join(err.split())
        assert "Traceback" not in err
        await granted.execute(f"revoke connect on database {urlsplit(database).path[1:]} from public")
        with pytest.raises(Unreachable, match="grant connect on that database"):
            await open_pool(nobody, application_name="relevo-tests")
    finally:
        await granted.execute("drop role relevo_tests_nobody")


async def test_operators_may_use_every_table(granted: Pool) -> None:
    lines = {what: line for what, line in declared(PACKAGES).items() if "(" not in what}
    async with granted.acquire() as connection:
        for what, line in lines.items():
            for right in line.get(OPERATOR, ", ".join(ALL)).split(", "):
                assert await connection.fetchval(
                    "select has_table_privilege($1, $2, $3)", role_of(OPERATOR), what, right
                )
