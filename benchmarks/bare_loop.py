"""The peer of the engine benchmark: the engine's statements one after the other, without any workflow logic.

Takes batches of ≤ 1,000 messages, and for each writes what the engine writes for them, of the same size: the inbox,
a customer and a run a message, a timer set or cancelled, a decision. The rows are copies of what the core decided once
at the start, with the message's own ids. One transaction, then the offsets. Runs until it is stopped.
`python -m benchmarks.bare_loop` reads the engine's own settings.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import aiokafka
from msgspec import structs

from benchmarks.load import SHOP, decoded_events
from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics
from relevo_contracts.keys import SHOP_KEY
from relevo_engine.adapters.batches import Batches
from relevo_engine.adapters.definitions import DefinitionCache
from relevo_engine.app.ports import BatchKeys
from relevo_engine.core.batch import Changes, DecisionRow
from relevo_engine.core.inputs import IncomingMessage, read
from relevo_engine.settings import EngineSettings
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Record
from relevo_runtime.outgoing import Timer
from relevo_runtime.postgres import LOOKUPS, open_pool
from relevo_workflow import EventInput, Handled, Shop, Subject, handle

Samples = Mapping[str, Handled]


async def main() -> None:
    settings = EngineSettings()
    clock, decided = make_clock(settings), samples()
    pool = await open_pool(settings.dsn, application_name="bare-loop", session=LOOKUPS)
    store = Batches(pool, DefinitionCache())
    consumer = aiokafka.AIOKafkaConsumer(
        settings.topic(topics.EVENTS),
        bootstrap_servers=settings.kafka,
        group_id=settings.group("engine"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    while True:
        batches = await consumer.getmany(timeout_ms=200, max_records=settings.engine_batch)
        records = [
            Record(topic=topics.EVENTS, partition=m.partition, offset=m.offset, key=m.key, value=m.value)
            for batch in batches.values()
            for m in batch
        ]
        if records:
            arrived, _ = read(records)
            await _process(store, decided, arrived, clock.now())
            await consumer.commit()


def samples() -> Samples:
    """What the core decides for a checkout, and for the order after it."""
    definition = load_folder(Path("benchmarks/flows/cart")).definition
    subject, found = Subject(shop=SHOP, key="cus_0"), dict[str, Handled]()
    for event in decoded_events(buyer=0):
        handled = handle((definition,), {}, subject, EventInput(event), event.time, shop=Shop(id=SHOP))
        subject, found[event.type] = handled.subject, handled
    return found


async def _process(store: Batches, decided: Samples, arrived: Sequence[IncomingMessage], now: datetime) -> None:
    keys = {(a.shop, a.key) for a in arrived}
    wanted = BatchKeys(
        partitions={a.record.partition for a in arrived},
        ids=[a.inbox_id for a in arrived],
        keys=keys,
        facts_of={(shop, SHOP_KEY) for shop, _ in keys},
    )
    async with store.open(wanted, now) as batch:
        batch.subjects(wanted.keys | wanted.facts_of)
        changes = Changes.none()
        for a in arrived:
            _copy_into(changes, decided, a)
        await batch.write(changes, now, published=[], again=[])


def _copy_into(changes: Changes, decided: Samples, arrived: IncomingMessage) -> None:
    assert isinstance(arrived.input, EventInput)
    event, shop, key = arrived.input.event, arrived.shop, arrived.key
    sample = decided[event.type]
    decision = sample.decisions[0]
    assert decision.run is not None
    run = structs.replace(decision.run, id=f"{key:0>24}", customer=key, started_at=event.time)
    changes.customers[(shop, key)] = (sample.subject.facts, event.time)
    changes.runs[(shop, run.id)] = (key, run)
    timer = f"{run.id}/step"
    at = run.timers.get("step")
    changes.timers[(shop, timer)] = Timer(shop, key, timer, at, run.id, run.turn, "step") if at else None
    changes.decisions.append(DecisionRow(shop, key, event.type, structs.replace(decision, run=run)))


if __name__ == "__main__":
    asyncio.run(main())
