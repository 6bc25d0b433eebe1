"""An engine's batch processor on the real database and broker, fed with records as a consumer would."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from relevo_contracts import topics
from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.messages import DeliveryOutcome, RunInput, WakeUp, wake_up_id
from relevo_contracts.payloads import Buyer, CheckoutChanged, Money, OrderChanged, Payload
from relevo_engine.adapters.batches import Batches
from relevo_engine.adapters.definitions import DefinitionCache
from relevo_engine.app.process_batch import DECIDE_SECONDS, BatchProcessor
from relevo_runtime import catalog
from relevo_runtime.clock import ManualClock
from relevo_runtime.dead_letters import DeadLetters
from relevo_runtime.kafka import Publisher, Record
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from relevo_workflow import load_workflow
from tests.conftest import SettingsFactory

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
CART = {
    "workflow.yaml": """
workflow: cart
title: Cart
change: ad-hoc
key: trigger.checkout_token
trigger: {event: checkout.started, when: event.total.amount > 0.0}
restart: {event: checkout.updated, where: event.checkout_token == trigger.checkout_token}
exit:
  - {event: order.placed, where: event.checkout_token == trigger.checkout_token, reason: bought}
steps:
  - wait: 4h
  - send: {channel: email, template: reminder, purpose: transactional}
""",
    "templates/reminder.yaml": """
channel: email
layout: message
en: {subject: "Your cart", heading: "Your cart", body: ["It is still here."]}
""",
    "layouts/message.mjml": "<mjml><mj-body>{{ text.heading }}</mj-body></mjml>",
    "layouts/message.txt": "{{ text.heading }}",
}

Message = Event | WakeUp | RunInput | DeliveryOutcome | bytes
_TOPICS = {Event: topics.EVENTS, WakeUp: topics.WAKEUPS, DeliveryOutcome: topics.OUTCOMES}


def event(event_type: str, payload: Payload, *, event_id: str, key: str = "cus_1", at: datetime = MORNING) -> Event:
    return Event(
        id=event_id,
        source="test",
        type=event_type,
        time=at,
        shop="sample",
        key=key,
        data=event_data(payload),
        receivedtime=at,
    )


def checkout(token: str, *, key: str = "cus_1", at: datetime = MORNING, amount: str = "59.90") -> Event:
    buyer = Buyer(email=f"{key}@example.com", first_name="Ada", locale="en")
    payload = CheckoutChanged(customer=buyer, checkout_token=token, total=Money(amount, "EUR"))
    return event("checkout.started", payload, event_id=f"checkout-{token}", key=key, at=at)


def changed(token: str, *, at: datetime) -> Event:
    """The checkout of `cus_1` with `token` was changed."""
    payload = CheckoutChanged(customer=Buyer(), checkout_token=token, total=Money("70.00", "EUR"))
    return event("checkout.updated", payload, event_id=f"changed-{token}-{at.isoformat()}", at=at)


def order(token: str, *, key: str = "cus_1", at: datetime = MORNING + timedelta(hours=1)) -> Event:
    payload = OrderChanged(customer=Buyer(email=f"{key}@example.com"), order_id=f"o-{token}", checkout_token=token)
    return event("order.placed", payload, event_id=f"order-{token}", key=key, at=at)


@dataclass
class Engine:
    """The processor under test, with what it stands on."""

    processor: BatchProcessor
    pool: Pool
    clock: ManualClock
    publisher: Publisher
    definitions: DefinitionCache
    _offset: int = field(default=0)

    def records(self, messages: Iterable[Message], partition: int = 0) -> list[Record]:
        """The messages as records of the topics that they travel on."""
        return [self._record(message, partition) for message in messages]

    def _record(self, message: Message, partition: int) -> Record:
        self._offset += 1
        if isinstance(message, bytes):
            return Record(topic=topics.EVENTS, partition=partition, offset=self._offset, key=b"sample/x", value=message)
        topic = _TOPICS.get(type(message), topics.INPUTS)
        key = partition_key(message.shop, message.key)
        return Record(
            topic=topic, partition=partition, offset=self._offset, key=key, value=msgspec.json.encode(message)
        )

    async def take(self, *messages: Message, partition: int = 0) -> None:
        await self.processor(self.records(messages, partition))

    async def wake(self, *, after: timedelta) -> None:
        """Lets the time pass and hands over the wake-ups of all timers that are then due."""
        self.clock.advance(after)
        rows = await self.pool.fetch(
            "select * from scheduler.timer where due_at <= $1 order by due_at", self.clock.now()
        )
        await self.take(*(wakeup(row) for row in rows))

    async def state(self) -> dict[str, list[tuple[object, ...]]]:
        """All that the engine keeps, in a comparable form: what a crash or a redelivery must not change."""
        queries = {
            "customers": "select shop, key, facts::text from engine.customer order by 1, 2",
            "runs": "select shop, run_id, step, ended_at, end_reason, state::text from engine.run order by 1, 2",
            "timers": "select shop, timer_id, due_at, turn from scheduler.timer order by 1, 2",
            "decisions": "select workflow, input_id, kind, reason, run_id from engine.decision order by 1, 2, 3",
            "results": "select workflow, version, variant, day, step, measure, detail, currency,"
            " sum(count), sum(amount), sum(squares) from engine.result"
            " group by 1, 2, 3, 4, 5, 6, 7, 8 order by 1, 2, 3, 4, 5, 6, 7, 8",
            "outbox": "select distinct shop, id, topic, value from engine.outbox order by 1, 2",
        }
        return {name: [tuple(row) for row in await self.pool.fetch(query)] for name, query in queries.items()}


def wakeup(row: Mapping[str, Any] | asyncpg.Record | None) -> WakeUp:
    """The wake-up of a row of `scheduler.timer`."""
    assert row is not None
    return WakeUp(
        id=wake_up_id(row["timer_id"], row["due_at"], row["turn"]),
        shop=row["shop"], key=row["key"], timer_id=row["timer_id"],
        due_at=row["due_at"], run_id=row["run_id"], turn=row["turn"], name=row["name"],
    )  # fmt: skip


async def build_engine(
    pool: Pool, publisher: Publisher, *, most: int = 1000, decide_seconds: float = DECIDE_SECONDS
) -> Engine:
    clock, definitions = ManualClock(MORNING), DefinitionCache()
    dead_letters = DeadLetters(publisher, service="engine", ratio=0.5, clock=clock)
    processor = BatchProcessor(
        store=Batches(pool, definitions),
        publisher=publisher,
        dead_letters=dead_letters,
        clock=clock,
        metrics=Metrics("engine"),
        most=most,
        decide_seconds=decide_seconds,
    )
    async with pool.acquire() as conn:
        await definitions.refresh(conn)
    return Engine(processor, pool, clock, publisher, definitions)


async def deploy(pool: Pool, files: dict[str, str]) -> None:
    definition = load_workflow(files)
    async with pool.acquire() as conn, conn.transaction():
        await catalog.deploy(conn, workflow=definition.name, version=definition.version, files=files, at=MORNING)


@pytest.fixture
async def engine(pool: Pool, settings: SettingsFactory, topics: list[str]) -> AsyncIterator[Engine]:
    async with pool.acquire() as conn:
        await catalog.add_shop(conn, catalog.Shop(shop="sample", platform="shopify", name="Sample"))
    await deploy(pool, CART)
    async with Publisher(settings()) as publisher:
        yield await build_engine(pool, publisher)
