"""Waiting for a product: which events count, and what is wrong with a wait that would never end."""

import pytest

from relevo_contracts.keys import product_key
from relevo_workflow.model.effects import Subscribe, Unsubscribe
from relevo_workflow.model.inputs import EventInput
from relevo_workflow.syntax.diagnostics import WorkflowError
from tests.workflow.shop import Customer, a_workflow, an_event

FLOW = """
workflow: flow
key: trigger.fields.product_id
trigger: {event: form.submitted}
steps:
  - wait: 1d
  - wait_for:
      - event: product.restocked
        key: trigger.fields.product_id
      - timeout: 30d
        steps: [{stop: never came}]
  - send: {channel: email, template: hello, purpose: transactional}
"""


@pytest.fixture
def customer() -> Customer:
    flow = a_workflow(FLOW, "hello")
    return Customer(flow).does("form.submitted", form="restock", fields={"product_id": "41"})


def hears(customer: Customer, after: str, *, product: str = "41", happened: str = "") -> Customer:
    event = an_event(
        "product.restocked", customer.after(happened or after), key=product_key(product), product_id=product
    )
    customer.simulation.give(EventInput(event), customer.after(after))
    return customer


def test_the_run_subscribes_to_the_key_that_ingest_gives_the_product(customer: Customer) -> None:
    hears(customer.waits("2d"), "3d")
    effects = [one.effect for one in customer.simulation.effects]
    (wanted,) = [one for one in effects if isinstance(one, Subscribe)]
    assert (wanted.key, wanted.events, wanted.since) == ("prd_41", ("product.restocked",), customer.after("1d"))
    assert [one.run_id for one in effects if isinstance(one, Unsubscribe)] == [wanted.run_id]
    assert customer.messages == [("hello", "3d")]


def test_another_product_means_nothing(customer: Customer) -> None:
    assert hears(customer.waits("2d"), "3d", product="42").messages == []


def test_what_happened_before_the_run_began_to_wait_does_not_count(customer: Customer) -> None:
    assert hears(customer.waits("2d"), "3d", happened="12h").messages == []
    assert hears(customer, "4d").messages == [("hello", "4d")]


def test_a_redacted_customer_waits_no_longer(customer: Customer) -> None:
    customer.waits("2d").does("customer.redacted", "3d")
    assert [type(one.effect) for one in customer.simulation.effects if isinstance(one.effect, Unsubscribe)]


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ("{event: product.restocked}", "workflow.yaml:6:10: error: the run would never hear of it: of which product?"),
        (
            "{event: order.placed, key: trigger.form}",
            "workflow.yaml:6:36: error: order.placed is about the customer, not a product",
        ),
    ],
)
def test_a_wait_that_would_never_end_is_a_mistake(arm: str, said: str) -> None:
    with pytest.raises(WorkflowError) as wrong:
        a_workflow(
            f"""
workflow: flow
trigger: {{event: form.submitted}}
steps:
  - wait_for:
      - {arm}
      - timeout: 3d
"""
        )
    assert said in str(wrong.value)
