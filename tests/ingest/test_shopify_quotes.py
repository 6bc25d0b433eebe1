"""Shopify's draft orders become quotes: requested, sent, accepted or withdrawn, each once; a workflow runs on them."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_workflow import load_workflow
from tests.ingest.webhooks import ShopSession, fixture
from tests.workflow.shop import Customer
from tests.workflow.test_library import workflow_files

ID = "890000000501"


def draft(minute: int = 0, **changes: object) -> dict[str, Any]:
    """The draft as it is so many minutes after it was made."""
    return fixture("draft_orders/create") | {"updated_at": f"2026-03-05T12:{minute:02}:00-05:00"} | changes


def sent(minute: int) -> dict[str, Any]:
    return draft(minute, status="invoice_sent", invoice_sent_at=f"2026-03-05T12:{minute:02}:00-05:00")


def completed(minute: int) -> dict[str, Any]:
    at = f"2026-03-05T12:{minute:02}:00-05:00"
    return draft(minute, status="completed", completed_at=at, order_id=5600000000501)


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def test_a_draft_is_requested_sent_and_accepted() -> None:
    shop = ShopSession()
    requested = shop.events_of("draft_orders/create", draft())
    told = [shop.events_of("draft_orders/update", body) for body in (sent(5), completed(9))]
    assert [types(requested), *map(types, told)] == [["quote.requested"], ["quote.sent"], ["quote.accepted"]]
    data = requested[0].data
    assert (data["quote_id"], data["number"], data["status"]) == (ID, "#D77", "open")
    assert data["total"] == {"amount": "1125.00", "currency": "USD"}
    assert (data["discount_percent"], data["destination"], data["weight_kg"]) == (5.0, "US", 22.0)
    assert data["customer"]["id"] == "7300000000501"
    assert [(item["sku"], item["quantity"], item["total"]["amount"]) for item in data["items"]] == [
        ("MUG-1", 60, "900.00"), ("TEA-1", 10, "270.00"),
    ]  # fmt: skip
    assert told[0][0].data["request_id"] == ID
    assert told[1][0].data["order_id"] == "5600000000501"


def test_a_draft_that_is_completed_at_once_is_no_request() -> None:
    assert types(ShopSession().events_of("draft_orders/create", completed(0))) == ["quote.accepted"]


def test_a_draft_is_a_request_once_it_names_somebody() -> None:
    shop = ShopSession()
    nobody = {"email": None, "customer": None}
    assert "names nobody" in shop.reason_of("draft_orders/create", draft(0, **nobody))
    assert "names nobody" in shop.reason_of("draft_orders/update", draft(1, **nobody))
    assert types(shop.events_of("draft_orders/update", draft(2))) == ["quote.requested"]
    assert shop.events_of("draft_orders/update", draft(3)) == []


def test_a_draft_of_a_guest_goes_to_the_address_that_was_typed_in() -> None:
    [event] = ShopSession().events_of("draft_orders/create", draft(customer=None))
    assert event.data["contact"] == {"email": "buyer@hotelsol.example.com"}
    assert event.data["customer"]["guest"] is True


def test_a_draft_that_is_deleted_is_a_quote_that_is_not_valid_any_more() -> None:
    shop = ShopSession()
    shop.events_of("draft_orders/create", draft())
    [event] = shop.events_of("draft_orders/delete", {"id": int(ID)})
    assert (event.type, event.data["quote_id"], event.data["number"]) == ("quote.expired", ID, "#D77")
    assert event.data["customer"] == {"id": "7300000000501"}
    assert "newer state" in shop.reason_of("draft_orders/update", sent(9))


def test_only_a_known_draft_is_deleted_and_none_that_became_an_order() -> None:
    shop = ShopSession()
    assert "no draft" in shop.reason_of("draft_orders/delete", {"id": int(ID)})
    shop = ShopSession()
    shop.events_of("draft_orders/create", draft())
    shop.events_of("draft_orders/update", completed(5))
    assert "became an order" in shop.reason_of("draft_orders/delete", {"id": int(ID)})


@pytest.mark.parametrize("topic", ["orders/delete", "products/delete"])
def test_the_deletion_of_a_draft_deletes_nothing_else(topic: str) -> None:
    shop = ShopSession()
    shop.events_of("draft_orders/create", draft())
    assert "draft" in shop.reason_of(topic, {"id": int(ID)})


@pytest.mark.parametrize("value", ["five", None, -3, 400, {"a": 1}, "nan", "1e999"])
def test_a_discount_that_can_not_be_read_costs_itself_only(value: object) -> None:
    body = draft(applied_discount={"value": value, "value_type": "percentage", "amount": "1.00"})
    [event] = ShopSession().events_of("draft_orders/create", body)
    assert event.data.get("discount_percent", 0) == 0
    assert event.data["total"]["amount"] == "1125.00"


def test_a_discount_of_an_amount_is_no_percentage() -> None:
    body = draft(applied_discount={"value": "50.0", "value_type": "fixed_amount", "amount": "50.00"})
    [event] = ShopSession().events_of("draft_orders/create", body)
    assert event.data.get("discount_percent", 0) == 0


@given(st.permutations([("create", draft(0)), ("update", draft(1)), ("update", sent(5)), ("update", completed(9))]))
def test_in_any_order_each_happens_once_at_most_and_the_end_is_told(told: list[tuple[str, dict[str, Any]]]) -> None:
    shop = ShopSession()
    again = [*told, *told]
    found = [event for event in (shop.events_of(f"draft_orders/{name}", body) for name, body in again) if event]
    ids = [event.id for event in itertools.chain(*found)]
    assert set(ids) <= {f"quote.{name}:{ID}" for name in ("requested", "sent", "accepted")}
    assert {f"quote.requested:{ID}", f"quote.accepted:{ID}"} <= set(ids)


def test_the_workflow_for_quotes_runs_on_a_draft() -> None:
    shop = ShopSession()
    customer = Customer(load_workflow(workflow_files("quote")))
    [requested] = shop.events_of("draft_orders/create", draft())
    customer.does("quote.requested", "0m", **requested.data)
    assert customer.templates == ["offer"]
    [ordered] = shop.events_of("draft_orders/update", completed(9))
    customer.does("quote.accepted", "2d", **ordered.data)
    assert customer.ended == ("ordered in the shop", "2d")
