"""What shops had before they were connected, of BigCommerce, OroCommerce and Adobe Commerce: nothing lost, all read."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from relevo_ingest.adapters.platform_requests import PlatformRequests, RequestPolicy
from relevo_ingest.connectors.adobe_commerce.connector import AdobeCommerce
from relevo_ingest.connectors.platform_api import ApiFailure, ApiRequest, Connection, Page, Record
from relevo_ingest.connectors.registry import APIS, CONNECTORS, HISTORIES
from relevo_ingest.core.drafts import ShopContext
from relevo_runtime.clock import SystemClock
from tests.ingest.webhooks import ShopSession
from tests.platform_servers import bigcommerce, magento, orocommerce
from tests.platform_servers.bigcommerce import BigCommerceServer
from tests.platform_servers.magento import MagentoServer
from tests.platform_servers.orocommerce import OroCommerceServer
from tests.platform_servers.server import broken, cut, said, serving, too_many

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = RequestPolicy(tries=6, first_pause=0.001, seconds=2.0, rate=0)
Server = BigCommerceServer | OroCommerceServer | MagentoServer
NAMES: dict[str, dict[str, str]] = {
    "bigcommerce": {name: name for name in ("customers", "subscribers", "products", "orders")},
    "orocommerce": {
        "companies": "customer",
        "customers": "customeruser",
        "products": "product",
        "orders": "order",
    },
    "adobe-commerce": {"customers": "/customers/search", "products": "/products", "orders": "/orders"},
}
"""By which name each server has a list."""
CASES = [(platform, resource) for platform, names in NAMES.items() for resource in names]
COUNT = 230


class Shop:
    """A shop's server and what reads it."""

    def __init__(self, name: str, server: Server, requests: PlatformRequests) -> None:
        self.name = name
        self.server = server
        self.requests = requests
        self.api, self.lists, self.connector = APIS[name], HISTORIES[name], CONNECTORS[name]
        self.connection = Connection(base_url=server.url, credentials=CREDENTIALS[name])

    async def page(self, resource: str, request: ApiRequest) -> Page | ApiFailure:
        found: Page | ApiFailure = await self.requests.converse(
            self.api, self.connection, self.lists.page(resource, request)
        )
        return found

    async def read(self, resource: str, since: datetime = NOON - DAY, until: datetime = NOON + DAY) -> list[Record]:
        """Every page; between two of them the request is kept as the command keeps it."""
        found: list[Record] = []
        request: ApiRequest | None = self.lists.changed(resource, since, until)
        while request is not None:
            page = await self.page(resource, msgspec.convert(msgspec.to_builtins(request), ApiRequest))
            assert not isinstance(page, ApiFailure), page
            found += page.records
            request = page.following
        return found

    def change(self, resource: str, number: int, at: datetime, **values: Any) -> None:
        self.server.change(NAMES[self.name][resource], number, at, **values)

    def delete(self, resource: str, number: int) -> None:
        server: Any = self.server
        rows = server.rows if isinstance(self.server, MagentoServer) else server.records
        listed = rows[NAMES[self.name][resource]]
        listed[:] = [one for one in listed if str(one.get("id", one.get("entity_id"))) != str(number)]


CREDENTIALS = {
    "bigcommerce": {"access_token": bigcommerce.TOKEN},
    "orocommerce": orocommerce.CREDENTIALS,
    "adobe-commerce": {"token": magento.TOKEN},
}
SERVERS: dict[str, type[Server]] = {
    "bigcommerce": BigCommerceServer,
    "orocommerce": OroCommerceServer,
    "adobe-commerce": MagentoServer,
}


@pytest.fixture
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    async with serving(SERVERS[request.param]()) as server, httpx.AsyncClient(trust_env=False) as client:
        yield Shop(request.param, server, PlatformRequests(client, POLICY, clock=SystemClock(), jitter=lambda: 0.0))


@pytest.mark.parametrize(("shop", "resource"), CASES, indirect=["shop"])
async def test_all_that_changed_in_a_time_is_read_once_whatever_goes_wrong(shop: Shop, resource: str) -> None:
    for number in range(1, COUNT + 1):
        shop.change(resource, number, NOON + timedelta(seconds=number // 150))
    shop.change(resource, COUNT + 1, NOON - 2 * DAY)
    shop.change(resource, COUNT + 2, NOON + 2 * DAY)
    shop.server.faults += [too_many(0), broken(503), cut(), broken(500)]
    found = await shop.read(resource)
    assert sorted(int(one.id) for one in found) == list(range(1, COUNT + 1))
    assert all(NOON - DAY <= one.updated < NOON + DAY for one in found)


@pytest.mark.parametrize(("shop", "resource"), CASES, indirect=["shop"])
async def test_what_changes_and_is_deleted_while_it_is_read_makes_nothing_fall_out(shop: Shop, resource: str) -> None:
    for number in range(1, COUNT + 1):
        shop.change(resource, number, NOON + timedelta(seconds=number))
    left = iter(range(1, COUNT, 4))
    touched: set[int] = set()

    def meanwhile(*_: object) -> None:
        for act in (shop.delete, lambda name, number: shop.change(name, number, NOON + timedelta(hours=1))):
            number = next(left)
            touched.add(number)
            act(resource, number)

    server: Any = shop.server
    server.before_page = meanwhile
    found = {int(one.id) for one in await shop.read(resource)}
    assert len(touched) >= 4
    assert set(range(1, COUNT + 1)) - touched <= found


@pytest.mark.parametrize("shop", NAMES, indirect=True)
async def test_what_may_not_be_read_is_said_and_kept_from_nobody_else(shop: Shop) -> None:
    server: Any = shop.server
    if isinstance(server, MagentoServer):
        server.forbidden = {"/orders"}
    else:
        server.refused = (NAMES[shop.name]["orders"],)
    for resource in shop.lists.resources:
        found = await shop.page(resource, shop.lists.changed(resource, NOON - DAY, NOON))
        assert isinstance(found, ApiFailure) is (resource == "orders"), (resource, found)
        if isinstance(found, ApiFailure):
            assert found.permanent
            assert all(secret not in found.reason for secret in CREDENTIALS[shop.name].values())


@pytest.mark.parametrize("shop", NAMES, indirect=True)
async def test_an_answer_that_is_no_list_is_a_failure_with_its_reason(shop: Shop) -> None:
    first = "/oauth2-token" if shop.name == "orocommerce" else ""
    if first:
        await shop.page("orders", shop.lists.changed("orders", NOON - DAY, NOON))
    for answer in ("not a list", {"data": "no"}, {"items": 5}, 7, None):
        shop.server.faults += [said(answer) for _ in range(POLICY.tries)]
        found = await shop.page("orders", shop.lists.changed("orders", NOON - DAY, NOON))
        shop.server.faults.clear()
        assert isinstance(found, ApiFailure), answer
        assert found.reason


def told(shop: Shop, records: list[Record]) -> list[tuple[str, str, Any]]:
    """The events of the records: types, ids and payloads."""
    session = ShopSession(ShopContext(shop="tea", currency="EUR", region="ES"), shop.connector)
    found = []
    for one in records:
        assert shop.connector.mismatch(one.topic, one.body, session.shop, {}) is None
        found += [(event.type, event.id, event.payload()) for event in session.events_of(one.topic, one.body)]
    return found


@pytest.mark.parametrize("shop", ["bigcommerce"], indirect=True)
async def test_history_of_bigcommerce_says_what_its_webhooks_would(shop: Shop) -> None:
    order = {name: value for name, value in bigcommerce.answer("order").items() if not name.startswith("date_")}
    shop.change("orders", 250, NOON, **order)
    [placed, paid] = told(shop, await shop.read("orders"))
    assert (placed[0], paid[0]) == ("order.placed", "order.paid")
    assert placed[2].total.amount == "41.00"
    assert [line.sku for line in placed[2].items] != []
    assert placed[2].shipping_address.city
    asked = [one.path for one in shop.server.asked]
    assert asked == ["/v2/orders", "/v2/orders/250/coupons"], "one request for all, and one where there is a coupon"
    shop.change("subscribers", 5, NOON, **bigcommerce.answer("subscriber")["data"])
    [consent] = told(shop, await shop.read("subscribers"))
    assert (consent[0], consent[2].state) == ("consent.changed", "granted")
    for resource in ("customers", "products"):
        [row] = bigcommerce.answer("customer")["data"] if resource == "customers" else [_product()]
        shop.change(resource, row.pop("id"), NOON, **row)
        assert [one[0] for one in told(shop, await shop.read(resource))] == [f"{resource[:-1]}.updated"]


def _product() -> dict[str, Any]:
    found: dict[str, Any] = bigcommerce.answer("product")["data"]
    return found


@pytest.mark.parametrize("shop", ["orocommerce"], indirect=True)
async def test_history_of_orocommerce_says_what_its_webhooks_would(shop: Shop) -> None:
    for resource, name in NAMES["orocommerce"].items():
        shop.change(resource, 71, datetime(2026, 3, 5, 17, tzinfo=UTC))
        [record] = await shop.read(resource)
        assert "of-another" not in record.body.decode(), "what came along for others of the page"
        live = json.loads((orocommerce.FIXTURES / f"{name}.created.json").read_text())
        assert set(json.loads(record.body)["eventData"]) == {"data", "included"}
        first = told(shop, [record])[0]
        assert first[0] == ("order.placed" if resource == "orders" else f"{first[0].partition('.')[0]}.updated")
        wanted = ShopSession(ShopContext(shop="tea", currency="EUR", region="ES"), shop.connector)
        [event, *_] = wanted.events_of(live["topic"], live)
        if resource == "orders":
            assert (first[1], first[2]) == (event.id, event.payload())


@pytest.mark.parametrize("shop", ["adobe-commerce"], indirect=True)
async def test_history_of_adobe_commerce_says_what_its_events_would(shop: Shop) -> None:
    assert isinstance(shop.connector, AdobeCommerce)
    place = {"city": "Madrid", "country_id": "ES", "street": ["Calle Mayor 5"], "telephone": "+34612345678"}
    sent = {"shipping_assignments": [{"shipping": {"address": place, "method": "flat"}}]}
    order = {"increment_id": "7", "state": "complete", "status": "complete", "grand_total": 30, "total_paid": 30}
    who = {"customer_email": "ana@example.org", "customer_is_guest": 1, "order_currency_code": "EUR", "store_id": 2}
    shop.change("orders", 7, NOON, **order, **who, extension_attributes=sent, remote_ip="203.0.113.9")
    [record] = await shop.read("orders")
    assert b"203.0.113.9" not in record.body
    placed, paid = told(shop, [record])
    assert (placed[0], placed[1].partition("#")[0], paid[0]) == ("order.placed", placed[1], "order.paid")
    assert (placed[2].shipping_address.city, placed[2].store) == ("Madrid", "2")
    for number, subscribed in ((1, True), (2, False)):
        extension = {"is_subscribed": subscribed}
        shop.change("customers", number, NOON, email=f"{number}@example.org", extension_attributes=extension)
    events = told(shop, await shop.read("customers"))
    assert [(one[0], one[2].customer.email) for one in events if one[0] == "consent.changed"] == [
        ("consent.changed", "1@example.org")
    ]
    attributes = [{"attribute_code": "special_price", "value": "2.50"}]
    stock = {"stock_item": {"qty": 4, "is_in_stock": True}}
    shop.change(
        "products", 3, NOON, sku="TEA", name="Tea", price=3, custom_attributes=attributes, extension_attributes=stock
    )
    [*_, product] = told(shop, await shop.read("products"))
    assert (product[2].price.amount, product[2].list_price.amount, product[2].in_stock) == ("2.50", "3", True)
