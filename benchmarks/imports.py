"""A shop's past by `relevo import`: rows a second, memory, CPU by process, and how long the engine reads after it.

`make bench NAME=imports ARGS="--rows 1000000"`. Real files are imported by the real command on the embedded Kafka and
PostgreSQL, while the engine runs with every setting its default: first `--rows` customers, 13 columns
each, then `--rows` lines of orders, two an order. What the engine knows at the end is compared with the files:
each customer and each order once.

With `--interrupt` the import of the customers is killed (SIGKILL) at a fifth and interrupted (SIGINT, as by Ctrl-C) at
half, a second one is started beside it, and each time the same command goes on.
"""

import argparse
import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiokafka
import asyncpg
from rich.table import Table

from benchmarks.report import Goal, finish
from benchmarks.services import System, prepared, running
from benchmarks.stage import CpuMeter, Stage, rss_mb, stage
from relevo_contracts import topics
from relevo_runtime import catalog
from relevo_runtime.postgres import open_pool
from relevo_runtime.settings import RuntimeSettings

NAME, SHOP = "imports", "past"
SERVERS = {"PostgreSQL": "postgres", "Kafka": "java"}
SIGNALS = ((0.2, signal.SIGKILL), (0.5, signal.SIGINT))
CUSTOMERS = "id,email,phone,first_name,last_name,company,group,locale,country,birthday,tags,attributes.size,updated_at"
ORDERS = "order_id,placed_at,customer_id,email,currency,total,title,sku,quantity,price,product_id"
MINUTES = 10
_LOOK = 0.25
_MILLION = 1_000_000


@dataclass
class Figures:
    """The import of one file. Seconds: of the command, and of the engine after it. CPU in ms a row."""

    rows: int
    seconds: float = 0.0
    engine_seconds: float = 0.0
    memory_mb: float = 0.0
    cpu_ms: dict[str, float] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """Rows a second of the command."""
        return round(self.rows / self.seconds, 1)


class Bench:
    """One platform with its services, and the imports that run on it."""

    def __init__(self, on: Stage, settings: RuntimeSettings, system: System, limit: float) -> None:
        self._on, self._settings, self._system, self._limit = on, settings, system, limit

    async def run(self, kind: str, file: Path, rows: int, *, interrupt: bool) -> Figures:
        """Imports the file, and waits for the engine. Raises `TimeoutError`."""
        found, began = Figures(rows), time.monotonic()
        meter = CpuMeter(self._system.processes, servers=SERVERS)
        itself = 0.0
        for share, number in SIGNALS if interrupt else ():
            itself += await self._begin(kind, file, found, (round(rows * share), number))
        itself += await self._begin(kind, file, found, None)
        found.seconds = round(time.monotonic() - began, 1)
        await self._read_by_engine(began)
        found.engine_seconds = round(time.monotonic() - began - found.seconds, 1)
        cpu = {"import": itself, **meter.seconds()}
        found.cpu_ms = {name: round(1000 * seconds / rows, 3) for name, seconds in cpu.items()}
        return found

    async def _begin(self, kind: str, file: Path, found: Figures, stop: tuple[int, int] | None) -> float:
        """Starts the command, stops it where that is wished; returns the CPU that it took."""
        process = self._command(kind, file, "import")
        meter, used, beside = CpuMeter({"import": process}, servers={}), 0.0, stop is not None
        deadline = time.monotonic() + self._limit
        while process.poll() is None:
            if time.monotonic() > deadline:
                process.kill()
                raise TimeoutError(f"the import of {kind} took more than {self._limit:.0f} s")
            await asyncio.sleep(_LOOK)
            used = max(used, meter.seconds()["import"])
            found.memory_mb = max(found.memory_mb, rss_mb(process))
            if stop is not None and await self._imported(kind) >= stop[0]:
                if beside:
                    found.outcomes.append(await self._refused(kind, file))
                process.send_signal(stop[1])
                stop = None
        found.outcomes.append(f"exit {process.returncode}: {_last_line(self._on.log('import'))}")
        return used

    def _command(self, kind: str, file: Path, log: str) -> subprocess.Popen[bytes]:
        env = self._on.environment(NAME, self._settings.dsn, link_secret="0123456789abcdef")
        return self._on.spawn(log, "-m", "relevo_cli", "import", kind, str(file), "--shop", SHOP, "--json", env=env)

    async def _refused(self, kind: str, file: Path) -> str:
        """What a second import beside the first says."""
        process = self._command(kind, file, "beside")
        code = await asyncio.to_thread(process.wait)
        return f"beside it: exit {code}: {_last_line(self._on.log('beside'))}"

    async def _imported(self, kind: str) -> int:
        return int(await self.ask("select coalesce(max(records), 0) from ingest.import where kind = $1", kind))

    async def ask(self, question: str, *given: object) -> Any:
        """One value from the database."""
        connection = await asyncpg.connect(self._settings.dsn)
        try:
            return await connection.fetchval(question, *given)
        finally:
            await connection.close()

    async def _read_by_engine(self, began: float) -> None:
        """Returns when the engine's group has committed all that the topic holds."""
        consumer = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka, group_id=self._settings.group("engine"), enable_auto_commit=False
        )
        await consumer.start()
        topic = self._settings.topic(topics.EVENTS)
        places = [aiokafka.TopicPartition(topic, number) for number in range(self._settings.partitions)]
        try:
            while time.monotonic() < began + 2 * self._limit:
                ends = await consumer.end_offsets(places)
                if all([(await consumer.committed(place) or 0) >= end for place, end in ends.items()]):
                    return
                await asyncio.sleep(_LOOK)
        finally:
            await consumer.stop()
        raise TimeoutError(
            "the engine has not read all in time; its log ends:\n" + self._on.log(f"{NAME}-engine")[-2000:]
        )


def _last_line(log: str) -> str:
    return (log.strip().splitlines() or [""])[-1][:300]


def customers(rows: int) -> Iterator[str]:
    """The file of customers, line by line."""
    yield CUSTOMERS
    for n in range(rows):
        day = f"{1 + n % 12:02}-{1 + n % 28:02}"
        yield (
            f"{n},c{n}@shop.example,+4930{9_000_000 + n % _MILLION},Ada{n % 997},Müller{n % 9973},Firm {n % 503},"
            f"retail,de-DE,DE,19{50 + n % 50}-{day},news;tea,{n % 50},2025-{day}T09:00:00Z"
        )


def orders(rows: int) -> Iterator[str]:
    """The file of orders: two lines each, an order a customer at first, then one more."""
    yield ORDERS
    for n in range(rows):
        order, customer = n // 2, n // 2 % max(1, rows // 3)
        day = f"{1 + order % 12:02}-{1 + order % 28:02}"
        yield (
            f"o{order},2025-{day}T10:00:00Z,{customer},c{customer}@shop.example,EUR,25.00,Tea {n % 89},"
            f"T-{n % 89},1,12.50,p{n % 89}"
        )


def written(folder: Path, name: str, lines: Iterator[str]) -> Path:
    """Writes a file."""
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


async def measure(on: Stage, options: argparse.Namespace) -> tuple[dict[str, Figures], dict[str, tuple[int, int]]]:
    """The figures of each file, and the books: what the engine knows, and what it should."""
    settings = await prepared(on, NAME)
    async with (
        await open_pool(settings.dsn, application_name="benchmark", max_size=1) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        shop = catalog.Shop(shop=SHOP, platform="shopify", currency="EUR", locale="de-DE", timezone="Europe/Berlin")
        await catalog.add_shop(connection, shop)
    rows = options.rows
    async with running(on, NAME, settings, services=["engine"], log_level="warning") as system:
        bench = Bench(on, settings, system, options.limit)
        file = written(on.folder, "customers", customers(rows))
        found = {"customers": await bench.run("customers", file, rows, interrupt=options.interrupt)}
        if not options.customers_only:
            file = written(on.folder, "orders", orders(rows))
            found["orders"] = await bench.run("orders", file, rows, interrupt=False)
        books = {"customers": (await bench.ask("select count(*) from engine.customer"), rows)}
        counted = "select coalesce(sum((facts->>'orders_count')::int), 0) from engine.customer"
        books["orders"] = (await bench.ask(counted), 0 if options.customers_only else (rows + 1) // 2)
    return found, books


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, help="rows of each file")
    parser.add_argument("--interrupt", action="store_true", help="kill and interrupt the import of the customers")
    parser.add_argument("--customers-only", action="store_true")
    parser.add_argument("--limit", type=float, default=3600, help="seconds that an import may take")
    options = parser.parse_args()
    async with stage() as on:
        found, books = await measure(on, options)
    tell(found, books)


def tell(found: dict[str, Figures], books: dict[str, tuple[int, int]]) -> None:
    """The table, what became of each command, and the goals."""
    names = list(found["customers"].cpu_ms)
    table = Table(
        "file", "rows", "seconds", "rows/s", "engine after it, s", "memory MB", *(f"CPU ms: {n}" for n in names)
    )
    for kind, one in found.items():
        cpu = (f"{one.cpu_ms[name]:.3f}" for name in names)
        table.add_row(kind, f"{one.rows:,}", f"{one.seconds:,}", f"{one.per_s:,}", f"{one.engine_seconds:,}",
                      f"{one.memory_mb:,}", *cpu)  # fmt: skip
        for outcome in one.outcomes:
            print(f"{kind}: {outcome}", file=sys.stderr)
    goals = [
        Goal(
            f"minutes for 1,000,000 rows of {kind}",
            round(_MILLION / one.per_s / 60, 2),
            MINUTES,
            2 * MINUTES,
            at_most=True,
        )
        for kind, one in found.items()
    ]
    goals += [
        Goal(f"{kind} that the engine knows too much or too little", abs(known - should), 0, 0, at_most=True)
        for kind, (known, should) in books.items()
    ]
    finish({kind: {**asdict(one), "per_s": one.per_s} for kind, one in found.items()}, goals, table)


if __name__ == "__main__":
    asyncio.run(main())
