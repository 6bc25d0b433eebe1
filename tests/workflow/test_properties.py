"""What holds for every workflow and every course of events."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.decision import Handled
from relevo_workflow.model.effects import ArmTimer, CancelTimer, Send
from relevo_workflow.model.inputs import EventInput, Input, TimerInput
from relevo_workflow.model.state import Run, Shop, Subject
from relevo_workflow.runs.handle import handle
from relevo_workflow.syntax.diagnostics import WorkflowError
from relevo_workflow.testing.simulation import due_wakeup
from tests.workflow.shop import CUSTOMER, START, a_workflow, an_event, euros, files, known

CART = a_workflow(
    """
    workflow: cart
    key: trigger.checkout_token
    trigger: {event: checkout.started}
    restart: {event: checkout.updated, where: event.checkout_token == trigger.checkout_token}
    exit: [{event: order.placed, where: event.checkout_token == trigger.checkout_token, reason: bought}]
    goal: {event: order.placed, where: event.checkout_token == trigger.checkout_token, within: 3d}
    steps:
      - wait: 4h
      - send: {channel: email, template: first, purpose: marketing}
      - split:
          - {name: a, weight: 1, steps: [{wait: 1d}]}
          - {name: b, weight: 1, steps: [{wait: 2d}]}
      - send: {channel: email, template: second, purpose: marketing}
    """,
    "first",
    "second",
)
SHOP = Shop(id="casa-luna")
LONG = timedelta(days=60)


class World:
    """The core as the engine drives it: state stored between inputs, timers fired at or after their time."""

    def __init__(self, *definitions: Definition, stores: bool = False, lateness: timedelta = timedelta()) -> None:
        self.definitions = definitions
        self.versions = {one.version: one for one in definitions}
        self.subject = Subject(shop=SHOP.id, key=CUSTOMER, facts=known())
        self.stores = stores
        self.lateness = lateness
        self.timers: dict[str, ArmTimer] = {}
        self.sends: dict[str, Send] = {}
        self.sent: list[Send] = []
        self.runs: dict[str, Run] = {}

    def give(self, arrival: Input, now: datetime) -> Handled:
        handled = handle(self.definitions, self.versions, self.subject, arrival, now, shop=SHOP)
        self.subject = handled.subject
        if self.stores:
            self.subject = msgspec.json.decode(msgspec.json.encode(handled.subject), type=Subject)
        for decision in handled.decisions:
            if decision.run is not None:
                self.runs[decision.run.id] = decision.run
            for effect in decision.effects:
                if isinstance(effect, ArmTimer):
                    self.timers[effect.id] = effect
                elif isinstance(effect, CancelTimer):
                    self.timers.pop(effect.id, None)
                elif isinstance(effect, Send):
                    self.sends[effect.id] = effect
                    self.sent.append(effect)
        return handled

    def event(self, event_type: str, at: datetime, **data: Any) -> Handled:
        return self.give(EventInput(an_event(event_type, at, **data)), at)

    def due(self, until: datetime) -> list[ArmTimer]:
        return sorted((one for one in self.timers.values() if one.due_at < until), key=lambda one: (one.due_at, one.id))

    def passes(self, until: datetime) -> None:
        """Fires the timers that are due before `until`, one after another."""
        for _ in range(3000):
            due = self.due(until)
            if not due:
                return
            del self.timers[due[0].id]
            self.fire(due[0], due[0].due_at + self.lateness)
        raise AssertionError("timers without end")

    def fire(self, timer: ArmTimer, now: datetime) -> Handled:
        return self.give(wake(timer), now)

    def outcome(self) -> Any:
        """What it came to: the messages, and each run's end."""
        runs = {run.id: (run.state, run.end_reason, run.ended_at, run.step) for run in self.runs.values()}
        return {key: (send.template, send.decided_at) for key, send in self.sends.items()}, runs


def wake(timer: ArmTimer) -> TimerInput:
    return TimerInput(due_wakeup(timer, SHOP.id, CUSTOMER))


Course = list[tuple[int, str, str]]
courses = st.lists(
    st.tuples(
        st.integers(0, 5 * 24 * 60),
        st.sampled_from(["checkout.started", "checkout.started", "checkout.updated", "order.placed", "page.viewed"]),
        st.sampled_from(["t1", "t2"]),
    ),
    max_size=12,
    unique_by=lambda one: one[0],
).map(sorted)


def happen(world: World, course: Course, arrive: Callable[[World, str, datetime, dict[str, Any]], None]) -> None:
    for minute, event_type, token in course:
        at = START + timedelta(minutes=minute)
        world.passes(at)
        arrive(world, event_type, at, payload(event_type, token, minute))
    world.passes(START + LONG)


def payload(event_type: str, token: str, number: int) -> dict[str, Any]:
    if event_type == "page.viewed":
        return {}
    if event_type == "order.placed":
        return {"order_id": f"o{number}", "checkout_token": token, "total": euros("10.00")}
    return {"checkout_token": token, "total": euros("10.00")}


def once(world: World, event_type: str, at: datetime, data: dict[str, Any]) -> None:
    world.event(event_type, at, **data)


@given(courses)
def test_the_same_event_again_right_away_changes_nothing(course: Course) -> None:
    def twice(world: World, event_type: str, at: datetime, data: dict[str, Any]) -> None:
        world.event(event_type, at, **data)
        before = world.subject
        again = world.event(event_type, at, **data)
        assert again.subject == before
        assert not [effect for one in again.decisions for effect in one.effects]

    plain, repeated = World(CART), World(CART)
    happen(plain, course, once)
    happen(repeated, course, twice)
    assert repeated.outcome() == plain.outcome()


@given(courses, st.data())
def test_any_event_again_at_any_later_time_sends_nothing_twice(course: Course, data: st.DataObject) -> None:
    plain, repeated = World(CART), World(CART)
    happen(plain, course, once)
    seen: list[tuple[str, datetime, dict[str, Any]]] = []

    def with_echoes(world: World, event_type: str, at: datetime, given_data: dict[str, Any]) -> None:
        for echo in data.draw(st.lists(st.sampled_from(seen), max_size=2)) if seen else []:
            event = an_event(echo[0], echo[1], **echo[2])
            world.give(EventInput(event), at)
        world.event(event_type, at, **given_data)
        seen.append((event_type, at, given_data))

    happen(repeated, course, with_echoes)
    assert repeated.outcome() == plain.outcome()
    assert len(repeated.sent) == len(repeated.sends)


@given(courses)
def test_state_that_was_stored_and_read_back_decides_the_same(course: Course) -> None:
    plain, stored = World(CART), World(CART, stores=True)
    happen(plain, course, once)
    happen(stored, course, once)
    assert stored.outcome() == plain.outcome()
    assert stored.subject == plain.subject


@given(courses, st.integers(1, 10_000))
def test_late_wakeups_shift_no_schedule(course: Course, minutes: int) -> None:
    plain, late = World(CART), World(CART, lateness=timedelta(minutes=minutes))
    happen(plain, course, once)
    happen(late, course, once)
    assert late.outcome() == plain.outcome()


@given(courses, st.data())
def test_no_timer_works_before_its_time(course: Course, data: st.DataObject) -> None:
    plain, pushed = World(CART), World(CART)

    def with_early_wakeups(world: World, event_type: str, at: datetime, given_data: dict[str, Any]) -> None:
        world.event(event_type, at, **given_data)
        for timer in list(world.timers.values()):
            if timer.due_at > at and data.draw(st.booleans()):
                before = world.subject
                del world.timers[timer.id]
                handled = world.fire(timer, at)
                assert handled.subject == before
                assert world.timers[timer.id] == timer, "an early wake-up is armed again"

    happen(plain, course, once)
    happen(pushed, course, with_early_wakeups)
    assert pushed.outcome() == plain.outcome()


@given(courses)
def test_wakeups_again_and_again_do_nothing(course: Course) -> None:
    fired: list[TimerInput] = []

    class Echoing(World):
        def fire(self, timer: ArmTimer, now: datetime) -> Handled:
            handled = super().fire(timer, now)
            fired.append(wake(timer))
            for echo in fired:
                before = self.subject
                assert self.give(echo, now).subject == before
            return handled

    plain, repeated = World(CART), Echoing(CART)
    happen(plain, course, once)
    happen(repeated, course, once)
    assert repeated.outcome() == plain.outcome()


@given(courses)
def test_an_order_ends_its_run_at_once_and_for_good(course: Course) -> None:
    world = World(CART)
    ended: dict[str, datetime] = {}

    def watch(one: World, event_type: str, at: datetime, data: dict[str, Any]) -> None:
        one.event(event_type, at, **data)
        if event_type == "order.placed":
            token = data["checkout_token"]
            assert not [run for run in one.subject.runs if run.key == token and run.state == "active"]
            ended.update({run.id: at for run in one.runs.values() if run.key == token and run.end_reason == "bought"})

    happen(world, course, watch)
    for send in world.sends.values():
        run_id = send.id.split("/")[0]
        assert run_id not in ended or send.decided_at < ended[run_id]


@given(courses)
def test_a_run_ends_with_a_reason_or_waits_for_a_timer(course: Course) -> None:
    world = World(CART)

    def watch(one: World, event_type: str, at: datetime, data: dict[str, Any]) -> None:
        one.event(event_type, at, **data)
        assert_sound(one)

    happen(world, course, watch)
    assert_sound(world)
    assert all(run.state == "ended" for run in world.runs.values())
    assert not world.timers


@given(courses, courses)
def test_customers_do_not_touch_each_other(course: Course, other: Course) -> None:
    """Inputs of two customers in any order: each comes to the same as alone."""
    alone, mixed = World(CART), World(CART)
    neighbour = World(CART)
    neighbour.subject = Subject(shop=SHOP.id, key="eva", facts=known())
    happen(alone, course, once)
    for step in sorted([(one, mixed) for one in course] + [(one, neighbour) for one in other], key=lambda one: one[0]):
        (minute, event_type, token), world = step
        at = START + timedelta(minutes=minute)
        world.passes(at)
        event = an_event(event_type, at, key=world.subject.key, **payload(event_type, token, minute))
        world.give(EventInput(event), at)
    mixed.passes(START + LONG)
    assert mixed.outcome() == alone.outcome()


@given(courses, st.data())
def test_what_happens_to_one_run_key_comes_to_the_same_whenever_another_is_heard_of(
    course: Course, data: st.DataObject
) -> None:
    """The inputs of two run keys in any order, each key's own in theirs."""
    plain, mixed = World(CART), World(CART)
    happen(plain, course, once)
    rest = {token: [step for step in course if step[2] == token] for token in ("t1", "t2")}
    while left := [token for token in rest if rest[token]]:
        token = data.draw(st.sampled_from(left))
        minute, event_type, _ = rest[token].pop(0)
        at = START + timedelta(minutes=minute)
        while due := [timer for timer in mixed.due(at) if mixed.runs[timer.run_id].key == token]:
            mixed.fire(mixed.timers.pop(due[0].id), due[0].due_at)
        once(mixed, event_type, at, payload(event_type, token, minute))
    mixed.passes(START + LONG)
    assert mixed.outcome() == plain.outcome()


def assert_sound(world: World) -> None:
    for run in world.runs.values():
        if run.state == "active":
            assert run.step in CART.program.steps or run.step, "an active run is at a step"
            assert "step" in run.timers, "an active run waits for a timer"
        else:
            assert run.end_reason, "a run never stops without a reason"
            assert run.ended_at is not None
            assert run.step == ""
            assert run.state == "ended" or set(run.timers) == {"goal"}
    armed = {(timer.id, timer.due_at) for timer in world.timers.values()}
    wanted = {(f"{run.id}/{name}", due) for run in world.subject.runs for name, due in run.timers.items()}
    assert armed == wanted, "the armed timers are those that the runs know"


# --- any workflow at all -----------------------------------------------------------------------------------------

leaves: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from(["1h", "2d", "90m"]).map(lambda length: {"wait": length}),
    st.sampled_from(['"09:00"', "09:00", "mon 09:00", "trigger.placed_at"]).map(
        lambda until: {"wait": {"until": until.strip('"'), "zone": "customer"}}
    ),
    st.just({"send": {"channel": "email", "template": "mail", "purpose": "marketing"}}),
    st.just({"set": {"attributes": {"tier": "gold"}, "tags": {"add": ["seen"]}}}),
    st.just({"set": {"attributes": {"seen": "customer.orders_count"}}}),
)
stops: st.SearchStrategy[list[dict[str, Any]]] = st.sampled_from([[], [], [{"stop": "enough"}]])


def nested(steps: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    block = st.tuples(st.lists(steps, max_size=3), stops).map(lambda one: one[0] + one[1])
    conditions = st.sampled_from(
        ["customer.orders_count > 1", "has(trigger.total)", "customer.attributes.tier == 'gold'"]
    )
    return st.one_of(
        st.tuples(conditions, block, block).map(
            lambda one: {"branch": [{"when": one[0], "steps": one[1]}, {"otherwise": None, "steps": one[2]}]}
        ),
        st.tuples(block, block).map(
            lambda one: {
                "split": [{"name": "a", "weight": 1, "steps": one[0]}, {"name": "b", "weight": 3, "steps": one[1]}]
            }
        ),
        st.tuples(block, block).map(
            lambda one: {
                "wait_for": [{"event": "page.viewed", "steps": one[0]}, {"timeout": "3d", "steps": one[1]}],
            }
        ),
    )


programs = st.lists(st.recursive(leaves, nested, max_leaves=8), min_size=1, max_size=5)


@settings(max_examples=100, deadline=None)
@given(
    programs,
    st.lists(
        st.tuples(st.integers(0, 20 * 24), st.sampled_from(["order.placed", "page.viewed", "order.cancelled"])),
        min_size=1,
        max_size=8,
        unique_by=lambda one: one[0],
    ).map(sorted),
)
def test_every_workflow_comes_to_an_end_with_a_reason(
    program: list[dict[str, Any]], course: list[tuple[int, str]]
) -> None:
    workflow = {
        "workflow": "any",
        "trigger": {"event": "order.placed"},
        "exit": {"event": "order.cancelled", "reason": "cancelled"},
        "steps": program,
    }
    try:
        definition = load_workflow({**files("", "mail"), "workflow.yaml": json.dumps(workflow)})
    except WorkflowError as error:
        assert all("no run can reach" in one.message for one in error.diagnostics)
        reject()
    world, stored = World(definition), World(definition, stores=True, lateness=timedelta(hours=3))
    for one in (world, stored):
        for hour, event_type in course:
            at = START + timedelta(hours=hour)
            one.passes(at)
            data = {"order_id": f"o{hour}"} if event_type.startswith("order.") else {}
            before = {run.id for run in one.subject.runs if run.state == "active"}
            one.event(event_type, at, **data)
            if event_type == "order.cancelled":
                assert not before & {run.id for run in one.subject.runs}
            assert_sound(one)
        one.passes(START + timedelta(days=400))
        assert_sound(one)
        assert all(run.state == "ended" for run in one.runs.values())
    assert world.outcome() == stored.outcome()
