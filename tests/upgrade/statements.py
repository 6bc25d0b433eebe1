"""Prints which statements of the installed release a database does not understand; run by its own Python."""

import asyncio
import json
import sys
from importlib import resources
from pathlib import Path

import asyncpg

from relevo_runtime.migrations import installed_packages
from relevo_runtime.postgres import Statements
from relevo_runtime.settings import RuntimeSettings


async def unprepared() -> list[str]:
    """Each with the reason."""
    connection = await asyncpg.connect(RuntimeSettings().dsn)
    wrong = []
    for package in installed_packages():
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*.sql")):
            if path.parent.name == "migrations":
                continue
            name = ".".join([package, *path.parent.relative_to(root).parts])
            for statement, sql in Statements.load(name, path.name).items():
                try:
                    await connection.prepare(sql)
                except asyncpg.PostgresError as error:
                    wrong.append(f"{name}/{path.name}: {statement}: {error}")
    await connection.close()
    return wrong


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(unprepared())))
