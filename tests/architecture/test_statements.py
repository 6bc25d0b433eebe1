"""Every statement in every .sql file is understood by the real database with all migrations applied."""

from importlib import resources
from pathlib import Path

import asyncpg
import pytest

from relevo_runtime.migrations import installed_packages
from relevo_runtime.postgres import Pool, Statements


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
