"""The peer of the engine benchmark: the engine's statements one after the other, without any workflow logic.

Takes batches of ≤ 1,000 messages, and for each writes what the engine would write for them, from constants: the inbox,
a customer and a run a message, a timer set or cancelled, a decision. One transaction, then the offsets. Runs until it
is stopped. `python -m benchmarks.bare_loop` reads the engine's own settings.
"""

import asyncio
from collections.abc import Sequence

import aiokafka

from relevo_contracts import topics
from relevo_contracts.contact import Contact
from relevo_contracts.envelope import Event
from relevo_engine.adapters.store import Store
from relevo_engine.core.fold import DecisionRow
from relevo_engine.core.inputs import Arrived, read
from relevo_engine.settings import EngineSettings
from relevo_runtime import timers
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import open_pool
from relevo_workflow.decision import Check, Decision
from relevo_workflow.state import Facts, Run

_TRACE = (Check(at="trigger", expression="event.total.amount > 0.0", value=True, fields={"event.total.amount": 59.9}),)


async def main() -> None:
    settings = EngineSettings()
    clock, store = make_clock(settings), Store.load()
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
                await _write(conn, store, arrived, clock.now())
            await consumer.commit()


async def _write(conn, store: Store, arrived: Sequence[Arrived], now) -> None:  # type: ignore[no-untyped-def]
    await store.lock_partitions(conn, {a.record.partition for a in arrived})
    await store.admit(conn, [a.inbox_id for a in arrived], now)
    await store.load_subjects(conn, {(a.shop, a.key) for a in arrived})
    facts = Facts(contact=Contact(email="c@example.com", first_name="Ada", locale="en"))
    customers, runs, armed, gone, decisions = {}, {}, [], [], []
    for a in arrived:
        event: Event = a.input.event
        ended = event.type == "order.placed"
        run = _run(a, event, ended)
        customers[(a.shop, a.key)] = (facts, event.time)
        runs[(a.shop, run.id)] = (a.key, run)
        timer_id = f"{run.id}/step"
        if ended:
            gone.append((a.shop, timer_id))
        else:
            armed.append(timers.Timer(a.shop, a.key, timer_id, event.time, run.id, 1, "step"))
        decision = Decision(
            workflow=run.workflow, version=run.version, kind="exited" if ended else "started", reason="bought",
            at=event.time, run=run, trace=_TRACE, path=("wait-4h",), input_id=event.id,
        )  # fmt: skip
        decisions.append(DecisionRow(a.shop, a.key, event.type, decision))
    await store.save_customers(conn, customers)
    await store.save_runs(conn, runs, now)
    await timers.cancel_timers(conn, gone)
    await timers.set_timers(conn, armed)
    await store.append_decisions(conn, decisions, now)


def _run(a: Arrived, event: Event, ended: bool) -> Run:
    return Run(
        id=f"run-{a.key}", workflow="abandoned-cart", version="0123456789abcdef", key=a.key, customer=a.key,
        started_at=event.time, at=event.time, state="ended" if ended else "active", step="wait-4h", turn=1,
        trigger_type=event.type, trigger_id=event.id, trigger_at=event.time, trigger=event.data,
        timers={"step": event.time}, ended_at=event.time if ended else None, end_reason="bought" if ended else "",
    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main())
