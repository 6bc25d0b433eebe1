"""Adobe Commerce's events: objects as they were saved become what happened, once each; only Adobe's own pass."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_ingest.connectors.adobe_commerce import topics
from relevo_ingest.connectors.adobe_commerce.connector import KEYS
from relevo_ingest.connectors.connector import WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.errors import InvalidPayload, InvalidSignature
from tests.ingest.signing import ADOBE, CLIENT_ID, signed
from tests.ingest.webhooks import RECEIVED, ShopSession, body_of

CONNECTOR = CONNECTORS["adobe-commerce"]
SHOP = ShopContext(shop="lumen", currency="EUR", region="ES")
FILES = sorted((Path(__file__).parent / "fixtures" / "adobe-commerce").glob("*.json"))
SAVED = "observer.sales_order_save_commit_after"
OVER_TIME = {
    "observer.sales_order_shipment_track_save_after": "observer.sales_order_shipment_save_after",
}
"""What is told of a thing that another event made."""


def body(topic: str, **changes: object) -> dict[str, Any]:
    """A fixture, with fields of its value changed."""
    loaded: dict[str, Any] = json.loads(next(one for one in FILES if one.stem == topic).read_text())
    loaded["data"]["value"] |= changes
    return loaded


def again(event: dict[str, Any], minute: int) -> dict[str, Any]:
    """The same object as it was saved once more."""
    event["data"]["value"] |= {"updated_at": f"2026-03-05 17:{minute:02}:00", "_isNew": False}
    return event | {"event_id": f"e-{minute}", "time": f"2026-03-05T17:{minute:02}:02Z"}


class Lumen(ShopSession):
    """A shop of Adobe Commerce that tells one thing after another."""

    def __init__(self) -> None:
        super().__init__(SHOP, CONNECTOR)

    def told(self, event: dict[str, Any]) -> list[Event]:
        claims = CONNECTOR.claims({}, body_of(event))
        return self.events_of(claims.topic, event, delivery=claims.delivery)

    def order(self, minute: int, **changes: object) -> list[Event]:
        return self.told(again(body(SAVED, **changes), minute))


def types(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_fixture_is_read_as_its_topic_says(file: Path) -> None:
    shop = Lumen()
    own = json.loads(file.read_text())
    assert CONNECTOR.claims({}, file.read_bytes()).topic == file.stem
    if file.stem in OVER_TIME:
        shop.told(body(OVER_TIME[file.stem]))
    events = shop.told(own)
    assert events
    assert {event.type for event in events} <= set(topics.TOPICS[file.stem].events)
    assert all(event.payload() for event in events)
    again_told = shop.told(own)
    assert [event.id for event in again_told] == [event.id for event in events], "sent again it is the same"


def test_every_topic_has_a_fixture() -> None:
    assert {file.stem for file in FILES} == set(topics.TOPICS)


def test_a_providers_own_name_is_no_part_of_the_topic() -> None:
    named = {"type": f"com.adobe.commerce.stage_shop.{SAVED}", "id": "1"}
    assert CONNECTOR.claims({}, body_of(named)).topic == SAVED


# --- orders ------------------------------------------------------------------------------------------------------


def test_an_order_of_an_account() -> None:
    [event] = Lumen().told(body(SAVED))
    placed = event.data
    assert (event.type, event.id, placed["number"]) == ("order.placed", "order.placed:12", "000000012")
    assert placed["customer"] == {"id": "25"}, "the address of an order may be somebody else's"
    assert (placed["contact"]["email"], placed["contact"]["phone"]) == ("ana.moreno@example.com", "+34612345678")
    assert (placed["total"]["amount"], placed["discount"]["amount"], placed["tax"]["amount"]) == (
        "53.10", "4.00", "9.22",
    )  # fmt: skip
    [lamp] = placed["items"]
    assert (lamp["title"], lamp["quantity"], lamp["price"]["amount"], lamp["total"]["amount"]) == (
        "Olive oil lamp", 2, "20.00", "36.00",
    )  # fmt: skip
    assert (placed["discount_codes"], placed["shipping_address"]["line2"]) == (["SPRING10"], "2º B")


def test_a_guest_is_known_by_what_was_typed_in() -> None:
    [event] = Lumen().told(body(SAVED, customer_id=None, customer_is_guest="1"))
    assert (event.data["customer"]["email"], event.data["customer"]["guest"]) == ("ana.moreno@example.com", True)


def test_another_currency_of_the_buyer_stays_beside_the_shops() -> None:
    [event] = Lumen().told(body(SAVED, order_currency_code="USD", grand_total="57.35"))
    assert event.data["total"] == {"amount": "53.10", "currency": "EUR"}
    assert event.data["buyer_total"] == {"amount": "57.35", "currency": "USD"}


def test_an_order_is_paid_sent_and_refunded_once_each() -> None:
    shop = Lumen()
    shop.told(body(SAVED))
    paid = {"state": "processing", "status": "processing", "total_paid": "53.1000"}
    assert types(shop.order(10, **paid)) == ["order.paid", "order.status_changed"]
    assert shop.order(11, **paid) == []
    [invoice, settled] = shop.told(body("observer.sales_order_invoice_save_after"))
    assert (invoice.type, settled.type, invoice.data["order_number"]) == (
        "invoice.created", "invoice.paid", "000000012",
    )  # fmt: skip
    assert shop.told(body("observer.sales_order_invoice_save_after") | {"event_id": "other"}) == []
    [parcel] = shop.told(body("observer.sales_order_shipment_save_after"))
    assert (parcel.type, parcel.data["contact"]["email"]) == ("shipment.created", "ana.moreno@example.com")
    [number] = shop.told(body("observer.sales_order_shipment_track_save_after"))
    assert (number.type, number.data["shipment_id"], number.data["tracking_number"]) == (
        "shipment.updated", "33", "SE0042",
    )  # fmt: skip
    [refund] = shop.told(body("observer.sales_order_creditmemo_save_after"))
    assert (refund.id, refund.data["total"]["amount"]) == ("refund.created:4", "18.00")
    [change] = shop.order(50, **paid, total_refunded="18.0000")
    assert (change.data["payment_status"], change.data["total"]["amount"]) == ("partially_refunded", "35.10")
    assert {event.key for event in (parcel, number, refund, change)} == {invoice.key}


def test_a_placed_order_is_told_once_by_whichever_event() -> None:
    shop = Lumen()
    told = [
        event.id
        for topic in ("observer.checkout_submit_all_after", SAVED, "plugin.sales.api.order_management.place")
        for event in shop.told(body(topic))
        if event.type == "order.placed"
    ]
    assert set(told) == {"order.placed:12"}


def test_an_order_is_found_by_what_its_parts_name() -> None:
    event = body(SAVED)
    for name in ("entity_id", "payment"):
        del event["data"]["value"][name]
    assert Lumen().told(event)[0].data["order_id"] == "12"
    del event["data"]["value"]["items"]
    with pytest.raises(InvalidPayload, match="entity_id"):
        CONNECTOR.read(SAVED, body_of(event), SHOP)


def test_a_credit_memo_that_is_open_is_no_money_that_went_back() -> None:
    assert "not paid back" in Lumen().reason_of(
        "observer.sales_order_creditmemo_save_after", body("observer.sales_order_creditmemo_save_after", state=1)
    )


def test_a_return_over_time() -> None:
    shop, topic = Lumen(), "observer.rma_save_commit_after"
    words = ["pending", "authorized", "received", "processed_closed"]
    told = [
        types(shop.told(body(topic, status=word) | {"event_id": word, "time": f"2026-03-08T1{n}:00:00Z"}))
        for n, word in enumerate(words)
    ]
    assert told == [["return.requested"], ["return.approved"], ["return.received"], ["return.closed"]]


STATES = st.tuples(
    st.sampled_from(["new", "processing", "complete", "canceled", "closed"]),
    st.sampled_from([None, "20.0000", "53.1000"]),
    st.sampled_from([None, "18.0000", "53.1000"]),
)


@given(st.lists(STATES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_whatever_an_order_goes_through_in_any_order_each_thing_happens_once(states: list[Any], chance: Any) -> None:
    saved = [body(SAVED)]
    for minute, (state, paid, refunded) in enumerate(states, 1):
        changed = body(SAVED, state=state, status=state, total_paid=paid, total_refunded=refunded)
        saved.append(again(changed, minute))
    chance.shuffle(saved)
    shop, ids = Lumen(), []
    for event in saved:
        once = shop.told(event)
        assert shop.told(event) == once, "a redelivery tells the same"
        ids += [one.id for one in once if one.type != "order.status_changed"]
    assert "order.placed:12" in ids
    assert set(ids) <= {"order.placed:12", "order.paid:12", "order.cancelled:12"}


# --- the rest ----------------------------------------------------------------------------------------------------


def test_a_customers_own_data() -> None:
    [event] = Lumen().told(body("observer.customer_register_success"))
    assert event.data["customer"] == {
        "id": "25", "email": "ana.moreno@example.com", "phone": "+34612345678", "first_name": "Ana",
        "last_name": "Moreno", "country": "ES", "group": "2", "email_marketing": True,
    }  # fmt: skip
    assert (event.id, event.data["birthday"]) == ("customer.created:25", "1984-05-02")


def test_create_and_update_are_told_apart_by_the_times() -> None:
    [made] = Lumen().told(body("observer.customer_save_after"))
    [changed] = Lumen().told(body("observer.customer_save_commit_after"))
    assert (made.type, changed.type) == ("customer.created", "customer.updated")


def test_what_two_events_say_of_one_change_is_told_once() -> None:
    shop = Lumen()
    assert types(shop.told(body("observer.customer_save_commit_after"))) == ["customer.updated"]
    same = body("observer.customer_save_commit_after")
    twin = same | {"type": "com.adobe.commerce.observer.customer_save_after", "event_id": "another"}
    assert shop.told(twin) == []


@pytest.mark.parametrize(("status", "state"), [(1, "granted"), (3, "withdrawn"), ("4", "pending"), (2, "pending")])
def test_the_newsletter(status: object, state: str) -> None:
    topic = "observer.newsletter_subscriber_save_commit_after"
    [event] = Lumen().told(body(topic, subscriber_status=status))
    assert (event.data["state"], event.data["channel"], event.data["customer"]["email"]) == (
        state, "email", "ana.moreno@example.com",
    )  # fmt: skip


def test_price_and_stock_are_told_if_they_changed() -> None:
    shop, topic = Lumen(), "observer.catalog_product_save_commit_after"
    [made] = shop.told(body(topic))
    assert (made.data["title"], made.data["price"]["amount"], made.data["list_price"]["amount"]) == (
        "Olive oil lamp & wick", "20.00", "25.00",
    )  # fmt: skip
    cheaper = again(body(topic, special_price="18.0000"), 1)
    [price] = shop.told(cheaper)
    assert price.data["previous_price"]["amount"] == "20.00"
    out = {"special_price": "18.0000", "quantity_and_stock_status": {"is_in_stock": "0", "qty": 0}}
    assert types(shop.told(again(body(topic, **out), 2))) == ["product.stock_changed"]
    back = {"special_price": "18.0000", "quantity_and_stock_status": {"is_in_stock": "1", "qty": 9}}
    assert types(shop.told(again(body(topic, **back), 3))) == ["product.restocked", "product.stock_changed"]


def test_a_product_that_is_named_by_its_sku_alone() -> None:
    event = body("observer.catalog_product_save_commit_after")
    del event["data"]["value"]["id"]
    [made] = Lumen().told(event)
    assert made.id == "product.created:sku:LAMP-1"


def test_a_cart_that_was_ordered_is_not_told() -> None:
    assert "was ordered" in Lumen().reason_of(
        "observer.sales_quote_save_after", body("observer.sales_quote_save_after", is_active="0")
    )


def test_what_a_back_office_tells_is_kept_with_its_reason() -> None:
    assert "a back office" in Lumen().reason_of("be-observer.catalog_stock_update", {"data": {"value": []}})


# --- the signature -----------------------------------------------------------------------------------------------

GENUINE = json.dumps(body(SAVED)).encode()


def test_either_signature_is_enough() -> None:
    for wrong in ([0], [1]):
        request = WebhookRequest(headers=ADOBE.headers(GENUINE, wrong=wrong), body=GENUINE, keys=ADOBE.public)
        CONNECTOR.authenticate([CLIENT_ID], request)
    neither = WebhookRequest(headers=ADOBE.headers(GENUINE, wrong=[0, 1]), body=GENUINE, keys=ADOBE.public)
    with pytest.raises(InvalidSignature):
        CONNECTOR.authenticate([CLIENT_ID], neither)


def test_one_key_of_two_is_enough() -> None:
    [first, second] = ADOBE.public
    for address in (first, second):
        request = WebhookRequest(headers=ADOBE.headers(GENUINE), body=GENUINE, keys={address: ADOBE.public[address]})
        CONNECTOR.authenticate([CLIENT_ID], request)


def test_what_adobe_signed_for_another_customer_is_refused() -> None:
    """Adobe signs for everybody with the same keys."""
    with pytest.raises(InvalidSignature):
        CONNECTOR.authenticate(["another-client-id"], signed("adobe-commerce", GENUINE, ""))
    CONNECTOR.authenticate(["another-client-id", CLIENT_ID], signed("adobe-commerce", GENUINE, ""))


@pytest.mark.parametrize(
    "path",
    [
        "https://attacker.example/key.pem", "//attacker.example/prod/keys/a.pem", "/prod/keys/../../x.pem", "/x.pem",
        "@attacker.example/prod/keys/a.pem", ".attacker.example/prod/keys/a.pem", "/prod/keys/a.pem?x", "",
        "/prod/keys/a.pem\n", "/prod/keys/a%2e.pem",
    ],
)  # fmt: skip
def test_a_header_leads_to_no_other_host(path: str) -> None:
    assert KEYS.addresses({"x-adobe-public-key1-path": path}) == ["", ""]


def test_the_challenge_is_repeated() -> None:
    asked = WebhookRequest(headers={}, method="GET", query={"challenge": "8ec8d794-e0ab-42df-9017-e3dada8e84f7"})
    assert CONNECTOR.handshake(asked) == "8ec8d794-e0ab-42df-9017-e3dada8e84f7"
    assert CONNECTOR.handshake(WebhookRequest(headers={}, method="GET")) is None


def test_a_delivery_is_named_by_what_is_signed() -> None:
    claims = CONNECTOR.claims({"x-adobe-event-id": "forged"}, GENUINE)
    assert (claims.delivery, claims.triggered_at) == (json.loads(GENUINE)["event_id"], claims.triggered_at)
    assert claims.triggered_at is not None
    assert claims.triggered_at < RECEIVED
