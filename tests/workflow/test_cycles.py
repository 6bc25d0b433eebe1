"""Cycles inside a workflow: what never ends is an error, unless it is bounded or says that it is meant."""

import pytest

from relevo_workflow.diagram.model import diagram_of
from relevo_workflow.testing.coverage import coverage
from relevo_workflow.testing.runner import run_tests
from tests.workflow.shop import Customer, a_workflow, files, problems_of

DAILY = """
workflow: daily
trigger: {event: order.placed}
HEADER
steps:
  - wait: 1d
  - send: {channel: email, template: hello, purpose: transactional}
  - GOTO
  - LAST
"""
LAST = "send: {channel: email, template: bye, purpose: transactional}"
ALWAYS = "goto: wait-1d"


def daily(goto: str, *, header: str = "", last: str = LAST) -> str:
    return DAILY.replace("GOTO", goto).replace("HEADER", header).replace("  - LAST", f"  - {last}" if last else "")


def said(text: str) -> list[tuple[str, str]]:
    return [(one.message, one.help) for one in problems_of(text, "hello", "bye")]


def test_a_cycle_that_nothing_ends_is_an_error_with_what_helps() -> None:
    [(message, advice)] = said(daily(ALWAYS, last=""))
    assert message == "nothing ends this cycle: wait-1d → send-hello → goto-wait-1d → wait-1d"
    assert "an 'exit'" in advice
    assert "goto: {step: wait-1d, repeat: 5}" in advice


@pytest.mark.parametrize(
    "text",
    [
        daily(ALWAYS, header="exit: {event: order.cancelled, reason: over}", last=""),
        daily("goto: {step: wait-1d, repeat: forever}", last=""),
        daily("goto: {step: wait-1d, repeat: 3}"),
        daily("branch: [{when: customer.orders_count > 3, steps: [{stop: enough}]}]", last=ALWAYS),
    ],
)
def test_a_way_out_a_bound_or_a_word_that_it_is_meant_makes_it_right(text: str) -> None:
    sent = ("hello", "bye") if "bye" in text else ("hello",)
    assert problems_of(text, *sent) == []


@pytest.mark.parametrize(
    ("goto", "message"),
    [
        ("{step: wait-1d, repeat: often}", "'repeat' must be a whole number or 'forever'"),
        ("{step: wait-1d, repeat: 0}", "'repeat' must be a whole number of at least 1"),
        ("{step: wait-2d, repeat: 1}", "there is no step 'wait-2d'"),
        ("{repeat: 1}", "goto needs 'step'"),
    ],
)
def test_a_wrong_bound_is_told_once(goto: str, message: str) -> None:
    assert [one for one, _ in said(daily(f"goto: {goto}"))] == [message]


def test_advice_about_a_wait_fits_the_cycle() -> None:
    no_wait = daily(ALWAYS, last="").replace("wait: 1d", "id: wait-1d\n    set: {tags: {add: [seen]}}")
    assert [advice for _, advice in said(no_wait)] == ["put a wait into the cycle"]
    past = daily(ALWAYS, last="").replace("wait: 1d", "id: wait-1d\n    wait: {until: 2026-03-20}")
    assert ["is over at once where its time is past" in advice for _, advice in said(past)] == [True]


def test_a_bounded_cycle_goes_round_so_often_and_then_on() -> None:
    flow = a_workflow(daily("goto: {step: wait-1d, repeat: 2}"), "hello", "bye")
    customer = Customer(flow).does("order.placed", order_id="1").ends()
    assert customer.messages == [("hello", "1d"), ("hello", "2d"), ("hello", "3d"), ("bye", "3d")]
    assert coverage(flow, [customer.path]).missed == ()
    assert coverage(flow, []).missed == ("goto-wait-1d/over",)
    assert customer.run.rounds == {}


def test_an_inner_cycle_begins_anew_in_each_round_of_the_outer_one() -> None:
    flow = a_workflow(
        """
        workflow: inner
        trigger: {event: order.placed}
        steps:
          - wait: 1d
          - send: {channel: email, template: hello, purpose: transactional}
          - goto: {step: send-hello, repeat: 1}
          - goto: {step: wait-1d, repeat: 1}
        """,
        "hello",
    )
    assert Customer(flow).does("order.placed", order_id="1").ends().messages == [
        ("hello", "1d"), ("hello", "1d"), ("hello", "2d"), ("hello", "2d"),
    ]  # fmt: skip


def test_a_bounded_goto_is_a_question_in_the_diagram() -> None:
    diagram = diagram_of(a_workflow(daily("goto: {step: wait-1d, repeat: 2}"), "hello", "bye"))
    assert "2 times already?" in [box.text for box in diagram.boxes]
    leads = [(arrow.target, arrow.label) for arrow in diagram.arrows if arrow.source == "goto-wait-1d"]
    assert leads == [("wait-1d", "no: once more"), ("send-bye", "yes")]


def test_a_test_that_fails_a_thousand_times_says_so_in_ten_lines() -> None:
    text = """
        given:
          start: 2026-03-10 10:00
          trigger: {event: order.placed, data: {order_id: o-1}}
        tests:
          - {name: once, expect: {sends: [{at: 2026-03-11 10:00, email: hello}]}}
    """
    found = files(daily("goto: {step: wait-1d, repeat: forever}", last=""), "hello", tests__t_yaml=text)
    found["tests/t.yaml"] = found.pop("tests/t_yaml")
    [result] = run_tests(a_workflow(daily("goto: {step: wait-1d, repeat: forever}", last=""), "hello"), found).results
    assert len(result.failures) == 11
    assert result.failures[-1].message.startswith("and 1")
    assert result.failures[-1].message.endswith(" more")
