"""Ingest beside a bare route that only reads the body: the same server, the same signed webhooks, the same client.

`make bench NAME=ingest`. Ingest is the real service on a real Kafka and PostgreSQL, every setting its default but the
limit of one shop's rate: a webhook counts once it was answered 200, which means that Kafka has its event. The
contenders take turns:

- a burst: 200 kept-alive connections, each sends its next webhook when the last one is answered; webhooks/s, CPU ms a
  webhook, how long an answer took (p50, p99);
- a steady rate: the same figures when webhooks come one by one;
- nothing: how much of a core the idle service takes.

`route` is a route of the framework that reads the body and answers; `bare`, which is stricter, an application on ASGI
itself. Both run on ingest's own server with its settings. The ratio by CPU says what a request costs the process
itself; the ratio by rate also counts what Kafka, PostgreSQL and the client take from the same cores. Everything has a
time limit, and what was not answered with 200 by then is told.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
from rich.table import Table

from benchmarks.recorded import SECRET, SHOP
from benchmarks.report import Goal, finish
from benchmarks.services import prepared, running
from benchmarks.stage import CpuMeter, Stage, stage, stop
from relevo_embedded.process import free_ports
from relevo_runtime import catalog
from relevo_runtime.postgres import open_pool

BARE = ("route", "bare")
SERVERS = {"PostgreSQL": "postgres", "Kafka": "java"}
_STARTING = 30.0
_BARE_TIMES = 4  # so many times more requests for who is that much faster, so that each phase takes a while


@dataclass(frozen=True)
class Figures:
    """One contender in one phase: requests a second; milliseconds of CPU a request, by whom; of an answer.

    `transactions` are those of PostgreSQL for a request; each statement of ingest is one.
    """

    per_s: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    failed: int
    transactions: float
    client_cpu_ms: float
    servers_cpu_ms: dict[str, float]


class Contender:
    """A running server, and what it costs. `dsn` is its database, if it has one."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, dsn: str = "") -> None:
        self._process = process
        self._port = port
        self._dsn = dsn
        self._customers = 0

    async def send(self, count: int, *, connections: int, rate: float = 0, limit: float) -> Figures:
        """Sends `count` webhooks of customers that were not there before."""
        command = [sys.executable, "-m", "benchmarks.sender", "--port", self._port, "--count", count, "--first",
                   self._customers, "--connections", connections, "--rate", rate, "--limit", limit]  # fmt: skip
        self._customers += count  # a webhook each at most
        sender = await asyncio.create_subprocess_exec(
            *map(str, command), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(limit + 60):
                return await self._watch(sender, count)
        finally:
            if sender.returncode is None:
                sender.kill()
                await sender.wait()

    async def _watch(self, sender: asyncio.subprocess.Process, count: int) -> Figures:
        assert sender.stdin is not None
        assert sender.stdout is not None
        if await sender.stdout.readline() != b"ready\n":
            raise SystemExit("the client of the benchmark could not connect")
        meter, before = CpuMeter({"itself": self._process}, servers=SERVERS), await self._transactions()
        sender.stdin.write(b"go\n")
        seen: dict[str, Any] = json.loads(await sender.stdout.readline())
        cpu, transactions = meter.seconds(), await self._transactions() - before
        answered = max(1, count - seen["unanswered"])
        return Figures(
            per_s=round(answered / seen["seconds"], 1),
            cpu_ms=round(1000 * cpu["itself"] / answered, 3),
            p50_ms=seen["p50_ms"],
            p99_ms=seen["p99_ms"],
            failed=count - seen["statuses"].get("200", 0),
            transactions=round(transactions / answered, 2),
            client_cpu_ms=round(1000 * seen["cpu"] / answered, 3),
            servers_cpu_ms={name: round(1000 * cpu[name] / answered, 3) for name in SERVERS},
        )

    async def idle(self, seconds: float) -> float:
        """Per cent of a core that it takes when nothing comes."""
        meter = CpuMeter({"itself": self._process}, servers={})
        await asyncio.sleep(seconds)
        return round(100 * meter.seconds()["itself"] / seconds, 2)

    async def _transactions(self) -> int:
        if not self._dsn:
            return 0
        connection = await asyncpg.connect(self._dsn)
        try:
            await asyncio.sleep(1.2)  # a backend tells its counts once a second at most
            found: int = await connection.fetchval(
                "select xact_commit from pg_stat_database where datname = current_database()"
            )
            return found
        finally:
            await connection.close()


@asynccontextmanager
async def contenders(on: Stage) -> AsyncIterator[dict[str, Contender]]:
    """All of them, running: ingest with one shop, and the bare routes."""
    settings = await prepared(on, "ingest")
    shop = catalog.Shop(shop=SHOP, platform="shopify", secrets=[catalog.Secret(SECRET)], locale="en-US", currency="USD")
    async with (
        await open_pool(settings.dsn, application_name="benchmark", max_size=1) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        await catalog.add_shop(connection, shop)
    async with running(on, "ingest", settings, services=["ingest"], ingest_rate=0, log_level="warning") as system:
        found = {"ingest": Contender(system.processes["ingest"], system.ingest, settings.dsn)}
        ports = dict(zip(BARE, free_ports(len(BARE)), strict=True))
        processes = {
            name: on.spawn(name, "-m", "benchmarks.bare_route", name, "--port", str(port))
            for name, port in ports.items()
        }
        try:
            for name, port in ports.items():
                await listening(port)
                found[name] = Contender(processes[name], port)
            yield found
        finally:
            stop(processes.values())


async def listening(port: int) -> None:
    """Returns when something listens there."""
    deadline = time.monotonic() + _STARTING
    while time.monotonic() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise SystemExit(f"nothing listens on port {port} after {_STARTING:.0f} s")


async def measure(on: Stage, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, float]]:
    """The medians of all phases, and what the idle contenders take."""
    found: dict[str, list[Figures]] = {}
    async with contenders(on) as everyone:
        for one in everyone.values():  # to warm up
            await one.send(options.count // 4, connections=options.connections, limit=options.limit)
        for _ in range(options.rounds):
            for name, one in everyone.items():
                count = options.count * (_BARE_TIMES if name in BARE else 1)
                burst = await one.send(count, connections=options.connections, limit=options.limit)
                found.setdefault(f"{name}_burst", []).append(burst)
        for name, one in everyone.items():
            count = int(options.rate * options.seconds)
            steady = await one.send(count, connections=32, rate=options.rate, limit=options.seconds + 30)
            found[f"{name}_steady"] = [steady]
        await asyncio.sleep(2)
        idle = {name: await one.idle(options.idle) for name, one in everyone.items()}
    return {name: median(rounds) for name, rounds in found.items()}, idle


def median(rounds: list[Figures]) -> dict[str, Any]:
    """The medians of all figures."""
    plain = [asdict(one) for one in rounds]
    return {
        name: {part: statistics.median(one[name][part] for one in plain) for part in value}
        if isinstance(value, dict)
        else statistics.median(one[name] for one in plain)
        for name, value in plain[0].items()
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="webhooks of a burst")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--rate", type=float, default=52, help="webhooks a second of the steady phase")
    parser.add_argument("--seconds", type=float, default=20, help="length of the steady phase")
    parser.add_argument("--idle", type=float, default=15, help="seconds without webhooks")
    parser.add_argument("--limit", type=float, default=60, help="seconds that a burst may take")
    options = parser.parse_args()
    async with asyncio.timeout(900), stage() as on:
        found, idle = await measure(on, options)
    tell(found, idle)


def tell(found: dict[str, Any], idle: dict[str, float]) -> None:
    """The table, and the ratios."""
    costs = ("CPU ms", "PostgreSQL", "Kafka", "client")
    table = Table("phase", "requests/s", *costs, "p50 ms", "p99 ms", "transactions", "failed")
    for name, one in found.items():
        servers = one["servers_cpu_ms"]
        values = (one["per_s"], one["cpu_ms"], servers["PostgreSQL"], servers["Kafka"], one["client_cpu_ms"],
                  one["p50_ms"], one["p99_ms"], one["transactions"], one["failed"])  # fmt: skip
        table.add_row(name, *(f"{value:,.3f}".rstrip("0").rstrip(".") for value in values))
    ingest = found["ingest_burst"]
    ratios = {
        name: {
            "cpu": round(found[f"{name}_burst"]["cpu_ms"] / ingest["cpu_ms"], 3),
            "rate": round(ingest["per_s"] / found[f"{name}_burst"]["per_s"], 3),
        }
        for name in BARE
    }
    goals = [
        Goal("CPU of a bare route of the framework, share of a webhook's", ratios["route"]["cpu"], 0.5, 0.3),
        Goal("the same, of a bare ASGI application", ratios["bare"]["cpu"], 0.5, 0.3),
        Goal("webhooks/s, share of the bare route's", ratios["route"]["rate"], 0.5, 0.3),
        Goal("the same, of the bare ASGI application's", ratios["bare"]["rate"], 0.5, 0.3),
        Goal("ms of an answer at the steady rate, p99", found["ingest_steady"]["p99_ms"], 250, at_most=True),
        Goal("idle, % of a core", idle["ingest"], 1, at_most=True),
    ]
    finish({**found, "idle_percent": idle, "ratios": ratios}, goals, table)


if __name__ == "__main__":
    asyncio.run(main())
