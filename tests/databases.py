"""A migrated database for each test: made from a template, and made empty again for a later test.

To copy the template costs a quarter of a second, to empty a database some milliseconds. A database that a test changed
in more than its rows is not used again.
"""

import uuid
from pathlib import Path

import asyncpg

from relevo_runtime.migrations import installed_packages, migrate
from relevo_testing.servers import with_database

_PRISTINE = Path(__file__).with_name("pristine.sql").read_text()
_CUT_OFF = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1"


class Databases:
    """Those of one server, which `admin` is a database of."""

    def __init__(self, admin: str) -> None:
        self._admin = admin
        self._template = ""
        self._connection: asyncpg.Connection | None = None
        self._spare: list[str] = []
        self._reusable = True

    async def take(self) -> str:
        """The URL of a database with all migrations of the installed packages, and nothing else in it."""
        if self._spare:
            return with_database(self._admin, self._spare.pop())
        name = _new_name()
        # The write-ahead copy needs no checkpoint: for a database this small it is the quicker way.
        await self._execute(f"create database {name} template {await self._made_template()} strategy wal_log")
        return with_database(self._admin, name)

    async def give_back(self, dsn: str) -> None:
        """Empty it for the next one under another name, which nobody who still runs knows; or drop it."""
        name = dsn.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
        try:
            emptied = self._reusable and await self._emptied(name)
        except asyncpg.PostgresError:  # somebody came back to it at once: nobody else shall have it
            emptied = ""
        if emptied:
            self._spare.append(emptied)
        else:
            await self.drop(name)

    async def drop(self, name: str) -> None:
        """Drop a database, also while somebody is connected."""
        await self._execute(f"drop database if exists {name} with (force)")

    async def close(self) -> None:
        """Drop what is left."""
        for name in [*self._spare, *filter(None, [self._template])]:
            await self.drop(name)
        if self._connection is not None:
            await self._connection.close()

    async def _made_template(self) -> str:
        if not self._template:
            name = f"relevo_template_{uuid.uuid4().hex[:12]}"
            await self._execute(f"create database {name}")
            self._template = name
            await migrate(with_database(self._admin, name), installed_packages())
            # What notices changes of the schema is a trigger that only a superuser may make.
            [(self._reusable,)] = await self._execute("select rolsuper from pg_roles where rolname = current_user")
            if self._reusable:
                await self._within(name, _PRISTINE)
        return self._template

    async def _emptied(self, name: str) -> str:
        """The new name of the emptied database; nothing if it must not be used again."""
        fresh = _new_name()
        await self._execute(_CUT_OFF, name)
        await self._execute(f"alter database {name} rename to {fresh}")
        try:
            [(clean,)] = await self._within(fresh, "select pristine.reset()")
        except asyncpg.PostgresError:
            clean = False
        if clean:
            return fresh
        await self.drop(fresh)
        return ""

    async def _execute(self, sql: str, *values: str) -> list[asyncpg.Record]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._admin)
        return await self._connection.fetch(sql, *values)

    async def _within(self, name: str, sql: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(with_database(self._admin, name))
        try:
            if sql is _PRISTINE:
                await connection.execute(sql)
                return []
            return await connection.fetch(sql)
        finally:
            await connection.close()


def _new_name() -> str:
    return f"relevo_test_{uuid.uuid4().hex[:12]}"
