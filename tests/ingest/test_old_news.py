"""What is not news: what happened long ago (an import writes parcels of orders nobody has heard of), or not yet."""

from datetime import timedelta
from typing import Any

import pytest

from tests.ingest.test_shopify_truth import T0, T1, T2, order, payment, refund
from tests.ingest.webhooks import RECEIVED, ShopSession, fixture

Body = dict[str, Any]
T3 = "2026-03-05T12:30:00-05:00"
LONG_AGO = "2019-03-01T10:00:00-05:00"


def parcel(**changes: Any) -> Body:
    body = {
        "id": 50, "order_id": 2, "status": "success", "email": "friend@example.com", "tracking_number": "X1",
        "created_at": T0, "updated_at": T0, "destination": {"address1": "Road 1"},
        "line_items": [{"title": "Cup", "quantity": 1, "requires_shipping": True}],
    }  # fmt: skip
    return body | changes


def scan(at: str, **changes: Any) -> Body:
    return {"fulfillment_id": 50, "order_id": 2, "status": "delivered", "happened_at": at, **changes}


def happenings(at: str) -> list[tuple[str, Body]]:
    return [
        ("orders/create", order(created_at=at, updated_at=at)),
        ("fulfillments/create", parcel(created_at=at)),
        ("fulfillments/update", parcel(updated_at=at, shipment_status="delivered")),
        ("fulfillment_events/create", scan(at)),
        ("refunds/create", refund(12, payment("success"), created_at=at)),
        ("order_transactions/create", {"id": 5, "order_id": 2, "created_at": at, **payment("failure", "sale")}),
        ("disputes/create", {"id": 6, "order_id": 2, "amount": "5.00", "currency": "USD", "initiated_at": at}),
        ("checkouts/create", fixture("checkouts/create") | {"created_at": at, "updated_at": at}),
        ("customers/create", {"id": 7, "email": "ana@example.com", "created_at": at}),
    ]


@pytest.mark.parametrize(("topic", "body"), happenings(LONG_AGO))
def test_what_happened_long_ago_starts_nothing_whatever_is_known_of_its_order(topic: str, body: Body) -> None:
    [event] = ShopSession().events_of(topic, body)
    assert event.historical
    assert event.time.year == 2019


@pytest.mark.parametrize(("topic", "body"), happenings("1970-01-01T00:00:00Z"))
def test_a_date_that_nobody_filled_in_costs_itself(topic: str, body: Body) -> None:
    [event] = ShopSession().events_of(topic, body)
    assert not event.historical
    assert RECEIVED - timedelta(days=7) <= event.time <= RECEIVED


@pytest.mark.parametrize(("topic", "body"), happenings(T0))
def test_what_has_just_happened_is_news(topic: str, body: Body) -> None:
    assert not any(event.historical for event in ShopSession().events_of(topic, body))


def test_words_of_the_platform_mean_the_same_in_capitals() -> None:
    shop = ShopSession()
    [paid] = shop.events_of("refunds/create", refund(12, payment("SUCCESS", "REFUND")))
    [arrived] = shop.events_of("fulfillments/update", parcel(status="SUCCESS", shipment_status="DELIVERED"))
    [scanned] = shop.events_of("fulfillment_events/create", scan(T0, fulfillment_id=51, status="DELIVERED"))
    assert (paid.type, arrived.type, scanned.type) == ("refund.created", "shipment.delivered", "shipment.delivered")
    said = {"state": "SUBSCRIBED", "opt_in_level": "CONFIRMED_OPT_IN", "consent_updated_at": T0}
    told = shop.events_of("customers/update", {"id": 7, "email": "ana@example.com", "email_marketing_consent": said})
    assert [(event.type, event.data.get("state")) for event in told][1:] == [("consent.changed", "granted")]


def test_a_customer_is_not_merged_into_itself() -> None:
    same = {f"admin_graphql_api_customer_{which}_id": "gid://shopify/Customer/1" for which in ("kept", "deleted")}
    assert "are the same" in ShopSession().reason_of("customers/merge", {**same, "status": "completed"})


@pytest.mark.parametrize("before", ["label_purchased", "label_printed", "confirmed", "CONFIRMED"])
def test_a_parcel_that_only_has_a_label_has_not_left(before: str) -> None:
    shop = ShopSession()
    [waiting] = shop.events_of("fulfillments/create", parcel(shipment_status=before))
    [again] = shop.events_of("fulfillments/update", parcel(shipment_status=before, updated_at=T1))
    [leaves] = shop.events_of("fulfillments/update", parcel(shipment_status="in_transit", updated_at=T2))
    [later] = shop.events_of("fulfillments/update", parcel(shipment_status="out_for_delivery", updated_at=T3))
    kinds = ["shipment.updated", "shipment.updated", "shipment.created", "shipment.updated"]
    assert [event.type for event in (waiting, again, leaves, later)] == kinds


def test_a_parcel_that_left_is_not_back_when_its_label_is_told_late() -> None:
    shop = ShopSession()
    [leaves] = shop.events_of("fulfillments/create", parcel())
    [label] = shop.events_of("fulfillments/update", parcel(shipment_status="confirmed", updated_at=T1))
    [travels] = shop.events_of("fulfillments/update", parcel(shipment_status="in_transit", updated_at=T2))
    assert [event.type for event in (leaves, label, travels)] == ["shipment.created", *["shipment.updated"] * 2]


@pytest.mark.parametrize("status", ["cancelled", "CANCELED"])
def test_a_parcel_that_was_called_off_before_its_creation_arrives_has_not_left(status: str) -> None:
    shop = ShopSession()
    [off] = shop.events_of("fulfillments/update", parcel(status=status, updated_at=T1))
    [late] = shop.events_of("fulfillments/create", parcel())
    assert [event.type for event in (off, late)] == ["shipment.updated"] * 2
