"""Publish what is due: claim a batch of timers under a lease, then send each as a wake-up.

The timer row stays until the engine consumes it in the transaction that used it. If this process dies between the
claim and the publish, or the engine never gets the wake-up, the lease ends and the timer is claimed again. So a
wake-up may come twice, and the engine ignores the second; none is lost. No timer is published before its time.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from relevo_runtime.kafka import Publisher

from relevo_contracts.topics import WAKEUPS
from relevo_runtime import timers
from relevo_runtime.postgres import Pool
from relevo_scheduler.core.pace import next_look
from relevo_scheduler.core.wakeups import wake_up_messages

RunOnce = Callable[[datetime], Awaitable[datetime | None]]


def publish_due(pool: Pool, publisher: Publisher, *, batch: int, lease: timedelta, longest: timedelta) -> RunOnce:
    """The loop body of the scheduler: publishes one batch of what is due at `now`, returns when to look again.

    `batch` is the most timers claimed at once. `lease` and `longest` are clock time: how long a claimed timer is
    left to the engine, and the longest sleep. The body raises what the database or the broker raised; what it had
    claimed comes back when the lease ends.
    """

    async def run_once(now: datetime) -> datetime:
        async with pool.acquire() as conn, conn.transaction():
            due = await timers.claim_due(conn, now, now + lease, batch)
        if due:
            await publisher.publish(WAKEUPS, wake_up_messages(due))
        full = len(due) >= batch
        next_due = None if full else await _next_due(pool)
        return next_look(now, next_due, full=full, longest=longest)

    return run_once


async def _next_due(pool: Pool) -> datetime | None:
    async with pool.acquire() as conn:
        return await timers.next_due(conn)
