"""`relevo connect`, against servers that speak the platforms' APIs, with ingest running beside them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from relevo_cli.connecting.history import LIVE, ListProgress, ReadPlan, end_of_history, plan_read
from relevo_contracts.envelope import Event
from relevo_contracts.topics import EVENTS
from relevo_ingest.connectors.platform_api import ApiRequest
from relevo_ingest.entrypoints.main import running
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog, connections
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from tests.cli.test_commands import given
from tests.cli.test_secrets import key
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo, start, stopped
from tests.ingest.conftest import Ingest
from tests.platform_servers import bigcommerce, magento, orocommerce, shopify, woocommerce
from tests.platform_servers.bigcommerce import BigCommerceServer
from tests.platform_servers.magento import MagentoServer
from tests.platform_servers.orocommerce import OroCommerceServer
from tests.platform_servers.server import broken, serving, slow, too_many
from tests.platform_servers.shopify import ShopifyServer
from tests.platform_servers.woocommerce import WooCommerceServer

NOW = datetime.now(UTC)
WOO = {"RELEVO_CONNECT_CONSUMER_KEY": woocommerce.KEY, "RELEVO_CONNECT_CONSUMER_SECRET": woocommerce.SECRET}
SHOPIFY = {"RELEVO_CONNECT_ACCESS_TOKEN": shopify.TOKEN, "RELEVO_CONNECT_CLIENT_SECRET": shopify.SECRET}
ORDER: dict[str, Any] = {
    "status": "processing",
    "order_key": "wc_order_1",
    "line_items": [],
    "billing": {"email": "ana@example.org"},
    "total": "30.00",
    "currency": "EUR",
}


class Stage:
    """A running ingest, and the environment of commands beside it. Secrets are sealed."""

    def __init__(self, ingest: Ingest, url: str, pool: Pool, environment: dict[str, str]) -> None:
        self.ingest = ingest
        self.url = url
        self.pool = pool
        self.environment = environment

    async def connect(self, *arguments: str, **environment: str) -> tuple[int, dict[str, Any], str]:
        """Exit code, the JSON that it prints, and what is on standard error."""
        code, out, err = await relevo("connect", "tea", *arguments, "--json", **{**self.environment, **environment})
        return code, json.loads(out) if out else {}, err

    async def connected(self) -> connections.ShopConnection:
        async with self.pool.acquire() as database:
            found = await connections.connection(database, "tea")
        assert found is not None
        return found

    async def events(self) -> list[Event]:
        return [msgspec.json.decode(value, type=Event) for _, value in await self.ingest.messages(EVENTS)]


@pytest.fixture
async def stage(settings: SettingsFactory, topics: list[str], pool: Pool) -> AsyncIterator[Stage]:
    assert topics
    own = settings(IngestSettings, ingest_port=0, ingest_shops_interval=0.05, secrets_key=key())
    service = Service("ingest", own)
    async with running(own, service) as port:
        url = f"http://127.0.0.1:{port}"
        environment = {
            **given(own),
            "RELEVO_PUBLIC_URL": url,
            "RELEVO_INGEST_API_RATE": "0",
            "RELEVO_SECRETS_KEY": own.secrets_key.get_secret_value(),
        }
        async with httpx.AsyncClient(base_url=url) as client:
            yield Stage(Ingest(client, own, service), url, pool, environment)


def woo(server: WooCommerceServer) -> tuple[str, ...]:
    return ("--platform", "woocommerce", "--url", server.url)


async def test_a_shop_is_connected_and_its_webhooks_come(stage: Stage) -> None:
    async with serving(WooCommerceServer()) as server:
        code, told, err = await stage.connect(*woo(server), **WOO)
        assert code == 0, (told, err)
        assert told["reached"]["proven"], "WooCommerce calls the address when a webhook is made"
        done = {one["topic"]: one for one in told["webhooks"]}
        assert (done["order.created"]["done"], done["order.created"]["failure"]) == ("create", "")
        assert done["subscription.created"]["expected"], "not every shop has the extension"
        address = f"{stage.url}/hooks/tea/woocommerce"
        assert {one["delivery_url"] for one in server.webhooks.values()} == {address}
        assert {one["secret"] for one in server.webhooks.values()} != {""}
        order = server.change("orders", 1, NOW, **ORDER)
        answers = await server.deliver("order.created", order)
        assert [one.status_code for one in answers] == [200]
    assert [one.type for one in await stage.events()] == ["order.placed"]
    kept = await stage.connected()
    assert len(kept.registered) == len(server.webhooks)
    everything = str(await stage.pool.fetch("select s::text, c::text from catalog.shop s, catalog.connection c"))
    assert not [secret for secret in (woocommerce.KEY, woocommerce.SECRET, *_secrets(server)) if secret in everything]


def _secrets(server: WooCommerceServer) -> set[str]:
    return {one["secret"] for one in server.webhooks.values()}


async def test_connecting_again_changes_nothing_and_a_check_repairs(stage: Stage) -> None:
    async with serving(WooCommerceServer()) as server:
        await stage.connect(*woo(server), **WOO)
        before, secrets = dict(server.webhooks), _secrets(server)
        for arguments, environment in (((), {}), (("--check",), {}), (woo(server), WOO)):
            code, told, err = await stage.connect(*arguments, **environment)
            assert code == 0, (told, err)
            assert server.webhooks == before
            assert {one["done"] for one in told["webhooks"] if not one["expected"]} == {"keep"}
        first, second, *_ = server.webhooks
        server.webhooks[first]["status"] = "disabled"
        del server.webhooks[second]
        server.webhooks[999] = {
            "id": 999,
            "status": "active",
            "topic": "order.created",
            "delivery_url": "https://erp.x",
        }
        code, told, err = await stage.connect("--check")
        assert code == 0, (told, err)
        changed = {one["topic"]: (one["done"], one["why"]) for one in told["webhooks"] if one["done"] != "keep"}
        assert changed[before[first]["topic"]][0] == "replace"
        assert "disabled" in changed[before[first]["topic"]][1]
        assert changed[before[second]["topic"]] == ("create", "there is none")
        assert 999 in server.webhooks, "another system's webhook is left alone"
        ours = [one for one in server.webhooks.values() if one["id"] != 999]
        assert {one["secret"] for one in ours} == secrets, "webhooks on their way are still let in"
        assert {one["status"] for one in ours} == {"active"}


async def test_what_goes_wrong_meanwhile_is_tried_again_and_told(stage: Stage) -> None:
    async with serving(WooCommerceServer(pinging=False)) as server:
        server.faults += [too_many(0), broken(503), too_many(1, "webhooks")]
        code, told, err = await stage.connect(*woo(server), **WOO)
        assert (code, told["failed"]) == (1, True), "nothing came, though the platform calls the address"
        assert "firewall" in told["reached"]["problem"], err
        assert len(server.webhooks) > 10


async def test_a_key_that_may_not_write_registers_nothing_and_says_what_to_do(stage: Stage) -> None:
    async with serving(WooCommerceServer(may_write=False)) as server:
        code, told, _ = await stage.connect(*woo(server), **WOO)
        assert code == 1
        assert {one["failure"] for one in told["webhooks"] if not one["expected"]} != {""}
        assert all("Read/Write" in one["failure"] for one in told["webhooks"])
        code, _, err = await stage.connect("--check")
        assert code == 1, err


async def test_what_is_wrong_is_said_before_anything_is_kept(stage: Stage, tmp_path: Path) -> None:
    async with serving(WooCommerceServer()) as server:
        wrong = {**WOO, "RELEVO_CONNECT_CONSUMER_SECRET": "cs_wrong"}
        cases: tuple[tuple[tuple[str, ...], dict[str, str], str], ...] = (
            (woo(server), wrong, "consumer key or secret is wrong"),
            (woo(server), {}, "RELEVO_CONNECT_CONSUMER_KEY: WooCommerce, Settings"),
            (("--platform", "magento3", "--url", server.url), WOO, "woocommerce"),
            (("--platform", "woocommerce", "--url", "http://tea.example.com"), WOO, "https://"),
            (("--platform", "woocommerce", "--url", "https://tea.example.com/?x=1"), WOO, "no query"),
            (("--platform", "woocommerce"), WOO, "belong together"),
            (("--check",), {}, "not connected yet"),
            (("--check", *woo(server)), WOO, "leave --platform"),
            ((*woo(server), "--backfill", "soon"), WOO, "'soon' is not a duration"),
            ((*woo(server), "--credentials", str(tmp_path / "none")), {}, "can't be read"),
        )
        for arguments, environment, sentence in cases:
            code, _, err = await stage.connect(*arguments, **environment)
            assert code == 2, arguments
            assert sentence in err, (arguments, err)
            assert not [secret for secret in wrong.values() if secret in err]
        assert server.webhooks == {}
    assert await stage.pool.fetchval("select count(*) from catalog.connection") == 0
    assert await stage.pool.fetchval("select count(*) from catalog.shop") == 0


async def test_a_shop_elsewhere_is_not_told_an_address_that_it_can_not_reach(stage: Stage) -> None:
    async with stage.pool.acquire() as database, database.transaction():
        await catalog.add_shop(database, catalog.Shop(shop="tea", platform="woocommerce"))
        made = connections.ShopConnection(
            shop="tea",
            platform="woocommerce",
            base_url="https://tea.invalid.example.com",
            credentials={"consumer_key": catalog.Secret("k"), "consumer_secret": catalog.Secret("s")},
            connected_at=NOW,
        )
        await connections.connect(database, made)
    code, _, err = await stage.connect("--check")
    assert code == 2
    assert "set RELEVO_PUBLIC_URL" in err


async def test_credentials_come_from_a_file_too(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text(f'# of the shop\nCONSUMER_KEY="{woocommerce.KEY}"\nconsumer_secret={woocommerce.SECRET}\n')
    async with serving(WooCommerceServer()) as server:
        code, told, err = await stage.connect(*woo(server), "--credentials", str(file))
        assert code == 0, (told, err)
        file.write_text("pasword=x\n")
        code, _, err = await stage.connect(*woo(server), "--credentials", str(file))
    assert code == 2
    assert "line 1" in err
    assert "consumer_key, consumer_secret" in err


async def test_shopify_signs_with_the_secret_of_the_app_and_what_was_there_stays(stage: Stage) -> None:
    async with serving(ShopifyServer()) as server:
        address = f"{stage.url}/hooks/tea/shopify"
        server.subscriptions["gid://1"] = {"id": "gid://1", "topic": "ORDERS_CREATE", "uri": address}
        code, told, err = await stage.connect("--platform", "shopify", "--url", server.url, **SHOPIFY)
        assert code == 0, (told, err)
        done = {one["topic"]: one for one in told["webhooks"]}
        assert done["ORDERS_CREATE"]["done"] == "keep"
        assert done["DISPUTES_CREATE"]["expected"]
        assert len({one["topic"] for one in server.subscriptions.values()}) == len(server.subscriptions)
        customer = server.change("customers", 5, NOW, email="ana@example.org", verified_email=True)
        assert [one.status_code for one in await server.deliver("customers/create", customer)] == [200]
        code, out, err = await relevo("disconnect", "tea", **stage.environment)
        assert code == 0, (out, err)
        assert server.subscriptions == {}
    assert await stage.pool.fetchval("select count(*) from catalog.connection") == 0
    assert await stage.pool.fetchval("select count(*) from catalog.shop") == 1


async def test_a_platform_without_webhooks_is_tested_and_asked_from_then_on(stage: Stage) -> None:
    async with serving(MagentoServer()) as server:
        server.forbidden = {"/orders"}
        code, told, err = await stage.connect(
            "--platform", "magento", "--url", server.url, RELEVO_CONNECT_TOKEN=magento.TOKEN
        )
        assert code == 1, (told, err)
        assert "may not read this" in told["access"]["orders"]
        server.forbidden = set()
        code, told, err = await stage.connect("--check")
        assert (code, told["webhooks"], told["reached"]) == (0, [], None), err
    kept = await stage.connected()
    assert (kept.platform, kept.registered) == ("magento", {})


async def test_a_shop_that_does_not_answer_stays_connected_unless_forced(stage: Stage) -> None:
    async with serving(ShopifyServer()) as server:
        await stage.connect("--platform", "shopify", "--url", server.url, **SHOPIFY)
        server.faults += [broken(500) for _ in range(20)]
        code, _, err = await relevo("disconnect", "tea", **stage.environment)
        assert code == 2
        assert "can't be listed" in err
        code, out, err = await relevo("disconnect", "tea", "--force", **stage.environment)
        assert code == 0, err
        assert "forgotten" in out


def history(server: WooCommerceServer, count: int) -> None:
    for number in range(1, count + 1):
        at = NOW - timedelta(days=60, seconds=-number)
        email = {"email": f"{number}@example.org"}
        server.change("customers", number, at, **email, role="customer", billing=email)
        server.change("orders", number, at, **{**ORDER, "billing": email, "customer_id": number})
    server.change("products", 1, NOW - timedelta(days=30), name="Tea", stock_status="instock", price="3.00")
    server.change("orders", count + 1, NOW - timedelta(days=300), **ORDER)


async def test_history_is_told_once_and_starts_nothing(stage: Stage) -> None:
    async with serving(WooCommerceServer()) as server:
        history(server, 130)
        code, told, err = await stage.connect(*woo(server), "--backfill", "90d", **WOO)
        assert code == 0, (told, err)
        read = {one["resource"]: one for one in told["history"]}
        assert [(name, one["records"] >= count) for name, one, count in _counted(read)] == [
            ("customers", True),
            ("products", True),
            ("orders", True),
        ]
        events = await stage.events()
        assert all(event.historical for event in events)
        placed = [event for event in events if event.type == "order.placed"]
        assert len({event.id for event in placed}) == 130
        assert {event.time.date() for event in placed} == {(NOW - timedelta(days=60)).date()}
        code, told, err = await stage.connect("--backfill", "90d")
        assert code == 0, (told, err)
        assert [one["records"] for one in told["history"]] == [0, 0, 0], "it was read"
        assert len(await stage.events()) == len(events)


def _counted(read: dict[str, Any]) -> list[tuple[str, Any, int]]:
    return [("customers", read["customers"], 130), ("products", read["products"], 1), ("orders", read["orders"], 130)]


async def test_an_interrupted_history_goes_on_and_what_can_not_be_read_is_told(stage: Stage) -> None:
    async with serving(WooCommerceServer()) as server:
        history(server, 250)
        await stage.connect(*woo(server), **WOO)
        server.faults += [slow(0, "/orders"), slow(60, "/orders")]  # the first one tests the access
        process = await start("connect", "tea", "--backfill", "90d", **stage.environment)
        await _until(lambda: len([one for one in server.asked if "/orders" in one.path and one.failed]) == 2)
        assert await stopped(process) == 130
        kept = await stage.pool.fetch("select resource, next is null as done from catalog.backfill")
        assert ("customers", True) in [tuple(row) for row in kept]
        server.faults[:] = [broken(403, "/orders"), broken(403, "/orders")]
        code, told, _ = await stage.connect("--backfill", "90d")
        assert code == 1
        assert [bool(one["failure"]) for one in told["history"]] == [False, False, True]
        before = len(server.successes("GET", "/customers"))
        code, told, err = await stage.connect("--backfill", "90d")
        assert code == 0, (told, err)
        assert len(server.successes("GET", "/customers")) == before + 1, "only the test of the access"
    placed = [event for event in await stage.events() if event.type == "order.placed"]
    assert len({event.id for event in placed}) == 250


LONG_AGO = NOW - timedelta(days=60)
HISTORIES: dict[str, tuple[type[BigCommerceServer | OroCommerceServer], dict[str, str], tuple[str, ...]]] = {
    "bigcommerce": (
        BigCommerceServer,
        {"access_token": bigcommerce.TOKEN},
        ("customers", "subscribers", "products", "orders"),
    ),
    "orocommerce": (OroCommerceServer, orocommerce.CREDENTIALS, ("customer", "customeruser", "product", "order")),
}


@pytest.mark.parametrize("system", HISTORIES)
async def test_history_of_shops_whose_webhooks_only_name_things(stage: Stage, system: str) -> None:
    make, credentials, resources = HISTORIES[system]
    given_ = {f"RELEVO_CONNECT_{name.upper()}": value for name, value in credentials.items()}
    async with serving(make()) as server:
        for resource in resources:
            for number in range(1, 131):
                server.change(resource, number, LONG_AGO, email=f"{number}@example.org")
        where = "/v2/orders" if system == "bigcommerce" else "/orders"
        server.faults += [too_many(0, "/products"), broken(503, where)]
        code, told, err = await stage.connect("--platform", system, "--url", server.url, "--backfill", "90d", **given_)
        assert code == 0, (told, err)
        assert {one["records"] for one in told["history"]} == {130}
        events = await stage.events()
        assert all(event.historical for event in events)
        assert len({event.id for event in events if event.type == "order.placed"}) == 130
        code, told, err = await stage.connect("--backfill", "90d")
        assert [one["records"] for one in told["history"]] == [0] * len(resources), "it was read"
    everything = str(await stage.pool.fetch("select c::text from catalog.connection c"))
    assert not [secret for secret in credentials.values() if secret in everything]


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.05)


def test_history_ends_where_webhooks_begin() -> None:
    assert end_of_history(NOW - timedelta(minutes=1), NOW) == NOW - timedelta(minutes=1), "just connected: no gap"
    assert end_of_history(NOW - timedelta(days=3), NOW) == NOW - LIVE
    assert end_of_history(NOW + timedelta(days=3), NOW) == NOW


def test_reading_goes_on_where_it_was() -> None:
    since, until = NOW - timedelta(days=90), NOW
    assert plan_read(None, since, until) == ReadPlan(ListProgress(since=since, until=until), since)
    halfway = ListProgress(since=since, until=until, next=ApiRequest(path="/orders"), records=7)
    assert plan_read(halfway, since + timedelta(minutes=5), until + timedelta(minutes=5)) == ReadPlan(halfway, until)
    whole = ListProgress(since=since, until=until, records=9)
    later = until + timedelta(days=1)
    assert plan_read(whole, since, later) == ReadPlan(ListProgress(since=since, until=later), until)
    assert plan_read(whole, since - timedelta(days=30), later).begin == since - timedelta(days=30), (
        "further back: all anew"
    )
