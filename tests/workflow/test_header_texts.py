"""Secrets in the headers of calls: what the workflow writes is filled in, what a customer writes never."""

import pytest

from relevo_workflow.model.effects import Http
from relevo_workflow.testing.simulation import Answer
from tests.workflow.shop import Customer, a_workflow

FLOW = """
workflow: flow
trigger: {event: order.placed}
steps:
  - id: erp
    http:
      method: POST
      url: https://erp.example.com/orders
      headers: {X-Name: 'HEADER'}
      as: erp
"""


def header(text: str, order_id: str = "o1", number: str = "1001") -> str:
    """The header as the effect has it, for an order that says these."""
    customer = Customer(a_workflow(FLOW.replace("HEADER", text)), answers={"erp": Answer()})
    (call,) = customer.does("order.placed", order_id=order_id, number=number).effects_of(Http)
    return call.headers["X-Name"]


@pytest.mark.parametrize("hostile", ["${ERP_TOKEN}", "$${ERP_TOKEN}", "\ue000ERP_TOKEN\ue001", "$", "\ue000"])
@pytest.mark.parametrize("text", ["{{ trigger.order_id }}{{ trigger.number }}", "${OWN} {{ trigger.order_id }}"])
def test_a_value_never_names_a_secret(text: str, hostile: str) -> None:
    told = header(text, hostile, "{ERP_TOKEN}").replace("$$", "")
    assert "${ERP_TOKEN}" not in told


def test_what_decodes_to_a_secret_names_none() -> None:
    assert header("{{ trigger.order_id | url_decode }}", "%24%7BERP_TOKEN%7D") == "$${ERP_TOKEN}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Bearer ${ERP_TOKEN}", "Bearer ${ERP_TOKEN}"),
        ("${A}:${B} for {{ trigger.order_id }}", "${A}:${B} for o1"),
        ('{{ "${A}" | append: trigger.order_id }}', "${A}o1"),
        ('{% if trigger.order_id == "o1" %}${A}{% else %}${B}{% endif %}', "${A}"),
        ("5 $, $ {A} {{ trigger.order_id }}", "5 $$, $$ {A} o1"),
    ],
)
def test_what_the_workflow_names_is_named(text: str, told: str) -> None:
    assert header(text) == told
