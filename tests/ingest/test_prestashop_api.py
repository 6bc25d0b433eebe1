"""PrestaShop's web service is polled: local times, what is changed meanwhile, errors, and never a password's hash."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from relevo_ingest.adapters.platform_requests import RequestPolicy, platform_requests
from relevo_ingest.app.poll_shops import PolledShop, PollPolicy, poll_shop
from relevo_ingest.connectors.platform_api import ApiFailure, Connection, Record
from relevo_ingest.connectors.prestashop.api import PrestaShopApi
from relevo_ingest.connectors.prestashop.listing import PrestaShopLists
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext
from relevo_runtime.clock import SystemClock
from tests.ingest.polled_shop import MemoryLeases, MemoryShop, Shops, polling
from tests.ingest.test_prestashop import event_of
from tests.platform_servers.prestashop import KEY, PrestaShopServer, local
from tests.platform_servers.server import Fault, broken, cut, said, serving, too_many

NOW = datetime(2026, 3, 5, 17, 30, tzinfo=UTC)
QUICK = RequestPolicy(tries=3, first_pause=0.001, longest_pause=1.0, rate=0, seconds=2.0)


class Polled:
    """A PrestaShop that is polled by the real sender; what arrived of it."""

    def __init__(self, server: PrestaShopServer) -> None:
        self.server = server
        self.memory = MemoryShop()
        self.memory.now = NOW
        self.leases = MemoryLeases()
        self.arrived: list[dict[str, Any]] = []
        self.shop = PolledShop(
            context=ShopContext(shop="lumen", currency="EUR"),
            connector=CONNECTORS["prestashop"],
            api=PrestaShopApi(),
            lists=PrestaShopLists(),
            connection=Connection(base_url=server.url, credentials={"key": KEY}),
        )

    async def poll(self, connection: Connection | None = None) -> ApiFailure | None:
        shop = self.shop if connection is None else msgspec.structs.replace(self.shop, connection=connection)
        async with platform_requests(QUICK, clock=SystemClock()) as sender:
            used = polling(self.memory, Shops(shop), self.leases, policy=PollPolicy())
            used = msgspec.structs.replace(used, requests=sender, receive=self._receive)
            [lease] = await self.leases.claim(["lumen"], 1)
            return await poll_shop(used, shop, lease)

    async def _receive(self, shop: PolledShop, records: Sequence[Record]) -> object:
        for record in records:
            assert shop.connector.mismatch(record.topic, record.body, shop.context, {}) is None
            assert shop.connector.claims({}, record.body).topic == record.topic
            self.arrived.append(json.loads(record.body)["data"])
        return None

    def ids(self, kind: str) -> list[int]:
        return [data[kind]["id"] for data in self.arrived if kind in data]


@pytest.fixture
async def lumen() -> AsyncIterator[Polled]:
    async with serving(PrestaShopServer()) as server:
        yield Polled(server)


def customer(server: PrestaShopServer, number: int, at: datetime, **values: Any) -> None:
    secret = {"passwd": "$2y$10$hash", "secure_key": "e2aac4f92c46", "ip_registration_newsletter": "203.0.113.7"}
    names = {"email": f"c{number}@example.com", "id_lang": 1, "id_default_group": 3, "is_guest": 0, "deleted": 0}
    server.change("customers", number, at, **{**secret, **names, **values})


async def test_an_order_comes_with_all_that_it_refers_to_and_without_secrets(lumen: Polled) -> None:
    server = lumen.server
    customer(server, 25, NOW)
    data = event_of("order")["data"]
    server.rows["addresses"] = [{**data["related"]["addresses"][0], "other": ""}]
    server.rows["order_carriers"] = data["related"]["order_carriers"]
    order = {name: value for name, value in data["order"].items() if name not in ("id", "date_add", "date_upd")}
    server.change("orders", 727, NOW, **order, secure_key="b44a6d9efd7a")
    assert await lumen.poll() is None
    [found] = [one for one in lumen.arrived if "order" in one]
    assert set(found["related"]) == {
        "configurations", "customers", "currencies", "languages", "order_states", "addresses", "order_carriers",
        "carriers", "countries",
    }  # fmt: skip
    assert [state["id"] for state in found["related"]["order_states"]] == [1]
    assert not {"hash", "e2aac4f92c46", "b44a6d9efd7a", "203.0.113.7"} & set(json.dumps(lumen.arrived).split('"'))
    assert all(name not in json.dumps(lumen.arrived) for name in ("passwd", "secure_key", "203.0.113.7"))


@pytest.mark.parametrize(
    ("forbidden", "codes"),
    [(set(), ["BIENVENUE-7K3F"]), ({"cart_rules"}, None), ({"order_cart_rules"}, None)],
    ids=["with the right", "without that of the rules", "without both, as in 1.6"],
)
async def test_the_codes_of_an_order_are_asked_for_where_the_key_may(
    lumen: Polled, forbidden: set[str], codes: list[str] | None
) -> None:
    server, related = lumen.server, event_of("order")["data"]["related"]
    customer(server, 25, NOW)
    server.rows |= {name: related[name] for name in ("order_cart_rules", "cart_rules")}
    server.forbidden = forbidden
    server.change("orders", 727, NOW, id_customer="25", current_state="1", id_lang="1", id_currency="1")
    assert await lumen.poll() is None
    [found] = [one for one in lumen.arrived if "order" in one]
    told = [rule["code"] for rule in found["related"].get("cart_rules", [])]
    assert told == (codes or [])


async def test_a_shop_of_1_6_whose_languages_have_no_locale(lumen: Polled) -> None:
    """A field that is asked for by name and is not there is an error of the whole list."""
    lumen.server.lacking = {"languages": {"locale"}}
    lumen.server.rows["languages"] = [{"id": 1, "iso_code": "pt", "language_code": "pt-br", "name": "Português"}]
    customer(lumen.server, 25, NOW)
    assert await lumen.poll() is None
    assert lumen.ids("customer") == [25]


async def test_more_than_a_page_changed_in_one_second(lumen: Polled) -> None:
    for number in range(1, 121):
        customer(lumen.server, number, NOW - timedelta(seconds=30))
    for number in range(121, 131):
        customer(lumen.server, number, NOW - timedelta(seconds=20))
    assert await lumen.poll() is None
    assert lumen.ids("customer") == list(range(1, 131))
    assert await lumen.poll() is None
    assert len(lumen.ids("customer")) == 130, "nothing arrives twice"


async def test_what_changes_while_it_is_read_is_neither_lost_nor_holds_up_the_others(lumen: Polled) -> None:
    for number in range(1, 131):
        customer(lumen.server, number, NOW - timedelta(seconds=200 - number))
    changed: list[int] = []

    def change(resource: str) -> None:
        if resource == "customers" and len(changed) < 20:
            changed.append(len(changed) + 1)
            customer(lumen.server, changed[-1], NOW + timedelta(seconds=len(changed)), firstname="changed")

    lumen.server.before_page = change
    assert await lumen.poll() is None
    lumen.server.before_page = lambda resource: None
    assert await lumen.poll() is None
    assert set(lumen.ids("customer")) == set(range(1, 131))
    again = [one["customer"]["id"] for one in lumen.arrived if one["customer"].get("firstname") == "changed"]
    assert set(again) == set(changed)


async def test_nothing_is_lost_in_the_hour_that_comes_twice(lumen: Polled) -> None:
    before = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)  # 02:50 in Paris; at 01:00 UTC clocks go back to 02:00
    lumen.memory.now = before + timedelta(seconds=10)
    customer(lumen.server, 1, before)
    assert await lumen.poll() is None
    after = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    customer(lumen.server, 2, after)
    assert local(after) < local(before)
    lumen.memory.now = datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    assert await lumen.poll() is None
    assert lumen.ids("customer") == [1, 2]


FAULTS = [too_many(0, "orders"), broken(500, "orders"), broken(503), cut("orders"),
          said({"errors": [{"code": 1, "message": "database is away"}]}, where="orders")]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=["429", "500", "503", "cut", "error-in-200"])
async def test_an_error_that_passes_costs_nothing(lumen: Polled, fault: Fault) -> None:
    lumen.server.faults = [fault]
    lumen.server.change("orders", 1, NOW, current_state=1, id_customer=0)
    assert await lumen.poll() is None
    assert lumen.ids("order") == [1]


async def test_an_error_that_stays_is_told_and_the_next_turn_misses_nothing(lumen: Polled) -> None:
    lumen.server.change("orders", 1, NOW, current_state=1, id_customer=0)
    lumen.server.faults = [broken(500, "orders")] * 3
    failure = await lumen.poll()
    assert failure is not None
    assert failure.reason.startswith("orders: HTTP 500")
    assert await lumen.poll() is None
    assert lumen.ids("order") == [1]


async def test_a_wrong_key_or_a_missing_right_says_what_to_do(lumen: Polled) -> None:
    wrong = Connection(base_url=lumen.server.url, credentials={"key": "another"})
    failure = await lumen.poll(wrong)
    assert failure is not None
    assert failure.permanent
    assert "give it the right GET" in failure.reason
    lumen.server.forbidden = {"order_slip"}
    customer(lumen.server, 1, NOW)
    failure = await lumen.poll()
    assert failure is not None
    assert failure.reason.startswith("order_slip: HTTP 401")
    assert lumen.ids("customer") == [1], "what may be read is read"


async def test_what_is_not_json_is_told() -> None:
    async with serving(PrestaShopServer()) as server:
        shop = Polled(server)
        server.faults = [said("<prestashop/>", where="customers")] * 3
        failure = await shop.poll()
    assert failure is not None
    assert "output_format=JSON" in failure.reason
    assert asyncio.get_running_loop().is_running()
