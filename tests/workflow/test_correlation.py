"""An event asks only those runs that it can concern, and leaves out none that would have done something."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.expressions.plain_conditions import necessary_equalities
from relevo_workflow.model.inputs import EventInput
from relevo_workflow.model.state import Facts, Run
from relevo_workflow.runs.correlation import RunCorrelator
from relevo_workflow.runs.decide import decide

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORKFLOW = """
workflow: listens
title: Listens
change: ad-hoc
key: trigger.checkout_token
trigger:
  - event: checkout.started
  - event: checkout.updated
restart:
  event: checkout.updated
  where: event.checkout_token == trigger.checkout_token && now < trigger.time + duration("4h")
exit:
  - event: order.placed
    where: (trigger.checkout_token == event.checkout_token) || event.order_id == "any"
    reason: bought
  - {event: order.cancelled, reason: cancelled}
goal: {event: order.paid, within: 7d, where: event.checkout_token == trigger.checkout_token}
steps:
  - wait: 1h
  - wait_for:
      - event: order.placed
        where: event.checkout_token == trigger.checkout_token && event.total.amount > 10.0
        steps: [{wait: 1h}]
      - timeout: 2d
"""
TOKENS = st.sampled_from(["", "a", "b", None])
KINDS = ["checkout.started", "checkout.updated", "order.placed", "order.cancelled", "order.paid", "consent.changed"]
VARIABLES = {"a": "STRING", "b": "STRING", "n": "INT", "m": "INT", "x": "DOUBLE", "y": "DOUBLE"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a == b", [(0, 1)]),
        ("b == a && n == m", [(1, 0), (2, 3)]),
        ("(a == b) && (n > 3 && (n == m))", [(0, 1), (2, 3)]),
        ("a == b || n == m", []),
        ("(a == b || n == m) && n == m", [(2, 3)]),
        ("a == b ? n == m : true", []),
        ("a == b && n == m ? true : false", []),
        ("!(a == b)", []),
        ("a == b == true", []),
        ("a + b == a", []),
        ("(a) == b", []),
        ("(a == b) == (n == m)", []),
        ("x == y", []),
        ("a == 'b'", []),
        ("[1].exists(i, a == b && i == n)", []),
        ("a != b", []),
    ],
)
def test_the_equalities_without_which_a_condition_can_not_hold(text: str, found: list[tuple[int, int]]) -> None:
    assert necessary_equalities(text, VARIABLES) == found


def run_of(trigger_type: str, token: str | None, step: str) -> Run:
    return Run(
        id="r", workflow="listens", version=DEFINITION.version, key="k", customer="cus_1", started_at=NOON, at=NOON,
        trigger_type=trigger_type, trigger_id="t", trigger_at=NOON, trigger=_data(token), step=step, state="active",
    )  # fmt: skip


def _data(token: str | None, **more: Any) -> dict[str, Any]:
    return {"customer": {}, **({} if token is None else {"checkout_token": token}), **more}


def event_of(kind: str, token: str | None, order_id: str = "o") -> Event:
    at = NOON + timedelta(minutes=5)
    data = _data(token, order_id=order_id, total={"amount": "20.00", "currency": "EUR"})
    return Event(id="e", source="t", type=kind, time=at, shop="s", key="cus_1", data=data, receivedtime=at)


@given(
    st.sampled_from(KINDS[:2]),
    TOKENS,
    st.sampled_from(["wait-1h", "wait-for-order-placed"]),
    st.sampled_from(KINDS),
    TOKENS,
    st.sampled_from(["any", "other"]),
)
def test_a_run_that_is_not_asked_would_have_ignored_the_event(
    trigger_type: str, mine: str | None, step: str, kind: str, theirs: str | None, order_id: str
) -> None:
    run, event = run_of(trigger_type, mine, step), event_of(kind, theirs, order_id)
    assert step in DEFINITION.program.steps
    decision = decide(DEFINITION, run, EventInput(event), Facts(), event.time)
    asked = RunCorrelator(event).concerns(DEFINITION, run)
    assert asked or (decision.kind, decision.effects) == ("ignored", ())


def test_of_thousands_of_runs_those_are_asked_that_agree_with_the_event() -> None:
    runs = [run_of("checkout.started", f"token-{n}", "wait-1h") for n in range(2000)]
    listening = RunCorrelator(event_of("checkout.updated", "token-7"))
    assert [run.trigger["checkout_token"] for run in runs if listening.concerns(DEFINITION, run)] == ["token-7"]
    nobody = RunCorrelator(event_of("checkout.started", "token-7"))
    assert not any(nobody.concerns(DEFINITION, run) for run in runs)
    everybody = RunCorrelator(event_of("order.cancelled", "token-7"))
    assert all(everybody.concerns(DEFINITION, run) for run in runs)


DEFINITION = load_workflow({"workflow.yaml": WORKFLOW})
