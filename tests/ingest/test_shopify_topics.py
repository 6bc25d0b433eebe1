"""Each Shopify topic becomes the canonical events that it stands for, with the facts that it holds."""

from datetime import UTC, datetime
from typing import Any

import pytest

from relevo_contracts.payloads import EVENT_TYPES
from relevo_ingest.connectors.shopify import topics
from relevo_ingest.core.aliases import Product
from relevo_ingest.core.drafts import NoEvent
from tests.ingest.webhooks import (
    FIXTURES,
    SHOP,
    ShopSession,
    body_of,
    events_of,
    fixture,
    names_of,
    read_events,
    topic_of,
)

CUSTOMER = "customer:7300000000101"
EXPECTED: dict[str, list[str]] = {
    "carts/create": ["cart.updated"],
    "carts/update": ["cart.updated"],
    "checkouts/create": ["checkout.started"],
    "checkouts/update": ["checkout.updated"],
    "orders/create": ["order.placed"],
    "orders/paid": ["order.paid"],
    "orders/cancelled": ["order.cancelled"],
    "orders/updated": [],
    "orders/fulfilled": ["order.status_changed"],
    "orders/partially_fulfilled": ["order.status_changed"],
    "orders/edited": [],
    "orders/delete": ["order.deleted"],
    "draft_orders/create": ["quote.requested"],
    "draft_orders/update": ["quote.sent"],
    "draft_orders/delete": [],
    "order_transactions/create": [],
    "disputes/create": ["dispute.opened"],
    "disputes/update": ["dispute.updated"],
    "fulfillments/create": ["shipment.created"],
    "fulfillments/update": ["shipment.updated"],
    "fulfillment_events/create": ["shipment.delivered"],
    "customers/create": ["customer.created"],
    "customers/update": ["customer.updated", "consent.changed"],
    "customers/enable": ["customer.updated"],
    "customers/disable": ["customer.updated"],
    "customers/merge": ["customer.merged"],
    "customers/delete": ["customer.deleted", "consent.changed", "consent.changed"],
    "customers/purchasing_summary": ["customer.updated"],
    "customer.tags_added": ["customer.updated"],
    "customer.tags_removed": ["customer.updated"],
    "customers_email_marketing_consent/update": ["consent.changed"],
    "customers_marketing_consent/update": ["consent.changed"],
    "refunds/create": ["refund.created"],
    "returns/request": ["return.requested"],
    "returns/approve": ["return.approved"],
    "returns/decline": ["return.declined"],
    "returns/process": ["return.received"],
    "returns/close": ["return.closed"],
    "returns/cancel": ["return.closed"],
    "returns/reopen": [],
    "inventory_levels/update": ["product.stock_changed"],
    "inventory_levels/connect": ["product.stock_changed"],
    "variants/in_stock": ["product.restocked", "product.stock_changed"],
    "variants/out_of_stock": ["product.stock_changed"],
    "products/create": ["product.created"],
    "products/delete": ["product.deleted"],
    "products/update": ["product.stock_changed"],
    "subscription_contracts/create": ["subscription.created"],
    "subscription_contracts/update": ["subscription.updated"],
    "subscription_contracts/activate": ["subscription.updated"],
    "subscription_contracts/pause": ["subscription.updated"],
    "subscription_contracts/expire": ["subscription.updated"],
    "subscription_contracts/fail": ["subscription.updated"],
    "subscription_contracts/cancel": ["subscription.cancelled"],
    "subscription_billing_attempts/success": ["subscription.billed"],
    "subscription_billing_attempts/failure": ["subscription.billing_failed"],
    "subscription_billing_attempts/challenged": ["subscription.updated"],
    "app/uninstalled": ["shop.disconnected"],
    "customers/data_request": ["customer.data_requested"],
    "customers/redact": ["customer.redacted"],
    "shop/redact": ["shop.redacted"],
}


def data(topic: str, **changes: object) -> dict[str, Any]:
    return events_of(topic, **changes)[0].data


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize("topic", EXPECTED)
def test_topic_becomes_its_events(topic: str) -> None:
    events = events_of(topic)
    assert [event.type for event in events] == EXPECTED[topic]
    for event in events:
        assert isinstance(event.payload(), EVENT_TYPES[event.type])


def test_every_readable_topic_has_a_fixture_and_an_expectation() -> None:
    assert set(topics.READERS) == set(EXPECTED)
    assert set(EXPECTED) <= {topic_of(file) for file in FIXTURES.glob("*.json")}


def test_a_topic_in_capitals_is_the_same_topic() -> None:
    assert read_events("ORDERS/Create", body_of(fixture("orders/create")))[0].type == "order.placed"


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("segments/create", "segments are rules"),
        ("returns/update", "names neither"),
        ("themes/publish", "no canonical event"),
    ],
)
def test_a_topic_without_an_event_says_why(topic: str, reason: str) -> None:
    reading = topics.read(topic, b"{}", SHOP)
    assert isinstance(reading, NoEvent)
    assert reason in reading.reason
    assert reading.reason.startswith(topic)


def test_order_carries_what_a_message_needs() -> None:
    order = data("orders/create")
    assert order["order_id"] == "5600000000001"
    assert order["number"] == "#1042"
    assert order["total"] == {"amount": "70.10", "currency": "USD"}
    assert order["shipping"] == {"amount": "5.00", "currency": "USD"}
    assert order["discount_codes"] == ["SPRING10"]
    assert order["tags"] == ["gift", "first"]
    assert order["checkout_token"] == "chk-71aa"
    assert order["placed_at"] == "2026-03-01T17:00:00Z"
    assert order["shipping_address"]["country"] == "US"
    assert order["items"][0] == {
        "title": "Sencha green tea",
        "quantity": 2,
        "product_id": "4100000000001",
        "variant_id": "4200000000011",
        "sku": "TEA-GREEN-100",
        "variant": "100 g",
        "price": {"amount": "14.50", "currency": "USD"},
        "line_id": "9001",
        "vendor": "Example Teas",
        "properties": {"Gift wrap": "no"},
        "total": {"amount": "29.00", "currency": "USD"},
        "weight_kg": 0.1,
    }
    assert "variant" not in order["items"][1], "Shopify's 'Default Title' is not a variant"


def test_buyer_is_in_canonical_form() -> None:
    assert data("orders/create")["customer"] == {
        "id": "7300000000101",
        "email": "noor.haddad@example.com",
        "phone": "+12025550123",
        "first_name": "Noor",
        "last_name": "Haddad",
        "locale": "es-ES",
        "country": "US",
        "email_marketing": True,
    }


@pytest.mark.parametrize("topic", ["orders/paid", "orders/cancelled", "orders/fulfilled"])
def test_later_webhooks_of_an_order_do_not_repeat_the_ticked_box(topic: str) -> None:
    found = data(topic)
    assert "email_marketing" not in found["customer"]
    assert "email_marketing" not in found["contact"]


def test_order_that_is_announced_late_does_not_grant_consent_now() -> None:
    assert "email_marketing" not in data("orders/create", updated_at="2026-03-04T12:00:00-05:00")["customer"]


def test_cancelled_order_says_why() -> None:
    order = data("orders/cancelled")
    assert (order["status"], order["cancel_reason"]) == ("cancelled", "customer")
    assert events_of("orders/cancelled")[0].time == utc("2026-03-01T13:00:00-05:00")


def test_order_without_currency_takes_the_shops() -> None:
    assert data("orders/create", currency=None)["total"]["currency"] == "USD"


def test_checkout_names_the_buyer_and_the_way_back() -> None:
    checkout = data("checkouts/create")
    assert checkout["checkout_token"] == "chk-71aa"
    assert checkout["total"] == {"amount": "73.00", "currency": "USD"}
    assert checkout["recover_url"].endswith("recover?key=recover-key")
    assert checkout["customer"]["locale"] == "es"
    assert "completed_at" not in checkout


def test_completed_checkout_says_when() -> None:
    checkout = data("checkouts/update")
    assert checkout["completed_at"] == "2026-03-01T17:00:00Z"
    assert "email_marketing" not in checkout["customer"]


def test_cart_has_items_and_sum_but_nobody() -> None:
    cart = data("carts/create")
    assert cart["customer"] == {}
    assert cart["total"] == {"amount": "68.00", "currency": "USD"}
    assert cart["items"][0]["image_url"] == "https://cdn.example.com/i.png"


def test_shipment_has_its_tracking_and_not_the_recipients_name_as_the_buyers() -> None:
    shipment = data("fulfillments/create")
    assert shipment["shipment_id"] == "3300000000001"
    assert shipment["order_number"] == "#1042"
    assert shipment["carrier"] == "Example Post"
    assert shipment["tracking_url"] == "https://post.example.com/t/EX123456789US"
    assert shipment["address"]["name"] == "Layla Nasser"
    assert shipment["customer"] == {}
    assert shipment["contact"] == {"email": "noor.haddad@example.com"}


def test_fulfilment_that_was_cancelled_is_no_new_shipment() -> None:
    assert events_of("fulfillments/create", status="cancelled")[0].type == "shipment.updated"


def test_a_delivery_that_two_topics_tell_is_one_event() -> None:
    carrier = events_of("fulfillment_events/create")[0]
    update = events_of("fulfillments/update", shipment_status="delivered")[0]
    again = events_of("fulfillments/update", shipment_status="delivered", updated_at="2026-03-05T09:00:00-05:00")[0]
    assert carrier.type == update.type == "shipment.delivered"
    assert carrier.id == update.id == again.id


def test_parcel_on_its_way_is_an_update() -> None:
    event = events_of("fulfillment_events/create", status="out_for_delivery")[0]
    assert (event.type, event.data["status"]) == ("shipment.updated", "out_for_delivery")


def test_customer_with_tags_totals_and_a_dated_consent() -> None:
    changed, consent = events_of("customers/update")
    assert changed.data["tags"] == ["vip", "tea"]
    assert changed.data["orders_count"] == 3
    assert changed.data["total_spent"] == {"amount": "210.30", "currency": "USD"}
    assert consent.data["state"] == "granted"
    assert consent.data["double_opt_in"] is True
    assert consent.time == utc("2026-02-27T10:00:00-05:00")


def test_consent_without_a_date_proves_nothing() -> None:
    state = {"state": "subscribed", "opt_in_level": None, "consent_updated_at": None}
    assert len(events_of("customers/update", email_marketing_consent=state)) == 1


def test_consent_of_an_old_api_version() -> None:
    events = events_of(
        "customers/create", accepts_marketing=False, accepts_marketing_updated_at="2026-03-01T10:00:00-05:00"
    )
    assert [event.data.get("state") for event in events] == [None, "withdrawn"]


def test_deleted_customer_gets_no_more_marketing() -> None:
    changed, email, sms = events_of("customers/delete")
    assert changed.data["attributes"] == {"state": "deleted"}
    assert changed.type == "customer.deleted"
    assert [(event.data["channel"], event.data["state"]) for event in (email, sms)] == [
        ("email", "withdrawn"),
        ("sms", "withdrawn"),
    ]
    assert len({changed.id, email.id, sms.id}) == 3


def test_tags_that_come_as_a_difference() -> None:
    assert data("customer.tags_added")["tags_added"] == ["vip"]
    assert data("customer.tags_removed")["tags_removed"] == ["trial"]
    assert data("customer.tags_added")["customer"] == {"id": "7300000000101"}


def test_purchasing_summary_has_the_totals() -> None:
    summary = data("customers/purchasing_summary")
    assert summary["orders_count"] == 4
    assert summary["total_spent"] == {"amount": "280.40", "currency": "USD"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("subscribed", "granted"),
        ("SUBSCRIBED", "granted"),
        ("pending", "pending"),
        ("unsubscribed", "withdrawn"),
        ("not_subscribed", "withdrawn"),
        ("redacted", "withdrawn"),
        ("invalid", "withdrawn"),
    ],
)
def test_state_of_consent(said: str, meant: str) -> None:
    consent = {"state": said, "opt_in_level": "single_opt_in", "consent_updated_at": "2026-03-01T10:00:00-05:00"}
    found = data("customers_email_marketing_consent/update", email_marketing_consent=consent)
    assert (found["channel"], found["state"]) == ("email", meant)


def test_sms_consent_names_the_phone() -> None:
    found = data("customers_marketing_consent/update")
    assert (found["channel"], found["state"], found["customer"]["phone"]) == ("sms", "granted", "+12025550123")


def test_unknown_state_of_consent_is_kept_as_unrecognised() -> None:
    body = fixture("customers_email_marketing_consent/update") | {"email_marketing_consent": {"state": None}}
    reading = topics.read("customers_email_marketing_consent/update", body_of(body), SHOP)
    assert isinstance(reading, NoEvent)
    assert "says nothing" in reading.reason


def test_refund_is_what_was_paid_back() -> None:
    refund = data("refunds/create")
    assert refund["total"] == {"amount": "41.15", "currency": "USD"}
    assert refund["reason"] == "The lid was broken"
    assert refund["items"][0]["title"] == "Clay teapot"


def test_return_tells_order_item_and_reason() -> None:
    found = data("returns/request")
    assert (found["order_id"], found["order_number"], found["reason"]) == ("5600000000001", "#1042", "defective")
    assert found["items"] == [
        {"title": "Clay teapot", "sku": "POT-CLAY", "reason": "The lid is broken", "line_id": "9002"}
    ]
    assert data("returns/decline")["reason"].startswith("As discussed on the phone")


def test_variant_back_in_stock() -> None:
    restocked = data("variants/in_stock")
    assert restocked["product_id"] == "4100000000001"
    assert (restocked["previous"], restocked["available"]) == (0, 24)


def test_stock_level_that_is_not_tracked() -> None:
    level = data("inventory_levels/connect")
    assert level["inventory_item_id"] == "4300000000011"
    assert "available" not in level


def test_product_teaches_its_inventory_items_also_if_nothing_of_it_changed() -> None:
    shop = ShopSession()
    [created] = shop.conclusion("products/create", fixture("products/create"))  # type: ignore[misc] # it has an event
    assert isinstance(created.subject, Product)
    assert created.subject.inventory_items == ("4300000000011",)
    again = shop.conclusion("products/update", fixture("products/create"))
    assert isinstance(again, NoEvent)
    assert again.subjects[0].inventory_items == ("4300000000011",)  # type: ignore[union-attr] # it is a Product


def test_subscription() -> None:
    found = data("subscription_contracts/create")
    assert (found["subscription_id"], found["status"], found["interval"]) == ("1100000000001", "active", "P4W")
    assert data("subscription_billing_attempts/failure")["status"] == "card_expired"


def test_an_erasure_finds_its_person_and_its_event_names_nobody() -> None:
    found = data("customers/redact")
    assert found["customer"] == {}
    assert found.get("order_ids", []) == []


def test_a_request_for_data_says_whose() -> None:
    found = data("customers/data_request")
    assert found["customer"] == {"id": "7300000000101", "email": "noor.haddad@example.com", "phone": "+12025550123"}


@pytest.mark.parametrize(
    ("topic", "names"),
    [
        ("orders/create", [CUSTOMER, "email", "phone", "order:5600000000001", "checkout:chk-71aa", "cart:c-3f9a"]),
        ("checkouts/create", [CUSTOMER, "email", "phone", "checkout:chk-71aa", "cart:c-3f9a"]),
        ("carts/create", ["cart:c-3f9a"]),
        ("refunds/create", ["order:5600000000001"]),
        ("returns/request", ["order:5600000000001"]),
        ("fulfillment_events/create", ["order:5600000000001"]),
        ("fulfillments/create", ["order:5600000000001"]),
        ("subscription_billing_attempts/success", ["subscription:1100000000001", "order:5600000000009"]),
        ("customers_email_marketing_consent/update", [CUSTOMER, "email"]),
        ("customer.tags_added", [CUSTOMER]),
    ],
)  # fmt: skip
def test_names_of_the_person(topic: str, names: list[str]) -> None:
    assert names_of(topic) == names
