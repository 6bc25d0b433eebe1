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
from relevo_engine.adapters.store import Store
from relevo_engine.core.batch import DecisionRow
from relevo_engine.core.inputs import Arrived, read
from relevo_engine.settings import EngineSettings
from relevo_runtime import timers
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Connection, open_pool
from relevo_workflow import EventInput, Handled, Shop, Subject, handle

Samples = Mapping[str, Handled]


async def main() -> None:
    settings = EngineSettings()
    clock, store, decided = make_clock(settings), Store(), samples()
    pool = await open_pool(settings.dsn, application_name="bare-loop")
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
            async with pool.acquire() as conn, conn.transaction():
                await _write(conn, store, decided, arrived, clock.now())
            await consumer.commit()


def samples() -> Samples:
    """What the core decides for a checkout, and for the order after it."""
    definition = load_folder(Path("workflows/abandoned-cart")).definition
    subject, found = Subject(shop=SHOP, key="cus_0"), dict[str, Handled]()
    for event in decoded_events(buyer=0):
        handled = handle((definition,), {}, subject, EventInput(event), event.time, shop=Shop(id=SHOP))
        subject, found[event.type] = handled.subject, handled
    return found


async def _write(conn: Connection, store: Store, decided: Samples, arrived: Sequence[Arrived], now: datetime) -> None:
    await store.lock_partitions(conn, {a.record.partition for a in arrived})
    await store.admit(conn, [a.inbox_id for a in arrived], now)
    await store.load_subjects(conn, {(a.shop, a.key) for a in arrived})
    customers, runs, armed, gone, decisions = {}, {}, [], [], []
    for a in arrived:
        assert isinstance(a.input, EventInput)
        event = a.input.event
        sample = decided[event.type]
        decision = sample.decisions[0]
        assert decision.run is not None
        run = structs.replace(decision.run, id=f"{a.key:0>24}", customer=a.key, started_at=event.time)
        customers[(a.shop, a.key)] = (sample.subject.facts, event.time)
        runs[(a.shop, run.id)] = (a.key, run)
        timer_id = f"{run.id}/step"
        if run.timers:
            armed.append(timers.Timer(a.shop, a.key, timer_id, run.timers["step"], run.id, run.turn, "step"))
        else:
            gone.append((a.shop, timer_id))
        decisions.append(DecisionRow(a.shop, a.key, event.type, structs.replace(decision, run=run)))
    await store.save_customers(conn, customers)
    await store.save_runs(conn, runs, now)
    await timers.set_timers(conn, armed)
    await timers.cancel_timers(conn, gone)
    await store.append_decisions(conn, decisions, now)


if __name__ == "__main__":
    asyncio.run(main())
