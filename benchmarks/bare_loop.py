"""The peer of the engine benchmark: the engine's statements one after the other, without any workflow logic.

Takes batches of ≤ 1,000 messages, and for each reads and writes what the engine does for them, of the same size: the
inbox, the products that they name, a customer and a run a message, a timer set or cancelled, a decision, and the counts
of results. The rows are copies of what the core decided once at the start, with the message's own ids, which fall into
the indexes as the engine's do. One transaction, then the offsets. Runs until it is stopped.
`python -m benchmarks.bare_loop` reads the engine's own settings.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

import aiokafka
import uvloop
from msgspec import structs

from benchmarks.load import SHOP, decoded_events
from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics
from relevo_contracts.envelope import Event, partition_key
from relevo_contracts.keys import SHOP_KEY
from relevo_engine.adapters.batches import Batches
from relevo_engine.adapters.definitions import DefinitionCache
from relevo_engine.app.ports import BatchKeys
from relevo_engine.core.batch import Changes, Definitions, decide_into
from relevo_engine.core.inputs import IncomingMessage, read
from relevo_engine.core.results import Amount
from relevo_engine.settings import EngineSettings
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Record
from relevo_runtime.outgoing import Timer
from relevo_runtime.postgres import LOOKUPS, open_pool
from relevo_workflow import EventInput, Shop, Subject, WorkflowIndex

Samples = Mapping[str, Changes]
PRODUCTS = frozenset({(SHOP, "p1")})
"""What the events name."""
SAMPLE = 12_345
"""The buyer whose rows are copied: their id and times are as long as those of most."""
KEY = f"cus_{SAMPLE}"


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
    """What one checkout changes, and the order after it."""
    definition = load_folder(Path("benchmarks/flows/cart")).definition
    definitions = Definitions(WorkflowIndex.of((definition,)), {definition.version: definition}, Shop(id=SHOP))
    subjects, found = {(SHOP, KEY): Subject(shop=SHOP, key=KEY)}, dict[str, Changes]()
    for event in decoded_events(SAMPLE):
        changes = found[event.type] = Changes.none()
        decide_into(changes, subjects, _arrived(event), {SHOP: definitions})
    return found


def _arrived(event: Event) -> IncomingMessage:
    record = Record(topics.EVENTS, 0, 0, partition_key(event.shop, event.key), b"")
    return IncomingMessage(b"", event.shop, event.key, EventInput(event), record)


async def _process(store: Batches, decided: Samples, arrived: Sequence[IncomingMessage], now: datetime) -> None:
    keys = {(a.shop, a.key) for a in arrived}
    wanted = BatchKeys(
        partitions={a.record.partition for a in arrived},
        ids=[a.inbox_id for a in arrived],
        keys=keys,
        facts_of={(shop, SHOP_KEY) for shop, _ in keys},
        products=PRODUCTS,
    )
    async with store.open(wanted, now) as batch:
        batch.subjects(wanted.keys | wanted.facts_of)
        changes, kinds = Changes.none(), Counter[str]()
        for a in arrived:
            kinds[_copy_into(changes, decided, a)] += 1
        _count_into(changes, decided, kinds)
        await batch.write(changes, now, published=[], again=[])


def _copy_into(changes: Changes, decided: Samples, arrived: IncomingMessage) -> str:
    """Copies what such an event changes for one customer; returns its type."""
    assert isinstance(arrived.input, EventInput)
    event, shop, key = arrived.input.event, arrived.shop, arrived.key
    sample = decided[event.type]
    row, (facts, _) = sample.decisions[0], sample.customers[(SHOP, KEY)]
    assert row.decision.run is not None
    run_id = blake2b(key.encode(), digest_size=12).hexdigest()  # of the length and the disorder of the engine's
    run = structs.replace(row.decision.run, id=run_id, customer=key, started_at=event.time)
    changes.customers[(shop, key)] = (facts, event.time)
    changes.runs[(shop, run.id)] = (key, run)
    timer = f"{run.id}/step"
    at = run.timers.get("step")
    changes.timers[(shop, timer)] = Timer(shop, key, timer, at, run.id, run.turn, "step") if at else None
    changes.decisions.append(structs.replace(row, key=key, decision=structs.replace(row.decision, run=run)))
    return event.type


def _count_into(changes: Changes, decided: Samples, kinds: Mapping[str, int]) -> None:
    """Copies what so many events of each type count, without counting each by itself."""
    for kind, times in kinds.items():
        for place, one in decided[kind].results.counts.items():
            changes.results.counts[place] = Amount(one.count * times, one.amount * times, one.squares * times)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as services do
        runner.run(main())
