"""Events a second of the engine, beside a bare sequential loop with the same statements, in the same run.

`python -m benchmarks.engine [--events N] [--rounds R] [--batch B]`. Each contender is one process of its own on the
same Kafka and PostgreSQL, with topics and a database of its own, filled before it starts. Measured from when a fifth
of the events is committed to the end, so that neither pays for its start, nor the engine for the joining of its
members. Both commit offsets with each batch (`RELEVO_COMMIT_DELAY` is 0, by default it is a second), so that the end
is seen when it is there. The rounds take turns; the ratio is that of the medians. Beside it stands the CPU time that
1,000 events took, of the contender, of PostgreSQL and of Kafka, which tells more than the rate on a machine that others
use too.
"""

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from pydantic import SecretStr
from rich.table import Table

from benchmarks.load import START, events
from benchmarks.report import Goal, finish
from benchmarks.stage import MIGRATED, CpuMeter, Stage, stage, stop
from relevo_cli.at_start import store
from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics
from relevo_engine.settings import EngineSettings
from relevo_runtime.kafka import Publisher, create_topics
from relevo_runtime.migrations import migrate

CONTENDERS = {"engine": "relevo_engine", "bare_loop": "benchmarks.bare_loop"}
PARTITIONS = 12
SERVERS = {"PostgreSQL": "postgres", "Kafka": "java"}


@dataclass(frozen=True)
class Figures:
    """One contender in one round: events a second, and CPU milliseconds for 1,000 events by whom."""

    rate: float
    cpu: dict[str, float]


async def measure(on: Stage, contender: str, round_number: int, count: int, batch: int) -> Figures:
    """One contender in one round."""
    name = f"{contender}_{round_number}"
    dsn = await on.database(name)
    env = on.environment(
        name,
        dsn,
        partitions=PARTITIONS,
        engine_batch=batch,
        commit_delay=0,
        log_level="warning",
        clock_origin=START.isoformat(),
        clock_anchor=time.time(),
    )
    settings = EngineSettings(kafka=on.kafka, postgres=SecretStr(dsn), topic_prefix=f"{name}.", partitions=PARTITIONS)
    await migrate(dsn, MIGRATED)
    await create_topics(settings)
    await store(settings, [load_folder(Path("benchmarks/flows/cart"))])
    await _fill(settings, count)
    process = on.spawn(name, "-m", CONTENDERS[contender], env=env)
    try:
        return await _watch(settings, count, CpuMeter([process], servers=SERVERS.values()))
    except TimeoutError:
        print(on.log(name)[-3000:])
        raise
    finally:
        stop([process])


async def _fill(settings: EngineSettings, count: int) -> None:
    publisher = Publisher(settings)
    await publisher.start()
    batch = []
    for message in events(count):
        batch.append(message)
        if len(batch) == 5000:
            await publisher.publish(topics.EVENTS, batch)
            batch = []
    await publisher.publish(topics.EVENTS, batch)
    await publisher.stop()


async def _watch(settings: EngineSettings, count: int, meter: CpuMeter) -> Figures:
    """Follows the group's committed offsets until all is consumed, by one request for all: it is no contender."""
    admin, group = AIOKafkaAdminClient(bootstrap_servers=settings.kafka), settings.group("engine")
    await admin.start()
    done, topic = 0, settings.topic(topics.EVENTS)
    first: tuple[float, int, dict[str, float]] | None = None
    deadline = time.monotonic() + 120
    try:
        coordinator = await _coordinator(admin, group)
        while time.monotonic() < deadline:
            offsets = await admin.list_consumer_group_offsets(group, group_coordinator_id=coordinator)
            done = sum(max(0, one.offset) for place, one in offsets.items() if place.topic == topic)
            now = time.monotonic()
            if done >= count / 5 and first is None:
                first = (now, done, meter.seconds())
            if done >= count and first is not None:
                return _figures(count - first[1], now - first[0], first[2], meter.seconds())
            await asyncio.sleep(0.05)
    finally:
        await admin.close()
    raise TimeoutError(f"only {done} of {count} events were consumed within 120 s; the contender's log is above")


async def _coordinator(admin: AIOKafkaAdminClient, group: str) -> int:
    """The broker that keeps the group's offsets; a new Kafka makes their topic for the first group that asks."""
    while True:
        try:
            return int(await admin.find_coordinator(group))
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(0.1)


def _figures(count: int, seconds: float, before: dict[str, float], after: dict[str, float]) -> Figures:
    names = {"process-0": "itself"} | {process: name for name, process in SERVERS.items()}
    cpu = {name: (after[key] - before[key]) * 1e6 / count for key, name in names.items()}
    return Figures(count / seconds, cpu)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=1000, help="most records a batch: 5 is an idle shop's day")
    options = parser.parse_args()
    figures: dict[str, list[Figures]] = {name: [] for name in CONTENDERS}
    async with stage() as on:
        for number in range(options.rounds):
            for contender in CONTENDERS:
                figures[contender].append(await measure(on, contender, number, options.events, options.batch))
    rates = {name: [one.rate for one in rounds] for name, rounds in figures.items()}
    medians = {name: statistics.median(values) for name, values in rates.items()}
    cpu = {
        name: {part: round(statistics.median(one.cpu[part] for one in rounds)) for part in rounds[0].cpu}
        for name, rounds in figures.items()
    }
    table = Table("contender", "events/s (median)", "min", "max", *(f"CPU ms/1,000: {part}" for part in cpu["engine"]))
    for name, values in rates.items():
        numbers = (medians[name], min(values), max(values), *cpu[name].values())
        table.add_row(name, *(f"{number:,.0f}" for number in numbers))
    ratio = round(medians["engine"] / medians["bare_loop"], 2)
    result: dict[str, object] = {name: round(value) for name, value in medians.items()}
    result |= {"ratio": ratio, "events": options.events, "batch": options.batch, "cpu_ms": cpu}
    finish(result, [Goal("events/s, times the bare loop's", ratio, 1.0, 0.8)], table)


if __name__ == "__main__":
    asyncio.run(main())
