"""An announcement wakes the scheduler, also after its connection was lost."""

import asyncio
import contextlib
from datetime import UTC, datetime

import asyncpg

from relevo_runtime.health import Health
from relevo_runtime.postgres import Pool
from relevo_runtime.timers import announce
from relevo_scheduler.adapters.listener import listening

DUE = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def announce_until_heard(pool: Pool, heard: asyncio.Event) -> None:
    async with pool.acquire() as connection:
        while not heard.is_set():
            await announce(connection, DUE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), 0.1)


def fail(error: BaseException) -> None:
    raise error


async def test_an_announcement_is_heard(pool: Pool, database: str) -> None:
    heard = asyncio.Event()
    async with listening(database, heard.set, fail):
        await announce_until_heard(pool, heard)


async def test_what_does_not_pass_ends_the_service(database: str) -> None:
    failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    name, health = database.split("?", maxsplit=1)[0].rsplit("/", 1)[1], Health()
    async with listening(database.replace(name, "no_such_database"), lambda: None, failed.set_result, health):
        ended = await asyncio.wait_for(failed, 120)
        assert isinstance(ended.__cause__, asyncpg.InvalidCatalogNameError)
        assert not (await health.report()).ready


async def test_a_lost_connection_is_opened_again(pool: Pool, database: str) -> None:
    heard = asyncio.Event()
    async with listening(database, heard.set, fail):
        await announce_until_heard(pool, heard)
        async with pool.acquire() as connection:
            cut_off = await connection.fetch(
                "select pid, pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'relevo-scheduler-listen' and datname = current_database()"
            )
            while await connection.fetchval(
                "select count(*) from pg_stat_activity "
                "where application_name = 'relevo-scheduler-listen' and pid = any($1)",
                [row[0] for row in cut_off],
            ):
                await asyncio.sleep(0.01)
        heard.clear()
        await announce_until_heard(pool, heard)
