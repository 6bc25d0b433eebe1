"""Say only what has happened: what a shop tells over time, and what is made of it."""

from typing import Any

import pytest

from relevo_contracts.envelope import Event
from relevo_ingest.core.drafts import ShopContext
from tests.ingest.webhooks import RECEIVED, ShopSession, fixture

Body = dict[str, Any]
T0, T1, T2 = "2026-03-05T12:00:00-05:00", "2026-03-05T12:10:00-05:00", "2026-03-05T12:20:00-05:00"
USD = {"currency": "USD"}


def order(n: int = 2, **changes: Any) -> Body:
    body = {
        "id": n, "name": f"#{n}", "currency": "USD", "total_price": "25.00", "email": "friend@example.com",
        "customer": {"id": 90, "email": "owner@example.com"}, "created_at": T0, "updated_at": T0,
        "financial_status": "paid", "fulfillment_status": None,
    }  # fmt: skip
    return body | changes


def refund(n: int = 12, *transactions: Body, **changes: Any) -> Body:
    line = {"quantity": 1, "subtotal": 25.0, "total_tax": 0.0, "line_item": {"title": "Cup", "price": "25.00"}}
    body = {"id": n, "order_id": 2, "refund_line_items": [line], "transactions": list(transactions), "created_at": T0}
    return body | changes


def payment(status: str, kind: str = "refund", amount: str = "25.00", **changes: Any) -> Body:
    return {"kind": kind, "status": status, "amount": amount, "currency": "USD", **changes}


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


# --- refunds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transactions", "why"),
    [
        ([payment("failure")], "failed"),
        ([payment("error")], "failed"),
        ([payment("pending")], "no money went back yet"),
        ([payment("success", "void")], "voided"),
        ([], "restocks"),
        ([payment("success", amount="0.00")], "restocks"),
        ([payment("success", "sale")], "restocks"),
    ],
)
def test_no_refund_is_announced_where_no_money_went_back(transactions: list[Body], why: str) -> None:
    assert why in ShopSession().reason_of("refunds/create", refund(12, *transactions))


def test_a_refund_is_what_its_successful_payments_add_up_to_in_their_currency() -> None:
    shop = ShopSession(ShopContext(shop="tea", currency="EUR"))
    paid = [payment("success", amount="10.00"), payment("success", amount="5.50", gateway="gift_card")]
    [event] = shop.events_of("refunds/create", refund(12, *paid, payment("failure", amount="9.50")))
    assert (event.id, event.data["total"]) == ("refund.created:12", {"amount": "15.50", **USD})
    assert event.data["payment_method"] == "gift_card"


def test_a_pending_refund_is_announced_once_when_its_payment_succeeds() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order())
    assert shop.events_of("refunds/create", refund(13, payment("pending", id=77))) == []
    later = payment("success", id=77, order_id=2, processed_at=T1)
    [event] = shop.events_of("order_transactions/create", later)
    assert (event.id, event.data["total"]["amount"]) == ("refund.created:13", "25.00")
    assert event.data["contact"]["email"] == "friend@example.com"


def test_a_pending_payment_without_an_id_is_found_by_its_order_and_amount() -> None:
    shop = ShopSession()
    shop.events_of("refunds/create", refund(13, payment("pending")))
    [event] = shop.events_of("order_transactions/create", payment("success", id=5, order_id=2, processed_at=T1))
    assert event.id == "refund.created:13"
    other = payment("success", id=6, order_id=2, amount="7.00", processed_at=T1)
    assert "refunds/create tells" in shop.reason_of("order_transactions/create", other)


def test_a_refund_that_failed_is_not_announced_by_the_payment_of_the_next() -> None:
    shop = ShopSession()
    shop.events_of("refunds/create", refund(13, payment("pending", id=77)))
    shop.events_of("order_transactions/create", payment("failure", id=77, order_id=2, processed_at=T1))
    again = payment("success", id=78, order_id=2, processed_at=T2)
    assert shop.events_of("order_transactions/create", again) == []
    [event] = shop.events_of("refunds/create", refund(14, payment("success", id=78), created_at=T2))
    assert event.id == "refund.created:14"


def test_the_order_tells_that_a_pending_refund_went_through_once() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order())
    shop.events_of("refunds/create", refund(13, payment("pending")))
    through = order(updated_at=T1, refunds=[refund(13, payment("success"))])
    assert [event.id for event in shop.events_of("orders/updated", through)] == ["refund.created:13"]
    assert shop.events_of("orders/updated", through | {"updated_at": T2}) == []


def test_an_order_with_a_refund_that_was_announced_tells_nothing_new() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order())
    assert types(shop.events_of("refunds/create", refund(13, payment("success")))) == ["refund.created"]
    assert shop.events_of("orders/updated", order(updated_at=T1, refunds=[refund(13, payment("success"))])) == []
    first = ShopSession()
    first.events_of("orders/create", order())
    assert first.events_of("orders/updated", order(updated_at=T1, refunds=[refund(13, payment("success"))])) == []
    assert types(first.events_of("refunds/create", refund(13, payment("success")))) == ["refund.created"]


def test_a_refund_goes_to_the_contact_of_its_own_order() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order(2, email="friend2@example.com"))
    shop.events_of("orders/create", order(3, email="friend4@example.com"))
    [event] = shop.events_of("refunds/create", refund(91, payment("success")))
    assert event.data["contact"]["email"] == "friend2@example.com"
    assert (event.data["order_number"], event.data["customer"]) == ("#2", {"id": "90"})


# --- parcels -----------------------------------------------------------------------------------------------------


def parcel(**changes: Any) -> Body:
    body = {
        "id": 57, "order_id": 2, "status": "success", "email": "a@example.com", "name": "#2.1", "created_at": T0,
        "updated_at": T0, "tracking_numbers": ["X1"], "destination": {"country_code": "US", "zip": "1"},
        "line_items": [{"title": "Cup", "quantity": 1, "requires_shipping": True}],
    }  # fmt: skip
    return body | changes


GIFT_CARD = {"title": "Gift card", "quantity": 1, "requires_shipping": False, "gift_card": True}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"service": "gift_card", "tracking_numbers": [], "destination": None, "line_items": [GIFT_CARD]}, "digital"),
        ({"line_items": [GIFT_CARD]}, "digital"),
        ({"tracking_numbers": [], "destination": None}, "pickup"),
        ({"shipment_status": "ready_for_pickup"}, "pickup"),
        ({"status": "pending"}, "parcel"),
        ({"status": "open"}, "parcel"),
        ({"status": "cancelled"}, "parcel"),
        ({"status": "error"}, "parcel"),
        ({"status": "pending", "tracking_numbers": [], "destination": None, "line_items": []}, ""),
    ],
)
def test_what_is_no_parcel_that_left_is_not_announced(changes: Body, kind: str) -> None:
    [event] = ShopSession().events_of("fulfillments/create", parcel(**changes))
    assert (event.type, event.data.get("kind", "")) == ("shipment.updated", kind)


def test_a_parcel_that_was_waiting_is_announced_once_when_it_leaves() -> None:
    shop = ShopSession()
    assert types(shop.events_of("fulfillments/create", parcel(status="pending"))) == ["shipment.updated"]
    [left] = shop.events_of("fulfillments/update", parcel(updated_at=T1))
    assert (left.type, left.id) == ("shipment.created", "shipment.created:57")
    assert types(shop.events_of("fulfillments/update", parcel(updated_at=T2))) == ["shipment.updated"]


def test_an_update_that_overtakes_the_creation_announces_nothing_and_the_creation_does() -> None:
    shop = ShopSession()
    assert types(shop.events_of("fulfillments/update", parcel(updated_at=T1))) == ["shipment.updated"]
    assert types(shop.events_of("fulfillments/create", parcel(status="pending"))) == ["shipment.created"]


def test_an_order_that_is_collected_has_no_parcel() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order(shipping_lines=[{"title": "Shop", "delivery_category": "pickup"}]))
    [event] = shop.events_of("fulfillments/create", parcel(tracking_numbers=[]))
    assert (event.type, event.data["kind"]) == ("shipment.updated", "pickup")


def test_a_delivery_is_told_once_however_often_later_updates_repeat_it() -> None:
    shop = ShopSession()
    shop.events_of("fulfillments/create", parcel())
    arrived = parcel(shipment_status="delivered", updated_at=T1)
    assert [event.id for event in shop.events_of("fulfillments/update", arrived)] == ["shipment.delivered:57"]
    scan = {"id": 1, "fulfillment_id": 57, "order_id": 2, "status": "delivered", "happened_at": T1}
    assert shop.events_of("fulfillment_events/create", scan) == []
    assert types(shop.events_of("fulfillments/update", arrived | {"updated_at": T2})) == ["shipment.updated"]


def test_several_parcels_of_a_fulfilment() -> None:
    [event] = ShopSession().events_of(
        "fulfillments/create",
        parcel(tracking_numbers=["X1", "X2"], tracking_urls=["https://post.example.com/X1"], tracking_company="Post"),
    )
    assert event.data["tracks"] == [
        {"number": "X1", "url": "https://post.example.com/X1", "carrier": "Post"},
        {"number": "X2", "carrier": "Post"},
    ]


# --- statuses ----------------------------------------------------------------------------------------------------


def test_a_status_that_changed_comes_with_the_one_before_and_once() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order(financial_status="pending"))
    assert types(shop.events_of("orders/paid", order(updated_at=T1))) == ["order.paid"]
    [event] = shop.events_of("orders/updated", order(updated_at=T1))
    assert (event.data["payment_status"], event.data["previous_payment_status"]) == ("paid", "pending")
    assert event.data["previous_status"] == "open"
    assert shop.events_of("orders/updated", order(updated_at=T2, note="call first")) == []
    sent = order(updated_at=T2, fulfillment_status="fulfilled")
    assert types(shop.events_of("orders/fulfilled", sent)) == ["order.status_changed"]
    assert shop.events_of("orders/updated", sent) == []


def test_a_status_that_is_taken_back_is_a_change_too() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order(fulfillment_status="fulfilled"))
    [event] = shop.events_of("orders/updated", order(updated_at=T1))
    assert (event.data.get("fulfilment_status", ""), event.data["previous_fulfilment_status"]) == ("", "fulfilled")


def test_older_news_of_an_order_changes_no_status() -> None:
    shop = ShopSession()
    shop.events_of("orders/updated", order(updated_at=T2, fulfillment_status="fulfilled"))
    assert shop.events_of("orders/updated", order(updated_at=T1)) == []
    assert types(shop.events_of("orders/create", order())) == ["order.placed"], "what a topic itself says is told"
    assert shop.events_of("orders/updated", order(updated_at=T2, fulfillment_status="fulfilled")) == []


def test_a_redelivery_says_the_same() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order(financial_status="pending"))
    first = shop.events_of("orders/updated", order(updated_at=T1), delivery="w-5")
    shop.events_of("orders/updated", order(updated_at=T2, fulfillment_status="fulfilled"))
    again = shop.events_of("orders/updated", order(updated_at=T1), delivery="w-5")
    assert [(event.id, event.data) for event in first] == [(event.id, event.data) for event in again]
    assert first


def test_an_order_never_heard_of_before_tells_no_change() -> None:
    assert "not heard of before" in ShopSession().reason_of("orders/updated", order())
    assert types(ShopSession().events_of("orders/fulfilled", order(fulfillment_status="fulfilled"))) == [
        "order.status_changed"
    ]


# --- orders ------------------------------------------------------------------------------------------------------


def test_an_order_is_what_it_is_now() -> None:
    lines = [
        {"title": "Cup", "quantity": 3, "current_quantity": 1, "price": "5.00"},
        {"title": "Pot", "quantity": 1, "current_quantity": 0, "price": "20.00"},
    ]
    [event] = ShopSession().events_of("orders/create", order(current_total_price="5.00", line_items=lines))
    assert [(line["title"], line.get("quantity", 1)) for line in event.data["items"]] == [("Cup", 1)]
    assert event.data["total"] == {"amount": "5.00", **USD}
    assert event.data["original_total"] == {"amount": "25.00", **USD}


def test_the_currency_is_the_amounts_own() -> None:
    shop = ShopSession(ShopContext(shop="tea", currency="EUR"))
    both = {
        "shop_money": {"amount": "25.00", "currency_code": "CAD"},
        "presentment_money": {"amount": "18.40", "currency_code": "USD"},
    }
    [event] = shop.events_of("orders/create", order(currency=None, total_price_set=both))
    assert event.data["total"] == {"amount": "25.00", "currency": "CAD"}
    assert event.data["buyer_total"] == {"amount": "18.40", **USD}
    line = {"title": "Cup", "quantity": 1, "price": "5.00", "price_set": both, "line_price_set": both}
    [cart] = shop.events_of("carts/update", {"token": "c", "line_items": [line]})
    assert cart.data["total"]["currency"] == cart.data["items"][0]["price"]["currency"] == "CAD"


@pytest.mark.parametrize(
    "changes",
    [
        {"processed_at": "2019-03-01T10:00:00-05:00"},
        {"source_name": "import-app"},
        {"source_name": "Matrixify"},
        {"created_at": "2019-03-01T10:00:00-05:00"},
    ],
)
def test_an_order_that_an_import_writes_is_historical(changes: Body) -> None:
    [event] = ShopSession().events_of("orders/create", order(**changes))
    assert event.historical
    assert "email_marketing" not in event.data["contact"]


@pytest.mark.parametrize("source", ["web", "pos", "important-shop", "580111", None])
def test_an_order_of_today_is_not_historical(source: str | None) -> None:
    [event] = ShopSession().events_of("orders/create", order(source_name=source, processed_at=T0))
    assert not event.historical


def test_what_follows_an_imported_order_at_once_is_historical_and_later_news_is_not() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order(source_name="import-app", financial_status="pending"))
    [paid] = shop.events_of("orders/paid", order(source_name="import-app", updated_at=T1))
    [left] = shop.events_of("fulfillments/create", parcel(updated_at=T1))
    assert (paid.historical, left.historical) == (True, True)
    later = RECEIVED.replace(month=4)
    [news] = shop.events_of(
        "fulfillments/create", parcel(id=58, created_at="2026-04-05T12:00:00-05:00"), received=later
    )
    assert not news.historical


def test_a_test_order_marks_whatever_follows_from_it() -> None:
    shop = ShopSession()
    found = shop.events_of("orders/create", order(test=True))
    found += shop.events_of("fulfillments/create", parcel())
    found += shop.events_of("refunds/create", refund(13, payment("success")))
    found += shop.events_of("returns/close", {"id": 7, "order_id": 2, "status": "closed"})
    assert [(event.test, event.data["test"]) for event in found] == [(True, True)] * 4


# --- persons -----------------------------------------------------------------------------------------------------


def test_the_customer_is_the_customers_own_data_and_the_contact_the_orders() -> None:
    recipient = {"first_name": "Layla", "phone": "+12025550199", "company": "Other Co", "country_code": "CA"}
    body = order(phone="+12025550147", buyer_accepts_marketing=True, shipping_address=recipient)
    [event] = ShopSession().events_of("orders/create", body)
    assert event.data["customer"] == {"id": "90", "email": "owner@example.com"}
    assert event.data["contact"] == {
        "email": "friend@example.com", "phone": "+12025550147", "email_marketing": True,
    }  # fmt: skip


def test_a_customer_without_an_address_stays_without() -> None:
    [event] = ShopSession().events_of("orders/create", order(customer={"id": 90}))
    assert event.data["customer"] == {"id": "90"}


def test_a_guest_is_known_by_the_contact() -> None:
    shop = ShopSession()
    [event] = shop.events_of("orders/create", order(customer=None, buyer_accepts_marketing=True))
    assert event.data["customer"] == {"email": "friend@example.com", "email_marketing": True, "guest": True}
    [event] = shop.events_of("refunds/create", refund(13, payment("success")))
    assert event.data["customer"] == {"email": "friend@example.com", "guest": True}


def test_the_box_for_sms_belongs_to_the_number_beside_it() -> None:
    body = fixture("checkouts/create") | {
        "phone": "+12025550147", "sms_marketing_phone": "+12025550123", "buyer_accepts_sms_marketing": True,
        "customer": {"id": 90, "phone": "+12025550147"},
    }  # fmt: skip
    [event] = ShopSession().events_of("checkouts/create", body)
    assert (event.data["contact"]["phone"], event.data["contact"]["sms_marketing"]) == ("+12025550123", True)
    assert "sms_marketing" not in event.data["customer"]
    [event] = ShopSession().events_of("checkouts/create", body | {"sms_marketing_phone": None})
    assert "sms_marketing" not in event.data["contact"]


def test_merged_customers() -> None:
    [event] = ShopSession().events_of("customers/merge", fixture("customers/merge"))
    assert (event.data["customer"], event.data["merged"]) == ({"id": "1"}, [{"id": "2"}])
    failed = fixture("customers/merge") | {"status": "failed"}
    assert "failed" in ShopSession().reason_of("customers/merge", failed)


# --- returns, payments, products ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("topic", "status"), [("returns/close", "closed"), ("returns/cancel", "canceled")])
def test_a_return_that_names_its_order_at_the_top(topic: str, status: str) -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order(1001))
    [event] = shop.events_of(topic, {"id": 7001, "order_id": 1001, "status": status})
    assert (event.type, event.data["order_id"], event.data["order_number"]) == ("return.closed", "1001", "#1001")


def test_a_return_is_closed_once_unless_it_was_opened_again() -> None:
    shop, body = ShopSession(), {"id": 7, "order_id": 2, "status": "closed"}
    assert types(shop.events_of("returns/close", body)) == ["return.closed"]
    assert shop.events_of("returns/close", body) == []
    assert shop.events_of("returns/reopen", body | {"status": "open"}) == []
    assert types(shop.events_of("returns/close", body)) == ["return.closed"]


def test_payments_that_orders_paid_does_not_tell() -> None:
    shop = ShopSession()
    shop.events_of("orders/create", order(financial_status="pending"))
    whole = payment("success", "sale", id=1, order_id=2)
    assert "orders/paid" in shop.reason_of("order_transactions/create", whole)
    [part] = shop.events_of("order_transactions/create", whole | {"id": 2, "amount": "10.00"})
    [failed] = shop.events_of(
        "order_transactions/create", payment("failure", "sale", id=3, order_id=2, message="Declined")
    )
    assert (part.type, part.data["total"]["amount"]) == ("payment.received", "10.00")
    assert (failed.type, failed.data["error"], failed.data["order_number"]) == ("payment.failed", "Declined", "#2")


def test_a_dispute_opens_changes_and_closes() -> None:
    shop = ShopSession()
    told = [shop.events_of("disputes/create", fixture("disputes/create"))]
    told += [shop.events_of("disputes/update", fixture("disputes/update") | {"status": one}) for one in ("won", "won")]
    assert [event.type for events in told for event in events] == ["dispute.opened", "dispute.closed", "dispute.closed"]
    assert len({event.id for events in told for event in events}) == 2


def product(**changes: Any) -> Body:
    variant = {"id": 11, "product_id": 1, "title": "Large", "price": "10.00", "inventory_item_id": 5,
               "inventory_quantity": 3, "old_inventory_quantity": 3}  # fmt: skip
    return {"id": 1, "title": "Cup", "updated_at": T0, "variants": [variant | changes.pop("variant", {})], **changes}


def test_a_product_and_its_price_over_time() -> None:
    shop = ShopSession()
    assert types(shop.events_of("products/create", product())) == ["product.created"]
    assert shop.events_of("products/update", product(updated_at=T1)) == []
    [changed] = shop.events_of("products/update", product(updated_at=T1, variant={"price": "8.00"}))
    assert changed.type == "product.price_changed"
    assert (changed.data["price"]["amount"], changed.data["previous_price"]["amount"]) == ("8.00", "10.00")
    assert (changed.data["variant"], changed.data["title"]) == ("Large", "Cup")
    renamed = product(updated_at=T2, title="Big cup", variant={"price": "8.00"})
    assert types(shop.events_of("products/update", renamed)) == ["product.updated"]
    [gone] = shop.events_of("products/delete", {"id": 1})
    assert (gone.type, gone.data["title"]) == ("product.deleted", "Big cup")


def test_stock_has_the_products_title_and_the_variants() -> None:
    shop = ShopSession()
    sold = {"inventory_quantity": 0, "old_inventory_quantity": 3}
    [event] = shop.events_of("products/update", product(variant=sold))
    assert (event.type, event.data["title"], event.data["variant"]) == ("product.stock_changed", "Cup", "Large")
    [event] = shop.events_of("variants/out_of_stock", product(variant=sold)["variants"][0])
    assert (event.data["title"], event.data["variant"], event.data["in_stock"]) == ("Cup", "Large", False)


def test_the_variant_number_280_sold_out() -> None:
    variants = [
        {"id": n, "title": str(n), "inventory_quantity": 0 if n == 280 else 5, "old_inventory_quantity": 5}
        for n in range(1, 301)
    ]
    [event] = ShopSession().events_of("products/update", product(variants=variants))
    assert (event.data["variant_id"], event.data["previous"]) == ("280", 5)


def test_a_level_has_its_location_and_decimals() -> None:
    [event] = ShopSession().events_of(
        "inventory_levels/update", {"inventory_item_id": 5, "location_id": 9, "available": 2.5}
    )
    assert (event.data["location"], event.data["available"]) == ("9", 2.5)


# --- one change, two webhooks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "topic",
    ["orders/create", "orders/paid", "orders/cancelled", "fulfillments/create", "refunds/create", "checkouts/create",
     "customers/create", "disputes/create", "orders/delete", "products/create", "customers/delete"],
)  # fmt: skip
def test_two_webhook_ids_of_one_change_are_one_event(topic: str) -> None:
    ids = [ShopSession().events_of(topic, fixture(topic), delivery=delivery)[0].id for delivery in ("w-1", "w-2")]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("topic", ["customers/update", "carts/update", "checkouts/update", "variants/in_stock"])
def test_the_platforms_number_of_a_change_makes_its_id(topic: str) -> None:
    told = [
        ShopSession().events_of(topic, fixture(topic), delivery=delivery, occurrence=occurrence)
        for delivery, occurrence in (("w-1", "e-1"), ("w-2", "e-1"), ("w-3", "e-2"))
    ]
    first, second, other = ([event.id for event in events] for events in told)
    assert first == second != other
    assert len(set(first)) == len(first)


def test_a_consent_that_two_topics_tell_is_one_event() -> None:
    consent = fixture("customers/update")["email_marketing_consent"]
    [_, inside] = ShopSession().events_of("customers/update", fixture("customers/update"))
    body = fixture("customers_email_marketing_consent/update") | {"email_marketing_consent": consent}
    [alone] = ShopSession().events_of("customers_email_marketing_consent/update", body)
    assert alone.id == inside.id
