"""An announcement wakes the scheduler, also after its connection was lost."""

import asyncio
import contextlib
from datetime import UTC, datetime

from relevo_runtime.postgres import Pool
from relevo_runtime.timers import announce
from relevo_scheduler.adapters.listener import listening

DUE = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def announce_until_heard(pool: Pool, heard: asyncio.Queue[datetime]) -> datetime:
    async with pool.acquire() as connection:
        while True:
            await announce(connection, DUE)
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(heard.get(), 0.1)


async def test_an_announcement_says_when_the_timer_is_due(pool: Pool, database: str) -> None:
    heard: asyncio.Queue[datetime] = asyncio.Queue()
    async with listening(database, heard.put_nowait):
        assert await announce_until_heard(pool, heard) == DUE


async def test_a_lost_connection_is_opened_again(pool: Pool, database: str) -> None:
    heard: asyncio.Queue[datetime] = asyncio.Queue()
    async with listening(database, heard.put_nowait):
        await announce_until_heard(pool, heard)
        async with pool.acquire() as connection:
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'relevo-scheduler-listen' and datname = current_database()"
            )
        while not heard.empty():
            heard.get_nowait()
        assert await announce_until_heard(pool, heard) == DUE
