"""Forget runs that ended and tasks that closed long ago. Nothing reads them any more but who asks what happened."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from relevo_engine.adapters.retention import forget_page
from relevo_runtime.postgres import Pool

PAGE = 5000
"""Rows of a table that are deleted at once: a short transaction, however much there is."""

PAUSE = timedelta(hours=6)


def forget_what_is_over(pool: Pool, *, days: int, page: int = PAGE) -> Callable[[datetime], Awaitable[datetime | None]]:
    """The loop body: deletes one page of what was over `days` days of the clock before `now`; says when to go on.

    Any number of engines may do it at once: none waits for what another deletes.
    """

    async def run_once(now: datetime) -> datetime:
        async with pool.acquire() as conn:
            most = await forget_page(conn, now - timedelta(days=days), page)
        return now if most >= page else now + PAUSE

    return run_once
