"""A run that is interrupted, wherever it rests: what it asked for does not stay behind, and no old answer moves it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.decision import Handled
from relevo_workflow.model.effects import ArmTimer, CloseTask, Http, OpenTask, Send, Subscribe, Unsubscribe
from relevo_workflow.model.inputs import EventInput, Input, ResponseInput, TaskInput
from relevo_workflow.model.state import Run
from relevo_workflow.runs.handle import handle
from tests.workflow.shop import START, a_workflow, an_event, euros
from tests.workflow.test_properties import LONG, SHOP, World, wake

HEADER = """
workflow: interrupted
key: trigger.checkout_token
trigger: {event: checkout.started}
restart: {event: checkout.updated, where: event.checkout_token == trigger.checkout_token}
exit: {event: order.placed, where: event.checkout_token == trigger.checkout_token, reason: bought}
goal: {event: order.placed, where: event.checkout_token == trigger.checkout_token, within: 3d}
"""
CALL = """
  - id: call
    http: {method: POST, url: "https://erp.example.com/carts", as: erp, on_error: stop}
"""
VOTE = """
  - id: vote
    approve:
      title: A discount
      roles: [service, finance]
      needed: 2
      deadline: 2d
      reminder: 12h
      escalate: {after: 1d, roles: [lead]}
      approved: [{goto: stock}]
      rejected: [{stop: rejected}]
      expired: []
"""
PACK = """
  - id: pack
    task: {title: Pack, skill: warehouse, deadline: 1d, reminder: 6h}
"""
STOCK = """
  - id: stock
    wait_for:
      - {event: product.restocked, key: trigger.checkout_token, steps: []}
      - {event: page.viewed, steps: [{send: {channel: email, template: hello, purpose: marketing}}, {goto: stock}]}
      - timeout: 2d
"""
SEND = """
  - send: {channel: email, template: hello, purpose: marketing}
"""
ALL = a_workflow(HEADER + "steps:" + CALL + VOTE + PACK + STOCK + SEND, "hello")
PLACES = {
    "wait": "\n  - wait: 1d",
    "wait-until": "\n  - wait: {until: fri 09:00}",
    "call": CALL,
    "approval": VOTE.replace("goto: stock", "stop: approved"),
    "task": PACK,
    "events": STOCK,
}


class Office(World):
    """A world with staff, another system and a shelf: what each was asked for and not yet told to forget."""

    def __init__(self, *definitions: Definition) -> None:
        super().__init__(*definitions)
        self.asked: dict[str, str] = {}  # open tasks, unanswered calls and subscriptions, by key: their run
        self.ever: list[tuple[str, str]] = []  # all there ever were: kind and key
        self.moving: list[tuple[Input, datetime]] = []  # the inputs that moved a run
        self.armed: list[ArmTimer] = []

    def give(self, arrival: Input, now: datetime) -> Handled:
        before = self.subject
        handled = super().give(arrival, now)
        again = handle(self.definitions, self.versions, before, arrival, now, shop=SHOP)
        assert again == handled, "what was lost in a crash is decided again, the same"
        if any(decision.kind != "ignored" and decision.run is not None for decision in handled.decisions):
            self.moving.append((arrival, now))
        for decision in handled.decisions:
            if isinstance(arrival, TaskInput | ResponseInput) and decision.run and decision.run.step != _step(arrival):
                self.asked.pop(arrival.task_id if isinstance(arrival, TaskInput) else arrival.call_id, None)
            for effect in decision.effects:
                if isinstance(effect, CloseTask | Unsubscribe):
                    self.asked.pop(effect.id, None)
                elif isinstance(effect, OpenTask | Http | Subscribe) and decision.run is not None:
                    self.asked[effect.id] = decision.run.id
                    self.ever.append(("call" if isinstance(effect, Http) else "task", effect.id))
                elif isinstance(effect, ArmTimer):
                    self.armed.append(effect)
        return handled

    def old_answers(self, now: datetime) -> list[Input]:
        """Every answer and wake-up that may still be on its way for something that nobody waits for any more."""
        found: list[Input] = []
        for kind, key in self.ever:
            if key not in self.asked:
                found += [answered(key, now)] if kind == "call" else [said(key, now, by="zoe@example.com")]
        return found + [wake(timer) for timer in self.armed if self.timers.get(timer.id) != timer]


def _step(arrival: TaskInput | ResponseInput) -> str:
    return (arrival.task_id if isinstance(arrival, TaskInput) else arrival.call_id).split("/")[1]


def answered(key: str, at: datetime, status: int = 200) -> ResponseInput:
    return ResponseInput(id=f"{key}@{status}", call_id=key, run_id=key.partition("/")[0], at=at, status=status)


def said(key: str, at: datetime, done: Any = "approved", by: str = "sam@example.com", role: str = "lead") -> TaskInput:
    return TaskInput(
        id=f"{key}@{by}@{at.isoformat()}", task_id=key, run_id=key.partition("/")[0], at=at, done=done, by=by, role=role
    )


def started(world: Office, at: datetime = START) -> None:
    world.event("checkout.started", at, checkout_token="t1", total=euros("10.00"))


def ordered(world: Office, at: datetime) -> None:
    world.event("order.placed", at, order_id="o1", checkout_token="t1", total=euros("10.00"))


def updated(world: Office, at: datetime) -> None:
    world.event("checkout.updated", at, checkout_token="t1", total=euros("20.00"))


def redacted(world: Office, at: datetime) -> None:
    world.event("customer.redacted", at)
    world.asked = {key: run for key, run in world.asked.items() if "/vote/" not in key and "/pack/" not in key}


def assert_nothing_moves(world: Office, now: datetime) -> None:
    """Whatever comes late changes nothing, nor does a wake-up that comes early: it is armed again."""
    for timer in world.due(now + LONG):
        if timer.due_at > now:
            before = world.subject
            early = world.give(wake(timer), now)
            assert early.subject == before, timer
            assert [effect for decision in early.decisions for effect in decision.effects] == [timer]
    for old in world.old_answers(now):
        before = world.subject
        handled = world.give(old, now)
        assert handled.subject == before, old
        assert not [effect for decision in handled.decisions for effect in decision.effects], old


@pytest.mark.parametrize("interrupt", [ordered, redacted])
@pytest.mark.parametrize("place", PLACES)
def test_a_run_that_ends_leaves_nothing_behind(place: str, interrupt: Callable[[Office, datetime], None]) -> None:
    world = Office(a_workflow(HEADER + "steps:" + PLACES[place] + SEND, "hello"))
    started(world)
    interrupt(world, START + timedelta(hours=1))
    assert {key for key in world.asked if "/call/" not in key} == set()
    world.asked.clear()  # a call that is on its way can't be called back: its answer moves nothing
    assert (world.timers, world.subject.runs) == ({}, ())
    assert_nothing_moves(world, START + timedelta(hours=2))
    world.passes(START + LONG)
    assert world.sends == {}


@pytest.mark.parametrize("place", PLACES)
def test_a_run_that_begins_anew_waits_for_what_is_new_alone(place: str) -> None:
    world = Office(a_workflow(HEADER + "steps:" + PLACES[place] + SEND, "hello"))
    started(world)
    first = {**world.asked}
    updated(world, START + timedelta(hours=1))
    (run,) = world.subject.runs
    assert (run.turn, run.trigger_at) == (2, START + timedelta(hours=1))
    assert {key for key in world.asked if "/call/" not in key} & first.keys() == set()
    world.asked = {key: run_id for key, run_id in world.asked.items() if key not in first}
    assert_nothing_moves(world, START + timedelta(hours=2))
    late = START + timedelta(minutes=30)  # after the first trigger, before the second
    for arrival in (
        an_event("checkout.updated", late, checkout_token="t1", total=euros("30.00")),
        an_event("order.placed", late, order_id="o1", checkout_token="t1"),
        an_event("page.viewed", late),
    ):
        before = world.subject.runs
        world.give(EventInput(arrival), START + timedelta(hours=2))
        assert world.subject.runs == before, arrival.type


Course = list[tuple[int, str]]
KINDS = ["yes"] * 7 + ["view", "restock"] * 2 + ["start", "update", "order", "fail", "silent", "no", "old"]
GAPS = st.sampled_from([1, 7, 15, 45, 401, 1500])
"""Minutes between what happens: mostly within the deadlines, now and then beyond."""
courses = st.lists(st.tuples(GAPS, st.sampled_from(KINDS)), min_size=5, max_size=30)


def happens(world: Office, kind: str, at: datetime) -> None:
    calls = [key for key in world.asked if "/call/" in key]
    if calls and kind != "silent":
        world.give(answered(calls[0], at, 302 if kind == "fail" else 200), at)
    tasks = [key for key in world.asked if "/vote/" in key or "/pack/" in key]
    match kind:
        case "start":
            started(world, at)
        case "update":
            updated(world, at)
        case "order":
            ordered(world, at)
        case "view":
            world.event("page.viewed", at)
        case "restock":
            world.give(EventInput(an_event("product.restocked", at, key="product:t1", product_id="t1")), at)
        case "yes" | "no" if tasks:
            by, role = ("sam@example.com", "service") if at.minute % 2 else ("fay@example.com", "finance")
            done = "completed" if "/pack/" in tasks[0] else "approved" if kind == "yes" else "rejected"
            world.give(said(tasks[0], at, done, by, role), at)
        case "old":
            assert_nothing_moves(world, at)
        case _:
            pass


def assert_asks_for_what_it_waits_for(world: Office) -> None:
    """Tasks, subscriptions and timers are those of the step at which each run rests, and no others."""
    expected: dict[str, str] = {}
    armed: dict[str, datetime] = {}
    for run in world.subject.runs:
        armed |= {f"{run.id}/{name}": due for name, due in run.timers.items()}
        if run.state == "active":
            assert "step" in run.timers
            assert (run.waits_since is not None) == (run.step == "stock")
            expected[_key(run)] = run.id
    assert {key: run for key, run in world.asked.items() if "/call/" not in key} == {
        key: run for key, run in expected.items() if "/call/" not in key
    }
    assert armed == {timer.id: timer.due_at for timer in world.timers.values()}


def _key(run: Run) -> str:
    return f"{run.id}/{run.step}/{run.turn}"


@given(courses)
def test_whatever_happens_a_run_asks_for_what_it_waits_for_and_no_more(course: Course) -> None:
    world, at_least, at = Office(ALL), dict[str, datetime](), START
    started(world)
    for gap, kind in course:
        at += timedelta(minutes=gap)
        world.passes(at)
        happens(world, kind, at)
        assert_asks_for_what_it_waits_for(world)
        for run in world.subject.runs:
            assert run.at >= at_least.get(run.id, run.at), "a run's time never goes back"
            at_least[run.id] = run.at
        for again, now in world.moving[-3:]:
            before = world.subject
            world.give(again, now)
            assert world.subject == before, "the same again moves nothing"
    world.passes(START + LONG)
    assert all(run.state == "ended" and run.end_reason for run in world.runs.values())
    assert (world.timers, world.subject.runs) == ({}, ())
    assert len(world.sent) == len(world.sends), "nothing is sent twice"
    assert all(isinstance(send, Send) for send in world.sent)
