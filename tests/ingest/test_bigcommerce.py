"""BigCommerce's notifications: what they name is fetched, and what differs from the last known state has happened."""

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_ingest.connectors.bigcommerce import topics
from relevo_ingest.connectors.connector import FETCHED, FETCHED_AT, Fetch, WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.errors import InvalidSignature
from relevo_ingest.core.signature import standard_webhook
from tests.ingest.webhooks import RECEIVED, ShopSession, body_of
from tests.platform_servers.bigcommerce import answer

CONNECTOR = CONNECTORS["bigcommerce"]
SHOP = ShopContext(shop="lumen", currency="EUR", region="ES", domain="store-ab12cd34ef.mybigcommerce.com")
FILES = sorted((Path(__file__).parent / "fixtures" / "bigcommerce").glob("*.json"))
SECONDS = (n / 1000 for n in itertools.count())
DELETED = ("store/customer/deleted", "store/product/deleted", "store/subscriber/deleted")
BEFORE = {
    "store/order/updated": "store/order/created",
    "store/order/statusupdated": "store/order/created",
    "store/order/archived": "store/order/created",
    "store/subscriber/deleted": "store/subscriber/created",
}
"""What has to be known for something to be news."""


def notification(topic: str) -> dict[str, Any]:
    name = topic.replace("/", ".")
    loaded: dict[str, Any] = json.loads(next(one for one in FILES if one.stem == name).read_text())
    return loaded


def fetched(topic: str, changes: Mapping[str, Any] = {}) -> dict[str, Any]:
    """The notification with the answers of the API, those of `changes` in place of the fixtures."""
    thin = notification(topic)
    asked = CONNECTOR.read(topic, body_of(thin), SHOP)
    if not isinstance(asked, Fetch):
        return thin
    answers = {name: changes[name] if name in changes else answer(name) for name in asked.requests}
    return thin | {FETCHED: answers, FETCHED_AT: f"2026-03-05T18:00:{next(SECONDS):09.6f}Z"}


def order(minute: int, **changes: object) -> dict[str, Any]:
    at = f"Thu, 05 Mar 2026 17:{minute:02}:00 +0000"
    return {"order": answer("order") | {"date_modified": at, **changes}}


class Lumen(ShopSession):
    """A store that tells one thing after another."""

    def __init__(self) -> None:
        super().__init__(SHOP, CONNECTOR)

    def hears(self, topic: str, changes: Mapping[str, Any] = {}, *, delivery: str = "") -> list[Event]:
        return self.events_of(topic, fetched(topic, changes), delivery=delivery)


def types(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]


@pytest.mark.parametrize("topic", topics.TOPICS)
def test_every_scope_is_fetched_and_read(topic: str) -> None:
    shop = Lumen()
    assert CONNECTOR.claims({}, body_of(notification(topic))).topic == topic
    assert CONNECTOR.mismatch(topic, body_of(notification(topic)), SHOP, {}) is None
    if topic in BEFORE:
        shop.hears(BEFORE[topic])
    gone = dict.fromkeys(("customer", "product", "subscriber")) if topic in DELETED else {}
    changed = order(5, status_id=2, status="Shipped") if topic in BEFORE else {}
    events = shop.hears(topic, gone or changed)
    assert bool(events) == bool(topics.TOPICS[topic].events)
    assert {event.type for event in events} <= set(topics.TOPICS[topic].events)
    assert all(event.payload() for event in events)


def test_every_scope_has_a_fixture() -> None:
    assert {file.stem.replace(".", "/") for file in FILES} == set(topics.TOPICS)


def test_what_is_fetched() -> None:
    asked = CONNECTOR.read("store/order/created", body_of(notification("store/order/created")), SHOP)
    assert isinstance(asked, Fetch)
    assert {name: request.path for name, request in asked.requests.items()} == {
        "order": "/v2/orders/250",
        "products": "/v2/orders/250/products",
        "shipping_addresses": "/v2/orders/250/shipping_addresses",
        "coupons": "/v2/orders/250/coupons",
    }


@given(st.text(max_size=30) | st.integers(0, 2**60))
def test_an_id_is_one_segment_of_a_path(own: object) -> None:
    body = notification("store/subscriber/created") | {"data": {"type": "subscriber", "id": own}}
    try:
        asked = CONNECTOR.read("store/subscriber/created", body_of(body), SHOP)
    except Exception as error:  # noqa: BLE001 - text that is no id
        assert "data.id" in str(error)
        return
    assert isinstance(asked, Fetch)
    path = asked.requests["subscriber"].path
    assert path.count("/") == 4
    assert not set(path) & set("?#\\ \n")


# --- orders ------------------------------------------------------------------------------------------------------


def test_an_order_as_the_buyer_saw_it() -> None:
    events = Lumen().hears("store/order/created")
    assert types(events) == ["order.placed", "order.paid"]
    placed = events[0].data
    assert (events[0].id, placed["customer"]) == ("order.placed:250", {"id": "32", "locale": "es-ES"})
    assert (placed["contact"]["email"], placed["contact"]["phone"]) == ("ana.moreno@example.com", "+34612345678")
    assert (placed["total"]["amount"], placed["shipping"]["amount"], placed["discount"]["amount"]) == (
        "41.00", "5.00", "4.00",
    )  # fmt: skip
    [lamp] = placed["items"]
    assert (lamp["price"]["amount"], lamp["variant_id"], lamp["properties"]) == ("20.00", "509", {"Size": "Large"})
    assert (placed["discount_codes"], placed["shipping_method"]) == (["SPRING10"], "Courier")
    assert "203.0.113.7" not in str(placed)


def test_a_guest_and_a_shop_without_tax_in_its_prices() -> None:
    changes = order(0, customer_id=0, is_tax_inclusive_pricing=False)
    [placed, _] = Lumen().hears("store/order/created", changes)
    assert placed.data["customer"]["guest"] is True
    assert placed.data["items"][0]["price"]["amount"] == "16.53"


def test_an_order_over_time() -> None:
    shop = Lumen()
    pending = {"payment_status": "pending", "status_id": 7, "status": "Awaiting Payment"}
    assert types(shop.hears("store/order/created", order(0, **pending))) == ["order.placed"]
    paid = {"payment_status": "captured", "status_id": 11, "status": "Awaiting Fulfillment"}
    assert types(shop.hears("store/order/updated", order(1, **paid))) == ["order.paid", "order.status_changed"]
    assert shop.hears("store/order/statusupdated", order(1, **paid)) == [], "the same state under another scope"
    [parcel] = shop.hears("store/shipment/created", order(2, **paid))
    assert (parcel.type, parcel.data["tracking_number"], parcel.data["items"][0].get("quantity", 1)) == (
        "shipment.created", "SE0042", 1,
    )  # fmt: skip
    [refund] = shop.hears("store/order/refund/created", order(3, **paid))
    assert (refund.id, refund.data["total"]["amount"], refund.data["order_number"]) == (
        "refund.created:3", "20.0", "250",
    )  # fmt: skip
    disputed = paid | {"status_id": 13, "status": "Disputed", "refunded_amount": "20.0000"}
    dispute, change = shop.hears("store/order/updated", order(4, **disputed))
    assert (dispute.type, change.data["total"]["amount"]) == ("dispute.opened", "21.00")
    cancelled = disputed | {"status_id": 5, "status": "Cancelled"}
    assert types(shop.hears("store/order/updated", order(5, **cancelled))) == [
        "order.cancelled",
        "order.status_changed",
    ]


def test_an_incomplete_order_is_told_once_it_is_placed() -> None:
    shop = Lumen()
    assert "incomplete" in shop.reason_of("store/order/created", fetched("store/order/created", order(0, status_id=0)))
    assert types(shop.hears("store/order/updated", order(1))) == ["order.placed", "order.paid"]


def test_what_is_gone_by_the_time_it_is_fetched_says_so() -> None:
    gone = notification("store/order/updated") | {FETCHED: {"order": None}}
    with pytest.raises(Exception, match="not there any more"):
        CONNECTOR.read("store/order/updated", body_of(gone), SHOP)


STATES = st.tuples(st.sampled_from([0, 1, 2, 5, 7, 11, 13]), st.sampled_from(["pending", "captured", "refunded"]))


@given(st.lists(STATES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_whatever_an_order_goes_through_in_any_order_each_thing_happens_once(states: list[Any], chance: Any) -> None:
    told = [
        ("store/order/updated" if minute else "store/order/created",
         order(minute, status_id=status, status=str(status), payment_status=paid))
        for minute, (status, paid) in enumerate(states)
    ]  # fmt: skip
    chance.shuffle(told)
    shop, ids = Lumen(), []
    for n, (topic, changes) in enumerate(told):
        once = shop.hears(topic, changes, delivery=f"d{n}")
        assert shop.hears(topic, changes, delivery=f"d{n}") == once, "a redelivery tells the same"
        ids += [event.id for event in once if event.type != "order.status_changed"]
    known = {"order.placed:250", "order.paid:250", "order.cancelled:250", "dispute.opened:250"}
    assert set(ids) <= known
    assert ("order.placed:250" in ids) <= any(status for status, _ in states)


# --- the rest ----------------------------------------------------------------------------------------------------


def test_a_cart_and_its_customer() -> None:
    [cart] = Lumen().hears("store/cart/updated")
    assert (cart.data["customer"], cart.data["total"]["amount"]) == ({"id": "32"}, "40")
    assert cart.data["items"][0]["price"]["amount"] == "20"
    shop = Lumen()
    shop.hears("store/cart/created")
    assert shop.hears("store/cart/lineitem/created") == [], "the same cart"
    assert "not there any more" in shop.reason_of("store/cart/updated", fetched("store/cart/updated", {"cart": None}))


def test_a_customer_and_the_newsletter() -> None:
    shop = Lumen()
    [made] = shop.hears("store/customer/created")
    assert made.data["customer"]["phone"] == "+34612345678"
    [granted] = shop.hears("store/subscriber/created")
    assert granted.data["state"] == "granted"
    assert "purpose" not in granted.data  # marketing
    assert shop.hears("store/subscriber/updated") == []
    [left] = shop.hears("store/subscriber/deleted", {"subscriber": None})
    assert (left.data["state"], left.data["customer"]["email"]) == ("withdrawn", "ana.moreno@example.com")


def test_what_is_said_to_be_deleted_is_confirmed_by_the_api() -> None:
    """A notification proves little: what is still there was not deleted."""
    for topic in ("store/customer/deleted", "store/product/deleted"):
        assert "still has" in Lumen().reason_of(topic, fetched(topic))
    assert types(Lumen().hears("store/subscriber/deleted")) == ["consent.changed"], "it is there: so it is granted"


def test_price_and_stock_of_variants() -> None:
    shop = Lumen()
    shop.hears("store/product/created")
    product = answer("product")
    product["data"]["variants"][1]["inventory_level"] = 0
    [sold] = shop.hears("store/sku/inventory/updated", {"product": product})
    assert (sold.data["variant_id"], sold.data["available"], sold.data["previous"]) == ("509", 0, 4)
    product["data"]["variants"][1]["inventory_level"] = 9
    assert types(shop.hears("store/sku/inventory/order/updated", {"product": product})) == [
        "product.restocked", "product.stock_changed",
    ]  # fmt: skip
    product["data"] |= {"calculated_price": 15}
    [price] = shop.hears("store/product/updated", {"product": product})
    assert price.data["previous_price"]["amount"] == "20"


# --- who sent it -------------------------------------------------------------------------------------------------

BODY = body_of(notification("store/order/created"))
SECRET = "the-client-secret"


def request(changed: Mapping[str, str] = {}, *, received: float = 0) -> WebhookRequest:
    at = int(RECEIVED.timestamp())
    signature = standard_webhook(SECRET, BODY, "msg_1", at)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature, **changed}
    moved = RECEIVED.fromtimestamp(RECEIVED.timestamp() + received, RECEIVED.tzinfo)
    return WebhookRequest(headers=headers, body=BODY, received=moved)


def test_a_signature_of_standard_webhooks_is_taken_for_five_minutes() -> None:
    CONNECTOR.authenticate(["older", SECRET], request())
    CONNECTOR.authenticate([SECRET], request(received=299))
    CONNECTOR.authenticate(
        [SECRET], request({"webhook-signature": f"v1,AAAA {request().headers['webhook-signature']}"})
    )
    for replayed in (301, -301):
        with pytest.raises(InvalidSignature):
            CONNECTOR.authenticate([SECRET], request(received=replayed))


@pytest.mark.parametrize(
    "changed",
    [{"webhook-id": "msg_2"}, {"webhook-timestamp": "1"}, {"webhook-signature": "v1,"}, {"webhook-signature": "v2,x"}],
)
def test_what_is_signed_can_not_be_changed(changed: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature):
        CONNECTOR.authenticate([SECRET], request(changed))
    with pytest.raises(InvalidSignature):
        CONNECTOR.authenticate([SECRET], msgspec.structs.replace(request(), body=BODY + b" "))


def test_the_secret_in_a_header_will_do() -> None:
    CONNECTOR.authenticate(["old", "new"], WebhookRequest(headers={"x-relevo-secret": "old"}, body=BODY))
    for wrong in ({}, {"x-relevo-secret": "ol"}, {"x-relevo-secret": ""}):
        with pytest.raises(InvalidSignature):
            CONNECTOR.authenticate(["old", "new"], WebhookRequest(headers=wrong, body=BODY))


def test_another_store_is_a_mismatch() -> None:
    other = body_of(notification("store/order/created") | {"producer": "stores/zz99"})
    assert "from the store zz99" in (CONNECTOR.mismatch("store/order/created", other, SHOP, {}) or "")
    odd = body_of(notification("store/order/created") | {"data": {"type": "customer", "id": 1}})
    assert "is about `order`" in (CONNECTOR.mismatch("store/order/created", odd, SHOP, {}) or "")
