"""What webhooks only name is fetched from the platform's API: nothing lost, each entity once, whatever the API does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from relevo_contracts.envelope import Event
from relevo_contracts.messages import Unrecognised
from relevo_ingest.adapters.counters import MetricCounters
from relevo_ingest.adapters.notifications import KeptNotifications
from relevo_ingest.adapters.platform_requests import RequestPolicy, platform_requests
from relevo_ingest.adapters.states import KnownStates
from relevo_ingest.app.fetching import FetchedShop, Fetcher, Fetching, FetchPolicy, NotConnected
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.receive_webhook import Webhook, receive_webhook
from relevo_ingest.connectors.platform_api import ApiRequest, ApiResponse, Connection, answers
from relevo_ingest.connectors.registry import APIS, CONNECTORS, FETCHES
from relevo_ingest.core.drafts import DEFAULT_LIMITS, ShopContext
from relevo_runtime.clock import SystemClock
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from tests.ingest.test_any_request import Stores
from tests.ingest.test_bigcommerce import notification
from tests.ingest.test_orocommerce import body as oro_body
from tests.ingest.test_orocommerce import thin
from tests.ingest.webhooks import body_of
from tests.platform_servers.bigcommerce import TOKEN, BigCommerceServer
from tests.platform_servers.orocommerce import CREDENTIALS, OroCommerceServer
from tests.platform_servers.server import PlatformServer, broken, cut, said, serving, slow, too_many

NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
QUICK = RequestPolicy(tries=3, seconds=2, first_pause=0.01, longest_pause=0.2, rate=1000, burst=1000)
AT_ONCE = FetchPolicy(first_pause=timedelta(0))


class Shop:
    """A connected shop, its API, and what became of its webhooks."""

    def __init__(self, pool: Pool, platform: str, server: PlatformServer, credentials: dict[str, str]) -> None:
        self.stores = Stores()
        self.platform = platform
        self.server = server
        self.connected: FetchedShop | NotConnected = FetchedShop(
            context=ShopContext(shop="lumen", currency="EUR", region="ES"),
            connector=CONNECTORS[platform],
            api=APIS[platform],
            fetches=FETCHES[platform],
            connection=Connection(base_url=server.url, credentials=credentials),
        )
        self.now = NOW
        self.kept = KeptNotifications(pool)
        stores: Any = self.stores
        self.deps = IngestDependencies(
            keys=stores,
            states=KnownStates(pool, SystemClock()),
            log=stores,
            erasures=stores,
            ids=stores,
            notifications=self.kept,
            counters=MetricCounters(Metrics("ingest")),
            limits=DEFAULT_LIMITS,
            budget=30.0,
        )

    async def get(self, shop: str, platform: str) -> FetchedShop | NotConnected:
        assert (shop, platform) == ("lumen", self.platform)
        return self.connected

    async def hears(self, body: bytes) -> Sequence[str]:
        """A webhook comes; what is to be fetched for it."""
        webhook = Webhook(connector=CONNECTORS[self.platform], headers={}, body=body, received=NOW)
        receipt = await receive_webhook(self.deps, ShopContext(shop="lumen", currency="EUR"), webhook)
        return receipt.fetching

    @asynccontextmanager
    async def fetcher(self, policy: FetchPolicy = AT_ONCE) -> AsyncIterator[Fetcher]:
        async with platform_requests(QUICK, clock=SystemClock()) as sender:
            yield Fetcher(
                Fetching(
                    kept=self.kept,
                    shops=self,
                    converse=sender.converse,
                    deps=self.deps,
                    now=lambda: self.now,
                    policy=policy,
                )
            )

    async def fetch(self, turns: int = 1, policy: FetchPolicy = AT_ONCE) -> None:
        async with self.fetcher(policy) as fetcher:
            for _ in range(turns):
                await fetcher.run_once(NOW)
                await fetcher.finish()

    @property
    def events(self) -> list[Event]:
        return self.stores.stored

    @property
    def unrecognised(self) -> list[Unrecognised]:
        return self.stores.kept


def thin_body(topic: str) -> bytes:
    return body_of(notification(topic))


async def waiting(pool: Pool) -> int:
    count: int = await pool.fetchval("select count(*) from ingest.notification")
    return count


@pytest.fixture
async def lumen(pool: Pool) -> AsyncIterator[Shop]:
    async with serving(BigCommerceServer()) as server:
        yield Shop(pool, "bigcommerce", server, {"access_token": TOKEN})


async def test_a_webhook_is_kept_at_once_and_read_when_it_was_fetched(lumen: Shop, pool: Pool) -> None:
    assert await lumen.hears(thin_body("store/order/created")) == ["order 250"]
    assert (lumen.events, lumen.server.asked, await waiting(pool)) == ([], [], 1)
    await lumen.fetch()
    assert [event.type for event in lumen.events] == ["order.placed", "order.paid"]
    assert lumen.events[0].receivedtime == NOW
    assert await waiting(pool) == 0
    assert lumen.server.asked[0].headers["x-auth-token"] == TOKEN


async def test_several_about_one_entity_are_one_request_and_each_thing_once(lumen: Shop) -> None:
    for topic in ("store/order/created", "store/order/updated", "store/order/statusupdated", "store/order/created"):
        await lumen.hears(thin_body(topic))
    await lumen.fetch(turns=3)
    assert len(lumen.server.successes("GET", "/v2/orders/250")) == 4, "the order and its three parts"
    assert {event.id for event in lumen.events} == {"order.placed:250", "order.paid:250"}


async def test_what_comes_again_after_it_was_read_is_fetched_anew(lumen: Shop) -> None:
    """Two changes within one second are two notifications that say the same."""
    server: Any = lumen.server
    for status in ("Awaiting Fulfillment", "Shipped"):
        server.things["/v2/orders/250"] |= {"status": status, "date_modified": "Thu, 05 Mar 2026 17:00:00 +0000"}
        await lumen.hears(thin_body("store/order/created"))
        await lumen.fetch()
    assert [event.data.get("status") for event in lumen.events if event.type == "order.status_changed"] == ["shipped"]


@pytest.mark.parametrize(
    "fault", [too_many(), broken(), broken(503), cut(), slow(2.2)], ids=["429", "500", "503", "cut", "slow"]
)
async def test_what_fails_is_tried_again(lumen: Shop, pool: Pool, fault: Any) -> None:
    lumen.server.faults = [fault]
    await lumen.hears(thin_body("store/order/created"))
    await lumen.fetch(turns=2)
    assert [event.type for event in lumen.events] == ["order.placed", "order.paid"]
    assert (await waiting(pool), lumen.unrecognised) == (0, [])


async def test_an_error_in_a_200_is_no_answer(lumen: Shop) -> None:
    lumen.server.faults = [said({"error": "try later"}, where="/v2/orders/250")]
    await lumen.hears(thin_body("store/order/created"))
    await lumen.fetch()
    [kept] = lumen.unrecognised
    assert (kept.kind, lumen.events) == ("invalid", [])


async def test_an_api_that_is_down_is_left_alone_for_longer_and_longer(lumen: Shop, pool: Pool) -> None:
    lumen.server.faults = [broken() for _ in range(60)]
    await lumen.hears(thin_body("store/order/created"))
    await lumen.hears(thin_body("store/customer/created"))
    await lumen.fetch(turns=5, policy=FetchPolicy(first_pause=timedelta(minutes=10)))
    asked = len(lumen.server.asked)
    assert asked <= 2 * QUICK.tries, "nothing more is asked while the shop is left alone"
    row = await pool.fetchrow(
        "select failures, error, due - clock_timestamp() as pause from ingest.notification limit 1"
    )
    assert row is not None
    assert (row["failures"], "HTTP 500" in row["error"]) == (1, True)
    assert timedelta(minutes=9) < row["pause"] <= timedelta(minutes=10)


async def test_retry_after_is_kept(lumen: Shop, pool: Pool) -> None:
    lumen.server.faults = [too_many(seconds=900)]
    await lumen.hears(thin_body("store/order/created"))
    await lumen.fetch()
    pause = await pool.fetchval("select due - clock_timestamp() from ingest.notification")
    assert timedelta(seconds=890) < pause <= timedelta(seconds=900)


@pytest.mark.parametrize(
    ("credentials", "reason"), [({"access_token": "wrong"}, "HTTP 401"), ({}, "credential 'access_token' is missing")]
)
async def test_what_can_not_be_fetched_is_kept_with_the_reason(
    lumen: Shop, pool: Pool, credentials: dict[str, str], reason: str
) -> None:
    assert isinstance(lumen.connected, FetchedShop)
    connection = Connection(base_url=lumen.server.url, credentials=credentials)
    lumen.connected = msgspec.structs.replace(lumen.connected, connection=connection)
    await lumen.hears(thin_body("store/order/created"))
    await lumen.fetch()
    [kept] = lumen.unrecognised
    assert (kept.kind, reason in kept.reason, kept.topic) == ("not_fetched", True, "store/order/created")
    assert await waiting(pool) == 0


async def test_a_shop_that_is_not_connected_is_told_how(lumen: Shop) -> None:
    connected = lumen.connected
    assert isinstance(connected, FetchedShop)
    lumen.connected = NotConnected("the shop is not connected", connected.connector, connected.context)
    await lumen.hears(thin_body("store/order/created"))
    await lumen.fetch()
    [kept] = lumen.unrecognised
    assert (kept.kind, kept.body) == ("not_fetched", notification("store/order/created"))


async def test_after_two_days_it_is_given_up(lumen: Shop, pool: Pool) -> None:
    lumen.server.faults = [broken() for _ in range(QUICK.tries)]
    lumen.now = NOW + timedelta(days=2, seconds=1)
    await lumen.hears(thin_body("store/order/created"))
    await lumen.fetch()
    assert [kept.kind for kept in lumen.unrecognised] == ["not_fetched"]
    assert await waiting(pool) == 0


async def test_what_is_gone_is_kept_and_its_parts_are_not_asked_for(lumen: Shop) -> None:
    server: Any = lumen.server
    del server.things["/v2/orders/250"]
    await lumen.hears(thin_body("store/order/created"))
    await lumen.fetch()
    assert "not there any more" in lumen.unrecognised[0].reason
    assert len(server.asked) == 1


async def test_two_processes_fetch_an_entity_once(lumen: Shop) -> None:
    for topic in ("store/order/created", "store/customer/created", "store/product/created"):
        await lumen.hears(thin_body(topic))
    async with lumen.fetcher() as one, lumen.fetcher() as other:
        await asyncio.gather(one.run_once(NOW), other.run_once(NOW))
        await asyncio.gather(one.finish(), other.finish())
    assert len(lumen.server.successes("GET")) == 6
    assert len({event.id for event in lumen.events}) == len(lumen.events) == 4


async def test_what_a_process_began_and_did_not_end_is_taken_up(lumen: Shop, pool: Pool) -> None:
    await lumen.hears(thin_body("store/order/created"))
    lumen.server.faults = [slow(5)]
    async with lumen.fetcher() as cut_off:
        await cut_off.run_once(NOW)
        await asyncio.sleep(0)
        await cut_off.stop()
    await lumen.fetch()
    assert lumen.events == [], "its lease holds"
    await pool.execute("update ingest.notification set leased_until = clock_timestamp() - interval '1 second'")
    lumen.server.faults = []
    await lumen.fetch()
    assert [event.type for event in lumen.events] == ["order.placed", "order.paid"]


async def test_one_sign_in_serves_many(pool: Pool) -> None:
    async with serving(OroCommerceServer()) as server:
        shop = Shop(pool, "orocommerce", server, CREDENTIALS)
        server.things["/admin/api/orders/71"] = oro_body("order.created")["eventData"]
        for topic in ("order.created", "order.updated"):
            assert await shop.hears(thin(topic)) == ["orders 71"]
        await shop.fetch()
        assert [event.id for event in shop.events] == ["order.placed:71"]
        [sign_in] = server.successes("POST", "/oauth2-token")
        [asked] = server.successes("GET")
    assert b"client_credentials" in sign_in.body
    assert asked.query["include"].startswith("lineItems,")


def test_answers_that_are_empty_or_not_there() -> None:
    requests = {"order": ApiRequest(path="/1"), "coupons": ApiRequest(path="/2")}
    exchange = answers(requests)
    assert next(exchange).path == "/1"
    assert exchange.send(ApiResponse(status=200, body=b'{"id": 1}')).path == "/2"
    with pytest.raises(StopIteration) as end:
        exchange.send(ApiResponse(status=204))
    assert end.value.value == {"order": {"id": 1}, "coupons": None}
