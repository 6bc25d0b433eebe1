"""A million runs in flight against ten thousand: events/s, how long the engine takes to start again, memory.

`make bench NAME=inflight`. A real engine starts one run; its rows are copied for as many customers as wanted
(`crowd.py`). Then events of random customers in flight arrive: each changes a checkout, so that its run is loaded,
begins its wait again and is written, with its timer; one in five is of a new customer. Both sizes take turns, on the
same server. The services are the real ones at their defaults.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiokafka
import asyncpg
import msgspec
from rich.table import Table

from benchmarks.crowd import TEMPLATE, multiply, template_run
from benchmarks.report import Goal, finish
from benchmarks.services import SERVICES, prepared, ready, running, start
from benchmarks.stage import SERVERS, CpuMeter, Stage, rss_mb, stage, stop
from relevo_cli.at_start import store
from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics
from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.payloads import Buyer, CheckoutChanged, Item, Money
from relevo_embedded.process import free_ports
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import open_pool
from relevo_runtime.settings import RuntimeSettings

SHOP = "bench"
NEW_IN_FIVE = 1
LIMIT = 240.0


@dataclass
class Crowd:
    """One size: its system, and what was measured on it."""

    runs: int
    name: str
    settings: RuntimeSettings
    load_seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)
    cpu_us: list[dict[str, float]] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    rss: dict[str, float] = field(default_factory=dict)
    decisions: dict[str, int] = field(default_factory=dict)
    published: int = 0

    @property
    def rate(self) -> float | None:
        return round(statistics.median(self.rates)) if self.rates else None


def changed(n: int, number: int, kind: str, at: datetime) -> tuple[bytes, bytes]:
    """The message of a changed or new checkout of customer n."""
    payload = CheckoutChanged(
        customer=Buyer(id=f"{n:08}", email=f"c{n:08}@example.com", first_name="Ada", locale="en", email_marketing=True),
        checkout_token=f"tok-{n:08}",
        total=Money("59.90", "EUR"),
        items=[Item(title="Espresso cups", quantity=2, product_id="p1", price=Money("29.95", "EUR"))],
        recover_url=f"https://shop.example.com/recover/{n:08}",
    )
    event = Event(
        id=f"{kind}-{n:08}-{number}", source="benchmark", type=kind, time=at, shop=SHOP, key=f"cus_{n:08}",
        data=event_data(payload), receivedtime=at,
    )  # fmt: skip
    return partition_key(SHOP, event.key), msgspec.json.encode(event)


def course(crowd: Crowd, count: int, seed: int) -> Iterator[tuple[bytes, bytes]]:
    """`count` events of random customers in flight, and of new ones; the same for the same seed."""
    draw, now = random.Random(seed), datetime.now(UTC)
    for number in range(count):
        at = now + timedelta(microseconds=number)
        if number % 5 < NEW_IN_FIVE:
            yield changed(crowd.runs + crowd.published + number, number, "checkout.started", at)
        else:
            yield changed(draw.randrange(crowd.runs), crowd.published + number, "checkout.updated", at)


async def publish(settings: RuntimeSettings, messages: list[tuple[bytes, bytes]]) -> None:
    async with Publisher(settings) as publisher:
        for first in range(0, len(messages), 5000):
            await publisher.publish(topics.EVENTS, messages[first : first + 5000])


async def prepare(on: Stage, runs: int) -> Crowd:
    """The system with so many runs in flight, nothing running."""
    name = f"crowd_{runs}"
    settings = await prepared(on, name)
    await store(settings, [load_folder(Path("workflows/abandoned-cart"))])
    await publish(settings, [changed(TEMPLATE, 0, "checkout.started", datetime.now(UTC))])
    async with running(on, name, settings, services=["engine"]):
        run_id = await template_run(settings.dsn)
    crowd, began = Crowd(runs, name, settings, published=1), time.monotonic()
    pool = await open_pool(settings.dsn, application_name="benchmark")
    crowd.rows = await multiply(pool, run_id, runs)
    await pool.close()
    crowd.load_seconds = round(time.monotonic() - began, 1)
    return crowd


async def events(on: Stage, crowd: Crowd, count: int, seed: int) -> None:
    """One round of events/s: the events are on Kafka before the engine starts; the first fifth is not measured."""
    done = crowd.published
    await publish(crowd.settings, list(course(crowd, count, seed)))
    crowd.published += count
    [port] = free_ports(1)
    process = start(on, crowd.name, "engine", crowd.settings, port)
    try:
        await _watch(crowd, done, count, CpuMeter({"engine": process}, servers=SERVERS))
        crowd.rss["engine, busy"] = max(rss_mb(process), crowd.rss.get("engine, busy", 0.0))
    finally:
        stop([process])
    crowd.decisions = await _decisions(crowd.settings.dsn)


async def _decisions(dsn: str) -> dict[str, int]:
    """How many decisions of each kind there are, the copies included: did the events do what they are meant to?"""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("select kind, count(*) from engine.decision group by 1 order by 1", timeout=60)
    except asyncpg.PostgresError as error:
        return {str(error): 0}
    finally:
        await connection.close()
    return dict(map(tuple, rows))


async def _watch(crowd: Crowd, done: int, count: int, meter: CpuMeter) -> None:
    settings = crowd.settings
    consumer = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=settings.group("engine"), enable_auto_commit=False
    )
    await consumer.start()
    partitions = [aiokafka.TopicPartition(settings.topic(topics.EVENTS), p) for p in range(settings.partitions)]
    first: tuple[float, int, dict[str, float]] | None = None
    try:
        async with asyncio.timeout(LIMIT):
            while True:
                seen = sum([await consumer.committed(p) or 0 for p in partitions]) - done
                now = time.monotonic()
                if seen >= count / 5 and first is None:
                    first = now, seen, meter.seconds()
                if seen >= count and first is not None:
                    break
                await asyncio.sleep(0.02)
    finally:
        await consumer.stop()
    used, measured = meter.seconds(), count - first[1]
    if now > first[0] and measured:
        crowd.rates.append(measured / (now - first[0]))
        crowd.cpu_us.append({one: round((used[one] - first[2][one]) * 1e6 / measured, 1) for one in used})


async def restart(on: Stage, crowd: Crowd) -> None:
    """How long a start takes until the engine says that it is ready, and with what memory."""
    [port] = free_ports(1)
    process = start(on, crowd.name, "engine", crowd.settings, port)
    try:
        crowd.restarts.append(round(await ready(on, f"{crowd.name}-engine", process, port), 2))
    finally:
        stop([process])


async def memory(on: Stage, crowd: Crowd, seconds: float) -> None:
    """Each service after a while beside so many runs."""
    async with running(on, crowd.name, crowd.settings) as system:
        await asyncio.sleep(seconds)
        crowd.rss |= {name: rss_mb(process) for name, process in system.processes.items()}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=40_000, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--settle", type=float, default=10, help="seconds before memory is read")
    options = parser.parse_args()
    async with asyncio.timeout(2400), stage() as on:
        crowds = [await prepare(on, runs) for runs in (options.few, options.runs)]
        for seed in range(options.rounds):
            for crowd in crowds:
                await events(on, crowd, options.events, seed)
        for crowd in crowds:
            for _ in range(options.rounds):
                await restart(on, crowd)
            await memory(on, crowd, options.settle)
    tell(*crowds)


def tell(few: Crowd, many: Crowd) -> None:
    names = (*SERVICES, "engine, busy")
    table = Table("runs in flight", "events/s", "CPU µs an event", "restart s", *(f"MB: {name}" for name in names))
    for crowd in (few, many):
        cpu = "; ".join(f"{name} {used}" for name, used in (crowd.cpu_us or [{}])[-1].items())
        table.add_row(f"{crowd.runs:,}", f"{crowd.rate}", cpu, f"{max(crowd.restarts, default=0.0)}",
                      *(str(crowd.rss.get(name, "")) for name in names))  # fmt: skip
    ratio = round(many.rate / few.rate, 3) if many.rate and few.rate else None
    goals = [
        Goal("events/s, share of that with few", ratio, 0.8, 0.6),
        Goal("restart of the engine, s", max(many.restarts, default=None), 5, at_most=True),
        *(Goal(f"{name}: MB", many.rss.get(name), 200, at_most=True) for name in names),
    ]
    plain = {}
    for crowd in (few, many):
        found = asdict(crowd) | {"rate": crowd.rate}
        found.pop("settings")
        plain[str(crowd.runs)] = found
    finish({"crowds": plain, "ratio": ratio}, goals, table)


if __name__ == "__main__":
    asyncio.run(main())
