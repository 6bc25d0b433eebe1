"""Deletes what is over and old, page by page."""

from datetime import datetime

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_engine.adapters", "retention.sql")


async def forget_page(conn: Connection, before: datetime, limit: int) -> int:
    """Deletes up to `limit` runs that ended before `before` and as many tasks that closed then.

    Returns how many were deleted of that of which there were more.
    """
    runs = await conn.execute(STATEMENTS["forget_runs"], before, limit)
    tasks = await conn.execute(STATEMENTS["forget_tasks"], before, limit)
    return max(int(status.rpartition(" ")[2]) for status in (runs, tasks))
