"""Whom a message goes to: news of an order where that order says, marketing to the customer's own address."""

from textwrap import dedent
from typing import Any

import pytest

from relevo_contracts.contact import Contact
from relevo_workflow.model.effects import Send
from relevo_workflow.model.state import Facts
from relevo_workflow.testing.runner import run_tests
from tests.workflow.shop import Customer, a_workflow, problems_of

FRIEND = "friend@example.com"


def workflow(send: str, trigger: str = "order.placed") -> str:
    return f"""
workflow: flow
trigger: {{event: {trigger}}}
steps:
  - send: {{channel: email, template: news, {send}}}
"""


def sent(customer: Customer) -> list[tuple[str, str]]:
    effects = [one.effect for one in customer.simulation.effects]
    return [(one.to, one.recipient.address(one.channel)) for one in effects if isinstance(one, Send)]


def order(**contact: Any) -> dict[str, Any]:
    return {"order_id": "61", "customer": {"id": "90"}, "contact": {"email": FRIEND, **contact}}


@pytest.mark.parametrize(
    ("send", "to", "address"),
    [
        ("purpose: transactional", "contact", FRIEND),
        ("purpose: transactional, to: contact", "contact", FRIEND),
        ("purpose: transactional, to: customer", "customer", "ana@example.com"),
        ("purpose: marketing", "customer", "ana@example.com"),
        ("purpose: marketing, to: customer", "customer", "ana@example.com"),
    ],
)
def test_which_address_a_send_uses(send: str, to: str, address: str) -> None:
    customer = Customer(a_workflow(workflow(send), "news")).does("order.placed", **order(email_marketing=True))
    assert sent(customer) == [(to, address)]


def test_the_buyer_hears_of_an_order_that_gave_no_address_for_the_channel() -> None:
    flow = a_workflow(workflow("purpose: transactional"), "news")
    without = Customer(flow).does("order.placed", order_id="1", customer={"id": "90"})
    by_phone = Customer(flow).does("order.placed", order_id="1", customer={}, contact={"phone": "+12025550101"})
    assert sent(without) == sent(by_phone) == [("customer", "ana@example.com")]


def test_nothing_of_the_customer_is_taken_over_to_another_address() -> None:
    flow = a_workflow(workflow("purpose: transactional"), "news")
    told = {"customer": {"id": "90", "first_name": "Ana", "locale": "es-ES", "phone": "+12025550101"}}
    friend = Customer(flow).does("order.placed", **{**order(), **told})
    own = Customer(flow).does("order.placed", **{**order(), **told, "contact": {"email": "ana@example.com"}})
    [gets, knows] = [
        next(one.effect.recipient for one in who.simulation.effects if isinstance(one.effect, Send))
        for who in (friend, own)
    ]
    assert (gets.first_name, gets.locale, gets.phone) == ("", "", "")
    assert (knows.first_name, knows.locale) == ("Ana", "es-ES")


SAVED = """
workflow: flow
trigger: {event: form.submitted}
steps:
  - wait_for:
      - {event: order.placed, as: bought, steps: [{send: {channel: email, template: news, purpose: transactional, TO}}]}
      - {timeout: 3d}
"""


def test_the_contact_of_an_event_that_a_step_waited_for() -> None:
    flow = a_workflow(SAVED.replace("TO", "to: run.bought.contact"), "news")
    customer = Customer(flow).does("form.submitted", form="f").does("order.placed", "1h", **order())
    assert sent(customer) == [("contact", FRIEND)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (workflow("purpose: marketing, to: contact"), "marketing goes to the customer's own address alone"),
        (workflow("purpose: transactional, to: contact", "page.viewed"), "page.viewed has no contact"),
        (workflow("purpose: transactional, to: friend"), "'friend' is not the contact of an event"),
        (
            workflow("purpose: transactional, to: run.bought.contact"),
            "'run.bought.contact' is not the contact of an event",
        ),
        (SAVED.replace("TO", "to: run.bought.customer"), "'run.bought.customer' is not the contact of an event"),
    ],
)
def test_a_mistake_in_to(text: str, message: str) -> None:
    [problem] = problems_of(text, "news")
    assert message in problem.message
    assert problem.help


def test_the_tests_of_a_workflow_tell_the_address() -> None:
    tests = """
    given:
      start: 2026-03-10 10:00
      trigger: {event: order.placed, data: {order_id: '61', contact: {email: friend@example.com}}}
      customer: {email: ana@example.com}
    tests:
      - {name: right, expect: {sends: [{email: news, to: friend@example.com}]}}
      - {name: wrong, expect: {sends: [{email: news, to: ana@example.com}]}}
    """
    definition = a_workflow(workflow("purpose: transactional"), "news")
    suite = run_tests(definition, {"tests/persons.yaml": dedent(tests)})
    assert suite.problems == ()
    right, wrong = suite.results
    assert right.passed
    assert [one.help for one in wrong.failures] == ["'to' differs"]


BY_THE_BEST = """
workflow: flow
trigger: {event: order.placed}
steps:
  - send: {channel: preferred, templates: {email: news, sms: sms-news}, purpose: transactional}
"""
WISH = Contact(email="ana@example.com", phone="+12025550101", preferred="sms")


@pytest.mark.parametrize(
    ("contact", "to", "preferred", "phone"),
    [
        ({"email": "ana@example.com"}, "customer", "sms", "+12025550101"),
        ({"email": "ana@example.com", "phone": "+12025550101"}, "customer", "sms", "+12025550101"),
        ({}, "customer", "sms", "+12025550101"),
        ({"email": "ana@example.com", "phone": "+12025550147"}, "contact", "sms", "+12025550147"),
        ({"email": FRIEND}, "contact", "", ""),
        ({"email": FRIEND, "phone": "+12025550147"}, "contact", "", "+12025550147"),
    ],
)
def test_news_follow_the_wish_of_the_customer_and_of_nobody_else(
    contact: dict[str, str], to: str, preferred: str, phone: str
) -> None:
    flow = a_workflow(BY_THE_BEST, "news", "sms-news")
    customer = Customer(flow, facts=Facts(contact=WISH)).does("order.placed", order_id="61", contact=contact)
    [send] = [one.effect for one in customer.simulation.effects if isinstance(one.effect, Send)]
    assert (send.to, send.recipient.preferred, send.recipient.phone) == (to, preferred, phone)


def test_a_condition_knows_the_channel_that_somebody_wished_for() -> None:
    flow = a_workflow(
        "workflow: flow\ntrigger: {event: order.placed, when: customer.preferred_channel == 'sms'}\n"
        "steps:\n  - send: {channel: email, template: news, purpose: transactional}\n",
        "news",
    )
    assert len(sent(Customer(flow, facts=Facts(contact=WISH)).does("order.placed", order_id="61"))) == 1
    assert sent(Customer(flow).does("order.placed", order_id="61")) == []
