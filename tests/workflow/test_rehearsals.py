"""Test orders: by default they reach nobody and change nothing; a workflow can be rehearsed with them."""

from datetime import timedelta

import pytest

from relevo_workflow.model.effects import Emit
from relevo_workflow.model.inputs import EventInput
from relevo_workflow.model.state import Subject
from relevo_workflow.runs.handle import handle
from tests.workflow.shop import CUSTOMER, SHOP, START, Customer, a_workflow, an_event, euros, problems_of

FLOW = """
workflow: thanks
trigger: {event: order.placed%s}
steps:
  - wait_for:
      - {event: order.cancelled, as: cancelled, steps: [{stop: cancelled}]}
      - timeout: 1d
  - emit: {event: order.status_changed, data: {order_id: trigger.order_id}}
"""


def order(customer: Customer, event: str = "order.placed", at: str = "0h", **more: object) -> Customer:
    return customer.does(event, at, order_id="o1", total=euros("5.00"), **more)


def test_a_test_order_starts_nothing_changes_nothing_and_says_why() -> None:
    customer = order(Customer(a_workflow(FLOW % "")), rehearsal=True)
    assert customer.kinds == ["not_started"]
    assert "this is a test order" in customer.reasons[0]
    assert (customer.runs, customer.facts.orders_count, customer.facts.last_seen_at) == ([], 0, None)


def test_a_run_hears_nothing_of_a_test_order() -> None:
    customer = order(order(Customer(a_workflow(FLOW % ""))), "order.cancelled", "1h", rehearsal=True)
    assert [run.state for run in customer.runs] == ["active"]


def test_a_rehearsal_hears_of_test_events_and_emits_them() -> None:
    flow = a_workflow(FLOW % ", test: true")
    cancelled = order(order(Customer(flow), rehearsal=True), "order.cancelled", "1h", rehearsal=True)
    assert cancelled.kinds == ["started", "ended"]
    assert cancelled.facts.orders_count == 0
    kept = order(Customer(flow), rehearsal=True).waits("2d")
    [emitted] = [one.effect.event for one in kept.simulation.effects if isinstance(one.effect, Emit)]
    assert emitted.test


def test_a_rehearsal_stands_in_no_real_runs_way() -> None:
    flow = a_workflow(FLOW.replace("steps:", "reentry: never\nsteps:", 1) % ", test: true")
    customer = order(order(Customer(flow), rehearsal=True), at="1h")
    assert [(run.test, run.state) for run in customer.runs] == [(True, "active"), (False, "active")]


def test_a_test_of_an_erasure_erases_nothing() -> None:
    known = Subject(shop=SHOP.id, key=CUSTOMER)
    known = handle([], {}, known, EventInput(an_event("order.placed", order_id="o1")), START).subject
    asked = an_event("customer.redacted", START + timedelta(hours=1), rehearsal=True)
    assert handle([], {}, known, EventInput(asked), START).subject == known


@pytest.mark.parametrize("value", ["perhaps", "1"])
def test_a_value_that_test_can_not_have(value: str) -> None:
    assert "'test' can't be '" in problems_of(FLOW % f", test: {value}")[0].message
