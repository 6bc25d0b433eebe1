"""PostgreSQL: the pool and the statements in .sql files. What errors mean is in `database_errors`."""

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib import resources
from types import MappingProxyType, SimpleNamespace
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import asyncpg
import asyncpg.protocol.protocol
import msgspec
from msgspec import Struct

from relevo_runtime.database_errors import advice, is_schema_mismatch, temporary
from relevo_runtime.errors import StatementError, Unreachable, described
from relevo_runtime.poolers import pooler_refuses, refuse_shared
from relevo_runtime.postgres_tls import tls_reason
from relevo_runtime.postgres_url import fault_of

__all__ = [
    "Connection",
    "Pool",
    "Statements",
    "advice",
    "is_schema_mismatch",
    "open_pool",
    "prepare_connection",
    "reaching",
    "temporary",
    "text_array",
]

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

# What a process that froze, or a machine that vanished, had locked is free again after a minute at most.
_SESSION = {
    "jit": "off",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

LOOKUPS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""For `session` of whoever finds every row by its key. Statements are then planned once and not at each small batch,
and a plan from when a table was empty reads it by its index too, however it grows."""

NOT_AWAITED = {"synchronous_commit": "off"}
"""For `session` of whoever does again what a crash of PostgreSQL makes it forget: commits do not wait for the disk."""


# What is an array among parameters. asyncpg asks so of each element, and by abstract classes, which answer in Python:
# that takes twice as long as writing a text down.
asyncpg.protocol.protocol.IterableABC = (list, tuple, set, frozenset)  # type: ignore[attr-defined]

_FIRST_OF_A_DATABASE = 16384
"""The first number of a type that somebody has made; those below are the same on every server."""

_ARRAYS = frozenset({1000, 1001, 1005, 1007, 1009, 1016, 1022, 1182, 1185, 3807})
"""Of boolean, bytea, smallint, int, text, bigint, double precision, date, timestamptz and jsonb: what statements take.
The server is asked for all of them at once, which costs as many milliseconds as to ask for one."""


class _Stateless(asyncpg.Connection):
    """A pool's connection that costs no round trip when it is given back, and few when it is new.

    asyncpg would end listeners, session settings, cursors and session locks each time. Services have none of them:
    locks are those of transactions, and who listens has a connection of its own. An open transaction is rolled back.
    What the server says of its own types is remembered: each new connection would ask for it, in milliseconds of CPU.
    """

    _described: dict[frozenset[int], Any] = {}
    _unasked = SimpleNamespace(name="nothing was asked")

    def get_reset_query(self) -> str:
        return ""

    async def _introspect_types(self, typeoids: Collection[int], seconds: float) -> tuple[Any, Any]:
        """Rows about the types, and the statement that asked for them."""
        asked = frozenset(typeoids)
        wanted = _ARRAYS if asked <= _ARRAYS else asked
        if wanted in self._described:
            return self._described[wanted], self._unasked
        rows, statement = await super()._introspect_types(wanted, seconds)  # type: ignore[misc]
        if max(wanted) < _FIRST_OF_A_DATABASE:
            self._described[wanted] = rows
        return rows, statement


_REFUSALS = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InsufficientPrivilegeError,
)
_BUSY = (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError)


async def open_pool(
    dsn: str,
    *,
    application_name: str,
    min_size: int = 1,
    max_size: int = 8,
    command_timeout: float = 60.0,
    session: Mapping[str, str] = MappingProxyType({}),
) -> Pool:
    """A pool of connections on which `jsonb` is what msgspec encodes and decodes.

    `bytes` given for a jsonb parameter are taken as JSON text that is encoded already; in a `jsonb[]` parameter give
    lists that way, since asyncpg takes a list in an array for a further dimension. The just-in-time compiler is
    off (it costs more than these short statements take). A transaction in which nothing happens for 30 s is ended by
    the server, which is `temporary`. Leave nothing behind on a connection that outlives a transaction, such as a
    session's lock or setting: the next one to take it would have it. `session` has settings of the server for all of
    them. Raises `Unreachable`.
    """
    with reaching(dsn):
        pool: Pool = await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            command_timeout=command_timeout,
            init=prepare_connection,
            connection_class=_Stateless,
            statement_cache_size=1024,
            max_cached_statement_lifetime=0,
            server_settings={"application_name": application_name, **_SESSION, **session},
        )
    if min_size:
        try:
            await refuse_shared(pool, dsn)
        except BaseException:
            pool.terminate()
            raise
    return pool


@contextlib.asynccontextmanager
async def transaction(connection: Connection, first: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A transaction that the block commits by what it is given; leaving the block without it rolls back.

    BEGIN takes `first` along, in one round trip: a statement without parameters. In READ COMMITTED each statement sees
    what was committed when it began, so a lock belongs into `first`, and what is read under it into a later statement.
    """
    committed = False

    async def commit() -> None:
        nonlocal committed
        await connection.execute("commit")
        committed = True

    try:
        await connection.execute(f"begin; {first}")
        yield commit
    finally:
        if not committed and not connection.is_closed():
            await connection.execute("rollback")


def text_array(values: Sequence[str]) -> str:
    """The values as PostgreSQL writes an array, for a parameter that its statement reads as `$1::text::text[]`.

    asyncpg asks of each element of a list whether it is a list itself, which costs three times as much as this.
    """
    if not values:
        return "{}"
    joined = '","'.join(values)
    if "\\" in joined or joined.count('"') != 2 * (len(values) - 1):
        joined = '","'.join(value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return f'{{"{joined}"}}'


class Part(Struct, frozen=True):
    """A statement with its parameters, not executed yet. Several go to the server as one: see `together`."""

    sql: str
    parameters: tuple[Any, ...]


def together(parts: Sequence[Part]) -> Part:
    """The parts as one statement that returns the rows of the last one; all others change data.

    They see the same snapshot, none sees what another one does, and no two of them may touch the same row. Only parts
    that have something to do are worth taking: each combination is a prepared statement of its own.
    """
    *others, last = (_renumbered(part.sql, after) for part, after in _numbered(parts))
    before = f"with {', '.join(f'part{n} as ({sql})' for n, sql in enumerate(others))} " if others else ""
    return Part(before + last, tuple(value for part in parts for value in part.parameters))


def _numbered(parts: Sequence[Part]) -> Iterator[tuple[Part, int]]:
    """Each part with the number of parameters before its own."""
    before = 0
    for part in parts:
        yield part, before
        before += len(part.parameters)


@lru_cache(maxsize=1024)
def _renumbered(sql: str, after: int) -> str:
    return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + after}", sql)


@contextlib.contextmanager
def reaching(dsn: str) -> Iterator[None]:
    """Around a connect: why it failed becomes an `Unreachable` that names the server and the setting.

    By itself such an error says "connection refused", and nobody knows by whom.
    """
    form = "the connection URL in RELEVO_POSTGRES is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    if (fault := fault_of(dsn)) is not None:
        raise Unreachable(f"{form}: {fault}")
    try:
        yield
    except asyncpg.ClientConfigurationError as error:
        raise Unreachable(f"{form}: {error}") from error
    except _REFUSALS as error:
        raise Unreachable(f"PostgreSQL at {_place(dsn)} refuses the connection: {error}; {_mend(error)}") from error
    except (OSError, TimeoutError, asyncpg.PostgresConnectionError, *_BUSY) as error:
        if (reason := tls_reason(error, dsn) or pooler_refuses(error)) is not None:
            raise Unreachable(f"PostgreSQL can't be reached at {_place(dsn)}: {reason}") from error
        raise Unreachable(
            f"PostgreSQL can't be reached at {_place(dsn)}: {described(error)}; is it running, and RELEVO_POSTGRES "
            "right?"
        ) from error


def _mend(refusal: asyncpg.PostgresError) -> str:
    """What to do about a server that answers, and refuses."""
    match refusal:
        case asyncpg.InsufficientPrivilegeError():
            return "grant connect on that database to that user"
        case asyncpg.InvalidAuthorizationSpecificationError() if "certificate authentication" in str(refusal):
            return "RELEVO_POSTGRES_CERTIFICATE has to be for the user of RELEVO_POSTGRES"
        case asyncpg.InvalidAuthorizationSpecificationError() if "client certificate" in str(refusal):
            return "name one that the server trusts by RELEVO_POSTGRES_CERTIFICATE and RELEVO_POSTGRES_KEY"
        case asyncpg.InvalidAuthorizationSpecificationError() if "pg_hba.conf" in str(refusal):
            return (
                "the server's pg_hba.conf says who may come from where, and whether only by TLS (RELEVO_POSTGRES_TLS)"
            )
        case _:
            return (
                "set RELEVO_POSTGRES to a database, a user and a password that exist there; a % in the password is"
                " written %25"
            )


def _place(dsn: str) -> str:
    """Host, port and database of a connection URL, without user and password."""
    try:
        parts = urlsplit(dsn)
        host = parts.netloc.rpartition("@")[2] or ",".join(parse_qs(parts.query).get("host", []))
    except ValueError:
        return "its address"
    return f"{host or 'its address'} (database {parts.path.strip('/') or 'of the user'})"


async def prepare_connection(connection: Connection) -> None:
    """Teach a connection the jsonb codec; `open_pool` does it for its own."""
    # The binary form of jsonb is a version byte and the text: no quoting, no copy through text mode.
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )


def _encode_jsonb(value: Any) -> bytes:
    return b"\x01" + (value if isinstance(value, bytes) else _encode(value))


def _decode_jsonb(value: bytes) -> Any:
    return _decode(memoryview(value)[1:])


class Statements(Mapping[str, str]):
    """The named statements of one .sql file: each starts with `-- name: x` and a comment that says what it does.

    A module that runs statements has them as a constant. The file is read once, when the first of them is needed, which
    raises `StatementError` if it is not in this form.
    """

    def __init__(self, source: str, read: Callable[[], str]) -> None:
        self._source = source
        self._read = read

    @classmethod
    def load(cls, package: str, file: str) -> "Statements":
        """Those of `file` inside `package` (`"relevo_engine.adapters"`, `"engine.sql"`)."""
        return cls(f"{package}/{file}", lambda: resources.files(package).joinpath(file).read_text(encoding="utf-8"))

    @cached_property
    def _statements(self) -> Mapping[str, str]:
        return _statements(self._source, self._read())

    @classmethod
    def parse(cls, source: str, text: str) -> "Statements":
        """The statements in `text`; `source` names it in errors. Raises `StatementError`."""
        found = cls(source, lambda: text)
        len(found)  # read now
        return found

    def __getitem__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            raise StatementError(f"{self._source}: no statement {name!r}; it has {sorted(self._statements)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)


def _statements(source: str, text: str) -> Mapping[str, str]:
    head, *blocks = re.split(r"^--\s*name:\s*", text, flags=re.MULTILINE)
    if re.sub(r"--.*", "", head).strip():
        raise StatementError(f"{source}: there is SQL before the first `-- name:`")
    found: dict[str, str] = {}
    for block in blocks:
        name, body = _statement(source, block)
        if name in found:
            raise StatementError(f"{source}: statement {name!r} is there twice")
        found[name] = body
    return found


def _statement(source: str, block: str) -> tuple[str, str]:
    name, _, body = block.partition("\n")
    name, body = name.strip(), body.strip().removesuffix(";")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise StatementError(
            f"{source}: {name!r} is not a valid name for a statement (lower case, digits, underscores)"
        )
    if not body.startswith("--"):
        raise StatementError(f"{source}: statement {name!r} needs a comment that says what it does")
    sql = "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("--")).strip()
    if not sql:
        raise StatementError(f"{source}: statement {name!r} has no SQL")
    # The name stays in the text, so that pg_stat_statements and the server's log tell which statement it is.
    return name, f"/* {name} */ {sql}"
