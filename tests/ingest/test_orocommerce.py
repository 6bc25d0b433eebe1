"""OroCommerce's webhooks: JSON:API documents that become what happened, once each, under whichever topic they come."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_ingest.connectors.connector import FETCHED, Fetch
from relevo_ingest.connectors.orocommerce import topics
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import NoEvent, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from tests.ingest.webhooks import ShopSession, body_of

ORO = CONNECTORS["orocommerce"]
SHOP = ShopContext(shop="miramar", currency="EUR", region="ES")
FILES = sorted((Path(__file__).parent / "fixtures" / "orocommerce").glob("*.json"))


def body(topic: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(next(one for one in FILES if one.stem == topic).read_text())
    return loaded


def order(
    topic: str = "order.updated", *, minute: int = 0, status: str = "open", shipping: str = "not_shipped",
    parcels: Sequence[int] = (),
) -> dict[str, Any]:  # fmt: skip
    """An order's message; `minute` is when the order was modified."""
    made = body("order.created") | {"topic": topic, "messageId": f"m-{topic}-{minute}"}
    data = made["eventData"]["data"]
    data["attributes"]["updatedAt"] = f"2026-03-05T17:{minute:02}:00Z"
    data["relationships"]["internalStatus"]["data"]["id"] = status
    data["relationships"]["shippingStatus"]["data"]["id"] = shipping
    tracks = [{"type": "ordershippingtrackings", "id": str(n)} for n in parcels]
    data["relationships"]["shippingTrackings"]["data"] = tracks
    return made


def payment(status: str, *, paid: float, kind: str = "capture", amount: float = 100, second: int = 0) -> dict[str, Any]:
    made = body("order.payment_status_updated") | {"messageId": f"p-{second}", "timestamp": 1772733600 + second}
    made["eventData"]["data"]["attributes"] |= {
        "paymentStatus": status, "amountPaid": paid, "transactionType": kind, "transactionAmount": amount,
    }  # fmt: skip
    return made


class Miramar(ShopSession):
    """An OroCommerce shop that tells one thing after another."""

    def __init__(self) -> None:
        super().__init__(SHOP, ORO)

    def told(self, message: dict[str, Any]) -> list[Event]:
        """What a message makes, with the id and the time that it gives itself."""
        claims = ORO.claims({}, body_of(message))
        return self.events_of(claims.topic, message, delivery=claims.delivery)


def types(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_fixture_is_what_its_topic_says_and_read(file: Path) -> None:
    own = json.loads(file.read_text())
    assert ORO.mismatch(file.stem, file.read_bytes(), SHOP, {}) is None
    shop = Miramar()
    resource, _, what = file.stem.partition(".")
    if what not in ("created", "payment_status_updated"):
        shop.told(body(f"{resource}.created"))
    events = shop.told(own)
    assert events
    assert {event.type for event in events} <= set(topics.TOPICS[file.stem].events)
    assert all(event.payload() for event in events)


def test_every_topic_has_a_fixture() -> None:
    assert {file.stem for file in FILES} == set(topics.TOPICS)


# --- orders ------------------------------------------------------------------------------------------------------


def test_an_order_of_a_company() -> None:
    [event] = Miramar().told(body("order.created"))
    placed = event.data
    assert (event.type, event.id) == ("order.placed", "order.placed:71")
    assert placed["customer"] == {
        "id": "31", "email": "marta.soler@example.com", "first_name": "Marta", "last_name": "Soler",
        "company": "Hotel Miramar", "account_id": "8",
    }  # fmt: skip
    assert (placed["contact"]["email"], placed["contact"]["phone"]) == ("marta.soler@example.com", "+34938111222")
    assert (placed["total"], placed["tax"]["amount"]) == ({"amount": "389.52", "currency": "EUR"}, "65.52")
    assert (placed["number"], placed["po_number"], placed["ship_until"]) == ("ORD-71", "PO-2026-118", "2026-03-15")
    lamp, wick = placed["items"]
    assert (lamp["title"], lamp["quantity"], lamp["total"]["amount"]) == ("Olive oil lamp", 12, "240.00")
    assert (wick["quantity"], wick["unit"], wick["total"]["amount"]) == (2.5, "meter", "72.00")
    assert (placed["shipping_address"]["city"], placed["shipping_address"]["region"]) == ("Sitges", "B")


def test_an_order_is_sent_parcel_by_parcel_and_cancelled_once_each() -> None:
    shop = Miramar()
    shop.told(order("order.created"))
    [parcel, change] = shop.told(order(minute=1, shipping="partially_shipped", parcels=[9]))
    assert (parcel.type, parcel.id) == ("shipment.created", "shipment.created:71:9")
    assert (change.data["previous_fulfilment_status"], change.data["fulfilment_status"]) == (
        "not_shipped", "partially_shipped",
    )  # fmt: skip
    assert types(shop.told(order(minute=2, shipping="shipped", parcels=[9, 10]))) == [
        "shipment.created", "order.status_changed",
    ]  # fmt: skip
    assert types(shop.told(order(minute=3, status="cancelled", shipping="shipped", parcels=[9, 10]))) == [
        "order.cancelled", "order.status_changed",
    ]  # fmt: skip


def test_what_is_sent_without_a_number_is_a_parcel_nevertheless() -> None:
    shop = Miramar()
    shop.told(order("order.created"))
    assert types(shop.told(order(minute=1, shipping="shipped"))) == ["shipment.created", "order.status_changed"]


def test_a_change_that_comes_under_two_topics_is_told_once() -> None:
    """OroCommerce sends it as `order.updated` and as `order.updated.71`, with two ids."""
    shop = Miramar()
    shop.told(order("order.created"))
    general = order(minute=1, status="cancelled")
    own = general | {"topic": "order.updated.71", "messageId": "another"}
    assert ORO.claims({}, body_of(own)).topic == "order.updated"
    assert types(shop.told(general)) == ["order.cancelled", "order.status_changed"]
    assert shop.told(own) == []


@pytest.mark.parametrize("topic", [name for name in topics.TOPICS if not name.endswith(("created", "deleted"))])
def test_every_change_that_comes_twice_is_told_once(topic: str) -> None:
    shop = Miramar()
    if (created := topic.partition(".")[0] + ".created") != "order.created" or "payment" not in topic:
        shop.told(body(created))
    own_id = body(topic)["eventData"]["data"]["id"]
    once = shop.told(body(topic))
    assert once
    assert shop.told(body(topic) | {"topic": f"{topic}.{own_id}", "messageId": "another"}) == []


STATES = st.tuples(
    st.sampled_from(["open", "processing", "cancelled", "closed"]),
    st.sampled_from(["not_shipped", "partially_shipped", "shipped"]),
    st.integers(0, 2),
)


@given(st.lists(STATES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_whatever_an_order_goes_through_in_any_order_each_thing_happens_once(states: list[Any], chance: Any) -> None:
    """Deliveries overtake each other; a redelivery tells the same."""
    told = [
        order(
            "order.updated" if n else "order.created", minute=n, status=one, shipping=two, parcels=range(9, 9 + three)
        )
        for n, (one, two, three) in enumerate(states)
    ]
    chance.shuffle(told)
    shop = Miramar()
    events: list[Event] = []
    for message in told:
        once = shop.told(message)
        assert shop.told(message) == once
        events += once
    ids = [event.id for event in events if event.type != "order.status_changed"]
    assert set(ids) <= {
        "order.placed:71", "order.cancelled:71", *(f"shipment.created:71:{n}" for n in (9, 10, 71)),
    }  # fmt: skip
    assert "order.placed:71" in ids


# --- payments ----------------------------------------------------------------------------------------------------


def test_an_order_is_paid_in_parts_and_refunded() -> None:
    shop = Miramar()
    shop.told(body("order.created"))
    part = shop.told(payment("partially", paid=100, second=1))
    assert types(part) == ["payment.received", "order.status_changed"]
    assert part[1].data["payment_status"] == "partially_paid"
    paid = shop.told(payment("full", paid=389.52, amount=289.52, second=2))
    assert types(paid) == ["payment.received", "order.paid", "order.status_changed"]
    assert (paid[1].id, paid[1].data["number"], paid[1].data["contact"]["email"]) == (
        "order.paid:71", "ORD-71", "marta.soler@example.com",
    )  # fmt: skip
    assert paid[1].key == part[0].key
    refund, change = shop.told(payment("refunded_partially", paid=339.52, kind="refund", amount=50.25, second=3))
    assert (refund.type, refund.data["total"]["amount"]) == ("refund.created", "50.25")
    assert change.data["previous_payment_status"] == "paid"
    more = shop.told(payment("refunded_partially", paid=329.52, kind="refund", amount=10, second=4))
    assert types(more) == ["refund.created"], "the status is the same, the money is not"


def test_a_payment_of_an_order_that_was_never_told_is_told_all_the_same() -> None:
    [_, paid, _] = Miramar().told(payment("full", paid=389.52))
    assert paid.data["order_id"] == "71"


def test_a_declined_payment() -> None:
    failed, change = Miramar().told(payment("declined", paid=0))
    assert (failed.type, change.data["payment_status"]) == ("payment.failed", "failed")


def test_a_payment_keeps_its_place_beside_the_orders_own_states() -> None:
    """A payment is told with the time of the message, an order with its own: neither makes the other old news."""
    shop = Miramar()
    shop.told(order("order.created"))
    shop.told(payment("full", paid=389.52))
    [change] = shop.told(order(minute=1, status="processing"))
    assert (change.data["status"], change.data["payment_status"]) == ("processing", "paid")


# --- the rest ----------------------------------------------------------------------------------------------------


def test_a_person_and_their_company() -> None:
    [event] = Miramar().told(body("customeruser.created"))
    assert event.data["customer"]["account_id"] == "8"
    assert event.data["birthday"] == "1984-05-02"
    [firm] = Miramar().told(body("customer.created"))
    assert firm.data["customer"] == {"account_id": "8", "company": "Hotel Miramar"}


def test_a_sign_in_is_no_change_of_a_person() -> None:
    shop = Miramar()
    shop.told(body("customeruser.updated"))
    seen = body("customeruser.updated") | {"messageId": "another"}
    seen["eventData"]["data"]["attributes"] |= {"loginCount": 5, "updatedAt": "2026-03-05T10:00:00Z"}
    assert "nothing of the customer" in shop.reason_of("customeruser.updated", seen)


def test_a_guest_is_known_by_the_address_alone() -> None:
    guest = body("order.created")
    guest["eventData"]["included"][0]["attributes"]["isGuest"] = True
    [event] = Miramar().told(guest)
    assert (event.data["customer"].get("id"), event.data["customer"]["guest"]) == (None, True)


def test_stock_describes_product_level_and_by_status() -> None:
    shop = Miramar()
    shop.told(body("inventorylevel.created"))
    [gone] = shop.told(body("inventorylevel.updated"))
    assert (gone.data["available"], gone.data["previous"], gone.data["product_id"]) == (0, 10, "93")
    back = body("inventorylevel.updated") | {"timestamp": 1772735000, "messageId": "back"}
    back["eventData"]["data"]["attributes"]["quantity"] = "2.50"
    restocked, level = shop.told(back)
    assert (restocked.type, level.data["available"]) == ("product.restocked", 2.5)
    shop.told(body("product.created"))
    [status] = shop.told(body("product.updated"))
    assert (status.type, status.data["in_stock"]) == ("product.stock_changed", False)


def test_the_name_that_is_nobodys_language_counts() -> None:
    [event] = Miramar().told(body("product.created"))
    assert event.data["title"] == "Olive oil lamp & wick"


def test_a_quote_is_requested_sent_and_accepted() -> None:
    shop = Miramar()
    told = [shop.told(body(topic)) for topic in ("rfq.created", "quote.created", "quote.updated")]
    assert [types(events) for events in told] == [["quote.requested"], ["quote.sent"], ["quote.accepted"]]
    assert told[1][0].data["total"] == {"amount": "740.00", "currency": "EUR"}
    assert told[1][0].data["request_id"] == told[0][0].data["quote_id"]


def test_a_quote_that_nobody_asked_for_names_no_request() -> None:
    unasked = body("quote.created")
    unasked["eventData"]["data"]["relationships"]["request"] = {"data": None}
    [sent] = Miramar().told(unasked)
    assert "request_id" not in sent.data


# --- what only names a thing, and what is not read ---------------------------------------------------------------


def thin(topic: str) -> bytes:
    whole = body(topic)
    data = whole["eventData"]["data"]
    return body_of(whole | {"eventData": {"data": {"type": data["type"], "id": data["id"]}}})


@pytest.mark.parametrize("topic", [name for name, known in topics.TOPICS.items() if known.include is not None])
def test_a_thin_message_is_fetched_and_then_says_the_same(topic: str) -> None:
    asked = ORO.read(topic, thin(topic), SHOP)
    assert isinstance(asked, Fetch)
    [(name, request)] = asked.requests.items()
    data = body(topic)["eventData"]["data"]
    assert (request.method, request.path) == ("GET", f"/admin/api/{data['type']}/{data['id']}")
    whole, fetched = Miramar(), Miramar()
    answered = json.loads(thin(topic)) | {FETCHED: {name: body(topic)["eventData"]}}
    resource = topic.partition(".")[0]
    for shop in (whole, fetched):
        if not topic.endswith("created"):
            shop.told(body(f"{resource}.created"))
    assert [event.data for event in fetched.told(answered)] == [event.data for event in whole.told(body(topic))]


def test_a_thing_that_was_gone_when_it_was_fetched_says_so() -> None:
    answered = json.loads(thin("order.updated")) | {FETCHED: {"resource": None}}
    with pytest.raises(InvalidPayload, match="not there any more"):
        ORO.read("order.updated", body_of(answered), SHOP)


@pytest.mark.parametrize("topic", [name for name in topics.TOPICS if name.endswith(".deleted")])
def test_what_was_deleted_is_not_fetched(topic: str) -> None:
    shop = Miramar()
    shop.told(body(f"{topic.partition('.')[0]}.created"))
    assert shop.told(json.loads(thin(topic)))


def test_a_thin_payment_is_kept_with_what_to_do() -> None:
    reading = ORO.read("order.payment_status_updated", thin("order.payment_status_updated"), SHOP)
    assert isinstance(reading, NoEvent)
    assert "Default (JSON:API)" in reading.reason


def test_a_header_can_not_turn_a_message_into_another() -> None:
    given_headers = {"webhook-topic": "order.deleted", "webhook-id": "another"}
    assert ORO.claims(given_headers, body_of(body("order.updated"))).topic == "order.updated"


def test_a_body_of_another_resource_is_a_mismatch() -> None:
    odd = body("order.updated") | {"eventData": body("product.updated")["eventData"]}
    assert "is about orders" in (ORO.mismatch("order.updated", body_of(odd), SHOP, {}) or "")


def test_other_topics_are_kept() -> None:
    assert "no canonical event" in Miramar().reason_of("order_import.completed", {"topic": "order_import.completed"})
