"""Amounts of money in what `emit` publishes: decimal text, exactly as they came, wherever the event has them."""

from typing import Any

import pytest

from relevo_workflow.model.effects import Emit
from relevo_workflow.values.money import decimal_text
from tests.workflow.shop import Customer, a_workflow, euros, problems_of

HEAD = "workflow: flow\ntrigger: {event: order.placed}\nsteps:\n"


def emitted(data: str, before: str = "", **order: Any) -> dict[str, Any]:
    flow = a_workflow(f"{HEAD}{before}  - emit: {{event: quote.expired, data: {{quote_id: trigger.order_id, {data}}}}}")
    customer = Customer(flow).does("order.placed", order_id="o1", **order)
    assert [check.error for one in customer.simulation.decisions for check in one.trace if check.error] == []
    (effect,) = customer.effects_of(Emit)
    found: dict[str, Any] = effect.event.data
    return found


def said(data: str) -> list[str]:
    found = problems_of(f"{HEAD}  - emit: {{event: quote.expired, data: {{quote_id: q, {data}}}}}")
    return [one.message for one in found if one.severity == "error"]


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("total: trigger.total", "0.10"),
        ("total: {amount: trigger.total.amount, currency: trigger.total.currency}", "0.10"),
        ('total: {amount: "{{ trigger.total.amount }}", currency: EUR}', "0.10"),
        ("total: {amount: trigger.total.amount + 0.2, currency: EUR}", "0.30"),
        ("total: {amount: trigger.total.amount * 3.0, currency: EUR}", "0.30"),
        ("total: {amount: 12.5, currency: EUR}", "12.50"),
        ("total: {amount: 12, currency: EUR}", "12.00"),
        ('total: {amount: "12.5", currency: EUR}', "12.50"),
        ("total: {amount: 1.0 / 3.0, currency: EUR}", "0.333333"),
    ],
)
def test_an_amount_is_decimal_text(written: str, published: str) -> None:
    assert emitted(written, total=euros("0.10"))["total"] == euros(published)


def test_an_amount_that_no_double_holds_arrives_as_it_came() -> None:
    long = "123456789012345.678901"
    assert emitted("total: trigger.total", total=euros(long))["total"] == euros(long)
    assert emitted("total: {amount: trigger.total.amount, currency: EUR}", total=euros(long))["total"] == euros(long)


def test_amounts_of_items_too() -> None:
    items = [{"title": "Mug", "quantity": 2, "price": euros("0.10")}, {"title": "Bowl"}]
    assert emitted("items: trigger.items", total=euros("1.00"), items=items)["items"] == items
    written = emitted("items: [{title: Mug, price: {amount: 4.5, currency: EUR}}]", total=euros("1.00"))
    assert written["items"] == [{"title": "Mug", "price": euros("4.50")}]
    picked = emitted("items: 'trigger.items.filter(one, one.quantity > 1.0)'", total=euros("1.00"), items=items)
    assert [one["price"] for one in picked["items"]] == [euros("0.10")]


def test_what_a_step_saved_and_what_is_absent() -> None:
    wait = "  - wait_for: [{event: order.paid, as: paid}, {timeout: 1d, steps: [{stop: late}]}]\n"
    flow = a_workflow(f"{HEAD}{wait}  - emit: {{event: quote.expired, data: {{quote_id: q, total: run.paid.total}}}}")
    customer = Customer(flow).does("order.placed", order_id="o1", total=euros("1.00"))
    customer.does("order.paid", "1h", order_id="o1", total=euros("0.30"))
    assert [one.event.data["total"] for one in customer.effects_of(Emit)] == [euros("0.30")]
    assert "total" not in emitted("total: trigger.discount", total=euros("1.00"))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("total: {amount: 12.5}", "'total' of quote.expired needs 'currency'"),
        ("total: {amount: 12.5, curency: EUR}", "'total' of quote.expired has no field 'curency'"),
        ("total: {amount: true, currency: EUR}", "'amount' of 'total' of quote.expired must be a number"),
        ("total: 12.5", "'total' of quote.expired must be an amount of money"),
        ("items: [{titel: Mug}]", "'items' of quote.expired has no field 'titel'"),
    ],
)
def test_what_is_no_amount_is_told_when_it_is_checked(written: str, message: str) -> None:
    assert message in said(written)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1 + 0.2, "0.30"),
        (49.0, "49.00"),
        (1e15, "1000000000000000.00"),
        (3, "3.00"),
        (1e-9, "0.00"),
        (-4.9, "-4.90"),
        (-0.0, "0.00"),
        (-1e-9, "0.00"),
    ],
)
def test_numbers_as_decimal_text(number: float, text: str) -> None:
    assert decimal_text(number) == text


@pytest.mark.parametrize("value", [True, None, "4.90", float("nan"), float("inf")])
def test_what_is_no_number_has_no_decimal_text(value: object) -> None:
    assert decimal_text(value) == ""
