"""An announcement wakes the scheduler, also after its connection was lost."""

import asyncio
import contextlib
import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

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


async def test_who_may_not_log_in_tries_again_until_they_may(pool: Pool, database: str) -> None:
    heard, health = asyncio.Event(), Health()
    role = f"listener_{secrets.token_hex(4)}"
    await pool.execute(f"create role {role} nologin")
    place = urlsplit(database)
    dsn = urlunsplit(place._replace(netloc=f"{role}@{place.netloc.rsplit('@', 1)[-1]}"))
    try:
        async with listening(dsn, heard.set, fail, health):
            while (await health.report()).ready:
                await asyncio.sleep(0.01)
            part = (await health.report()).parts["timer announcements"]
            assert "is not permitted to log in" in str(part["why"])
            await pool.execute(f"alter role {role} login")
            await announce_until_heard(pool, heard)
            assert (await health.report()).ready
    finally:
        await pool.execute(f"drop role {role}")


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
