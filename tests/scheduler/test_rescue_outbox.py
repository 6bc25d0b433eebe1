"""What a dead engine left in its outbox is published, keyed and to the right topic, and then deleted."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from relevo_contracts.topics import DELIVERIES, EVENTS
from relevo_runtime import outbox
from relevo_runtime.kafka import Publisher
from relevo_runtime.outbox import Outgoing
from relevo_runtime.postgres import Pool
from relevo_scheduler.app.rescue_outbox import rescue_outbox
from tests.conftest import SettingsFactory
from tests.scheduler.reading import read_topic

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
AT_ONCE = timedelta(0)
PAUSE = timedelta(seconds=2)


async def put(pool: Pool, messages: list[Outgoing]) -> None:
    async with pool.acquire() as connection:
        await outbox.put(connection, messages)


async def left(pool: Pool) -> int:
    async with pool.acquire() as connection:
        count: int = await connection.fetchval("select count(*) from engine.outbox")
    return count


async def test_left_behind_rows_reach_their_topics(pool: Pool, settings: SettingsFactory, topics: list[str]) -> None:
    assert topics
    await put(
        pool,
        [
            Outgoing("acme", "run/a/1", DELIVERIES, "cus_1", b"one"),
            Outgoing("acme", "run/b/2", EVENTS, "cus_2", b"two"),
        ],
    )
    async with Publisher(settings()) as publisher:
        run_once = rescue_outbox(pool, publisher, batch=100, older_than=AT_ONCE, pause=PAUSE)
        assert await run_once(NOW) == NOW + PAUSE
    assert await read_topic(settings(), DELIVERIES) == [(b"acme/cus_1", b"one")]
    assert await read_topic(settings(), EVENTS) == [(b"acme/cus_2", b"two")]
    assert await left(pool) == 0


async def test_fresh_rows_are_left_to_their_engine(pool: Pool, settings: SettingsFactory, topics: list[str]) -> None:
    assert topics
    await put(pool, [Outgoing("acme", "run/a/1", DELIVERIES, "cus_1", b"one")])
    async with Publisher(settings()) as publisher:
        await rescue_outbox(pool, publisher, batch=100, older_than=timedelta(hours=1), pause=PAUSE)(NOW)
    assert await read_topic(settings(), DELIVERIES) == []
    assert await left(pool) == 1


async def test_rows_of_one_customer_keep_their_order(pool: Pool, settings: SettingsFactory, topics: list[str]) -> None:
    assert topics
    values = [f"{n}".encode() for n in range(50)]
    await put(pool, [Outgoing("acme", f"run/{v!r}", DELIVERIES, "cus_1", v) for v in values])
    async with Publisher(settings()) as publisher:
        run_once = rescue_outbox(pool, publisher, batch=20, older_than=AT_ONCE, pause=PAUSE)
        while await run_once(NOW) == NOW:
            pass
    assert [value for _, value in await read_topic(settings(), DELIVERIES)] == values


async def test_two_instances_lose_nothing(pool: Pool, settings: SettingsFactory, topics: list[str]) -> None:
    assert topics
    values = Counter(f"{n}".encode() for n in range(500))
    await put(pool, [Outgoing("acme", f"run/{v!r}", DELIVERIES, f"cus_{v!r}", v) for v in values])
    # A claim lasts for as long as a row must be old: long enough here that nobody takes what another has taken.
    older_than = timedelta(seconds=1)
    await asyncio.sleep(1.1)
    async with Publisher(settings()) as one, Publisher(settings()) as other:
        bodies = [rescue_outbox(pool, p, batch=50, older_than=older_than, pause=PAUSE) for p in (one, other)]
        for _ in range(10):
            await asyncio.gather(*(run_once(NOW) for run_once in bodies))
    assert Counter(value for _, value in await read_topic(settings(), DELIVERIES)) == values
    assert await left(pool) == 0
