"""WooCommerce's webhooks: states that become what happened, once each; and nothing that did not happen."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_ingest.connectors.connector import WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.connectors.woocommerce import topics
from relevo_ingest.connectors.woocommerce.order_payload import was_placed
from relevo_ingest.core.drafts import NoEvent, ShopContext
from relevo_ingest.core.errors import InvalidSignature
from relevo_ingest.core.signature import hmac_base64
from tests.ingest.webhooks import ShopSession, body_of

WOO = CONNECTORS["woocommerce"]
SHOP = ShopContext(shop="lumen", currency="EUR", region="ES", domain="casalumen.example")
FILES = sorted((Path(__file__).parent / "fixtures" / "woocommerce").glob("*.json"))
SECRET = "the-secret-of-the-webhook"


def body(topic: str, **changes: object) -> dict[str, Any]:
    file = next(one for one in FILES if one.stem == topic)
    loaded: dict[str, Any] = json.loads(file.read_text())
    return loaded | changes


class Lumen(ShopSession):
    """A WooCommerce shop that tells one entity after another."""

    def __init__(self) -> None:
        super().__init__(SHOP, WOO)

    def order(self, topic: str = "order.updated", minute: int = 0, **changes: object) -> list[Event]:
        """What an order's webhook makes; `minute` is when it was modified."""
        at = f"2026-03-05T17:{minute:02}:30"
        return self.events_of(topic, body("order.created") | {"date_modified_gmt": at} | changes)


def types(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_fixture_is_what_its_topic_says_and_read(file: Path) -> None:
    own = json.loads(file.read_text())
    assert topics.mismatch(file.stem, own) is None
    shop = Lumen()
    if file.stem.endswith((".deleted", ".updated", ".switched", ".restored")):
        created = f"{file.stem.partition('.')[0]}.created"
        shop.events_of(created, body(created))
    events = shop.events_of(file.stem, own)
    assert events
    assert {event.type for event in events} <= set(topics.TOPICS[file.stem].events)
    assert all(event.payload() for event in events)


def test_every_topic_has_a_fixture() -> None:
    assert {file.stem for file in FILES} == set(topics.TOPICS)


# --- orders ------------------------------------------------------------------------------------------------------


def test_a_guests_order_as_the_buyer_saw_it() -> None:
    [event] = Lumen().order("order.created")
    order = event.data
    assert (event.type, event.id, event.time) == (
        "order.placed", "order.placed:727", datetime(2026, 3, 5, 17, 28, 2, tzinfo=UTC),
    )  # fmt: skip
    assert order["customer"] == {
        "email": "ana.moreno@example.com", "phone": "+34612345678", "first_name": "Ana", "last_name": "Moreno",
        "country": "ES", "guest": True,
    }  # fmt: skip
    assert order["contact"]["email"] == "ana.moreno@example.com"
    assert order["total"] == {"amount": "53.10", "currency": "EUR"}
    assert (order["status"], order["payment_status"], order.get("fulfilment_status", "")) == ("pending", "pending", "")
    assert (order["discount_codes"], order["discount"]["amount"]) == (["spring10"], "4.00")
    assert (order["shipping"]["amount"], order["shipping_method"]) == ("5.00", "Courier")
    lamp, shade = order["items"]
    assert (lamp["title"], lamp["quantity"], lamp["price"]["amount"]) == ("Olive oil lamp", 2, "20.00")
    assert (lamp["total"]["amount"], lamp["discount"]["amount"], lamp["tax"]["amount"]) == ("36.00", "4.00", "6.25")
    assert (shade["title"], shade["variant"], shade["variant_id"]) == ("Linen shade", "Sand, Large", "23")
    assert shade["properties"] == {"Colour": "Sand"}
    assert "203.0.113.7" not in str(event)


def test_an_account_is_known_by_its_id_and_the_billing_address_is_the_orders() -> None:
    [event] = Lumen().order("order.created", customer_id=25)
    assert event.data["customer"] == {"id": "25"}
    assert event.data["contact"]["email"] == "ana.moreno@example.com"


def test_prices_without_tax_stay_as_they_are() -> None:
    [event] = Lumen().order("order.created", prices_include_tax=False)
    assert event.data["items"][0]["price"]["amount"] == "16.53"
    assert event.data["shipping"]["amount"] == "4.13"


def test_an_order_is_paid_sent_and_partly_refunded_once_each() -> None:
    shop = Lumen()
    shop.order("order.created")
    paid = {"status": "processing", "date_paid_gmt": "2026-03-05T17:30:00"}
    assert types(shop.order(minute=31, **paid)) == ["order.paid", "order.status_changed"]
    assert shop.order(minute=32, **paid) == [], "the same state again"
    sent: dict[str, Any] = paid | {"status": "completed", "date_completed_gmt": "2026-03-05T17:40:00"}
    [parcel, change] = shop.order(minute=40, **sent)
    assert (parcel.type, parcel.data["kind"], parcel.data["order_number"]) == ("shipment.created", "parcel", "727")
    assert (change.data["previous_status"], change.data["fulfilment_status"]) == ("processing", "fulfilled")
    back = sent | {"refunds": [{"id": 726, "reason": "Broken", "total": "-18.00"}]}
    [refund, change] = shop.order(minute=50, **back)
    assert (refund.type, refund.id, refund.data["total"]["amount"]) == ("refund.created", "refund.created:726", "18.00")
    assert change.data["payment_status"] == "partially_refunded"
    assert (change.data["total"]["amount"], change.data["original_total"]["amount"]) == ("35.10", "53.10")
    more = {"refunds": [*back["refunds"], {"id": 728, "total": "-35.10"}], "status": "refunded"}
    refund, change = shop.order(minute=55, **(back | more))
    assert (refund.id, change.data["payment_status"]) == ("refund.created:728", "refunded")


def test_what_happened_before_the_first_webhook_was_sent_is_told_with_it() -> None:
    """Deliveries coalesce, and a body is made when it is sent: an order may be paid by then."""
    events = Lumen().order("order.created", status="processing", date_paid_gmt="2026-03-05T17:28:30")
    assert types(events) == ["order.placed", "order.paid"]
    assert types(Lumen().order("order.created", status="cancelled")) == ["order.placed", "order.cancelled"]


def test_an_update_that_overtakes_its_order_costs_none_of_its_events() -> None:
    """Nobody was told what the update said, as the order was not known then: it is told with the order."""
    shop = Lumen()
    paid: dict[str, Any] = {"status": "processing", "date_paid_gmt": "2026-03-05T17:30:00"}
    assert "not heard of before" in shop.reason_of("order.updated", body("order.created") | paid)
    assert [event.id for event in shop.order("order.created", **paid)] == ["order.placed:727", "order.paid:727"]


def test_an_order_that_is_told_late_tells_what_is_known_under_the_same_ids() -> None:
    shop = Lumen()
    shop.reason_of("order.updated", body("order.created"))
    paid = {"status": "processing", "date_paid_gmt": "2026-03-05T17:30:00"}
    once = [event.id for event in shop.order(minute=31, **paid) if event.type == "order.paid"]
    again = [event.id for event in shop.order("order.created", minute=31, **paid) if event.type == "order.paid"]
    assert once == again == ["order.paid:727"]


def test_older_news_changes_nothing() -> None:
    shop = Lumen()
    shop.order("order.created", minute=10, status="completed")
    assert shop.order(minute=5, status="processing") == []
    assert shop.order(minute=10, status="completed") == []


def test_a_draft_of_the_checkout_is_no_order_until_it_is_placed() -> None:
    shop = Lumen()
    assert "draft" in shop.reason_of("order.created", body("order.created", status="checkout-draft"))
    events = shop.order(minute=31, status="processing", date_paid_gmt="2026-03-05T17:30:00")
    assert types(events) == ["order.placed", "order.paid"]


def test_what_is_collected_or_downloaded_is_no_parcel_that_left() -> None:
    pickup = {"shipping_lines": [{"method_id": "local_pickup", "method_title": "Pickup"}]}
    for more, expected in (
        (pickup, ["shipment.updated", "order.status_changed"]),
        ({"shipping_lines": []}, ["order.status_changed"]),
    ):
        shop = Lumen()
        shop.order("order.created", **more)
        assert types(shop.order(minute=40, status="completed", **more)) == expected


def test_a_restored_order_was_in_the_bin() -> None:
    shop = Lumen()
    shop.order("order.created")
    [event] = shop.order("order.restored", minute=50)
    assert (event.type, event.data["previous_status"]) == ("order.status_changed", "trash")
    [unheard_of] = Lumen().order("order.restored")
    assert unheard_of.data["previous_status"] == "trash"


def test_only_what_is_known_can_be_deleted() -> None:
    """The body is the id alone, the same for an order, a product and a coupon."""
    for resource in ("order", "product", "coupon", "subscription", "customer"):
        shop, topic = Lumen(), f"{resource}.deleted"
        assert "ever heard of" in shop.reason_of(topic, body(topic))
        shop.events_of(f"{resource}.created", body(f"{resource}.created"))
        [event] = shop.events_of(topic, body(topic))
        assert event.type in topics.TOPICS[topic].events
    assert event.data["customer"] == {"id": "25"}, "and no consent is withdrawn by a body that proves nothing"


def test_nobody_is_thanked_for_an_order_whose_payment_was_declined() -> None:
    shop = Lumen()
    declined = body("order.created") | {"status": "failed"}
    assert types(shop.events_of("order.created", declined)) == ["payment.failed"]
    assert "declined" in shop.reason_of("order.updated", declined | {"date_modified_gmt": "2026-03-05T17:31:30"})
    paid = shop.order(minute=32, status="processing", date_paid_gmt="2026-03-05T17:32:00")
    assert types(paid) == ["order.placed", "order.paid", "order.status_changed"]
    assert paid[2].data["previous_status"] == "failed"


def test_an_order_that_was_placed_may_fail_and_is_placed_once() -> None:
    shop = Lumen()
    [placed] = shop.order("order.created")
    changed, failed = shop.order(minute=31, status="failed")
    assert (changed.type, changed.data["status"]) == ("order.status_changed", "failed")
    assert (failed.type, failed.data["order_id"], failed.data["status"]) == ("payment.failed", "727", "failed")
    again = shop.order(minute=32, status="processing", date_paid_gmt="2026-03-05T17:32:00")
    assert [event.id for event in again if event.type == "order.placed"] in ([], [placed.id])
    assert {"order.paid", "order.status_changed"} <= set(types(again))


def test_a_failed_payment_is_told_with_the_link_to_pay_each_time_it_fails() -> None:
    shop = Lumen()
    link: dict[str, Any] = {"needs_payment": True, "payment_url": "https://lumen.example/pay/727"}
    assert shop.order("order.created", payment_method="stripe", status="pending") == []
    [first] = shop.order(minute=31, payment_method="stripe", status="failed", **link)
    assert (first.type, first.data["retry_url"], first.data["method"]) == (
        "payment.failed", "https://lumen.example/pay/727", "stripe",
    )  # fmt: skip
    assert first.data["contact"]["email"]
    assert shop.order(minute=32, payment_method="stripe", status="failed", customer_note="call me") == []
    assert shop.order(minute=33, payment_method="stripe", status="pending") == []
    [second] = shop.order(minute=34, payment_method="stripe", status="failed")
    assert (second.type, second.id != first.id) == ("payment.failed", True)


def test_a_failure_that_was_never_seen_to_happen_is_told_by_the_order_that_is_new_alone() -> None:
    shop = Lumen()
    failed = body("order.created") | {"status": "failed"}
    assert "declined" in shop.reason_of("order.updated", failed | {"date_modified_gmt": "2026-03-05T17:31:30"})
    assert types(shop.events_of("order.created", failed)) == ["payment.failed"]


def test_a_failure_that_is_over_by_the_time_it_is_heard_of_is_none() -> None:
    shop = Lumen()
    failed = body("order.created") | {"status": "failed"}
    paid = body("order.created") | {"status": "processing", "date_paid_gmt": "2026-03-05T17:32:00"}
    shop.events_of("order.updated", paid | {"date_modified_gmt": "2026-03-05T17:32:30"})
    assert "payment.failed" not in types(shop.events_of("order.created", failed))


UNPAID = [
    (["pending"], "still awaited"),
    (["pending", "failed", "failed"], "declined"),
    (["pending", "cancelled"], "before it was paid"),
    (["failed", "cancelled"], "before it was paid"),
    (["checkout-draft", "pending"], "still awaited"),
]


@pytest.mark.parametrize(("statuses", "reason"), UNPAID, ids=lambda one: "-".join(one) if isinstance(one, list) else "")
def test_an_order_that_waits_for_the_page_of_its_payment_was_not_bought(statuses: list[str], reason: str) -> None:
    """The buyer may turn back there: nobody is thanked for an order, or told that it was cancelled."""
    shop = Lumen()
    for minute, status in enumerate(statuses):
        topic = "order.updated" if minute else "order.created"
        state = body("order.created") | {"status": status, "payment_method": "stripe"}
        said = shop.conclusion(topic, state | {"date_modified_gmt": f"2026-03-05T17:{minute:02}:30"})
        assert isinstance(said, NoEvent) or [one.type for one in said] == ["payment.failed"]
    assert isinstance(said, NoEvent)
    assert reason in said.reason


def test_an_order_is_placed_by_the_payment_that_was_awaited() -> None:
    """However long that took: the order is news then."""
    shop = Lumen()
    assert shop.order("order.created", payment_method="stripe", date_created_gmt="2026-02-20T09:00:00") == []
    placed, paid, changed = shop.order(
        minute=32, payment_method="stripe", date_created_gmt="2026-02-20T09:00:00", status="processing",
        date_paid_gmt="2026-03-05T17:32:00",
    )  # fmt: skip
    assert types([placed, paid, changed]) == ["order.placed", "order.paid", "order.status_changed"]
    assert (placed.time, placed.historical) == (datetime(2026, 3, 5, 17, 32, tzinfo=UTC), False)
    assert placed.data["placed_at"] == "2026-02-20T09:00:00Z"
    assert changed.data["previous_status"] == "pending"


@pytest.mark.parametrize(("method", "status"), [("bacs", "on-hold"), ("cod", "processing"), ("bacs", "pending")])
def test_what_is_paid_by_transfer_or_on_delivery_is_placed_before_it_is_paid(method: str, status: str) -> None:
    assert types(Lumen().order("order.created", payment_method=method, status=status)) == ["order.placed"]


@pytest.mark.parametrize("status", ["pending", "failed", "cancelled"])
def test_an_order_that_was_placed_and_is_to_be_paid_anew_is_not_placed_twice(status: str) -> None:
    shop = Lumen()
    shop.order("order.created", payment_method="stripe", status="on-hold")
    told = types(shop.order(minute=31, payment_method="stripe", status=status))
    failed = ["payment.failed"] if status == "failed" else []
    assert told == [*(["order.cancelled"] if status == "cancelled" else []), "order.status_changed", *failed]
    again = shop.order(minute=32, payment_method="stripe", status="processing", date_paid_gmt="2026-03-05T17:32:00")
    assert types(again) == ["order.paid", "order.status_changed"]


def test_an_order_that_an_earlier_release_told_is_not_told_again() -> None:
    """It kept no mark of what was told, and told every order but a failed one."""
    assert was_placed({"status": "pending"})
    assert not was_placed({"status": "failed"})
    assert not was_placed({"status": "checkout-draft"})


def test_what_is_paid_on_delivery_has_arrived_when_it_is_paid() -> None:
    """WooCommerce completes such an order by its payment: its parcel is not on its way any more."""
    done: dict[str, Any] = {
        "payment_method": "cod", "status": "completed", "date_paid_gmt": "2026-03-05T17:40:00",
        "date_completed_gmt": "2026-03-05T17:40:00",
    }  # fmt: skip
    at_once = Lumen().order("order.created", **done)
    assert types(at_once) == ["order.placed", "order.paid", "shipment.delivered"]
    shop = Lumen()
    shop.order("order.created", payment_method="cod", status="processing")
    _, arrived, _ = shop.order(minute=41, **done)
    assert (arrived.type, arrived.id) == ("shipment.delivered", "shipment.delivered:727")
    assert (arrived.data["delivered_at"], arrived.data.get("shipped_at")) == ("2026-03-05T17:40:00Z", None)


STATUSES = ["pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "checkout-draft"]


STATES = st.tuples(st.sampled_from(STATUSES), st.booleans(), st.integers(0, 2))


@given(st.lists(STATES, min_size=1, max_size=8), st.sampled_from(["bacs", "stripe", "cod", ""]))
def test_whatever_an_order_goes_through_each_thing_happens_once(
    states: list[tuple[str, bool, int]], method: str
) -> None:
    shop = Lumen()
    events: list[Event] = []
    for minute, (status, paid, refunds) in enumerate(states):
        state = body("order.created") | {
            "status": status,
            "payment_method": method,
            "date_paid_gmt": "2026-03-05T17:30:00" if paid else None,
            "refunds": [{"id": 900 + n, "total": "-1.00"} for n in range(refunds)],
            "date_modified_gmt": f"2026-03-05T17:{minute:02}:30",
        }
        topic = "order.updated" if minute else "order.created"
        told = shop.events_of(topic, state, delivery=f"d{minute}")
        assert shop.events_of(topic, state, delivery=f"d{minute}") == told, "a redelivery tells the same"
        events += told
    failures = [event.id for event in events if event.type == "payment.failed"]
    statuses = ["", *(status for status, _, _ in states)]
    assert len(set(failures)) == sum(now == "failed" != was for was, now in itertools.pairwise(statuses))
    events = [event for event in events if event.type != "payment.failed"]
    ids = {event.id for event in events if event.type != "order.status_changed"}
    later = method in ("bacs", "cod")
    placed = any(
        status not in ("checkout-draft", "failed")
        and (later or paid or refunds > 0 or status not in ("pending", "cancelled"))
        for status, paid, refunds in states
    )
    assert ("order.placed:727" in ids) == placed
    assert placed or not events
    assert ("order.paid:727" in ids) <= any(paid for _, paid, _ in states)
    assert ids <= {
        *(f"{name}:727" for name in ("order.placed", "order.paid", "order.cancelled", "shipment.created")),
        "shipment.delivered:727",
        "refund.created:900", "refund.created:901",
    }  # fmt: skip


# --- the rest ----------------------------------------------------------------------------------------------------


def test_a_customers_own_data() -> None:
    [event] = Lumen().events_of("customer.updated", body("customer.updated"))
    assert event.data["customer"] == {
        "id": "25", "email": "ana.moreno@example.com", "phone": "+34612345678", "first_name": "Ana",
        "last_name": "Moreno Gil", "country": "ES", "group": "wholesale",
    }  # fmt: skip


def test_price_and_stock_are_told_if_they_changed() -> None:
    shop = Lumen()
    [made] = shop.events_of("product.created", body("product.created"))
    assert (made.data["title"], made.data["description"]) == (
        "Olive oil lamp & wick", "Burns eight hours — without smoke.",
    )  # fmt: skip
    assert (made.data["price"]["amount"], made.data["list_price"]["amount"]) == ("20", "25")
    price, stock = shop.events_of("product.updated", body("product.updated"))
    assert (price.type, price.data["previous_price"]["amount"], price.data["price"]["amount"]) == (
        "product.price_changed", "20", "18",
    )  # fmt: skip
    assert (stock.data.get("available"), stock.data["previous"], stock.data["in_stock"]) == (0, 4, False)
    back = body("product.updated", stock_quantity=9, stock_status="instock", date_modified_gmt="2026-03-05T10:30:00")
    assert types(shop.events_of("product.updated", back)) == ["product.restocked", "product.stock_changed"]
    same = back | {"price": "18.00", "date_modified_gmt": "2026-03-05T10:31:00"}
    assert "nothing of the product" in shop.reason_of("product.updated", same)


def test_a_variation_is_its_products() -> None:
    variation = body("product.updated", id=94, parent_id=93, type="variation", sku="LAMP-1-L") | {
        "attributes": [{"id": 1, "name": "Size", "option": "Large"}]
    }
    [event] = Lumen().events_of("product.updated", variation)
    assert (event.data["product_id"], event.data["variant_id"], event.data["variant"]) == ("93", "94", "Large")


def test_a_coupon_that_was_used_once_more_is_no_news() -> None:
    shop = Lumen()
    [made] = shop.events_of("coupon.created", body("coupon.created"))
    assert (made.data["kind"], made.data["percent"], made.data["minimum"]["amount"]) == ("percent", 10.0, "30.00")
    used = body("coupon.created", usage_count=4, date_modified_gmt="2026-03-02T09:00:00")
    assert "how often" in shop.reason_of("coupon.updated", used)
    assert types(shop.events_of("coupon.updated", body("coupon.updated"))) == ["coupon.updated"]


def test_a_subscription_is_billed_and_cancelled() -> None:
    shop = Lumen()
    [made] = shop.events_of("subscription.created", body("subscription.created"))
    assert (made.data["interval"], made.data["order_id"]) == ("2 months", "727")
    assert types(shop.events_of("subscription.updated", body("subscription.updated"))) == ["subscription.billed"]
    over = body("subscription.updated", status="cancelled", date_modified_gmt="2026-05-06T17:30:00")
    assert types(shop.events_of("subscription.updated", over)) == ["subscription.cancelled"]


# --- the protocol ------------------------------------------------------------------------------------------------


def test_no_body_passes_for_another_kind() -> None:
    """What can't be told apart is a state of the same entity, or an id alone."""
    passed = [
        (claimed, file.stem)
        for claimed in topics.TOPICS
        for file in FILES
        if topics.mismatch(claimed, json.loads(file.read_text())) is None
        and claimed.partition(".")[0] != file.stem.partition(".")[0]
        and not (claimed.endswith(".deleted") and file.stem.endswith(".deleted"))
    ]
    assert passed == []
    deletions = [claimed for claimed in topics.TOPICS if claimed.endswith(".deleted")]
    assert all(topics.mismatch(claimed, body("order.created")) for claimed in deletions)


@pytest.mark.parametrize(
    "answer", [{"code": "woocommerce_rest_cannot_view", "message": "No", "data": {"status": 401}}, {"order": {"id": 1}}]
)
def test_an_error_or_an_old_form_in_place_of_an_order_is_no_order(answer: dict[str, Any]) -> None:
    assert topics.mismatch("order.updated", answer) == "a body of order.updated has 'id', this one has not"


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("https://casalumen.example/", True), ("http://www.casalumen.example/shop/", True), ("", True),
        ("https://other.example/", False), ("https://casalumen.example.evil.example/", False), ("http://[bad", True),
    ],
)  # fmt: skip
def test_a_webhook_names_its_own_shop(source: str, fits: bool) -> None:
    found = WOO.mismatch("order.created", body_of(body("order.created")), SHOP, {"x-wc-webhook-source": source})
    assert (found is None) == fits


@pytest.mark.parametrize(
    ("sent", "answer"), [(b"webhook_id=12", "ok"), (b"webhook_id=x", None), (b'{"id": 727}', None)]
)
def test_the_ping_of_a_new_webhook_is_answered(sent: bytes, answer: str | None) -> None:
    assert WOO.handshake(WebhookRequest(headers={}, body=sent)) == answer


@given(st.binary(min_size=1, max_size=200), st.integers(0, 199), st.integers(1, 255))
def test_no_changed_byte_passes_the_signature(sent: bytes, place: int, change: int) -> None:
    headers = {"x-wc-webhook-signature": hmac_base64(SECRET, sent)}
    WOO.authenticate([SECRET], WebhookRequest(headers=headers, body=sent))
    place %= len(sent)
    changed = sent[:place] + bytes([sent[place] ^ change]) + sent[place + 1 :]
    with pytest.raises(InvalidSignature):
        WOO.authenticate([SECRET], WebhookRequest(headers=headers, body=changed))


def test_an_action_says_why_it_is_none() -> None:
    reading = WOO.read("action.woocommerce_add_to_cart", b'{"action": "x", "arg": 1}', SHOP)
    assert isinstance(reading, NoEvent)
    assert "argument only" in reading.reason
