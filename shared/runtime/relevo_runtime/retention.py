"""Retention: purge what expired, page by page. The loop body of every service that keeps history for a while."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from relevo_runtime.postgres import Pool, Statements

PAGE = 5000
"""Rows of a table that are deleted at once: a short transaction, however much there is."""

PAUSE = timedelta(hours=6)


def purge_expired(
    pool: Pool, statements: Statements, *, days: int, page: int = PAGE
) -> Callable[[datetime], Awaitable[datetime | None]]:
    """The loop body: deletes one page of what was over `days` days of the clock before `now`; says when to go on.

    Each of `statements` deletes up to `$2` rows of its table that were over before `$1`. Any number of processes may do
    it at once: none waits for what another deletes.
    """

    async def run_once(now: datetime) -> datetime:
        before = now - timedelta(days=days)
        async with pool.acquire() as conn:
            done = [await conn.execute(statements[name], before, page) for name in statements]
        most = max(int(status.rpartition(" ")[2]) for status in done)
        return now if most >= page else now + PAUSE

    return run_once
