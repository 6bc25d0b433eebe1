"""Whether a pooler hands the connections of one client to others meanwhile, as PgBouncer does in transaction mode."""

from typing import Any

import asyncpg

from relevo_runtime.errors import Unreachable

_TRIES = 5  # somebody else may take the freed connection of the server first
_PID = "select pg_backend_pid()"
_ADVICE = (
    "name PostgreSQL itself in RELEVO_POSTGRES, or a pool with pool_mode = session and the ignore_startup_parameters of"
    " docs/security.md"
)


def pooler_refuses(error: BaseException) -> str | None:
    """What to do about a PgBouncer that does not let the settings of a session through; None if it is none of it."""
    if "unsupported startup parameter" not in str(error):
        return None
    return f"that is PgBouncer, which refuses what a connection begins with ({error}); {_ADVICE}"


async def refuse_shared(pool: Any, dsn: str) -> None:
    """Raises `Unreachable` if the server's side of a connection of `pool` is lent to others between transactions.

    Prepared statements, which every service keeps, would be those of somebody else. Without a pooler in between it
    costs one round trip.
    """
    async with pool.acquire() as connection:
        try:
            if await connection.fetchval(_PID) == connection.get_server_pid():
                return
            for _ in range(_TRIES):
                if await connection.fetchval(_PID) == await _pid_of_another(dsn):
                    break
            else:
                return
        except (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError):
            pass  # they are those of somebody else
    raise Unreachable(f"PostgreSQL is behind a pooler that lends connections by the transaction: {_ADVICE}")


async def _pid_of_another(dsn: str) -> int:
    other = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        found: int = await other.fetchval(_PID)
        return found
    finally:
        other.terminate()
