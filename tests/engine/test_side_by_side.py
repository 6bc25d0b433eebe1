"""Transactions of one batch that run side by side, on the real broker and database, while a group changes."""

import asyncio
from contextlib import AsyncExitStack

import msgspec

from relevo_contracts.envelope import Event, partition_key
from relevo_contracts.topics import EVENTS
from relevo_engine.entrypoints.main import engine as engine_of
from relevo_engine.settings import EngineSettings
from relevo_runtime.postgres import Connection
from relevo_runtime.service import Service
from tests.conftest import SettingsFactory
from tests.engine.conftest import Engine, build_engine, checkout
from tests.runtime.consuming import committed, consumer

WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
COUNTS = (
    "select (select count(*) from engine.run), (select count(*) from engine.decision),"
    " (select count(*) from scheduler.timer), (select count(*) from engine.inbox)"
)

IN_A_TRANSACTION = 4
BACKLOG = 8 * 8 * IN_A_TRANSACTION
BATCHES = 10
"""Of a backlog for eight, each of eight transactions: the first fetches may bring less."""


def _checkouts(count: int) -> list[Event]:
    return [checkout(f"tok{n}", key=f"cus_{n}") for n in range(count)]


async def _publish(engine: Engine, count: int) -> None:
    encode = msgspec.json.Encoder().encode
    messages = [(partition_key(one.shop, one.key), encode(one)) for one in _checkouts(count)]
    await engine.publisher.publish(EVENTS, messages)


async def _until_some_are_committed_and_one_waits(engine: Engine, conn: Connection) -> None:
    async with asyncio.timeout(60):
        while not (await conn.fetchval(WAITING) and await engine.pool.fetchval("select count(*) from engine.run")):
            await asyncio.sleep(0.05)


async def test_a_rebalance_amid_transactions_side_by_side_loses_and_repeats_nothing(
    engine: Engine, settings: SettingsFactory
) -> None:
    own, count = settings(), 900
    await _publish(engine, count)
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


async def test_a_backlog_is_taken_in_batches_of_eight_transactions(engine: Engine, settings: SettingsFactory) -> None:
    """Between two batches nobody decides: a budget of how often that may be."""
    await _publish(engine, BACKLOG)
    own = settings(EngineSettings, engine_batch=IN_A_TRANSACTION)
    service = Service("engine", own)
    async with asyncio.timeout(120), engine_of(own)(service):
        while _sample(service, "relevo_batch_records_sum") < BACKLOG:
            await asyncio.sleep(0.05)
    assert service.failure is None
    assert _sample(service, "relevo_batch_records_count") <= BATCHES


def _sample(service: Service, name: str) -> float:
    found = service.metrics.registry.get_sample_value(name)
    assert found is not None
    return found
