"""Partitions of the append-only tables: made ahead of time, dropped whole when they are past their retention."""

from datetime import date, datetime, timedelta

from relevo_engine.adapters.store import INBOX_PERIOD, inbox_period
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_engine.adapters", "partitions.sql")
_DAY = timedelta(days=1)
_LOCK = 1820


class Partitions:
    """Keeps `engine.inbox` and `engine.decision` partitioned. Days are days of the clock, in UTC."""

    def __init__(self, decision_days: int) -> None:
        self._decision_days = decision_days

    async def maintain(self, conn: Connection, now: datetime) -> None:
        """Makes the partitions of the next days and drops those past retention. Several engines may call it at once."""
        today = now.date()
        async with conn.transaction():
            await conn.execute(STATEMENTS["lock"], _LOCK)
            period = inbox_period(now)
            await self._keep(conn, "inbox", [period, period + INBOX_PERIOD], INBOX_PERIOD, period - INBOX_PERIOD)
            days = [today + _DAY * n for n in range(3)]
            await self._keep(conn, "decision", days, _DAY, today - _DAY * self._decision_days)

    async def _keep(self, conn: Connection, table: str, wanted: list[date], width: timedelta, oldest: date) -> None:
        existing = [row["first_day"] for row in await conn.fetch(STATEMENTS["existing"], table)]
        for first in wanted:
            # Rows that came before their partition stay in the default one: attaching would have to move them.
            if first not in existing and not await conn.fetchval(
                STATEMENTS["holds_rows_between"], table, first, first + width
            ):
                await conn.execute(STATEMENTS["make"], table, first, first + width)
        for first in existing:
            if first < oldest:
                await conn.execute(STATEMENTS["drop"], table, first)
