"""A shop with people who wait for a product, and an engine whose walks and catalog are run by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_contracts.keys import product_key
from relevo_contracts.messages import RunInput
from relevo_contracts.payloads import Buyer, CustomerChanged, FormSubmitted, Money, OrderChanged, StockChanged
from relevo_engine.adapters.stores import postgres_stores
from relevo_engine.app.fan_out import FanoutWorker
from relevo_engine.app.follow_catalog import CatalogFollower
from relevo_runtime.errors import PublishError
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Connection
from relevo_runtime.settings import RuntimeSettings
from tests.engine.conftest import CART, MORNING, Engine, build_engine, event

LAYOUT = {name: text for name, text in CART.items() if name != "workflow.yaml"}
RESTOCK = LAYOUT | {
    "workflow.yaml": """
workflow: restock
title: Restock
change: ad-hoc
key: trigger.fields.variant_id
trigger: {event: form.submitted, when: event.form == "restock"}
reentry: several
exit:
  - {event: order.placed, reason: bought}
steps:
  - wait_for:
      - event: product.restocked
        key: trigger.fields.product_id
        where: event.variant_id == trigger.fields.variant_id
      - timeout: 30d
        steps: [{stop: never came}]
  - send: {channel: email, template: reminder, purpose: transactional}
""",
}


def asks(customer: str, variant: str = "v1", *, product: str = "p1", at: datetime = MORNING) -> Event:
    """Somebody wants to know when the variant is back."""
    fields = {"product_id": product, "variant_id": variant}
    payload = FormSubmitted(customer=Buyer(email=f"{customer}@example.com"), form="restock", fields=fields)
    return event("form.submitted", payload, event_id=f"form-{customer}-{variant}-{at}", key=customer, at=at)


def restocked(variant: str = "v1", *, product: str = "p1", after: timedelta = timedelta(hours=1)) -> Event:
    """The variant is back, so long after the morning."""
    payload = StockChanged(product_id=product, variant_id=variant, available=5)
    at = MORNING + after
    return event("product.restocked", payload, event_id=f"{variant}-{at.isoformat()}", key=product_key(product), at=at)


def buys(customer: str, *, after: timedelta = timedelta(minutes=30), total: str = "") -> Event:
    buyer, paid = Buyer(email=f"{customer}@example.com"), Money(total, "EUR") if total else None
    payload = OrderChanged(customer=buyer, order_id=f"o-{customer}-{after}", total=paid)
    return event("order.placed", payload, event_id=f"order-{customer}-{after}", key=customer, at=MORNING + after)


def was_born(customer: str, day: str, *, timezone: str = "", historical: bool = False) -> Event:
    """The shop says when the customer's birthday is."""
    buyer = Buyer(email=f"{customer}@example.com", timezone=timezone)
    told = event("customer.updated", CustomerChanged(customer=buyer), event_id=f"born-{customer}", key=customer)
    return msgspec.structs.replace(told, data={**told.data, "birthday": day}, historical=historical)


class Recording(Publisher):
    """The real publisher, which also remembers what it published."""

    def __init__(self, settings: RuntimeSettings) -> None:
        super().__init__(settings)
        self.sent: list[tuple[str, bytes]] = []

    async def publish(
        self,
        topic: str,
        messages: Sequence[tuple[bytes, bytes]],
        headers: Sequence[tuple[str, bytes]] | None = None,
    ) -> None:
        await super().publish(topic, messages, headers)
        self.sent.extend((topic, value) for _, value in messages)

    def inputs(self) -> list[RunInput]:
        """What was published to `relevo.inputs` since the last call."""
        taken = [msgspec.json.decode(value, type=RunInput) for topic, value in self.sent if topic == topics.INPUTS]
        self.sent = [(topic, value) for topic, value in self.sent if topic != topics.INPUTS]
        return taken

    def addressed(self) -> list[str]:
        """To whom messages went since the beginning, in order of their names."""
        sent = [msgspec.json.decode(value) for topic, value in self.sent if topic == topics.DELIVERIES]
        return sorted(message["key"] for message in sent)


class DyingPublisher(Recording):
    """The real publisher of a process that dies around a publish, at a given time."""

    dies = 0
    after_sending = False

    async def publish(
        self,
        topic: str,
        messages: Sequence[tuple[bytes, bytes]],
        headers: Sequence[tuple[str, bytes]] | None = None,
    ) -> None:
        self.dies -= 1
        if self.dies == 0 and not self.after_sending:
            raise PublishError(topic, len(messages), len(messages), ConnectionError("killed"))
        await super().publish(topic, messages, headers)
        if self.dies == 0:
            raise PublishError(topic, len(messages), len(messages), ConnectionError("killed"))


@dataclass
class Shop:
    """An engine with its walks."""

    engine: Engine
    publisher: Recording
    fanout_worker: FanoutWorker[Connection]
    follower: CatalogFollower[Connection]

    async def walk(self) -> None:
        """Runs the walks to their end and hands the engine what they told."""
        while await self.fanout_worker.run_once(self.engine.clock.now()) is not None:
            pass
        await self.deliver()

    async def deliver(self) -> None:
        """Hands the engine what was published for it."""
        while told := self.publisher.inputs():
            await self.engine.take(*told)

    async def follow(self) -> None:
        """Follows the catalog, and runs the walks that follow from it."""
        await self.follower.run_once(self.engine.clock.now())
        await self.walk()


async def open_shop(engine: Engine, publisher: Recording, **forwarding: Any) -> Shop:
    """The shop of the engine's catalog, as it is deployed now."""
    own, stores = await build_engine(engine.pool, publisher), postgres_stores()
    fanout_worker = FanoutWorker[Connection](
        sessions=own.pool, stores=stores, definitions=own.definitions, publisher=publisher, **forwarding
    )
    follower = CatalogFollower[Connection](own.pool, own.definitions, stores=stores, settled=timedelta())
    return Shop(own, publisher, fanout_worker, follower)
