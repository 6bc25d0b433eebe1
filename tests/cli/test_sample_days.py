"""The sample shop's day on each platform: the same each time, told as it tells, with what the flows promise."""

import base64
import hashlib
import hmac
import json
from collections import Counter
from datetime import timedelta

import httpx
import pytest

from relevo_cli.sample_shop.days import wire
from relevo_cli.sample_shop.days.adobe_commerce import AdobeCommerceDay
from relevo_cli.sample_shop.days.bigcommerce import BigCommerceDay
from relevo_cli.sample_shop.days.magento import MagentoDay
from relevo_cli.sample_shop.days.prestashop import PrestaShopDay
from relevo_cli.sample_shop.days.registry import PLATFORMS
from relevo_cli.sample_shop.days.scenarios import SCENARIOS
from relevo_cli.sample_shop.days.shop_events import Day, Entry, Post
from relevo_cli.sample_shop.recording import OPENS
from relevo_cli.workflow_files import library
from relevo_ingest.connectors.adobe_commerce.connector import KEYS
from relevo_ingest.connectors.connector import Fetch, WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext
from relevo_sandbox.shops.magento import STORES
from relevo_sandbox.shops.prestashop import PrestaShop
from tests.ingest import test_magento, test_prestashop
from tests.ingest.test_fixture_fields import ADOBE, BIGCOMMERCE, OROCOMMERCE, WOOCOMMERCE, paths, resources, unheard_of

MAGENTO, PRESTASHOP = test_magento.PUBLISHED, test_prestashop.PUBLISHED
EACH = len(SCENARIOS)
OTHERS = [name for name in PLATFORMS if name != "shopify"]


def day_of(name: str, *, seed: int = 1, shoppers: int = EACH) -> Day:
    return PLATFORMS[name].day("casa-lumen", seed, shoppers, OPENS)


def posts(day: Day, where: str = "/hooks/") -> list[Post]:
    return [one for one in day.outputs if isinstance(one, Post) and one.path.startswith(where)]


def test_every_platform_of_ingest_has_a_day() -> None:
    assert set(PLATFORMS) == set(CONNECTORS)


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_same_seed_is_the_same_day_and_another_seed_another(name: str) -> None:
    assert day_of(name) == day_of(name)
    assert day_of(name) != day_of(name, seed=2)


@pytest.mark.parametrize("name", PLATFORMS)
def test_it_is_told_in_order_of_time_and_within_four_days(name: str) -> None:
    day = day_of(name)
    times = [one.at for one in day.outputs]
    assert times == sorted(times)
    assert times[0] >= OPENS
    assert day.ends <= OPENS + timedelta(hours=96)


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_flows_are_of_the_library_and_what_is_expected_is_of_them(name: str) -> None:
    flows = set(PLATFORMS[name].flows)
    assert {message.workflow for message in day_of(name).expected} == flows
    for message in day_of(name).expected:
        assert (library() / message.workflow / "templates" / f"{message.template}.yaml").exists()


@pytest.mark.parametrize("name", OTHERS)
def test_each_scenario_happens_and_its_messages_are_those_of_every_platform(name: str) -> None:
    def told(platform: str) -> Counter[tuple[str, str]]:
        return Counter((one.scenario, one.template) for one in day_of(platform).expected if one.template != "delivered")

    assert told(name) == told("woocommerce")
    silent = {"abandons_without_consent", "visitor_abandons"}
    assert {one.__name__ for one in SCENARIOS} - {scenario for scenario, _ in told(name)} == silent


@pytest.mark.parametrize("name", OTHERS)
def test_what_comes_twice_is_the_same_bytes(name: str) -> None:
    hooks = Counter((one.path, one.body) for one in day_of(name).outputs if isinstance(one, Post))
    entries = [one for one in day_of(name).outputs if isinstance(one, Entry)]
    assert max(hooks.values(), default=2) == 2
    assert hooks or entries


def test_woocommerce_signs_the_raw_body_and_makes_no_field_up() -> None:
    day = day_of("woocommerce")
    assert {one.headers["X-WC-Webhook-Topic"] for one in posts(day)} == {
        "customer.created", "order.created", "order.updated",
    }  # fmt: skip
    for one in posts(day):
        digest = hmac.new(wire.SECRET.encode(), one.body, hashlib.sha256).digest()
        assert one.headers["X-WC-Webhook-Signature"] == base64.b64encode(digest).decode()
        resource = one.headers["X-WC-Webhook-Topic"].partition(".")[0]
        assert unheard_of(resource, json.loads(one.body), WOOCOMMERCE) == []


def test_orocommerce_signs_the_raw_body_and_makes_no_field_up() -> None:
    day = day_of("orocommerce")
    for one in posts(day):
        assert one.headers["Webhook-Signature"] == hmac.new(wire.SECRET.encode(), one.body, hashlib.sha256).hexdigest()
        body = json.loads(one.body)
        assert {*body, *(f"eventData.{name}" for name in body["eventData"])} <= set(OROCOMMERCE["notification"])
        for resource in resources(body["eventData"]):
            named = {f"{part}.{name}" for part in ("attributes", "relationships") for name in resource.get(part, {})}
            assert named <= set(OROCOMMERCE[resource["type"]]), resource["type"]


def test_adobe_commerce_signs_with_its_key_and_makes_no_field_up() -> None:
    connector, server = CONNECTORS["adobe-commerce"], AdobeCommerceDay().server()
    keys = {f"{KEYS.base}{path}": text.encode() for path, text in server.things.items()}
    for one in posts(day_of("adobe-commerce")):
        headers = {name.lower(): value for name, value in one.headers.items()}
        request = WebhookRequest(headers=headers, body=one.body, received=one.at, keys=keys)
        connector.authenticate(["casa-lumen-client-id"], request)
        body = json.loads(one.body)
        value = body["data"].pop("value")
        assert unheard_of("event", body, ADOBE) == []
        assert unheard_of(one.name, value, ADOBE) == []


def test_bigcommerce_names_things_that_its_api_has_by_then_and_makes_no_field_up() -> None:
    day, connector = day_of("bigcommerce"), CONNECTORS["bigcommerce"]
    store = BigCommerceDay().server()
    for one in day.outputs:
        if isinstance(one, Entry):
            store.put(one)
        elif one.path.startswith("/hooks/"):
            assert set(paths(json.loads(one.body))) <= set(BIGCOMMERCE["notification"])
            asked = connector.read(connector.claims({}, one.body).topic, one.body, ShopContext(shop="casa-lumen"))
            assert isinstance(asked, Fetch)
            for name, request in asked.requests.items():
                customer = request.query.get("id:in")
                found = store.things[f"{request.path}?id:in={customer}" if customer else request.path]
                assert found is not None or "deleted" in one.name
                known = set(BIGCOMMERCE.get(name, ()))
                assert {path.removeprefix("[].") for path in paths(found)} <= known


def test_prestashop_has_no_row_with_a_field_that_was_made_up() -> None:
    kinds = {"customers": "customer", "carts": "cart", "orders": "order"}
    for one in day_of("prestashop").outputs:
        assert isinstance(one, Entry)
        assert unheard_of(kinds.get(one.resource, one.resource), one.value, PRESTASHOP) == []
    web_service = PrestaShopDay().server()
    for resource in ("configurations", "currencies", "languages", "countries", "groups", "carriers", "order_states"):
        for row in web_service.rows(resource):
            assert unheard_of(resource, row, PRESTASHOP) == []


def test_magento_has_no_row_with_a_field_that_was_made_up() -> None:
    kinds = {
        "/customers/search": "customer", "/carts/search": "cart", "/orders": "order", "/invoices": "invoice",
        "/shipments": "shipment", "/creditmemos": "creditmemo",
    }  # fmt: skip
    day = day_of("magento")
    assert {one.resource for one in day.outputs if isinstance(one, Entry)} == set(kinds)
    for one in day.outputs:
        assert isinstance(one, Entry)
        assert unheard_of(kinds[one.resource], one.value, MAGENTO) == []
    for row in MagentoDay().server().rows(STORES):
        assert unheard_of("storeConfigs", row, MAGENTO) == []


async def test_a_change_waits_until_somebody_who_asks_what_changed_has_it() -> None:
    shop = PrestaShop("the key")
    shop.has("orders", [{"id": 1, "date_upd": "2026-03-10 08:00:00"}])
    assert shop.unread() is None
    shop.change("orders", "2", {"id": 2, "date_upd": "2026-03-10 09:00:00"}, OPENS)
    shop.change("orders", "2", {"id": 2, "date_upd": "2026-03-10 10:00:00"}, OPENS + timedelta(hours=1))
    assert shop.unread() == OPENS
    asked = {"filter[date_upd]": "[2026-03-10 08:30:00,2026-03-10 12:00:00]", "display": "[id]"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app), base_url="http://shop") as client:
        assert (await client.get("/api/orders", params=asked)).status_code == 401
        client.auth = httpx.BasicAuth("the key", "")
        one = await client.get("/api/orders", params={"filter[id]": "[2]"})
        assert one.json()["orders"][0]["date_upd"] == "2026-03-10 10:00:00"
        assert shop.unread() == OPENS
        assert (await client.get("/api/orders", params=asked)).json() == {"orders": [{"id": 2}]}
    assert shop.unread() is None
