"""Webhooks that are received together: each is told what it would be told alone, whatever the others are."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import Buyer, CartUpdated
from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.ports import IngestDependencies, Message, Outcome
from relevo_ingest.app.receive_webhook import Delivery, Webhook, receive_webhook, receive_webhooks
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.connectors.shopify.connector import Shopify
from relevo_ingest.core.aliases import Lookup, Person
from relevo_ingest.core.drafts import DEFAULT_LIMITS, Draft, Finished, Reading, ShopContext
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.states import StateQuery, StateView
from relevo_ingest.entrypoints.gathering import Gathering
from relevo_ingest.entrypoints.webhook_batches import WebhookBatches
from tests.ingest.states import MemoryStates
from tests.ingest.test_any_request import Stores
from tests.ingest.webhooks import RECEIVED, SHOP, body_of, fixture

NO_KEY, NO_STATE, NO_ROOM, BAD_MERGE = 101, 102, 103, 104
"""Customers and orders whom the stores refuse."""


class Counts:
    def unrecognised(self, shop: str, topic: str, kind: str) -> None:
        assert shop
        assert topic
        assert kind

    def left_out(self, shop: str, topic: str, notes: Sequence[str]) -> None:
        assert shop
        assert topic
        assert notes

    def hit(self, shop: str, kind: str) -> None:
        raise AssertionError("no link is followed here")

    def hits_lost(self, reason: str, number: int) -> None:
        raise AssertionError("no link is followed here")


class Picky(Stores):
    """Stores that refuse some of what they are asked, and count how often they are asked."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.memory = MemoryStates()
        self.gate = asyncio.Event()
        self.gate.set()

    async def key_of_each(self, lookups: Sequence[Lookup]) -> list[Outcome[str]]:
        self.calls.append("keys")
        return [
            Busy("no key") if any(f":{NO_KEY}" in one.name for one in lookup.aliases) else f"cus_{lookup.aliases[0]}"
            for lookup in lookups
        ]

    async def observe_each(self, messages: Sequence[Sequence[StateQuery]]) -> list[Outcome[list[StateView]]]:
        self.calls.append("states")
        return [
            ValueError("no state") if any(one.entity.id == str(NO_STATE) for one in asked) else self.memory.views(asked)
            for asked in messages
        ]

    async def events_of_each(self, groups: Sequence[Sequence[Message]]) -> list[Outcome[None]]:
        self.calls.append("events")
        return [await self._stored(group) for group in groups]

    async def _stored(self, group: Sequence[Message]) -> Outcome[None]:
        if any(f'"order_id":"{NO_ROOM}"'.encode() in value for _, value in group):
            return Busy("no room")
        await self.events(group)
        return None

    async def postpone(self, finished: Sequence[Finished], due: datetime, request: str) -> None:
        await self.gate.wait()
        await super().postpone(finished, due, request)


def dependencies(stores: Any, budget: float = 30.0) -> IngestDependencies:
    return IngestDependencies(
        keys=stores,
        states=stores,
        log=stores,
        erasures=stores,
        ids=stores,
        notifications=stores,
        counters=Counts(),
        limits=DEFAULT_LIMITS,
        budget=budget,
        erasing_after=timedelta(hours=24),
    )


def delivery(topic: str, body: bytes, name: str) -> Delivery:
    headers = {"x-shopify-topic": topic, "x-shopify-webhook-id": name}
    return Delivery.of(SHOP, Webhook(connector=CONNECTORS["shopify"], headers=headers, body=body, received=RECEIVED))


def order(number: int) -> tuple[str, bytes]:
    recorded = fixture("orders/create")
    customer = {**recorded["customer"], "id": number, "email": f"c{number}@example.com"}
    return "orders/create", body_of({**recorded, "id": number, "customer": customer})


def checkout(number: int) -> tuple[str, bytes]:
    recorded = fixture("checkouts/create")
    customer = {**recorded["customer"], "id": number, "email": f"c{number}@example.com"}
    return "checkouts/create", body_of({**recorded, "token": f"t{number}", "customer": customer})


def redaction(number: int) -> tuple[str, bytes]:
    recorded = fixture("customers/redact")
    return "customers/redact", body_of({**recorded, "customer": {**recorded["customer"], "id": number}})


ODD = [
    ("orders/create", b"{"),
    ("orders/create", b""),
    ("orders/create", b"[]"),
    ("orders/create", b'{"id": 1, "name": "\\ud800", "total_price": 1e999, "customer": 7}'),
    ("orders/create", json.dumps({"id": 1, "name": "#1", "note": "x" * 1_000_000}).encode()),
    ("no/topic", b"{}"),
    ("", b"{}"),
    ("checkouts/create", order(1)[1]),
]
numbers = st.one_of(st.integers(1, 4), st.sampled_from([NO_KEY, NO_STATE, NO_ROOM]))
webhooks = st.one_of(numbers.map(order), numbers.map(checkout), numbers.map(redaction), st.sampled_from(ODD))


def told(outcome: Outcome[Receipt]) -> object:
    return (type(outcome), str(outcome)) if isinstance(outcome, Exception) else msgspec.to_builtins(outcome)


async def alone(deps: IngestDependencies, one: Delivery) -> Outcome[Receipt]:
    try:
        return await receive_webhook(deps, one.shop, one.webhook)
    except Exception as error:  # noqa: BLE001 - it is compared
        return error


def identities(events: list[Event]) -> list[tuple[str, str, str]]:
    return sorted((one.id, one.type, one.key) for one in events)


@given(st.lists(webhooks, max_size=12))
def test_each_is_told_what_it_would_be_told_alone(sent: list[tuple[str, bytes]]) -> None:
    async def both() -> None:
        together, apart = Picky(), Picky()
        deliveries = [delivery(topic, body, f"w{n}") for n, (topic, body) in enumerate(sent)]
        found: dict[int, Outcome[Receipt]] = {}
        await receive_webhooks(dependencies(together), deliveries, found.__setitem__)
        expected = [await alone(dependencies(apart), one) for one in deliveries]
        assert [told(found[n]) for n in range(len(sent))] == [told(one) for one in expected]
        assert identities(together.stored) == identities(apart.stored)
        assert sorted(one.id for one in together.kept) == sorted(one.id for one in apart.kept)

    asyncio.run(both())


CART = b'{"token": "t", "line_items": []}'


class Nameless(Shopify):
    """Reads whatever it is sent as a cart that nothing names anybody of."""

    def read(self, topic: str, body: bytes, shop: ShopContext) -> Reading:
        return [Draft(type="cart.updated", payload=CartUpdated(customer=Buyer(), cart_token="t"), subject=Person(()))]


async def test_what_is_about_nobody_costs_itself_only() -> None:
    """Nobody's key can be asked for, and all keys are asked for together."""
    stores = Picky()
    nobodys = Webhook(connector=Nameless(), headers={"x-shopify-topic": "carts/update"}, body=CART, received=RECEIVED)
    deliveries = [delivery(*order(1), "w1"), Delivery.of(SHOP, nobodys), delivery(*order(2), "w2")]
    found: dict[int, Outcome[Receipt]] = {}
    await receive_webhooks(dependencies(stores), deliveries, found.__setitem__)
    receipts = [one for n in range(3) if isinstance(one := found[n], Receipt)]
    assert [len(one.events) for one in receipts] == [1, 0, 1]
    assert "names nobody" in str(told(receipts[1]))


@given(st.integers(1, 60))
def test_however_many_there_are_the_stores_are_asked_once(count: int) -> None:
    async def all_of_them() -> None:
        stores = Picky()
        deliveries = [delivery(*order(n), f"w{n}") for n in range(1, count + 1)]
        found: dict[int, Outcome[Receipt]] = {}
        await receive_webhooks(dependencies(stores), deliveries, found.__setitem__)
        assert len(found) == count
        assert stores.calls == ["states", "keys", "events"]

    asyncio.run(all_of_them())


async def test_one_that_waits_for_long_holds_up_nobody() -> None:
    stores, found = Picky(), dict[int, Outcome[Receipt]]()
    stores.gate.clear()
    deliveries = [delivery(*redaction(1), "slow"), delivery(*order(2), "quick")]
    task = asyncio.create_task(receive_webhooks(dependencies(stores), deliveries, found.__setitem__))
    while 1 not in found:
        await asyncio.sleep(0)
    assert isinstance(found[1], Receipt)
    assert 0 not in found
    stores.gate.set()
    await task
    assert isinstance(found[0], Receipt)


async def test_who_is_not_safe_in_time_must_try_again_and_nobody_else() -> None:
    stores, found = Picky(), dict[int, Outcome[Receipt]]()
    stores.gate.clear()
    deliveries = [delivery(*redaction(1), "slow"), delivery(*order(2), "quick")]
    await receive_webhooks(dependencies(stores, budget=0.2), deliveries, found.__setitem__)
    assert isinstance(found[0], Busy)
    assert isinstance(found[1], Receipt)


class Recorded(Picky):
    """Remembers how many messages were stored at once."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    async def events_of_each(self, groups: Sequence[Sequence[Message]]) -> list[Outcome[None]]:
        self.sizes.append(len(groups))
        return await super().events_of_each(groups)


async def test_who_is_let_in_at_the_same_moment_is_received_together() -> None:
    stores = Recorded()
    batches = WebhookBatches(dependencies(stores), Gathering(0))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(batches.receive(delivery(*order(n), f"w{n}"))) for n in range(1, 20)]
    assert [len(task.result().events) for task in tasks] == [1] * 19
    assert stores.sizes == [19]


async def test_an_error_is_raised_to_its_own_sender_and_who_goes_costs_nobody() -> None:
    stores = Recorded()
    batches = WebhookBatches(dependencies(stores), Gathering(0))
    tasks = [asyncio.create_task(batches.receive(delivery(*order(n), f"w{n}"))) for n in (1, NO_ROOM, 2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert (await tasks[2]).events
    with pytest.raises(Busy, match="no room"):
        await tasks[1]
    assert tasks[0].cancelled()


class Slow(Recorded):
    """Stores nothing until the gate opens."""

    async def events_of_each(self, groups: Sequence[Sequence[Message]]) -> list[Outcome[None]]:
        self.sizes.append(len(groups))
        await self.gate.wait()
        return [None] * len(groups)


async def test_while_lists_are_under_way_the_next_one_grows_and_goes_when_one_of_them_ends() -> None:
    stores = Slow()
    stores.gate.clear()
    batches = WebhookBatches(dependencies(stores), Gathering(0), patience=600.0)
    tasks = []
    for n in range(1, 9):
        tasks.append(asyncio.create_task(batches.receive(delivery(*order(n), f"w{n}"))))
        for _ in range(10):
            await asyncio.sleep(0)
    assert stores.sizes == [1, 1]
    stores.gate.set()
    assert [len((await task).events) for task in tasks] == [1] * 8
    assert stores.sizes == [1, 1, 6]


async def test_nobody_waits_for_long_for_lists_that_are_slow() -> None:
    stores = Slow()
    stores.gate.clear()
    batches = WebhookBatches(dependencies(stores), Gathering(0), patience=0.01)
    tasks = [asyncio.create_task(batches.receive(delivery(*order(1), "w0")))]
    while len(stores.sizes) < 4:
        await asyncio.sleep(0.02)
        tasks.append(asyncio.create_task(batches.receive(delivery(*order(1), f"w{len(tasks)}"))))
    stores.gate.set()
    assert [len((await task).events) for task in tasks] == [1] * len(tasks)
