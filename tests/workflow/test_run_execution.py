"""The execution of a run and the update of a customer are values: what happens gives another one, and changes none."""

from copy import deepcopy
from datetime import datetime, timedelta
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import Effect, RemindTask, SetAttributes
from relevo_workflow.model.inputs import EventInput
from relevo_workflow.model.state import Run, Subject, Vote
from relevo_workflow.runs.execution import RunExecution
from relevo_workflow.runs.handle import handle
from relevo_workflow.runs.progress import apply, enter, finish, leave
from relevo_workflow.runs.subject_update import SubjectUpdate
from relevo_workflow.steps.step import END, Transition
from tests.workflow.shop import CUSTOMER, SHOP, START, a_workflow, an_event, euros, known

STEPS = a_workflow(
    """
    workflow: everything
    key: trigger.checkout_token
    trigger: {event: checkout.started}
    restart: {event: checkout.updated, where: event.checkout_token == trigger.checkout_token}
    exit: [{event: order.cancelled, reason: no longer wanted}]
    goal: {event: order.placed, within: 3d, value: event.total}
    steps:
      - id: asked
        task: {title: Call, deadline: 2d, reminder: 1d, as: call}
      - id: tagged
        set: {attributes: {called: run.call.status}, tags: {add: [called]}}
      - id: waiting
        wait_for:
          - {event: order.placed, as: order, since: start}
          - {timeout: 1d}
      - id: mailed
        send: {channel: email, template: hello, purpose: marketing}
    """,
    "hello",
)
TOKEN = {"checkout_token": "token-1"}
NAMES = st.sampled_from(("", "call", "order"))
TIMERS = st.sampled_from(("step", "reminder", "escalate", "goal"))
MOMENTS = st.integers(0, 100).map(lambda hours: START + timedelta(hours=hours))
TARGETS = st.sampled_from((*STEPS.program.steps, END, "gone"))
EFFECTS: st.SearchStrategy[Effect] = st.sampled_from(
    (RemindTask(id="1"), SetAttributes(id="2", attributes={"a": 1}, add_tags=("b",)))
)


def some_of(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def transitions(draw: st.DrawFn) -> Transition:
    return Transition(
        next=draw(some_of(TARGETS)),
        ends=draw(some_of(st.just("stopped"))),
        leaves=draw(some_of(st.just("left"))),
        labels=tuple(draw(st.lists(NAMES, max_size=2))),
        saved=draw(st.dictionaries(NAMES, st.integers(), max_size=2)),
        timers=draw(st.dictionaries(TIMERS, MOMENTS, max_size=2)),
        effects=draw(st.lists(EFFECTS, max_size=2)),
        trace=draw(st.lists(st.just(Check(at="here", expression="true", value=True)), max_size=2)),
        reason=draw(st.sampled_from(("", "because"))),
        rounds=draw(some_of(st.just({"waiting": 1}))),
        early=draw(some_of(st.just({}))),
        votes=draw(some_of(st.just((Vote(by="eva", approved=True, at=START),)))),
        waits_since=draw(some_of(MOMENTS)),
    )


@st.composite
def executions(draw: st.DrawFn) -> RunExecution:
    """A run that rests at a step, with timers and what was saved, in the midst of a decision."""
    run = Run(
        id="run-1",
        workflow=STEPS.name,
        version=STEPS.version,
        key="token-1",
        customer=CUSTOMER,
        started_at=START,
        at=START,
        step=draw(st.sampled_from((*STEPS.program.steps, ""))),
        turn=draw(st.integers(1, 3)),
        trigger_type="checkout.started",
        trigger=dict(TOKEN),
        saved=draw(st.dictionaries(NAMES, st.integers(), max_size=2)),
        timers=draw(st.dictionaries(TIMERS, MOMENTS, max_size=3)),
        waits_since=draw(some_of(MOMENTS)),
    )
    execution = RunExecution(definition=STEPS, before=run, run=run, facts=known(), shop=SHOP, at=START)
    return apply(execution, draw(transitions())) if draw(st.booleans()) else execution


def content(execution: RunExecution) -> dict[str, Any]:
    """All of an execution but the definition."""
    return {name: getattr(execution, name) for name in RunExecution.__struct_fields__ if name != "definition"}


CHANGES = {
    "applies a transition": apply,
    "leaves": lambda execution, one: leave(execution, one.leaves or ""),
    "ends": lambda execution, one: finish(execution, "ended", one.reason),
    "enters": lambda execution, one: enter(execution, one.next or END),
    "arms": lambda execution, one: execution.with_timer("step", START, turn=1),
    "disarms": lambda execution, one: execution.without_timers(*one.timers),
    "checks": lambda execution, one: execution.with_checks(one.trace),
    "changes the run": lambda execution, one: execution.with_run(saved=dict(one.saved)),
    "labels": lambda execution, one: execution.with_label("restart"),
    "concludes": lambda execution, one: execution.concluded("ignored", one.reason).explained("more"),
    "notes the input": lambda execution, one: execution.decision("input-1", acted=True),
    "decides": lambda execution, one: execution.decision("input-1"),
}
"""Whatever can be done to an execution."""


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@settings(max_examples=30)
@given(execution=executions(), transition=transitions())
def test_what_happens_leaves_the_earlier_value_unchanged(
    change: Any, execution: RunExecution, transition: Transition
) -> None:
    earlier, said = deepcopy(content(execution)), deepcopy(transition)
    after = change(execution, transition)
    assert content(execution) == earlier
    assert transition == said
    assert change(execution, transition) == after


@given(execution=executions(), one=transitions(), other=transitions())
def test_two_courses_from_one_value_know_nothing_of_each_other(
    execution: RunExecution, one: Transition, other: Transition
) -> None:
    alone = deepcopy(content(apply(execution, one)))
    apply(apply(execution, other), one)
    first = apply(execution, one)
    apply(first, other)
    assert content(first) == alone


EVENTS = st.sampled_from(("checkout.started", "checkout.updated", "order.placed", "order.cancelled", "page.viewed"))


def event(kind: str, number: int, at: datetime) -> EventInput:
    data: dict[str, Any] = (
        {**TOKEN, "order_id": f"o{number}"} if kind.startswith(("checkout", "order")) else {"url": "https://a.com/"}
    )
    if kind == "order.placed":
        data["total"] = euros("49.00")
    return EventInput(an_event(kind, at, **data))


@given(st.lists(st.tuples(EVENTS, st.integers(0, 40)), min_size=1, max_size=8))
def test_an_input_leaves_the_customer_of_before_unchanged(course: list[tuple[str, int]]) -> None:
    subject, at = Subject(shop=SHOP.id, key=CUSTOMER, facts=known()), START
    for number, (kind, hours) in enumerate(course):
        at += timedelta(hours=hours)
        arrival, earlier = event(kind, number, at), deepcopy(subject)
        after = handle([STEPS], {}, subject, arrival, at, shop=SHOP)
        assert subject == earlier
        assert handle([STEPS], {}, subject, arrival, at, shop=SHOP) == after
        subject = after.subject


def mutable_parts(hint: Any) -> list[Any]:
    """What in a type can be changed in place, as far as fields of the type go."""
    if get_origin(hint) in (tuple, Union, UnionType):
        return [part for one in get_args(hint) if one is not Ellipsis for part in mutable_parts(one)]
    frozen_struct = isinstance(hint, type) and issubclass(hint, Struct) and hint.__struct_config__.frozen
    dataclass_parameters = getattr(hint, "__dataclass_params__", None)
    frozen_dataclass = dataclass_parameters is not None and dataclass_parameters.frozen
    plain = get_origin(hint) is Literal or hint in (str, int, datetime, NoneType)
    return [] if frozen_struct or frozen_dataclass or plain else [hint]


def test_the_execution_is_frozen_and_made_of_values() -> None:
    assert RunExecution.__struct_config__.frozen
    found = {name: mutable_parts(hint) for name, hint in get_type_hints(RunExecution).items()}
    assert set(found) == set(RunExecution.__struct_fields__)
    assert {name: parts for name, parts in found.items() if parts} == {}


def test_the_update_of_a_customer_is_frozen_and_made_of_values() -> None:
    """`index` is a tuple with its indexes, and `pinned` is lent by the caller: both are only read."""
    assert SubjectUpdate.__struct_config__.frozen
    found = {name: mutable_parts(hint) for name, hint in get_type_hints(SubjectUpdate).items()}
    assert {name for name, parts in found.items() if parts} == {"index", "pinned"}
