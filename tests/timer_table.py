"""What tests ask of the table of timers."""

from datetime import datetime

from relevo_runtime import timers
from relevo_runtime.outgoing import Timer
from relevo_runtime.postgres import Connection


async def claim_due(connection: Connection, now: datetime, lease_until: datetime, limit: int) -> list[Timer]:
    """The timers of a claim."""
    return (await timers.claim_due(connection, now, lease_until, limit)).timers


async def next_due(connection: Connection) -> datetime | None:
    """When the next timer is due or its lease ends; None if none is armed."""
    due: datetime | None = await connection.fetchval("select min(attempt_at) from scheduler.timer")
    return due
