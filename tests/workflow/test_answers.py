"""What tests say that other systems answer and what the staff fills in; and what is wrong with that, in words."""

import pytest

from relevo_workflow.testing.runner import SuiteResult, run_tests
from tests.workflow.shop import a_workflow

FLOW = """
workflow: billing
trigger: {event: order.placed}
steps:
  - http: {url: "https://billing.example.com", as: bill}
  - branch:
      - when: "!run.bill.ok"
        steps: [{wait: 1h}, {goto: {step: http-1, repeat: 3}}, {stop: gave up}]
  - task: {title: Call, deadline: 5d, as: call}
  - branch:
      - {when: "run.call.data.outcome == 'promised'", steps: [{stop: promised}]}
"""
TEST = """
given:
  start: 2026-03-10 10:00
  trigger: {event: order.placed, data: {order_id: o-1}}
tests:
  - name: one
"""


def ran(rest: str) -> SuiteResult:
    return run_tests(a_workflow(FLOW), {"tests/a.yaml": TEST + rest})


@pytest.mark.parametrize(
    ("answers", "end"),
    [
        ("{http-1: {status: 500}}", "{at: 2026-03-10 14:00, reason: gave up}"),
        ("{bill: {status: 500}}", "{at: 2026-03-10 14:00, reason: gave up}"),
        ("{bill: [{status: 500}, {error: no route}, {status: 200}]}", "{at: 2026-03-15 12:00, reason: completed}"),
    ],
)
def test_answers_go_by_step_or_by_what_is_saved_one_after_the_other(answers: str, end: str) -> None:
    result = ran(f"    answers: {answers}\n    expect: {{end: {end}}}\n")
    assert result.passed, result


def test_what_the_staff_fills_in_is_data_of_the_task() -> None:
    done = "{at: 2026-03-11 10:00, complete: task-1, by: sam, data: {outcome: promised}}"
    result = ran(f"    events: [{done}]\n    expect: {{end: {{at: 2026-03-11 10:00, reason: promised}}}}\n")
    assert result.passed, result


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("    answers:\n      bill:\n        status: many\n", "8:7: error: this is not an answer to 'bill': 'status'"),
        ("    answers:\n      bill: 500\n", "8:7: error: this is not an answer to 'bill': it must be a mapping"),
        ("    customer:\n      locale: es-ES\n      orders_count: many\n", "9:7: error: 'orders_count' of a customer "),
        ("    customer:\n      locale: es-ES\n      mail: a\n", "9:7: error: a customer has no field 'mail'"),
        (
            "    events:\n      - {at: +1h, complete: task-1, data: [a]}\n",
            "8:43: error: 'data' must be a mapping, but this is a list",
        ),
    ],
)
def test_what_is_wrong_is_told_once_at_its_line_in_words(rest: str, said: str) -> None:
    [problem] = ran(f"{rest}    expect: {{runs: 1}}\n").problems
    assert said in str(problem)
    assert "`" not in problem.message
    assert "$" not in problem.message
