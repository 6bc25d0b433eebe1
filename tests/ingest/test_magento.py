"""Magento Open Source: records of its REST API become what happened, polled or posted by the module."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_ingest.connectors.magento import topics
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext
from tests.ingest.test_fixture_fields import HERE, unheard_of
from tests.ingest.webhooks import ShopSession

MAGENTO = CONNECTORS["magento"]
SHOP = ShopContext(shop="fiets", currency="EUR", region="NL", domain="fiets.example")
FOLDER = Path(__file__).parent / "fixtures" / "magento"
FILES = sorted(FOLDER.glob("*.json"))
PUBLISHED: dict[str, list[str]] = json.loads((HERE / "published_fields_magento.json").read_text())
KINDS = {"products": "product"}


def event_of(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text())
    return loaded


class Fiets(ShopSession):
    """A Magento that tells one record after another."""

    def __init__(self) -> None:
        super().__init__(SHOP, MAGENTO)

    def say(
        self, kind: str, minute: int | None = None, related: dict[str, Any] | None = None, **changes: Any
    ) -> list[Event]:
        """What a record makes; `minute` is when it was changed, after 17:00."""
        event = event_of(kind)
        if minute is not None:
            changes["updated_at"] = f"2026-03-05 17:{minute:02}:30"
        event["data"][kind] |= changes
        event["data"]["related"] |= related or {}
        event["id"] = json.dumps([kind, minute, changes, related])
        return self.events_of(kind, event)


def types(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_fixture_is_what_its_topic_says_and_read(file: Path) -> None:
    kind = file.stem
    assert MAGENTO.claims({}, file.read_bytes()).topic == kind
    assert MAGENTO.mismatch(kind, file.read_bytes(), SHOP, {}) is None
    assert all(MAGENTO.mismatch(other, file.read_bytes(), SHOP, {}) for other in topics.TOPICS if other != kind)
    shop = Fiets()
    if kind == "stock_item":
        shop.say(kind, qty=0, is_in_stock=False)
    events = shop.events_of(kind, event_of(kind))
    assert events
    assert {event.type for event in events} <= set(topics.TOPICS[kind].events)
    assert all(event.payload() for event in events)


def test_every_topic_has_a_fixture() -> None:
    assert {file.stem for file in FILES} == set(topics.TOPICS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_fixture_has_no_field_that_was_made_up(file: Path) -> None:
    """The fields are those of the published examples, and of the constants of `Api/Data` where there is none."""
    data = event_of(file.stem)["data"]
    assert unheard_of(file.stem, data[file.stem], PUBLISHED) == []
    for resource, rows in data["related"].items():
        for row in rows:
            assert unheard_of(KINDS.get(resource, resource), row, PUBLISHED) == []


def test_an_order_as_the_buyer_saw_it() -> None:
    [event] = Fiets().say("order")
    order = event.data
    assert (event.type, event.id, event.time) == (
        "order.placed", "order.placed:41", datetime(2026, 3, 5, 17, 28, 2, tzinfo=UTC),
    )  # fmt: skip
    assert order["customer"] == {"id": "25"}
    assert order["contact"] == {
        "email": "sanne.visser@example.com", "phone": "+31612345678", "first_name": "Sanne", "last_name": "Visser",
        "locale": "nl-NL",
    }  # fmt: skip
    assert (order["number"], order["status"], order["cart_token"]) == ("000000041", "pending", "310")
    assert (order["total"]["amount"], order["discount"]["amount"], order["shipping"]["amount"]) == ("41", "4", "5")
    assert (order["discount_codes"], order["shipping_method"]) == (["SPRING10"], "PostNL - Pakket")
    assert (order["shipping_address"]["line1"], order["shipping_address"]["line2"]) == (
        "Oudegracht 12",
        "2e verdieping",
    )
    [bell] = order["items"]
    assert (bell["title"], bell["sku"], bell["quantity"], bell["price"]["amount"]) == ("Fietsbel", "BELL-RED", 2, "20")
    assert "203.0.113.7" not in str(event)


def test_a_guest_is_known_by_what_was_typed_in() -> None:
    [event] = Fiets().say("order", customer_is_guest=1, customer_id=None)
    assert event.data["customer"]["guest"] is True
    assert event.data["customer"]["email"] == "sanne.visser@example.com"


def test_an_order_is_paid_sent_and_given_back_once_each() -> None:
    shop = Fiets()
    shop.say("order")
    paid: dict[str, Any] = {"state": "processing", "status": "processing", "total_paid": 41, "total_due": 0}
    assert types(shop.say("order", 40, **paid)) == ["order.paid", "order.status_changed"]
    assert types(shop.say("invoice")) == ["invoice.created", "invoice.paid"]
    [parcel] = shop.say("shipment")
    assert (parcel.type, parcel.id, parcel.data["tracking_number"], parcel.data["carrier"]) == (
        "shipment.created", "shipment.created:15", "3SABC123", "PostNL",
    )  # fmt: skip
    assert (parcel.data["order_number"], parcel.data["contact"]["email"]) == ("000000041", "sanne.visser@example.com")
    other = [{"track_number": "3SABC999", "title": "PostNL", "carrier_code": "postnl"}]
    assert types(shop.say("shipment", updated_at="2026-03-06 10:00:00", tracks=other)) == ["shipment.updated"]
    [refund] = shop.say("creditmemo")
    assert (refund.type, refund.data["total"]["amount"], refund.data["fee"]["amount"]) == ("refund.created", "18", "2")
    back: dict[str, Any] = {**paid, "total_refunded": 18}
    [change] = shop.say("order", 50, **back)
    assert (change.data["payment_status"], change.data["total"]["amount"]) == ("partially_refunded", "23")


def test_what_is_due_is_reckoned_where_it_is_not_told() -> None:
    shop = Fiets()
    shop.say("order")
    part: dict[str, Any] = {"state": "processing", "status": "processing", "total_paid": 20, "total_due": None}
    [change] = shop.say("order", 40, **part)
    assert (change.type, change.data["payment_status"]) == ("order.status_changed", "partially_paid")
    assert types(shop.say("order", 41, **{**part, "total_paid": 41})) == ["order.paid", "order.status_changed"]


def test_a_credit_memo_that_was_cancelled_gave_nothing_back() -> None:
    assert Fiets().say("creditmemo", state=3) == []


STATES: dict[str, dict[str, Any]] = {
    "pending": {"state": "new", "status": "pending", "total_paid": 0, "total_due": 41},
    "paid": {"state": "processing", "status": "processing", "total_paid": 41, "total_due": 0},
    "picked": {"state": "processing", "status": "picked_by_us", "total_paid": 41, "total_due": 0},
    "cancelled": {"state": "canceled", "status": "canceled", "total_paid": 0, "total_due": 41},
    "done": {"state": "complete", "status": "complete", "total_paid": 41, "total_due": 0},
}


@given(st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=8))
def test_whatever_the_states_each_thing_happens_once(states: list[str]) -> None:
    shop = Fiets()
    events = shop.say("order")
    for minute, name in enumerate(states, start=30):
        events += shop.say("order", minute, **STATES[name])
    ids = [event.id for event in events]
    assert len(ids) == len(set(ids))
    assert types(events).count("order.placed") == 1
    assert types(events).count("order.paid") == any(one in ("paid", "picked", "done") for one in states)
    assert types(events).count("order.cancelled") == ("cancelled" in states)


def test_a_customer_with_birthday_group_language_and_the_newsletter() -> None:
    shop = Fiets()
    created, consent = shop.say("customer")
    assert (created.type, created.data["birthday"]) == ("customer.created", "1988-04-12")
    customer = created.data["customer"]
    assert (customer["group"], customer["locale"], customer["phone"]) == ("General", "nl-NL", "+31612345678")
    assert consent.data["state"] == "granted"
    [withdrawn] = shop.say("customer", 10, extension_attributes={"is_subscribed": False})
    assert (withdrawn.type, withdrawn.data["state"]) == ("consent.changed", "withdrawn")
    assert shop.say("customer", 11, extension_attributes={}) == []


@pytest.mark.parametrize(("status", "state"), [(1, "granted"), (2, "pending"), (3, "withdrawn"), (4, "pending")])
def test_a_subscription_to_the_newsletter(status: int, state: str) -> None:
    [event] = Fiets().say("subscriber", subscriber_status=status)
    assert (event.data["state"], event.data["customer"]["email"]) == (state, "jan@example.com")


def test_a_guests_cart_is_a_checkout_once_an_address_is_there() -> None:
    shop = Fiets()
    assert types(shop.say("cart", 12, billing_address={})) == ["cart.updated"]
    cart, checkout = shop.say("cart", 13)
    assert (cart.type, checkout.type, checkout.id) == ("cart.updated", "checkout.started", "checkout.started:310")
    assert checkout.data["contact"]["email"] == "sanne.visser@example.com"
    assert types(shop.say("cart", 14)) == ["cart.updated", "checkout.updated"]
    assert shop.say("cart", 15, is_active=False) == [], "it was ordered"


def test_a_product_its_price_and_the_stock_of_all_sources() -> None:
    shop = Fiets()
    [first] = shop.say("product")
    assert (first.data["price"]["amount"], first.data["list_price"]["amount"]) == ("15.00", "20")
    assert first.data["url"] == "https://fiets.example/fietsbel.html"
    assert first.data["image_url"] == "https://fiets.example/media/catalog/product/b/e/bell.jpg"
    assert (first.data["categories"], first.data["description"]) == (["Accessoires"], "Helder & luid")
    empty = [{"sku": "BELL", "source_code": "default", "quantity": 0, "status": 0}]
    [stock] = shop.say("product", 30, {"sourceItems": empty})
    assert (stock.type, stock.data["in_stock"], stock.data["previous"]) == ("product.stock_changed", False, 12)
    assert types(shop.say("stock_item")) == ["product.restocked", "product.stock_changed"]
    assert types(shop.say("product", 31, {"sourceItems": []}, custom_attributes=[])) == [
        "product.updated", "product.price_changed",
    ]  # fmt: skip
