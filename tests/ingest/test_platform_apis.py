"""The APIs of WooCommerce and Shopify, against servers that speak them with their errors."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from relevo_ingest.adapters.platform_requests import PlatformRequests, RequestPolicy
from relevo_ingest.connectors.platform_api import (
    ApiFailure,
    ApiRequest,
    ApiResponse,
    ChangeLists,
    Connection,
    PlatformApi,
    Record,
)
from relevo_ingest.connectors.registration import Registered, Registration
from relevo_ingest.connectors.registry import APIS, CONNECTORS, HISTORIES, REGISTRATIONS
from relevo_ingest.core.drafts import ShopContext
from relevo_runtime.clock import SystemClock
from tests.platform_servers import shopify, woocommerce
from tests.platform_servers.server import Fault, broken, cut, said, serving, slow, too_many
from tests.platform_servers.shopify import ShopifyServer
from tests.platform_servers.woocommerce import WooCommerceServer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = RequestPolicy(tries=6, first_pause=0.01, seconds=2.0, rate=0)
Server = WooCommerceServer | ShopifyServer
ADDRESS = "https://relevo.example/hooks/tea/platform"


class Shop:
    """A shop's server and what talks to it."""

    def __init__(self, name: str, server: Server, requests: PlatformRequests) -> None:
        self.name = name
        self.server = server
        self.requests = requests
        self.api: PlatformApi = APIS[name]
        self.lists: ChangeLists = HISTORIES[name]
        self.registration: Registration = REGISTRATIONS[name]
        if name == "woocommerce":
            own = {"consumer_key": woocommerce.KEY, "consumer_secret": woocommerce.SECRET}
        else:
            own = {"access_token": shopify.TOKEN, "client_secret": shopify.SECRET}
        self.connection = Connection(base_url=server.url, credentials=own)

    async def read(self, resource: str, since: datetime, until: datetime) -> list[Record]:
        found: list[Record] = []
        request = self.lists.changed(resource, since, until)
        while True:
            page = await self.requests.converse(self.api, self.connection, self.lists.page(resource, request))
            assert not isinstance(page, ApiFailure), page
            found += page.records
            if page.following is None:
                return found
            request = page.following

    async def listed(self) -> list[Registered]:
        found = await self.requests.converse(self.api, self.connection, self.registration.listed())
        assert not isinstance(found, ApiFailure), found
        return list(found)

    async def create(self, topic: str) -> Registered | ApiFailure:
        exchange = self.registration.create(topic, ADDRESS, "a secret of ours")
        return await self.requests.converse(self.api, self.connection, exchange)


@pytest.fixture(params=["woocommerce", "shopify"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    server: Server = WooCommerceServer(pinging=False) if request.param == "woocommerce" else ShopifyServer()
    async with serving(server), httpx.AsyncClient(trust_env=False) as client:
        yield Shop(request.param, server, PlatformRequests(client, POLICY, clock=SystemClock(), jitter=lambda: 0.0))


@pytest.mark.parametrize("resource", ["customers", "orders", "products"])
async def test_everything_that_changed_in_a_time_is_read_whatever_goes_wrong_once(shop: Shop, resource: str) -> None:
    for number in range(1, 701):
        shop.server.change(resource, number, NOON + timedelta(seconds=number // 150), email=f"{number}@example.org")
    shop.server.change(resource, 701, NOON - 2 * DAY)
    shop.server.change(resource, 702, NOON + 2 * DAY)
    where = f"/{resource}"
    shop.server.faults += [too_many(0, where), broken(503, where), cut(where), broken(500, where)]
    found = await shop.read(resource, NOON - DAY, NOON + DAY)
    assert {record.id for record in found} == {str(number) for number in range(1, 701)}
    assert all(NOON - DAY <= record.updated < NOON + DAY for record in found)


async def test_what_changes_while_it_is_read_makes_nothing_fall_out(shop: Shop) -> None:
    for number in range(1, 301):
        shop.server.change("orders", number, NOON + timedelta(seconds=number))
    request: ApiRequest | None = shop.lists.changed("orders", NOON, NOON + DAY)
    seen: set[str] = set()
    changed = 1
    while request is not None:
        page = await shop.requests.converse(shop.api, shop.connection, shop.lists.page("orders", request))
        assert not isinstance(page, ApiFailure)
        seen |= {record.id for record in page.records}
        if shop.name == "woocommerce":  # Shopify's cursors stand behind records; this server's count them
            shop.server.change("orders", changed, NOON + timedelta(hours=1, seconds=changed))
        changed += 1
        request = page.following
    assert seen == {str(number) for number in range(1, 301)}


async def test_records_are_what_the_connector_reads(shop: Shop) -> None:
    for resource, body in BODIES.items():
        shop.server.change(resource, 7, NOON, **body[shop.name])
    connector, place = CONNECTORS[shop.name], ShopContext(shop="tea", currency="EUR")
    for one in shop.lists.resources:
        [record, *_] = await shop.read(one, NOON - DAY, NOON + DAY)
        assert connector.mismatch(record.topic, record.body, place, {}) is None
        assert connector.read(record.topic, record.body, place)


BODIES: dict[str, dict[str, dict[str, object]]] = {
    "customers": {
        "woocommerce": {"email": "ana@example.org", "role": "customer"},
        "shopify": {"email": "ana@example.org", "verified_email": True},
    },
    "orders": {
        "woocommerce": {"status": "processing", "order_key": "k", "line_items": [], "billing": {}},
        "shopify": {"name": "#7", "financial_status": "paid", "line_items": []},
    },
    "products": {
        "woocommerce": {"stock_status": "instock", "price": "3"},
        "shopify": {"title": "Tea", "handle": "tea", "variants": []},
    },
}


async def test_webhooks_are_made_listed_and_deleted(shop: Shop) -> None:
    made = [await shop.create(topic) for topic in shop.registration.topics]
    found = await shop.listed()
    assert sorted(one.topic for one in found) == sorted(shop.registration.topics)
    assert {one.address for one in found} == {ADDRESS}
    assert [one for one in made if isinstance(one, ApiFailure)] == []
    await shop.requests.converse(shop.api, shop.connection, shop.registration.delete(found[0]))
    assert len(await shop.listed()) == len(found) - 1


async def test_what_a_shop_does_not_have_is_refused_with_its_words(shop: Shop) -> None:
    refused = await shop.create(shop.registration.further[-1])
    assert isinstance(refused, ApiFailure)
    assert refused.permanent
    assert "topic" in refused.reason


@pytest.mark.parametrize(
    ("wrong", "said_by"),
    [
        ({"base_url": "/nothing"}, "address"),
        ({"credentials": "wrong"}, "key or secret is wrong|access token is wrong"),
    ],
)
async def test_what_is_wrong_with_a_connection_is_said_so_that_it_can_be_mended(
    shop: Shop, wrong: dict[str, str], said_by: str
) -> None:
    own = dict.fromkeys(shop.connection.credentials, "x-y-z") if "credentials" in wrong else shop.connection.credentials
    there = Connection(base_url=shop.connection.base_url + wrong.get("base_url", ""), credentials=own)
    found = await shop.requests.converse(shop.api, there, shop.registration.listed())
    assert isinstance(found, ApiFailure)
    assert found.permanent
    assert any(words in found.reason for words in said_by.split("|")), found.reason
    assert all(secret not in found.reason for secret in shop.connection.credentials.values())


@pytest.mark.parametrize(
    "fault",
    [
        lambda: said({"code": "rest_db_error", "message": "Deadlock found", "errors": [{"message": "Internal error"}]}),
        lambda: said("not a list"),
        lambda: slow(5.0),
        cut,
    ],
    ids=["error in a 200", "something else", "slow", "cut"],
)
async def test_what_goes_wrong_for_good_is_a_failure_with_its_reason(shop: Shop, fault: Callable[[], Fault]) -> None:
    shop.server.change("orders", 1, NOON)
    shop.server.faults += [fault() for _ in range(POLICY.tries)]
    page = shop.lists.page("orders", shop.lists.changed("orders", NOON - DAY, NOON + DAY))
    found = await shop.requests.converse(shop.api, shop.connection, page)
    assert isinstance(found, ApiFailure)
    assert found.reason


def test_a_query_that_costs_more_than_the_shop_has_is_asked_again_when_it_has() -> None:
    status = {"currentlyAvailable": 10, "restoreRate": 50}
    told = {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": 110, "throttleStatus": status}},
    }
    failure = APIS["shopify"].failure(ApiResponse(status=200, body=msgspec.json.encode(told)))
    assert failure == ApiFailure("Throttled", permanent=False, retry_after=timedelta(seconds=2))
