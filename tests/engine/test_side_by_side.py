"""Transactions of one batch that run side by side, on the real broker and database, while a group changes."""

import asyncio
from contextlib import AsyncExitStack

import msgspec

from relevo_contracts.envelope import Event, partition_key
from relevo_contracts.topics import EVENTS
from relevo_runtime.postgres import Connection
from tests.conftest import SettingsFactory
from tests.engine.conftest import Engine, build_engine, checkout
from tests.runtime.consuming import committed, consumer

WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
COUNTS = (
    "select (select count(*) from engine.run), (select count(*) from engine.decision),"
    " (select count(*) from scheduler.timer), (select count(*) from engine.inbox)"
)


def _checkouts(count: int) -> list[Event]:
    return [checkout(f"tok{n}", key=f"cus_{n}") for n in range(count)]


async def _until_some_are_committed_and_one_waits(engine: Engine, conn: Connection) -> None:
    async with asyncio.timeout(60):
        while not (await conn.fetchval(WAITING) and await engine.pool.fetchval("select count(*) from engine.run")):
            await asyncio.sleep(0.05)


async def test_a_rebalance_amid_transactions_side_by_side_loses_and_repeats_nothing(
    engine: Engine, settings: SettingsFactory
) -> None:
    own, count = settings(), 900
    encode = msgspec.json.Encoder().encode
    messages = [(partition_key(one.shop, one.key), encode(one)) for one in _checkouts(count)]
    await engine.publisher.publish(EVENTS, messages)
    successor = await build_engine(engine.pool, engine.publisher)
    async with AsyncExitStack() as members, asyncio.timeout(120):
        async with engine.pool.acquire() as conn, conn.transaction():
            await conn.execute("select pg_advisory_xact_lock(1819, 0)")  # as an engine that writes to partition 0
            await members.enter_async_context(consumer(own, engine.processor, max_records=4000))
            await _until_some_are_committed_and_one_waits(engine, conn)
            joining = asyncio.create_task(
                members.enter_async_context(consumer(own, successor.processor, max_records=4000))
            )
            assert await committed(own) < count  # of partition 0 nothing is done
        await joining
        while await committed(own) < count:
            await asyncio.sleep(0.1)
    assert tuple(await engine.pool.fetchrow(COUNTS) or ()) == (count,) * 4
