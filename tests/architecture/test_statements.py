"""Every statement in every .sql file is understood by the real database with all migrations applied."""

from importlib import resources
from pathlib import Path

import asyncpg
import pytest

from relevo_runtime.migrations import installed_packages
from relevo_runtime.postgres import Connection, Pool, Statements

TABLES = """
select format('%I.%I', n.nspname, c.relname) as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema|pristine)'
"""


def sql_files() -> list[tuple[str, str]]:
    """(package, file) of every .sql file that isn't a migration."""
    found = []
    for package in installed_packages():
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*.sql")):
            if path.parent.name != "migrations":
                inside = path.parent.relative_to(root).parts
                found.append((".".join([package, *inside]), path.name))
    return found


@pytest.mark.parametrize(("package", "file"), sql_files())
async def test_every_statement_prepares(pool: Pool, package: str, file: str) -> None:
    wrong = []
    async with pool.acquire() as connection:
        for name, sql in Statements.load(package, file).items():
            try:
                await connection.prepare(sql)
            except asyncpg.PostgresError as error:
                wrong.append(f"{package}/{file}: {name}: {error}")
    assert wrong == []


async def test_no_statement_answers_otherwise_once_tables_have_another_column(pool: Pool) -> None:
    """Services work while the next release's migrations add columns: `t.*` would be another answer all at once."""
    statements = {
        f"{package}/{file}: {name}": sql
        for package, file in sql_files()
        for name, sql in Statements.load(package, file).items()
    }
    async with pool.acquire() as connection:
        before = {name: await _columns(connection, sql) for name, sql in statements.items()}
        for row in await connection.fetch(TABLES):
            await connection.execute(f"alter table {row['name']} add column from_the_next_release text")
        after = {name: await _columns(connection, sql) for name, sql in statements.items()}
    assert [name for name, columns in after.items() if columns != before[name]] == []


async def _columns(connection: Connection, sql: str) -> list[str]:
    return [one.name for one in (await connection.prepare(sql)).get_attributes()]
