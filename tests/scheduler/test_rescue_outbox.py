"""What a dead engine left in its outbox is published, keyed and to the right topic, and then deleted."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from relevo_contracts.messages import DeadLetter
from relevo_contracts.topics import CALLS, DEAD_LETTERS, DELIVERIES, EVENTS
from relevo_runtime import outbox
from relevo_runtime.clock import ManualClock
from relevo_runtime.dead_letters import DeadLetters
from relevo_runtime.errors import PublishError
from relevo_runtime.kafka import Publisher
from relevo_runtime.metrics import Metrics
from relevo_runtime.outgoing import LARGEST_MESSAGE, Outgoing
from relevo_runtime.postgres import Pool
from relevo_scheduler.adapters.tables import OutboxTable
from relevo_scheduler.app.publish_due import RunOnce
from relevo_scheduler.app.rescue_outbox import rescue_outbox
from tests.conftest import SettingsFactory
from tests.scheduler.reading import read_topic

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
AT_ONCE = timedelta(0)
PAUSE = timedelta(seconds=2)


async def put(pool: Pool, messages: list[Outgoing]) -> None:
    async with pool.acquire() as connection:
        await outbox.put(connection, messages)


def rescue(
    pool: Pool,
    publisher: Publisher,
    *,
    batch: int,
    older_than: timedelta = AT_ONCE,
    metrics: Metrics | None = None,
) -> RunOnce:
    letters = DeadLetters(publisher, service="scheduler", ratio=0.1, clock=ManualClock(NOW))
    return rescue_outbox(
        OutboxTable(pool),
        publisher,
        letters,
        metrics=metrics or Metrics("scheduler"),
        batch=batch,
        older_than=older_than,
        pause=PAUSE,
    )


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
        run_once = rescue(pool, publisher, batch=100)
        assert await run_once(NOW) == NOW + PAUSE
    assert await read_topic(settings(), DELIVERIES) == [(b"acme/cus_1", b"one")]
    assert await read_topic(settings(), EVENTS) == [(b"acme/cus_2", b"two")]
    assert await left(pool) == 0


async def test_fresh_rows_are_left_to_their_engine(pool: Pool, settings: SettingsFactory, topics: list[str]) -> None:
    assert topics
    await put(pool, [Outgoing("acme", "run/a/1", DELIVERIES, "cus_1", b"one")])
    async with Publisher(settings()) as publisher:
        await rescue(pool, publisher, batch=100, older_than=timedelta(hours=1))(NOW)
    assert await read_topic(settings(), DELIVERIES) == []
    assert await left(pool) == 1


async def test_rows_of_one_customer_keep_their_order(pool: Pool, settings: SettingsFactory, topics: list[str]) -> None:
    assert topics
    values = [f"{n}".encode() for n in range(50)]
    await put(pool, [Outgoing("acme", f"run/{v!r}", DELIVERIES, "cus_1", v) for v in values])
    async with Publisher(settings()) as publisher:
        run_once = rescue(pool, publisher, batch=20)
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
        bodies = [rescue(pool, p, batch=50, older_than=older_than) for p in (one, other)]
        for _ in range(10):
            await asyncio.gather(*(run_once(NOW) for run_once in bodies))
    assert Counter(value for _, value in await read_topic(settings(), DELIVERIES)) == values
    assert await left(pool) == 0


async def test_a_row_that_is_too_large_does_not_keep_the_others(
    pool: Pool, settings: SettingsFactory, topics: list[str]
) -> None:
    assert topics
    small = [Outgoing("acme", f"run/{n}/1", DELIVERIES, "cus_1", f"{n}".encode()) for n in range(3)]
    huge = Outgoing("acme", "run/huge/1", DELIVERIES, "cus_1", b"secret" * (LARGEST_MESSAGE // 6 + 1))
    await put(pool, [small[0], huge, *small[1:], Outgoing("acme", "run/x/1", CALLS, "cus_1", b"call")])
    metrics = Metrics("scheduler")
    async with Publisher(settings()) as publisher:
        await rescue(pool, publisher, batch=100, metrics=metrics)(NOW)
    assert [value for _, value in await read_topic(settings(), DELIVERIES)] == [b"0", b"1", b"2"]
    assert await read_topic(settings(), CALLS) == [(b"acme/cus_1", b"call")]
    assert await left(pool) == 0
    [(_, value)] = await read_topic(settings(), DEAD_LETTERS)
    letter = msgspec.json.decode(value, type=DeadLetter)
    assert (letter.service, letter.topic, letter.key, letter.value) == ("scheduler", DELIVERIES, "acme/cus_1", b"")
    assert "run/huge/1: too large for Kafka" in letter.reason
    assert metrics.registry.get_sample_value("relevo_outbox_rescued_total") == 4


async def test_a_topic_that_fails_does_not_keep_the_others(
    pool: Pool, settings: SettingsFactory, topics: list[str]
) -> None:
    assert topics
    await put(pool, [Outgoing("acme", "run/a/1", "no topic!", "c", b"a"), Outgoing("acme", "b", CALLS, "c", b"b")])
    async with Publisher(settings()) as publisher:
        with pytest.raises(PublishError):
            await rescue(pool, publisher, batch=100)(NOW)
    assert await read_topic(settings(), CALLS) == [(b"acme/c", b"b")]
    assert await left(pool) == 1
