"""What holds for every platform: one folder, one line in the registry, and no way around the shop's own platform."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

import relevo_ingest.connectors
from relevo_cli.commands.shop_checks import CUSTOM, PLATFORMS
from relevo_contracts.payloads import EVENT_TYPES
from relevo_ingest.connectors.connector import Claims, WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.connectors.shopify.signature import sign_shopify
from relevo_ingest.core.errors import InvalidSignature
from relevo_ingest.core.signature import hmac_base64
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import SECRET, Ingest, tea_shop
from tests.ingest.webhooks import FIXTURES, body_of, fixture

FOLDER = Path(relevo_ingest.connectors.__file__).parent
every_platform = pytest.mark.parametrize("name", CONNECTORS)


def test_each_platform_is_one_folder_and_one_line() -> None:
    folders = {path.name for path in FOLDER.iterdir() if (path / "__init__.py").exists()}
    assert folders == {name.replace("-", "_") for name in CONNECTORS}
    assert {name: connector.name for name, connector in CONNECTORS.items()} == {name: name for name in CONNECTORS}


def test_a_shop_can_be_added_for_each_platform() -> None:
    assert set(PLATFORMS) == {*CONNECTORS, CUSTOM}


@every_platform
def test_what_it_makes_are_events_of_the_catalogue(name: str) -> None:
    made = CONNECTORS[name].events_by_topic
    assert {one for events in made.values() for one in events} <= set(EVENT_TYPES)
    assert all(CONNECTORS[name].is_known(topic) for topic in made)
    assert not CONNECTORS[name].is_known("no such topic")


@every_platform
@pytest.mark.parametrize("secrets", [[], ["a-secret-of-nobody"]])
def test_nothing_unsigned_is_authentic(name: str, secrets: Sequence[str]) -> None:
    connector = CONNECTORS[name]
    for headers in ({}, {connector.signature.header.lower(): "AAAA"}, {connector.signature.header.lower(): "%"}):
        with pytest.raises(InvalidSignature):
            connector.authenticate(secrets, WebhookRequest(headers=headers, body=b"{}"))


@every_platform
def test_headers_that_say_nothing_are_no_error(name: str) -> None:
    assert CONNECTORS[name].claims({}, b"") == Claims(topic="")
    assert CONNECTORS[name].handshake(WebhookRequest(headers={}, body=b"{}")) is None


@pytest.mark.parametrize("name", [name for name in CONNECTORS if name != "shopify"])  # its topics are in ingest.md
def test_the_page_names_every_topic_with_its_events(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / f"{name}.md").read_text()
    known = CONNECTORS[name].events_by_topic
    told: dict[str, set[str]] = {}
    for cells in (line.split("|") for line in page.splitlines() if line.startswith("| `")):
        topics = [topic for topic in re.findall(r"`([^`]+)`", cells[1]) if topic in known]
        told |= {topic: set(re.findall(r"`([a-z_]+\.[a-z_]+)`", cells[2])) for topic in topics}
    assert told == {topic: set(events) for topic, events in known.items()}


async def test_a_shop_takes_the_webhooks_of_its_own_platform_only(ingest: Ingest, pool: Pool) -> None:
    other = msgspec.structs.replace(tea_shop(), shop="coffee", platform="another")
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, other)
    body = body_of(fixture("orders/paid"))
    headers = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Hmac-Sha256": sign_shopify(SECRET, body)}
    wrong_platform = await ingest.client.post("/hooks/coffee/shopify", content=body, headers=headers)
    no_shop = await ingest.client.post("/hooks/water/shopify", content=body, headers=headers)
    assert (wrong_platform.status_code, no_shop.status_code) == (401, 401)
    assert wrong_platform.json() == no_shop.json(), "a guess must not find out which shops there are"
    assert await ingest.stored() == []
    assert await ingest.unrecognised() == []


async def test_there_is_no_address_for_a_platform_that_is_not_known(ingest: Ingest) -> None:
    answers = [await ingest.client.post(f"/hooks/{shop}/ebay", content=b"{}") for shop in ("tea", "water")]
    assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_webhook_that_names_another_domain_is_kept_and_makes_no_event(ingest: Ingest, pool: Pool) -> None:
    registered = msgspec.structs.replace(tea_shop(), domain="example-teas.myshopify.com")
    async with pool.acquire() as connection, connection.transaction():
        await catalog.update_shop(connection, registered)
    for secret in ("nobodys", SECRET):  # the refusal makes ingest look at the catalog again
        await ingest.webhook("orders/paid", secret=secret, X_Shopify_Shop_Domain="other.myshopify.com")
    [kept] = await ingest.unrecognised()
    assert (kept["kind"], "other.myshopify.com" in kept["reason"]) == ("mismatch", True)
    assert await ingest.stored() == []


async def test_a_shop_of_another_platform_from_its_ping_to_its_events(ingest: Ingest, pool: Pool) -> None:
    lumen = msgspec.structs.replace(tea_shop(), shop="lumen", platform="woocommerce")
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, lumen)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    pings = [
        await ingest.client.post(f"/hooks/{shop}/woocommerce", content=b"webhook_id=7", headers=form)
        for shop in ("lumen", "water")
    ]
    assert [(ping.status_code, ping.text) for ping in pings] == [(200, "ok"), (200, "ok")]
    assert await ingest.unrecognised() == []
    body = (FIXTURES.parent / "woocommerce" / "order.created.json").read_bytes()
    headers = {"X-WC-Webhook-Topic": "order.created", "X-WC-Webhook-Signature": hmac_base64(SECRET, body)}
    answer = await ingest.client.post("/hooks/lumen/woocommerce", content=body, headers=headers)
    assert [one["type"] for one in answer.json()["events"]] == ["order.placed"]
    [event] = await ingest.stored()
    assert (event.shop, event.source) == ("lumen", "/shops/lumen/woocommerce")
    again = await ingest.client.post("/hooks/lumen/woocommerce", content=body, headers=headers)
    assert [one["id"] for one in again.json()["events"]] == [event.id], "sent again it is the same event"
    assert (await ingest.client.post("/hooks/lumen/shopify", content=body, headers=headers)).status_code == 401


def test_no_platform_knows_another() -> None:
    for path in FOLDER.glob("*/*.py"):
        for name in {one.replace("-", "_") for one in CONNECTORS} - {path.parent.name}:
            assert f"connectors.{name}." not in path.read_text(), path
