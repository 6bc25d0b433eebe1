"""`system`: what another system of the shop is given, what is kept of its answer, what is wrong before it runs."""

import textwrap

import pytest

from relevo_contracts.systems import OPERATIONS
from relevo_workflow import CallSystem, diagnose
from relevo_workflow.expressions.shapes import CUSTOMER, RESPONSE, SHOP, shape_of, structs_in
from relevo_workflow.steps.system import answer_shape
from relevo_workflow.testing.simulation import Answer
from tests.workflow.shop import Customer, a_workflow

FLOW = """
workflow: flow
trigger: {event: order.placed}
steps:
  - id: ticket
    system:
      call: helpdesk.create_ticket
      with:
        subject: Order {{ trigger.order_id }}
        message: trigger.order_id
        email: customer.email
        tags: ["vip"]
        priority: high
      as: ticket
      OPTIONS
  - branch:
      - when: run.ticket.ok && run.ticket.status == "new"
        steps: [{stop: "{{ run.ticket.ticket_id }}"}]
      - when: run.ticket.failure == "refused"
        steps: [{stop: refused}]
      - when: run.ticket.failure == "not_found"
        steps: [{stop: unknown}]
      - otherwise:
        steps: [{stop: by hand}]
"""

REQUIRED = {
    "helpdesk.create_ticket": {"subject": "a", "message": "b", "email": "customer.email"},
    "helpdesk.add_comment": {"ticket_id": '"7"', "message": "b"},
    "helpdesk.close": {"ticket_id": '"7"'},
    "crm.upsert_contact": {"email": "customer.email", "attributes": "{points: 7}"},
    "crm.create_deal": {"name": "a", "amount": "trigger.total", "close_on": "now"},
    "carrier.rates": {"recipient": "{name: Ana, country: ES}", "weight_kg": "1.5"},
    "carrier.buy_label": {"rate_id": "abc"},
    "carrier.track": {"carrier": "usps", "tracking_number": "abc"},
    "accounting.create_invoice": {"reference": "trigger.order_id", "name": "Ana", "items": "trigger.items"},
    "accounting.create_credit_note": {"reference": "trigger.order_id", "name": "Ana", "items": "trigger.items"},
    "accounting.record_payment": {"document_id": "abc", "amount": "trigger.total", "paid_on": "now"},
    "accounting.open_items": {"email": "customer.email", "due_before": '"2026-04-01"'},
    "erp.create_purchase_order": {"supplier": "Azure", "items": "trigger.items", "expected_on": "now"},
    "erp.create_quote": {"email": "customer.email", "items": "[{sku: mug, quantity: 2}]", "discount_percent": "10"},
    "erp.move_stock": {"items": "trigger.items"},
    "erp.receive_goods": {"order_id": '"7"'},
    "erp.credit_check": {"email": "customer.email", "amount": "trigger.total"},
    "pim.product": {"sku": "mug"},
}


def customer(answer: Answer | None = None, options: str = "timeout: 20s") -> Customer:
    given = {"ticket": answer} if answer is not None else {}
    flow = a_workflow(FLOW.replace("OPTIONS", options).replace("{{ run.ticket.ticket_id }}", "has a ticket"))
    return Customer(flow, answers=given).does("order.placed", order_id="o1")


def test_it_asks_with_what_the_operation_takes() -> None:
    (wanted,) = customer().effects_of(CallSystem)
    assert (wanted.step, wanted.operation, wanted.timeout_seconds) == ("ticket", "helpdesk.create_ticket", 20.0)
    assert wanted.given["subject"] == "Order o1"
    assert (wanted.given["tags"], wanted.given["priority"]) == (["vip"], "high")


def test_the_answer_is_kept_with_its_fields() -> None:
    found = customer(Answer(body={"ticket_id": "9", "status": "new"}))
    assert found.run.end_reason == "has a ticket"
    assert found.run.saved["ticket"] == {"ticket_id": "9", "status": "new", "ok": True, "failure": "", "error": ""}


def test_a_test_that_gives_no_answer_gets_the_example_of_the_operation() -> None:
    assert customer().run.saved["ticket"]["ticket_id"] == "35436"


@pytest.mark.parametrize(
    ("answer", "end", "failure"),
    [
        (Answer(status=422, error="the requester is suspended"), "refused", "refused"),
        (Answer(status=404, error="no such ticket"), "unknown", "not_found"),
        (Answer(status=503, error="gave up after 6 attempts"), "by hand", "unavailable"),
        (Answer(status=429, error="gave up after 6 attempts: it answered 429"), "by hand", "unavailable"),
        (Answer(error="nobody can be reached"), "by hand", "unavailable"),
        (Answer(status=418), "refused", "refused"),
    ],
)
def test_a_failure_says_of_what_kind_it_is(answer: Answer, end: str, failure: str) -> None:
    found = customer(answer)
    assert found.run.end_reason == end
    assert (found.run.saved["ticket"]["ok"], found.run.saved["ticket"]["failure"]) == (False, failure)
    assert found.run.saved["ticket"]["error"]


def test_a_failure_may_end_the_run() -> None:
    found = customer(Answer(status=422, error="no"), "on_error: stop")
    assert found.run.end_reason == "ticket failed: no"


@pytest.mark.parametrize(
    ("written", "wrong", "said"),
    [
        ("priority: high", "priority: trigger.order_id", "Invalid enum value 'o1' - at `$.priority`"),
        ("message: trigger.order_id", "message: customer.first_name", "Expected `str` of length >= 1 - at `$.message`"),
    ],
)
def test_what_does_not_fit_when_it_runs_is_not_asked(written: str, wrong: str, said: str) -> None:
    flow = FLOW.replace("OPTIONS", "").replace(written, wrong)
    found = Customer(a_workflow(flow)).does("order.placed", order_id="o1")
    assert found.effects_of(CallSystem) == []
    assert found.run.end_reason == "refused"
    assert said in found.run.saved["ticket"]["error"]


def problems(step: str) -> list[str]:
    flow = "workflow: flow\ntrigger: {event: order.placed}\nsteps:\n" + textwrap.indent(textwrap.dedent(step), "  ")
    return [f"{one.message} {one.help}".strip() for one in diagnose({"workflow.yaml": flow})[1]]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("call: helpdesk.create_tickets", "there is no 'helpdesk.create_tickets' did you mean"),
        ("with: {subject: a}", "system needs 'call'"),
        ("call: helpdesk.close", "helpdesk.close needs 'ticket_id' with: {ticket_id: …}"),
        ("call: helpdesk.close, with: {ticket: a}", "helpdesk.close has no field 'ticket'"),
        ("call: helpdesk.close, with: {ticket_id: [1]}", "'ticket_id' of helpdesk.close must be text"),
        ("call: helpdesk.close, with: {ticket_id: trigger.total}", "'ticket_id' of helpdesk.close must be text"),
        ("call: helpdesk.close, with: {ticket_id: a}, timeout: 2m", "a call may take 60 seconds at most"),
        (
            "call: helpdesk.create_ticket, with: {subject: a, message: b, email: c, priority: mad}",
            "'priority' of helpdesk.create_ticket must be one of high, low, normal, urgent",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(fields: str, problem: str) -> None:
    found = problems(f"- system: {{{fields}}}\n- stop: x\n")
    assert any(problem in one for one in found), found


def test_a_condition_knows_the_fields_of_the_answer() -> None:
    step = """
    - system: {call: helpdesk.close, with: {ticket_id: "7"}, as: ticket}
    - branch:
        - when: run.ticket.number == "7"
          steps: [{stop: x}]
        - when: run.ticket.failure == "lost"
          steps: [{stop: x}]
        - otherwise:
          steps: [{stop: x}]
    """
    found = " ".join(problems(step))
    assert "number" in found
    assert "lost" in found


def test_every_name_of_a_type_is_its_own_for_expressions() -> None:
    """Expressions know records by name: two of one name would be taken for each other."""
    known: dict[str, object] = {}
    answers = [answer_shape(one) for one in OPERATIONS]
    for shape in (CUSTOMER, SHOP, RESPONSE, *answers, *(shape_of(one.given) for one in OPERATIONS.values())):
        for name, found in structs_in([shape]).items():
            assert known.setdefault(name, found.fields) == found.fields, name


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_can_be_called_and_its_answer_read(operation: str) -> None:
    """What it is given is of kinds that a workflow can write, and a condition may name every field of its answer."""
    given = ", ".join(f"{name}: {written}" for name, written in REQUIRED[operation].items())
    fields = [name for name in answer_shape(operation).fields if name not in ("ok", "failure", "error")]
    named = " || ".join(f"has(run.found.{name})" for name in fields)
    flow = f"""
workflow: flow
trigger: {{event: order.placed}}
steps:
  - system: {{call: {operation}, with: {{{given}}}, as: found}}
  - branch:
      - when: run.found.ok && ({named} || true)
        steps: [{{stop: done}}]
      - otherwise:
        steps: [{{stop: "not"}}]
"""
    found = Customer(a_workflow(flow)).does("order.placed", order_id="o1", total={"amount": "5.00", "currency": "EUR"})
    assert found.run.end_reason == "done", found.run.saved
