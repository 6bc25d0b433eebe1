"""A role of the database for each service, which may do what its statements need and nothing else.

Each package has a file `migrations/grants.toml` beside its migrations: a line a table or function says which role may
do what. `relevo migrate --roles` makes the database agree with it, so what is in no line is revoked.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

import asyncpg
from msgspec import Struct

from relevo_runtime.errors import MigrationError
from relevo_runtime.migrations import LOCK, connect

SERVICES = ("ingest", "engine", "scheduler", "notifier", "control")
"""Who logs in: `relevo_<service>`. Its password, or another way to log in, is for the operator to give."""
OPERATOR = "operator"
"""The group of people and jobs that run the `relevo` command, and of the control API, which does the same for them."""
_OF_COMMAND = "select, insert, update, delete"
_PRIVILEGES = frozenset(_OF_COMMAND.split(", ")) | {"execute"}


class Grant(Struct, frozen=True):
    """A role's rights to a table (`engine.run`) or to a function (`engine.drop_partition(text, date)`)."""

    role: str
    what: str
    rights: str

    @property
    def sql(self) -> str:
        """The statement that grants it."""
        kind = "function " if "(" in self.what else "table "
        return f"grant {self.rights} on {kind}{self.what} to {self.role}"

    @property
    def schema(self) -> str:
        """Where it is."""
        return self.what.partition(".")[0]


def role_of(name: str) -> str:
    """The database's name for the role of a service, or of the operators."""
    return f"relevo_{name}"


def declared(packages: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """What the packages' files say: for each table and function the rights of each role. Raises `MigrationError`."""
    found: dict[str, Mapping[str, str]] = {}
    for package in packages:
        file = resources.files(package).joinpath("migrations", "grants.toml")
        lines = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        for what, rights in lines.items():
            _check(f"{package}/migrations/grants.toml: {what}", rights)
            found[what] = rights
    return found


def grants(packages: Sequence[str]) -> list[Grant]:
    """All of them. Operators have every table; a line that names them says otherwise."""
    lines = declared(packages)
    return [Grant(role_of(name), what, rights) for what, line in lines.items() for name, rights in _line(what, line)]


async def apply_roles(dsn: str, packages: Sequence[str]) -> list[str]:
    """Make the roles that are missing and give each exactly its rights; returns the names of those that are new.

    In one transaction, so services that run never lack a right meanwhile; again changes nothing. Roles belong to the
    whole server: two databases of one server share them. Raises `MigrationError`.
    """
    connection = await connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
            made = await _make_roles(connection)
            await _grant(connection, grants(packages))
            return made
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise MigrationError(
            f"the roles can't be made: {error}; run `relevo migrate` first, and this as the owner of the tables with"
            " the right to create roles (createrole)"
        ) from error
    finally:
        await connection.close()


async def _make_roles(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    known = {row["rolname"]: row for row in await connection.fetch("select rolname, rolsuper from pg_roles")}
    made = []
    for name in (OPERATOR, *SERVICES):
        role = role_of(name)
        if role not in known:
            await connection.execute(f"create role {role} {'nologin' if name == OPERATOR else 'login'}")
            made.append(role)
        elif known[role]["rolsuper"]:
            raise MigrationError(f"{role} is a superuser, who may do everything: alter role {role} nosuperuser")
    await connection.execute(f"grant {role_of(OPERATOR)} to {role_of('control')}")
    return made


async def _grant(connection: "asyncpg.Connection[asyncpg.Record]", wanted: Sequence[Grant]) -> None:
    schemas = sorted({grant.schema for grant in wanted})
    roles = ", ".join(map(role_of, (OPERATOR, *SERVICES)))
    for schema in schemas:
        for kind in ("tables", "sequences", "functions"):
            await connection.execute(f"revoke all on all {kind} in schema {schema} from {roles}")
        await connection.execute(f"revoke all on schema {schema} from {roles}")
    for role, schema in sorted({(grant.role, grant.schema) for grant in wanted}):
        await connection.execute(f"grant usage on schema {schema} to {role}")
    for grant in wanted:
        await connection.execute(grant.sql)
    await connection.execute(f"grant select on public.relevo_migration to {roles}")


def _line(what: str, line: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if OPERATOR not in line and "(" not in what:
        yield OPERATOR, _OF_COMMAND
    yield from line.items()


def _check(where: str, line: Mapping[str, str]) -> None:
    for name, rights in line.items():
        if name not in (*SERVICES, OPERATOR):
            raise MigrationError(f"{where}: {name} is not a role; there are {', '.join((*SERVICES, OPERATOR))}")
        if unknown := set(rights.split(", ")) - _PRIVILEGES:
            raise MigrationError(
                f"{where}: {', '.join(sorted(unknown))} is not a right; rights are {', '.join(sorted(_PRIVILEGES))}"
            )
