"""A workflow may end consent, which the log of consents has with its origin; it can't agree for anybody."""

import pytest

from relevo_contracts.people import ConsentChanged
from relevo_workflow.model.effects import Emit
from tests.workflow.shop import Customer, a_workflow, problems_of

FLOW = """
workflow: farewell
trigger: {event: order.placed}
steps:
  - emit: {event: consent.changed, data: {channel: email, %s}}
"""


def withdrawn_by(data: str) -> Emit:
    [told] = Customer(a_workflow(FLOW % data)).does("order.placed", order_id="o1").ends().effects_of(Emit)
    return told


def test_it_says_which_workflow_withdrew_it_and_holds_for_the_address_of_the_customer() -> None:
    flow = a_workflow(FLOW % "state: withdrawn")
    data = withdrawn_by("state: withdrawn").event.data
    assert (data["source"], data["form"], data["wording_version"]) == ("workflow", "farewell", flow.version)
    assert data["customer"] == {"email": "ana@example.com"}


def test_the_author_may_say_otherwise() -> None:
    data = withdrawn_by("state: withdrawn, source: call centre, wording: asked by telephone").event.data
    assert (data["source"], data["wording"], data["form"]) == ("call centre", "asked by telephone", "farewell")


def test_the_customer_has_not_agreed_from_then_on() -> None:
    customer = Customer(a_workflow(FLOW % "state: withdrawn")).does("order.placed", order_id="o1").ends()
    assert customer.facts.contact.email_consent.state == "withdrawn"


@pytest.mark.parametrize("state", ["granted", "pending", "restored", "trigger.order_id"])
def test_nobody_agrees_by_a_workflow(state: str) -> None:
    [warned] = a_workflow(FLOW % f"state: {state}").warnings
    assert "can't agree for anybody" in str(warned)
    assert not a_workflow(FLOW % "state: withdrawn").warnings


def test_what_is_published_is_a_statement_about_consent() -> None:
    assert problems_of(FLOW % "state: withdrawn, colour: red")
    assert set(withdrawn_by("state: withdrawn").event.data) <= set(ConsentChanged.__struct_fields__)
