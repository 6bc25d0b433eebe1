"""Numbered SQL migrations, applied once each, under an advisory lock."""

import asyncio
import hashlib
import importlib.util
import re
from collections.abc import Iterator, Sequence
from importlib import resources

import asyncpg
from msgspec import Struct

from relevo_runtime.backoff import Backoff
from relevo_runtime.errors import MigrationError
from relevo_runtime.postgres import Connection, reaching

ORDER = ("relevo_runtime", "relevo_scheduler", "relevo_engine", "relevo_notifier", "relevo_ingest", "relevo_control")
"""The packages that own a schema, in the order in which they are migrated, however they are asked for."""

LOCK = 0x52656C65766F  # "Relevo"
"""The advisory lock of who changes the schema: one at a time in a database."""

PATIENCE_SECONDS = 60.0
"""So long a migration tries again to get a table that others work on."""
_WAITED = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
_GIVE_UP = "set local lock_timeout = '2s'"
"""Whoever comes to a table after a migration that waits for it waits as long: the migration lets them pass."""
_OPEN = """
select concat_ws('; ',
    coalesce(
        string_agg(format('%s (process %s, %s)', application_name, pid, state), ', ')
            filter (where xact_start < clock_timestamp() - interval '1 second'),
        'none that this user can see'
    ),
    nullif(count(*) filter (where hidden), 0)
        || ' sessions of others are hidden from it: a member of pg_read_all_stats sees them'
)
from pg_stat_activity
cross join lateral (
    select not pg_has_role(usesysid, 'usage') and not pg_has_role('pg_read_all_stats', 'usage') as hidden
) as seen
where datname = current_database() and pid <> pg_backend_pid()
"""
"""Who has a transaction open. The transactions of other users are shown only to members of `pg_read_all_stats`."""

_TABLE = """
create table if not exists public.relevo_migration (
    package    text not null,
    number     int not null,
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default clock_timestamp(),
    primary key (package, number)
)
"""


class Migration(Struct, frozen=True):
    """One file `migrations/NNNN_name.sql` of a package."""

    package: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Tells whether the file is still the one that was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:32]

    @property
    def label(self) -> str:
        """How people name it."""
        return f"{self.package}/{self.number:04d}_{self.name}"


def installed_packages() -> list[str]:
    """The packages of `ORDER` that are installed here."""
    return [name for name in ORDER if importlib.util.find_spec(name) is not None]


def migrations(packages: Sequence[str]) -> list[Migration]:
    """The migrations of `packages`, in the order of application. Raises `MigrationError` on a bad file name."""
    ordered = sorted(packages, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return [migration for package in dict.fromkeys(ordered) for migration in _of(package)]


def _of(package: str) -> Iterator[Migration]:
    folder = resources.files(package).joinpath("migrations")
    if not folder.is_dir():
        return
    numbers: set[int] = set()
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".sql"):
            continue
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", file.name)
        if match is None or int(match[1]) in numbers:
            raise MigrationError(f"{package}/migrations/{file.name}: name it NNNN_name.sql with a number of its own")
        numbers.add(int(match[1]))
        yield Migration(package, int(match[1]), match[2], file.read_text(encoding="utf-8"))


async def migrate(dsn: str, packages: Sequence[str], *, patience: float = PATIENCE_SECONDS) -> list[str]:
    """Bring the database up to date and return the labels of what was applied now.

    Each file runs in a transaction of its own: if it is cut, it is there as a whole or not at all. Several processes
    may call it at once: one works, the others wait and find nothing left to do. Services may work meanwhile: for a
    table that is in use it waits in turns, `patience` seconds at most. Raises `MigrationError` after that, if a file
    changed after it was applied, if it fails, or if the user may not.
    """
    connection = await connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        await connection.execute(_TABLE)
        return await _apply(connection, migrations(packages), patience)
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(
            f"the migrations can't be applied: {error}; run them as the owner of the tables"
        ) from error
    finally:
        await connection.close()  # the lock goes with the session


async def pending(dsn: str, packages: Sequence[str]) -> list[str]:
    """The labels of what `migrate` would apply; changes nothing."""
    connection = await connect(dsn)
    try:
        return await pending_on(connection, packages)
    finally:
        await connection.close()


async def pending_on(connection: Connection, packages: Sequence[str]) -> list[str]:
    """The same, for who has a connection."""
    exists = await connection.fetchval("select to_regclass('public.relevo_migration') is not null")
    applied = await _applied(connection) if exists else {}
    return [m.label for m in migrations(packages) if (m.package, m.number) not in applied]


async def connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection for changes of the schema. Raises `Unreachable`."""
    with reaching(dsn):
        return await asyncpg.connect(dsn, server_settings={"application_name": "relevo-migrate"})


async def _applied(connection: Connection) -> dict[tuple[str, int], str]:
    rows = await connection.fetch("select package, number, checksum from public.relevo_migration")
    return {(row["package"], row["number"]): row["checksum"] for row in rows}


async def _apply(
    connection: "asyncpg.Connection[asyncpg.Record]", wanted: Sequence[Migration], patience: float
) -> list[str]:
    applied = await _applied(connection)
    done: list[str] = []
    for migration in wanted:
        checksum = applied.get((migration.package, migration.number))
        if checksum is None:
            await _run(connection, migration, patience)
            done.append(migration.label)
        elif checksum != migration.checksum:
            raise MigrationError(
                f"{migration.label} changed after it was applied to this database; "
                "put the file back as it was and write a new migration with the change"
            )
    return done


async def _run(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration, patience: float) -> None:
    """Apply it, once nobody else holds what it changes. Raises `MigrationError`, after `patience` seconds too."""
    loop, backoff = asyncio.get_running_loop(), Backoff(0.5, 5.0)
    until = loop.time() + patience
    while True:
        try:
            await _run_once(connection, migration)
            return
        except _WAITED as error:
            pause = backoff.failure()
            if loop.time() + pause > until:
                raise MigrationError(
                    f"{migration.label} was rolled back: it can't have a table that others work on. Open for longer:"
                    f" {await connection.fetchval(_OPEN)}. Run it again when they have ended"
                ) from error
            await asyncio.sleep(pause)
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{migration.label} failed and was rolled back: {error}") from error


async def _run_once(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(_GIVE_UP)
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into public.relevo_migration (package, number, name, checksum) values ($1, $2, $3, $4)",
            migration.package,
            migration.number,
            migration.name,
            migration.checksum,
        )
