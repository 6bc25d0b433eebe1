"""One product is back and everybody waits for it: how fast are they told, and how long is the longest transaction?

`python -m benchmarks.waiters [--waiters N] [--engines E]`. The waiters are put into the index by COPY, each with a run
of its own customer. Then one restock event goes through the engine's batch processor, and E workers tell everybody
through Kafka. Transactions are sampled from the server's own list every 5 ms, and each turn of a worker is timed as
well: it holds no transaction longer than itself. The waking of the runs by what was told is what `benchmarks.engine`
measures.
"""

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import SecretStr

from benchmarks.report import python_build
from benchmarks.stage import MIGRATED, Stage, stage
from relevo_contracts import topics
from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.keys import product_key
from relevo_contracts.payloads import StockChanged
from relevo_engine.adapters.batches import Batches
from relevo_engine.adapters.definitions import DefinitionCache
from relevo_engine.adapters.stores import postgres_stores
from relevo_engine.app.fan_out import FanoutWorker
from relevo_engine.app.process_batch import BatchProcessor
from relevo_engine.settings import EngineSettings
from relevo_runtime.clock import SystemClock
from relevo_runtime.dead_letters import DeadLetters
from relevo_runtime.kafka import Publisher, Record, create_topics
from relevo_runtime.metrics import Metrics
from relevo_runtime.migrations import migrate
from relevo_runtime.postgres import Connection, Pool, open_pool

SHOP, PRODUCT = "bench", "sold-out"
MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
COLUMNS = ("shop", "event_key", "event_type", "key", "run_id", "since")
SAMPLE = (
    "select max(extract(epoch from clock_timestamp() - xact_start)) from pg_stat_activity where application_name = $1"
)


def restocked() -> Record:
    """The one event."""
    payload = StockChanged(product_id=PRODUCT, variant_id="v1", available=40)
    at, key = MORNING + timedelta(hours=1), product_key(PRODUCT)
    event = Event(
        id="restock", source="benchmark", type="product.restocked", time=at, shop=SHOP, key=key,
        data=event_data(payload), receivedtime=at,
    )  # fmt: skip
    return Record(topics.EVENTS, 0, 0, partition_key(SHOP, key), msgspec.json.encode(event))


async def fill(pool: Pool, waiters: int) -> None:
    key = product_key(PRODUCT)
    rows = ((SHOP, key, "product.restocked", f"cus_{n:08}", f"run-{n}", MORNING) for n in range(waiters))
    async with pool.acquire() as conn:
        await conn.copy_records_to_table("waiting", schema_name="engine", columns=COLUMNS, records=rows, timeout=600)
        await conn.execute("vacuum analyze engine.waiting", timeout=600)


class Sampler:
    """Looks all the time how long the open transactions of the engine are."""

    def __init__(self, conn: asyncpg.Connection, name: str) -> None:
        self._conn, self._name = conn, name
        self.longest = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._look())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            self.longest = max(self.longest, float(await self._conn.fetchval(SAMPLE, self._name) or 0))
            await asyncio.sleep(0.005)


async def walk(worker: FanoutWorker[Connection], pool: Pool, turns: list[float]) -> None:
    """Works until no walk is left."""
    while await pool.fetchval("select exists (select from engine.fanout)"):
        started = time.perf_counter()
        if await worker.run_once(MORNING) is None:
            await asyncio.sleep(0.01)
        else:
            turns.append(time.perf_counter() - started)


async def measure(on: Stage, waiters: int, engines: int) -> dict[str, object]:
    dsn = await on.database("waiters")
    settings = EngineSettings(kafka=on.kafka, postgres=SecretStr(dsn), topic_prefix="waiters.", partitions=12)
    await migrate(dsn, MIGRATED)
    await create_topics(settings)
    name = "relevo-engine"
    pool = await open_pool(dsn, application_name=name, max_size=8)
    watcher = await asyncpg.connect(dsn)
    turns: list[float] = []
    async with pool, Publisher(settings) as publisher:
        await fill(pool, waiters)
        processor, definitions = await _engine(pool, publisher)
        sampler = Sampler(watcher, name)
        async with sampler.running():
            started = time.perf_counter()
            await processor([restocked()])
            event_seconds = time.perf_counter() - started
            workers = [
                FanoutWorker[Connection](
                    sessions=pool, stores=postgres_stores(), definitions=definitions, publisher=publisher
                )
                for _ in range(engines)
            ]
            await asyncio.gather(*(walk(one, pool, turns) for one in workers))
            seconds = time.perf_counter() - started
        told = await _told(settings)
    await watcher.close()
    if told != waiters:
        raise RuntimeError(f"{waiters} waited and {told} were told")
    return {
        "waiters": waiters,
        "pages": len(turns),
        "event_s": round(event_seconds, 3),
        "seconds": round(seconds, 2),
        "wakes_per_s": round(waiters / seconds),
        "longest_turn_s": round(max(turns), 3),
        "longest_transaction_s": round(sampler.longest, 3),
    }


async def _engine(pool: Pool, publisher: Publisher) -> tuple[BatchProcessor, DefinitionCache]:
    clock, definitions = SystemClock(), DefinitionCache()
    async with pool.acquire() as conn:
        await definitions.refresh(conn)
    processor = BatchProcessor(
        store=Batches(pool, definitions),
        publisher=publisher,
        dead_letters=DeadLetters(publisher, service="engine", ratio=0.5, clock=clock),
        clock=clock,
        metrics=Metrics("engine"),
    )
    return processor, definitions


async def _told(settings: EngineSettings) -> int:
    """How many messages the topic has."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, group_id=None)
    await consumer.start()
    try:
        parts = [TopicPartition(settings.topic(topics.INPUTS), p) for p in range(settings.partitions)]
        return sum((await consumer.end_offsets(parts)).values())
    finally:
        await consumer.stop()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiters", type=int, default=1_000_000)
    parser.add_argument("--engines", type=int, default=1)
    options = parser.parse_args()
    async with stage() as on:
        print(json.dumps({**await measure(on, options.waiters, options.engines), "python": python_build()}))


if __name__ == "__main__":
    asyncio.run(main())
