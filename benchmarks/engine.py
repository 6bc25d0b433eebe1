"""Events a second of the engine, beside a bare sequential loop with the same statements, in the same run.

`python -m benchmarks.engine [--events N] [--rounds R]`. Each contender is one process of its own on the same Kafka and
PostgreSQL, with topics and a database of its own, filled before it starts. Measured from its first commit of offsets
to its last, so that neither pays for its start. The rounds take turns; the ratio is that of the medians.
"""

import argparse
import asyncio
import json
import statistics
import time
from pathlib import Path

import aiokafka
from rich.console import Console
from rich.table import Table

from benchmarks.load import events
from benchmarks.stage import MIGRATED, Stage, stage, stop
from relevo_cli.commands.deploy import store
from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics
from relevo_engine.settings import EngineSettings
from relevo_runtime.kafka import Publisher, create_topics
from relevo_runtime.migrations import migrate

CONTENDERS = {"engine": "relevo_engine", "bare_loop": "benchmarks.bare_loop"}
PARTITIONS = 12


async def measure(on: Stage, contender: str, round_number: int, count: int) -> float:
    """Events a second of one contender in one round."""
    name = f"{contender}_{round_number}"
    dsn = await on.database(name)
    env = on.environment(name, dsn, partitions=PARTITIONS, log_level="warning")
    settings = EngineSettings(kafka=on.kafka, postgres=dsn, topic_prefix=f"{name}.", partitions=PARTITIONS)
    await migrate(dsn, MIGRATED)
    await create_topics(settings)
    await store(settings, [load_folder(Path("workflows/abandoned-cart"))])
    await _fill(settings, count)
    process = on.spawn(name, "-m", CONTENDERS[contender], env=env)
    try:
        return await _watch(settings, count)
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


async def _watch(settings: EngineSettings, count: int) -> float:
    """Follows the group's committed offsets until all is consumed."""
    consumer = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=settings.group("engine"), enable_auto_commit=False
    )
    await consumer.start()
    partitions = [aiokafka.TopicPartition(settings.topic(topics.EVENTS), p) for p in range(PARTITIONS)]
    first: tuple[float, int] | None = None
    deadline = time.monotonic() + 120
    try:
        while time.monotonic() < deadline:
            done = sum([await consumer.committed(p) or 0 for p in partitions])
            now = time.monotonic()
            if done and first is None:
                first = (now, done)
            if done >= count and first is not None:
                return (count - first[1]) / (now - first[0])
            await asyncio.sleep(0.02)
    finally:
        await consumer.stop()
    raise TimeoutError(f"only {done} of {count} events were consumed within 120 s; the contender's log is above")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    figures: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    async with stage() as on:
        for number in range(options.rounds):
            for contender in CONTENDERS:
                figures[contender].append(await measure(on, contender, number, options.events))
    medians = {name: statistics.median(values) for name, values in figures.items()}
    table = Table("contender", "events/s (median)", "min", "max")
    for name, values in figures.items():
        table.add_row(name, *(f"{v:,.0f}" for v in (medians[name], min(values), max(values))))
    Console().print(table)
    result = {name: round(value) for name, value in medians.items()}
    result |= {"ratio": round(medians["engine"] / medians["bare_loop"], 2), "events": options.events}
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
