"""Hot keys beside an even load, in one run: a shop with half the traffic, a customer with thousands of runs.

`python -m benchmarks.hotkeys [--customers N] [--runs R]`. The first needs no servers: keys go to partitions by their
hash, so the share of the fullest partition is counted. For the second, one customer starts run after run through the
engine's batch processor on PostgreSQL, and at some sizes it is measured what one further event of theirs costs, beside
what one of a fresh customer costs at the same moment. What a product with many waiters costs measures
`benchmarks.waiters`.
"""

import argparse
import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks.load import SHOP, START, decoded_events
from benchmarks.report import finish
from benchmarks.stage import MIGRATED, stage
from relevo_cli.at_start import store
from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics
from relevo_contracts.envelope import partition_key
from relevo_engine.adapters.batches import Batches
from relevo_engine.adapters.definitions import DefinitionCache
from relevo_engine.app.process_batch import BatchProcessor
from relevo_runtime.clock import ManualClock
from relevo_runtime.dead_letters import DeadLetters
from relevo_runtime.kafka import Publisher, Record, create_topics
from relevo_runtime.kafka.publisher import Partitioner
from relevo_runtime.metrics import Metrics
from relevo_runtime.migrations import migrate
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.settings import RuntimeSettings

PARTITIONS = (12, 64, 256)
SIZES = (1, 10, 100, 1_000, 5_000)
TRIES = 9
_LOADED_TOGETHER = 50


def fullest(keys: Iterable[bytes], partitions: int) -> float:
    """The events of the fullest partition in proportion to the mean."""
    partitioner = Partitioner()
    counts = Counter(partitioner.partition(key, partitions) for key in keys)
    return max(counts.values()) * partitions / counts.total()


def balance(customers: int) -> list[dict[str, Any]]:
    """Half the events from one shop, beside events from a thousand shops; and half from one customer."""
    rows = []
    even = [partition_key(f"shop{n % 1000}", f"cus_{n}") for n in range(customers)]
    half = [*even[: customers // 2], *(partition_key("big", f"cus_{n}") for n in range(customers // 2))]
    one = [*even[: customers // 2], *[partition_key("big", "cus_0")] * (customers // 2)]
    for count in PARTITIONS:
        values = [fullest(keys, count) for keys in (even, half, one)]
        rows.append(dict(zip(("even", "half from one shop", "half from one customer"), values, strict=True)))
    return rows


class Customers:
    """Events of one hot customer and of fresh ones, through the engine's batch processor."""

    def __init__(self, processor: BatchProcessor, pool: Pool) -> None:
        self._processor = processor
        self._pool = pool
        self._made = 0

    async def start(self, count: int) -> None:
        """Further runs of the hot customer."""
        for first in range(0, count, _LOADED_TOGETHER):
            await self._processor([self._next("cus_hot") for _ in range(min(_LOADED_TOGETHER, count - first))])

    async def cost(self, key: Callable[[int], str]) -> float:
        """Milliseconds of one event in a batch of its own; the median."""
        taken = []
        for number in range(TRIES):
            record = self._next(key(number))
            began = time.perf_counter()
            await self._processor([record])
            taken.append((time.perf_counter() - began) * 1e3)
        return statistics.median(taken)

    async def size(self) -> tuple[int, int]:
        """How many runs the hot customer has, and the bytes of them and their facts, which each event reads."""
        row = await self._pool.fetchrow(
            "select count(*), coalesce(sum(octet_length(state::text)), 0) + (select coalesce(sum(octet_length("
            "facts::text)), 0) from engine.customer where key = 'cus_hot') from engine.run"
            " where key = 'cus_hot' and ended_at is null"
        )
        assert row is not None
        return row[0], int(row[1])

    def _next(self, key: str) -> Record:
        self._made += 1
        value = msgspec.json.encode(msgspec.structs.replace(decoded_events(self._made)[0], key=key))
        return Record(topics.EVENTS, 0, self._made, partition_key(SHOP, key), value)


async def hot_customer(sizes: Iterable[int]) -> list[dict[str, Any]]:
    """What an event costs a customer who has so many runs."""
    rows = []
    async with stage() as on:
        settings = RuntimeSettings(
            kafka=on.kafka, postgres=SecretStr(await on.database("hotkeys")), topic_prefix="hotkeys."
        )
        await migrate(settings.dsn, MIGRATED)
        await create_topics(settings)
        await store(settings, [load_folder(Path("workflows/abandoned-cart"))])
        pool = await open_pool(settings.dsn, application_name="relevo-benchmark")
        async with pool, Publisher(settings) as publisher:
            customers = Customers(await _engine(pool, publisher), pool)
            for size in sizes:
                await customers.start(max(0, size - (await customers.size())[0]))
                runs, read = await customers.size()
                hot = await customers.cost(lambda _: "cus_hot")
                fresh = await customers.cost(lambda n, size=size: f"cus_{size}_{n}")  # type: ignore[misc]
                rows.append({"runs": runs, "bytes": read, "hot_ms": hot, "fresh_ms": fresh, "ratio": hot / fresh})
    return rows


async def _engine(pool: Pool, publisher: Publisher) -> BatchProcessor:
    clock, definitions = ManualClock(START), DefinitionCache()
    async with pool.acquire() as conn:
        await definitions.refresh(conn)
    return BatchProcessor(
        store=Batches(pool, definitions),
        publisher=publisher,
        dead_letters=DeadLetters(publisher, service="engine", ratio=0.5, clock=clock),
        clock=clock,
        metrics=Metrics("engine"),
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=SIZES[-1], help="the most runs of one customer")
    options = parser.parse_args()
    balances = balance(options.customers)
    spread = Table("partitions", *(f"fullest ÷ mean: {name}" for name in balances[0]))
    for count, row in zip(PARTITIONS, balances, strict=True):
        spread.add_row(str(count), *(f"{value:.2f}" for value in row.values()))
    Console().print(spread)
    hot = await hot_customer(size for size in SIZES if size <= options.runs)
    table = Table("runs of the customer", "bytes read an event", "ms an event", "ms of a fresh customer", "ratio")
    for row in hot:
        table.add_row(
            f"{row['runs']:,}", f"{row['bytes']:,}", *(f"{row[n]:,.1f}" for n in ("hot_ms", "fresh_ms", "ratio"))
        )
    finish({"balance": dict(zip(map(str, PARTITIONS), balances, strict=True)), "customer": hot}, [], table)


if __name__ == "__main__":
    asyncio.run(main())
