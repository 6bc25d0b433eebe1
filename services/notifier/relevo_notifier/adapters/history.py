"""Deletes deliveries and calls that are over and old, page by page."""

from datetime import datetime

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "history.sql")


async def forget_page(conn: Connection, before: datetime, limit: int) -> int:
    """Deletes up to `limit` deliveries, and as many calls, that were over before `before` and are reported.

    Returns how many were deleted of that of which there were more.
    """
    deliveries = await conn.execute(STATEMENTS["forget_deliveries"], before, limit)
    calls = await conn.execute(STATEMENTS["forget_calls"], before, limit)
    return max(int(status.rpartition(" ")[2]) for status in (deliveries, calls))
