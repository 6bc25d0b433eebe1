"""What the suite has to know of each platform beside its connector. A line of the registry without an entry here fails.

How a delivery is signed is `tests.ingest.signing`; the bodies are the fixtures of `tests/ingest/fixtures/<platform>`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_ingest.connectors.connector import FETCHED, FETCHED_AT, Connector, Fetch, WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import Conclusion, ShopContext
from tests.ingest import (
    test_adobe_commerce,
    test_bigcommerce,
    test_magento,
    test_orocommerce,
    test_prestashop,
    test_woocommerce,
)
from tests.ingest.webhooks import SHOP, ShopSession, body_of, fixture
from tests.platform_servers.bigcommerce import answer

FIXTURES = Path(__file__).parents[1] / "ingest" / "fixtures"
Body = dict[str, Any]


class Told(Struct, frozen=True):
    """A message of a shop, as it is before it is signed."""

    topic: str
    body: bytes


class Platform(Struct, frozen=True, kw_only=True):
    """What is particular to a platform.

    `timed`: its signature has a time, so that a replay is refused. `topic_is_signed`: no header names the topic.
    `state` is an order as it was at a minute in one of three statuses: 0, 1 or 2.
    `handshake` is a request that asks whether somebody is there, and what it wants to hear. `thin` has messages that
    only name a thing.
    """

    shop: ShopContext
    timed: bool
    topic_is_signed: bool
    state: Callable[[int, int], Told]
    handshake: tuple[WebhookRequest, str] | None = None
    thin: Callable[[], Sequence[Told]] = tuple


def _shopify(minute: int, status: int) -> Told:
    changes = {"updated_at": _at(minute), "financial_status": ("pending", "authorized", "voided")[status]}
    return Told("orders/updated", body_of(fixture("orders/updated") | changes))


def _woocommerce(minute: int, status: int) -> Told:
    changes = {"date_modified_gmt": _at(minute)[:19], "status": ("on-hold", "pending", "completed")[status]}
    return Told("order.updated", body_of(test_woocommerce.body("order.created") | changes))


def _prestashop(minute: int, status: int) -> Told:
    event = test_prestashop.event_of("order")
    event["data"]["order"] |= {"current_state": (1, 2, 4)[status], "date_upd": f"2026-03-05 18:{minute:02}:00"}
    event["data"]["related"]["order_states"] = test_prestashop.STATES
    return Told("order", body_of(event | {"id": f"{minute}-{status}"}))


def _magento(minute: int, status: int) -> Told:
    event = test_magento.event_of("order")
    named = ("pending", "picked_by_us", "complete")[status]
    event["data"]["order"] |= {"status": named, "state": "new", "updated_at": f"2026-03-05 17:{minute:02}:00"}
    return Told("order", body_of(event | {"id": f"{minute}-{status}"}))


def _adobe_commerce(minute: int, status: int) -> Told:
    named = ("pending", "processing", "complete")[status]
    saved = test_adobe_commerce.body(test_adobe_commerce.SAVED, state=named, status=named)
    return Told(test_adobe_commerce.SAVED, body_of(test_adobe_commerce.again(saved, minute)))


def _orocommerce(minute: int, status: int) -> Told:
    named = ("open", "processing", "closed")[status]
    return Told("order.updated", body_of(test_orocommerce.order(minute=minute, status=named)))


def _bigcommerce(minute: int, status: int) -> Told:
    number = (7, 11, 2)[status]
    changes = test_bigcommerce.order(minute, status_id=number, status=str(number))
    return Told("store/order/updated", body_of(test_bigcommerce.fetched("store/order/updated", changes)))


def _at(minute: int) -> str:
    return f"2026-03-05T17:{minute:02}:00Z"


def _thin_of_orocommerce() -> Sequence[Told]:
    connector, place = CONNECTORS["orocommerce"], PLATFORMS["orocommerce"].shop
    thin = [Told(topic, test_orocommerce.thin(topic)) for topic in connector.events_by_topic]
    return [one for one in thin if isinstance(connector.read(one.topic, one.body, place), Fetch)]


def _thin_of_bigcommerce() -> Sequence[Told]:
    connector, place = CONNECTORS["bigcommerce"], PLATFORMS["bigcommerce"].shop
    told = fixtures("bigcommerce")
    return [one for one in told if isinstance(connector.read(one.topic, one.body, place), Fetch)]


PING = WebhookRequest(headers={"content-type": "application/x-www-form-urlencoded"}, body=b"webhook_id=7")
CHALLENGE = WebhookRequest(headers={}, method="GET", query={"challenge": "8ec8d794"})

PLATFORMS: Mapping[str, Platform] = {
    "adobe-commerce": Platform(
        shop=test_adobe_commerce.SHOP, timed=False, topic_is_signed=True, state=_adobe_commerce,
        handshake=(CHALLENGE, "8ec8d794"),
    ),
    "bigcommerce": Platform(
        shop=test_bigcommerce.SHOP, timed=True, topic_is_signed=True, state=_bigcommerce, thin=_thin_of_bigcommerce
    ),
    "magento": Platform(shop=test_magento.SHOP, timed=True, topic_is_signed=True, state=_magento),
    "orocommerce": Platform(
        shop=test_orocommerce.SHOP, timed=False, topic_is_signed=True, state=_orocommerce, thin=_thin_of_orocommerce
    ),
    "prestashop": Platform(shop=test_prestashop.SHOP, timed=True, topic_is_signed=True, state=_prestashop),
    "shopify": Platform(shop=SHOP, timed=False, topic_is_signed=False, state=_shopify),
    "woocommerce": Platform(
        shop=test_woocommerce.SHOP, timed=False, topic_is_signed=False, state=_woocommerce, handshake=(PING, "ok")
    ),
}  # fmt: skip
"""Each platform of the registry."""

every_platform = pytest.mark.parametrize("name", sorted(CONNECTORS))


def fixtures(name: str) -> list[Told]:
    """A message for each topic of the platform."""
    topics = {topic.replace("/", "."): topic for topic in CONNECTORS[name].events_by_topic}
    files = sorted((FIXTURES / name).glob("*.json"))
    return [Told(topics[file.stem], file.read_bytes()) for file in files if file.stem in topics]


def whole(name: str, told: Told, answers: Mapping[str, Any] | None = None) -> Told:
    """The message with what its platform's API answers, if it only names a thing."""
    asked = CONNECTORS[name].read(told.topic, told.body, PLATFORMS[name].shop)
    if not isinstance(asked, Fetch):
        return told
    found = {one: answer(one) for one in asked.requests} if answers is None else answers
    body = json.loads(told.body) | {FETCHED: found, FETCHED_AT: "2026-03-05T18:00:00Z"}
    return Told(told.topic, msgspec.json.encode(body))


class Shop(ShopSession):
    """A shop of a platform that tells one thing after another."""

    def __init__(self, name: str) -> None:
        super().__init__(PLATFORMS[name].shop, CONNECTORS[name])
        self.name = name

    def tells(self, told: Told, delivery: str = "") -> list[Event]:
        """The events of a message, as it would be after what it names was fetched."""
        given = whole(self.name, told)
        return self.events_of(given.topic, given.body, delivery=delivery)

    def concludes(self, told: Told) -> Conclusion:
        """What a message says, or why nothing."""
        given = whole(self.name, told)
        return self.conclusion(given.topic, given.body)


def connector_of(name: str) -> Connector:
    """The connector, of a platform that the suite knows."""
    assert name in PLATFORMS, f"{name} has no entry in tests/conformance/platforms.py: see docs/add-a-platform.md"
    return CONNECTORS[name]
