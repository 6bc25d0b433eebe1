"""Magento's REST API is polled: what is changed meanwhile, errors, and what its records refer to."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from relevo_ingest.adapters.platform_requests import RequestPolicy, platform_requests
from relevo_ingest.app.poll_shops import PolledShop, PollPolicy, poll_shop
from relevo_ingest.connectors.magento.api import MagentoApi
from relevo_ingest.connectors.magento.listing import MagentoLists
from relevo_ingest.connectors.platform_api import ApiFailure, Connection, Record
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext
from relevo_runtime.clock import SystemClock
from tests.ingest.polled_shop import MemoryLeases, MemoryShop, Shops, polling
from tests.ingest.test_magento import event_of
from tests.platform_servers.magento import TOKEN, MagentoServer
from tests.platform_servers.server import Fault, broken, cut, said, serving, too_many

NOW = datetime(2026, 3, 5, 17, 30, tzinfo=UTC)
QUICK = RequestPolicy(tries=3, first_pause=0.001, longest_pause=1.0, rate=0, seconds=2.0)


class Polled:
    """A Magento that is polled by the real sender; what arrived of it."""

    def __init__(self, server: MagentoServer) -> None:
        self.server = server
        self.memory = MemoryShop()
        self.memory.now = NOW
        self.leases = MemoryLeases()
        self.arrived: list[dict[str, Any]] = []
        self.shop = PolledShop(
            context=ShopContext(shop="fiets", currency="EUR"),
            connector=CONNECTORS["magento"],
            api=MagentoApi(),
            lists=MagentoLists(),
            connection=Connection(base_url=server.url, credentials={"token": TOKEN}),
        )

    async def poll(self) -> ApiFailure | None:
        async with platform_requests(QUICK, clock=SystemClock()) as sender:
            used = polling(self.memory, Shops(self.shop), self.leases, policy=PollPolicy())
            used = msgspec.structs.replace(used, requests=sender, receive=self._receive)
            [lease] = await self.leases.claim(["fiets"], 1)
            return await poll_shop(used, self.shop, lease)

    async def _receive(self, shop: PolledShop, records: Sequence[Record]) -> object:
        for record in records:
            assert shop.connector.mismatch(record.topic, record.body, shop.context, {}) is None
            assert shop.connector.claims({}, record.body).topic == record.topic
            self.arrived.append(json.loads(record.body)["data"])
        return None

    def ids(self, kind: str, name: str = "entity_id") -> list[int]:
        return [data[kind][name] for data in self.arrived if kind in data]


@pytest.fixture
async def fiets() -> AsyncIterator[Polled]:
    async with serving(MagentoServer()) as server:
        yield Polled(server)


def record(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = event_of(kind)["data"][kind]
    return {name: value for name, value in found.items() if name not in ("id", "entity_id", "created_at", "updated_at")}


async def test_each_record_comes_with_what_it_refers_to_and_without_secrets(fiets: Polled) -> None:
    server = fiets.server
    for path, kind in (("/customers/search", "customer"), ("/products", "product"), ("/carts/search", "cart"),
                       ("/orders", "order"), ("/invoices", "invoice"), ("/shipments", "shipment"),
                       ("/creditmemos", "creditmemo")):  # fmt: skip
        server.change(path, 41, NOW, **record(kind))
    assert await fiets.poll() is None
    kinds = [name for data in fiets.arrived for name in data if name != "related"]
    assert kinds == ["customer", "product", "cart", "order", "invoice", "shipment", "creditmemo"]
    related = {next(iter(data)): set(data["related"]) for data in fiets.arrived}
    assert related["customer"] == {"storeConfigs", "customerGroups"}
    assert related["product"] == {"storeConfigs", "sourceItems", "categories"}
    assert related["order"] == {"storeConfigs"}
    assert all(name not in json.dumps(fiets.arrived) for name in ("remote_ip", "protect_code", "cc_last4"))


async def test_more_than_a_page_changed_in_one_second(fiets: Polled) -> None:
    for number in range(1, 121):
        fiets.server.change("/orders", number, NOW - timedelta(seconds=30), status="pending")
    for number in range(121, 131):
        fiets.server.change("/orders", number, NOW - timedelta(seconds=20), status="pending")
    assert await fiets.poll() is None
    assert fiets.ids("order") == list(range(1, 131))
    assert await fiets.poll() is None
    assert len(fiets.arrived) == 130, "nothing arrives twice"


async def test_what_changes_while_it_is_read_is_not_lost(fiets: Polled) -> None:
    for number in range(1, 131):
        fiets.server.change("/orders", number, NOW - timedelta(seconds=200 - number), status="pending")
    changed: list[int] = []

    def change(path: str) -> None:
        if path == "/orders" and len(changed) < 20:
            changed.append(len(changed) + 1)
            fiets.server.change("/orders", changed[-1], NOW + timedelta(seconds=len(changed)), status="processing")

    fiets.server.before_page = change
    assert await fiets.poll() is None
    fiets.server.before_page = lambda path: None
    assert await fiets.poll() is None
    assert set(fiets.ids("order")) == set(range(1, 131))
    again = {data["order"]["entity_id"] for data in fiets.arrived if data["order"]["status"] == "processing"}
    assert again == set(changed)


FAULTS = [too_many(0, "orders"), broken(500, "orders"), broken(503), cut("orders"),
          said({"message": "Internal error %1", "parameters": ["17"]}, where="orders")]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=["429", "500", "503", "cut", "error-in-200"])
async def test_an_error_that_passes_costs_nothing(fiets: Polled, fault: Fault) -> None:
    fiets.server.faults = [fault]
    fiets.server.change("/orders", 1, NOW, status="pending")
    assert await fiets.poll() is None
    assert fiets.ids("order") == [1]


async def test_a_missing_right_says_what_to_do_and_costs_its_own_list_only(fiets: Polled) -> None:
    fiets.server.forbidden = {"/orders"}
    fiets.server.change("/invoices", 1, NOW, state=2)
    failure = await fiets.poll()
    assert failure is not None
    assert failure.permanent
    assert failure.reason.startswith("orders: HTTP 401: the token is wrong, or its integration may not read this")
    assert fiets.ids("invoice") == [1]


async def test_an_error_names_its_parameters(fiets: Polled) -> None:
    fiets.server.faults = [said({"message": "No %fieldName", "parameters": {"fieldName": "x"}}, 400, "orders")]
    failure = await fiets.poll()
    assert failure == ApiFailure("orders: HTTP 400: No x", permanent=True)
