"""Ingest beside a bare route that only reads the body: the same server, the same signed webhooks, the same client.

`make bench NAME=ingest`. Ingest is the real service, on a real Kafka and PostgreSQL: a webhook counts once it was
answered 200, which means that Kafka has its event. The rounds take turns:

- a burst: 200 kept-alive connections, each sends its next webhook when the last one is answered; webhooks/s, CPU ms a
  webhook, how long an answer took (p50, p99);
- a steady rate: the same figures when webhooks come one by one;
- nothing: how much of a core the idle service takes.

The ratio by CPU says what a webhook costs ingest's own process beside a bare request; the ratio by rate also counts
what Kafka, PostgreSQL and the client take from the same cores. Everything has a time limit, and what was not answered
with 200 by then is told.
"""

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks.recorded import SECRET, SHOP
from benchmarks.stage import MIGRATED, CpuMeter, Stage, stage, stop
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog
from relevo_runtime.kafka import create_topics
from relevo_runtime.migrations import migrate
from relevo_runtime.postgres import open_pool

CONTENDERS = ("ingest", "bare")
SERVERS = {"postgres": "PostgreSQL", "java": "Kafka"}
PARTITIONS = 12
_STARTING = 30.0


@dataclass(frozen=True)
class Figures:
    """One contender in one phase: requests a second, milliseconds of CPU a request by whom, and of an answer."""

    per_s: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    failed: int
    statements: float
    client_cpu_ms: float
    servers_cpu_ms: dict[str, float]


class Contender:
    """A running server, and what it costs."""

    def __init__(self, on: Stage, process: subprocess.Popen[bytes], port: int, dsn: str) -> None:
        self._on = on
        self._process = process
        self._port = port
        self._dsn = dsn
        self._customers = 0

    async def send(self, count: int, *, connections: int, rate: float, limit: float) -> Figures:
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
        meter, asked = CpuMeter([self._process], servers=SERVERS), await self._statements()
        sender.stdin.write(b"go\n")
        seen: dict[str, Any] = json.loads(await sender.stdout.readline())
        cpu, statements = meter.seconds(), await self._statements() - asked
        answered = max(1, count - seen["unanswered"])
        return Figures(
            per_s=round(answered / seen["seconds"], 1),
            cpu_ms=round(1000 * cpu["process-0"] / answered, 3),
            p50_ms=seen["p50_ms"],
            p99_ms=seen["p99_ms"],
            failed=count - seen["statuses"].get("200", 0),
            statements=round(statements / answered, 2),
            client_cpu_ms=round(1000 * seen["cpu"] / answered, 3),
            servers_cpu_ms={SERVERS[name]: round(1000 * cpu[name] / answered, 3) for name in SERVERS},
        )

    async def idle(self, seconds: float) -> float:
        """Per cent of a core that it takes when nothing comes."""
        meter = CpuMeter([self._process], servers=())
        await asyncio.sleep(seconds)
        return round(100 * meter.seconds()["process-0"] / seconds, 2)

    async def _statements(self) -> int:
        """Transactions of the contender's database: each statement of ingest is one."""
        if not self._dsn:
            return 0
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute("select pg_stat_force_next_flush()")
            found: int = await connection.fetchval(
                "select xact_commit from pg_stat_database where datname = current_database()"
            )
            return found
        finally:
            await connection.close()


async def start_ingest(on: Stage, port: int) -> Contender:
    """The real service with one shop."""
    dsn = await on.database("ingest")
    settings = IngestSettings(kafka=on.kafka, postgres=SecretStr(dsn), topic_prefix="ingest.", partitions=PARTITIONS)
    await migrate(dsn, MIGRATED)
    await create_topics(settings)
    shop = catalog.Shop(shop=SHOP, platform="shopify", secrets=[catalog.Secret(SECRET)], locale="en-US", currency="USD")
    async with (
        await open_pool(dsn, application_name="benchmark", max_size=1) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        await catalog.add_shop(connection, shop)
    env = on.environment(
        "ingest", dsn, partitions=PARTITIONS, log_level="warning", ingest_port=port, link_secret="0123456789abcdef",
        ingest_rate=0,
    )  # fmt: skip
    process = on.spawn("ingest", "-m", "relevo_ingest", env=env)
    return Contender(on, process, port, dsn)


async def start_bare(on: Stage, port: int) -> Contender:
    """The bare route."""
    return Contender(on, on.spawn("bare", "-m", "benchmarks.bare_route", "--port", str(port)), port, "")


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


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def measure(on: Stage, options: argparse.Namespace) -> dict[str, Any]:
    """All phases of all contenders, in turns: medians."""
    found: dict[str, list[Figures]] = {f"{name}_{phase}": [] for name in CONTENDERS for phase in ("burst", "steady")}
    contenders: dict[str, Contender] = {}
    processes = []
    try:
        for name, start in zip(CONTENDERS, (start_ingest, start_bare), strict=True):
            port = free_port()
            contenders[name] = await start(on, port)
            processes.append(contenders[name]._process)
            await listening(port)
        for one in contenders.values():
            await one.send(options.count // 4, connections=options.connections, rate=0, limit=options.limit)
        for _ in range(options.rounds):
            for name, one in contenders.items():
                count = options.count * (1 if name == "ingest" else 4)  # so that both take a while
                burst = await one.send(count, connections=options.connections, rate=0, limit=options.limit)
                found[f"{name}_burst"].append(burst)
        for name, one in contenders.items():
            count = int(options.rate * options.seconds)
            steady = await one.send(count, connections=32, rate=options.rate, limit=options.seconds + 30)
            found[f"{name}_steady"].append(steady)
        await asyncio.sleep(2)
        idle = {f"{name}_idle_percent": await one.idle(options.idle) for name, one in contenders.items()}
    finally:
        stop(processes)
    return {name: median(rounds) for name, rounds in found.items()} | idle


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
    async with asyncio.timeout(600), stage() as on:
        try:
            result = await measure(on, options)
        except BaseException:
            print(on.log("ingest")[-3000:] if (on.folder / "ingest.log").exists() else "")
            raise
    show(result)
    ingest, bare = result["ingest_burst"], result["bare_burst"]
    result["ratio_cpu"] = round(bare["cpu_ms"] / ingest["cpu_ms"], 3)
    result["ratio_rate"] = round(ingest["per_s"] / bare["per_s"], 3)
    print(json.dumps(result))


def show(result: dict[str, Any]) -> None:
    """A table for people."""
    table = Table(
        "phase", "requests/s", "CPU ms", "PostgreSQL", "Kafka", "client", "p50 ms", "p99 ms", "statements", "failed"
    )
    for name, one in result.items():
        if isinstance(one, dict):
            servers = one["servers_cpu_ms"]
            values = (one["per_s"], one["cpu_ms"], servers["PostgreSQL"], servers["Kafka"], one["client_cpu_ms"],
                      one["p50_ms"], one["p99_ms"], one["statements"], one["failed"])  # fmt: skip
            table.add_row(name, *(f"{value:,.3f}".rstrip("0").rstrip(".") for value in values))
    Console(width=140).print(table)


if __name__ == "__main__":
    asyncio.run(main())
