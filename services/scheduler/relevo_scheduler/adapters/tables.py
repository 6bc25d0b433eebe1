"""The timers and the outbox on PostgreSQL: each call takes a connection and is a transaction of its own."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from relevo_runtime import outbox, timers
from relevo_runtime.outgoing import Claim, LeftBehind, Timer
from relevo_runtime.postgres import Pool


class TimerTable:
    """`scheduler.timer`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> Claim:
        """As `timers.claim_due`."""
        async with self._pool.acquire() as conn:
            return await timers.claim_due(conn, now, lease_until, limit)

    async def unclaim(self, claimed: Sequence[Timer], back_at: datetime) -> None:
        """As `timers.unclaim`."""
        async with self._pool.acquire() as conn:
            await timers.unclaim(conn, claimed, back_at)


class OutboxTable:
    """`engine.outbox`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim_left_behind(self, older_than: timedelta, limit: int) -> list[LeftBehind]:
        """As `outbox.claim_left_behind`."""
        async with self._pool.acquire() as conn:
            return await outbox.claim_left_behind(conn, older_than, limit)

    async def delete(self, numbers: Sequence[int]) -> None:
        """As `outbox.delete`."""
        async with self._pool.acquire() as conn:
            await outbox.delete(conn, numbers)
