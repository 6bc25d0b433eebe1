"""Which step is which between two versions, and that no edit of a workflow makes a moved run do a thing twice."""

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from relevo_workflow.changes.alignment import align
from relevo_workflow.changes.comparison import compare_versions
from relevo_workflow.changes.migration import Migrated, Refused, Transition, migrate
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.effects import Effect, Http, OpenTask, Send
from relevo_workflow.model.inputs import ResponseInput, TaskInput
from relevo_workflow.model.state import Facts, Run, Subject
from relevo_workflow.runs.handle import handle
from relevo_workflow.testing.simulation import Simulation
from tests.workflow.shop import SHOP, START, Customer, a_workflow

Step = dict[str, Any]
NAMES = ("a", "b", "c", "d", "e", "f")
DAY = timedelta(days=1)


def send(name: str) -> Step:
    return {"send": {"channel": "email", "template": name, "purpose": "transactional"}}


def flow(*listed: Step | str) -> Definition:
    """A workflow of these steps; a text is a wait of that length, or the template of a message."""
    found = [
        {"wait": one} if str(one)[0].isdigit() else send(str(one)) if isinstance(one, str) else one for one in listed
    ]
    return _flow(json.dumps(found))


@lru_cache(maxsize=4096)
def _flow(listed: str) -> Definition:
    text = f"workflow: letters\ntrigger: {{event: order.placed}}\nsteps: {listed}\n"
    return a_workflow(text, *NAMES)


def names(old: Definition, new: Definition) -> dict[str, tuple[str, ...]]:
    return align(old.program, new.program).places


DUNNING = ("1h", "a", "3d", "b", "4d", "c", "2d", {"task": {"title": "Call", "deadline": "5d"}})


def test_a_wait_that_gets_the_length_of_another_keeps_its_runs() -> None:
    old, new = flow(*DUNNING), flow("1h", "a", "2d", "b", "4d", "c", "2d", DUNNING[-1])
    assert names(old, new)["wait-3d"] == ("wait-2d",)
    assert names(old, new)["wait-2d"] == ("wait-2d-2",)
    assert [line for line in compare_versions(old, new).lines() if "step" in line] == [
        "~ step wait-3d → wait-2d",
        "~ step wait-2d → wait-2d-2",
        "~ step wait-2d: waits: 3d → 2d",
    ]
    run = Customer(old).does("order.placed", order_id="1").waits("8d").run
    assert run.step == "wait-2d"
    done = migrate(old, new, run, START + 8 * DAY, facts=Facts(), shop=SHOP)
    assert isinstance(done, Migrated)
    assert (done.run.step, done.run.timers) == ("wait-2d-2", run.timers)
    assert "goes on at wait-2d-2, which was wait-2d" in done.reason


@pytest.mark.parametrize(
    ("old", "new", "step", "places"),
    [
        (("1d", "a"), ("1d", "1d", "a"), "wait-1d", ("wait-1d", "wait-1d-2")),  # which of the two?
        (("1d", "a", "1d", "b"), ("1d", "b"), "wait-1d", ("", "wait-1d")),  # was it the first "1d, a", or "a, 1d"?
        (("1d", "a", "2d", "b"), ("2d", "b"), "wait-2d", ("wait-2d",)),
        (("1d", "a", "2d", "b"), ("2d", "b"), "wait-1d", ()),
        (("1d", "a", "1d", "b", "1d", "c"), ("1d", "a", "2d", "b", "1d", "c"), "wait-1d-3", ("wait-1d-2",)),
        (("1d", "a"), ("2d", "b", "1d", "a"), "wait-1d", ("wait-1d",)),  # something was put before
        (("1d", "a", "2d"), ("a", "2d"), "wait-1d", ()),
        (("1d", "a"), ({"id": "wait-1d", "wait": "9d"}, "a"), "wait-1d", ("wait-1d",)),  # an id that was written down
        (("1d", "1d", "a"), ({"id": "wait-1d-2", "wait": "3d"}, "1d", "a"), "wait-1d-2", ("wait-1d-2",)),
        (("1d", "a"), ({"branch": [{"otherwise": None, "steps": [{"wait": "1d"}]}]}, "a"), "wait-1d", ("wait-1d",)),
    ],
)
def test_content_and_neighbours_tell_which_step_it_is(
    old: tuple[Any, ...], new: tuple[Any, ...], step: str, places: tuple[str, ...]
) -> None:
    found = names(flow(*old), flow(*new))[step]
    assert tuple(sorted(found)) == tuple(sorted(places))


def test_what_is_not_clear_is_refused_and_an_explicit_id_helps() -> None:
    old = flow("1d", "a")
    unclear, clear = flow("1d", "1d", "a"), flow({"id": "wait-1d", "wait": "1d"}, "1d", "a")
    said = Transition(old, unclear).obstacle("wait-1d", "order.placed")
    assert said == "it is not clear which step takes the place of 'wait-1d': it could be 'wait-1d' or 'wait-1d-2'"
    assert "? step wait-1d → wait-1d or wait-1d-2" in compare_versions(old, unclear).lines()
    assert Transition(old, clear).obstacle("wait-1d", "order.placed") == ""


def test_a_run_that_would_be_sent_a_message_again_is_refused_unless_that_is_wanted() -> None:
    old, new = flow("a", "1d", "b"), flow("1d", "b", "a")
    run = Customer(old).does("order.placed", order_id="1").run
    done = migrate(old, new, run, START, facts=Facts(), shop=SHOP)
    assert done == Refused(run.id, "wait-1d", "would be sent 'a' (send-a) again")
    assert isinstance(migrate(old, new, run, START, facts=Facts(), shop=SHOP, repeat=True), Migrated)


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        (("a", "1d", "a"), ("a", "1d", "a"), ()),  # twice in both versions
        (("a", "1d", "a", "2h"), ("a", "1d", "a", "2h", "a"), ("send-a-3",)),
        (("a", "1d", "b"), ("a", "1d", "a"), ("send-a-2",)),  # the message of the next step is now the one before
        (("a", "1d", "b"), ("c", "1d", "b", "a"), ("send-a",)),
        (("a", "1d", "b"), ("1d", "c", "b"), ()),
    ],
)
def test_again_is_what_the_old_version_would_not_have_done_by_itself(
    old: tuple[Any, ...], new: tuple[Any, ...], again: tuple[str, ...]
) -> None:
    assert Transition(flow(*old), flow(*new)).repeats("wait-1d") == again


def test_what_a_version_in_between_has_no_longer_is_not_forgotten() -> None:
    first, second, third = flow("a", "1d", "b"), flow("1d", "b"), flow("1d", "b", "a")
    run = Customer(first).does("order.placed", order_id="1").run
    moved = migrate(first, second, run, START, facts=Facts(), shop=SHOP)
    assert isinstance(moved, Migrated)
    assert isinstance(migrate(second, third, moved.run, START, facts=Facts(), shop=SHOP), Refused)


def test_an_answer_that_is_on_its_way_reaches_a_step_that_is_called_something_else_now() -> None:
    old = flow({"http": {"url": "https://a.example.com"}}, {"task": {"title": "Pack", "deadline": "3d"}})
    new = flow({"http": {"url": "https://b.example.com"}}, "1d", *_bodies(old))
    customer = Customer(old).does("order.placed", order_id="1")
    opened = customer.effects_of(OpenTask)[0]
    renamed = flow({"task": {"title": "Call"}}, {"task": {"title": "Pack", "deadline": "3d"}})
    moved = migrate(old, renamed, customer.run, START, facts=Facts(), shop=SHOP)
    assert isinstance(moved, Migrated), moved
    assert (moved.run.step, moved.run.effect_key) == ("task-2", opened.id)
    said = TaskInput(id="said", task_id=opened.id, run_id=moved.run.id, at=START + DAY, done="completed", by="sam")
    [decision] = _given(renamed, moved.run, said)
    assert decision.path == ("task-2/completed",)

    called = next(one for one in customer.effects if isinstance(one, Http))
    at_call = structs.replace(customer.run, step="http-1", turn=1, timers={})
    moved = migrate(old, new, at_call, START, facts=Facts(), shop=SHOP)
    assert isinstance(moved, Migrated), moved
    assert moved.run.step == "http-2"
    answer = ResponseInput(id="x", call_id=called.id, run_id=moved.run.id, at=START + DAY, status=200)
    [decision] = _given(new, moved.run, answer)
    assert decision.path[0] == "http-2/ok"


def _bodies(definition: Definition) -> list[Step]:
    assert len(definition.program.steps) == 2
    return [{"http": {"url": "https://a.example.com"}}, {"task": {"title": "Pack", "deadline": "3d"}}]


def _given(definition: Definition, run: Run, arrival: TaskInput | ResponseInput) -> tuple[Any, ...]:
    subject = Subject(shop=SHOP.id, key="ana", runs=(run,))
    return handle([definition], {}, subject, arrival, arrival.at, shop=SHOP).decisions


# --- for any edit ------------------------------------------------------------------------------------------------

LENGTHS = st.sampled_from(["1h", "1d", "2d", "3d"])
WAITS = LENGTHS.map(lambda length: {"wait": length})
TASKS = st.sampled_from(["Call", "Pack"]).map(lambda title: {"task": {"title": title, "deadline": "1d"}})


@st.composite
def workflows(draw: st.DrawFn) -> list[Step]:
    """Steps in which each message stands once, some of them in the arms of a branch."""
    letters = draw(st.permutations(NAMES))
    found: list[Step] = []
    for name in letters[: draw(st.integers(2, 5))]:
        step = send(name)
        if draw(st.booleans()):
            found.append(draw(st.one_of(WAITS, TASKS)))
        inside = draw(st.integers(0, 3)) == 0
        found.append(_branch([draw(WAITS), step] if draw(st.booleans()) else [step]) if inside else step)
    return [*found, draw(WAITS)]


def _branch(inner: list[Step]) -> Step:
    return {
        "branch": [
            {"when": "customer.orders_count == 0", "steps": inner},
            {"otherwise": None, "steps": [{"wait": "1d"}]},
        ]
    }


@st.composite
def edited(draw: st.DrawFn, steps: list[Step]) -> list[Step]:
    """The steps after some edits: inserted, deleted, swapped, other lengths, wrapped into a branch, other ids."""
    found: list[Step] = json.loads(json.dumps(steps))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(found) - 1))
        other = draw(st.integers(0, len(found) - 1))
        match draw(st.sampled_from(["insert", "delete", "swap", "length", "wrap", "unwrap", "id", "move"])):
            case "insert":
                found.insert(place, draw(st.one_of(WAITS, TASKS, st.sampled_from(NAMES).map(send))))
            case "delete" if len(found) > 1:
                del found[place]
            case "swap":
                found[place], found[other] = found[other], found[place]
            case "length" if "wait" in found[place]:
                found[place] = {**found[place], "wait": draw(LENGTHS)}
            case "wrap" if "branch" not in found[place]:
                found[place] = _branch([found[place]])
            case "unwrap" if "branch" in found[place]:
                found[place : place + 1] = found[place]["branch"][0]["steps"]
            case "id" if "branch" not in found[place] and not any("id" in one for one in found):
                found[place] = {**found[place], "id": draw(st.sampled_from(["own", "wait-1d", "send-a", "task-1"]))}
            case "move":
                found.insert(other, found.pop(place))
            case _:
                pass
    return found


def deeds(effects: list[Effect]) -> list[tuple[str, str]]:
    return [("send", one.template) if isinstance(one, Send) else ("task", one.title)
            for one in effects if isinstance(one, Send | OpenTask)]  # fmt: skip


def goes_on(definition: Definition, run: Run, now: Any) -> list[Effect]:
    """What a run does from now on."""
    simulation = Simulation([definition], Subject(shop=SHOP.id, key="ana", runs=(run,)), now, shop=SHOP)
    simulation.runs[run.id] = run
    timers = migrate(
        definition, definition, structs.replace(run, timers={}), now, facts=Facts(), shop=SHOP, repeat=True
    )
    assert isinstance(timers, Migrated)
    simulation.subject = Subject(shop=SHOP.id, key="ana", runs=(timers.run,))
    simulation._carry_out(timers.effects, "", run.id)
    simulation.finish()
    return [one.effect for one in simulation.effects]


@settings(max_examples=80, deadline=None)
@given(data=st.data(), hours=st.integers(0, 24 * 9))
def test_no_edit_makes_a_moved_run_do_a_thing_twice(data: st.DataObject, hours: int) -> None:
    listed = data.draw(workflows())
    old, new = flow(*listed), flow(*data.draw(edited(listed)))
    customer = Customer(old).does("order.placed", order_id="1").waits(f"{hours}h")
    if customer.run.state != "active":
        return
    now = START + timedelta(hours=hours)
    before = deeds(customer.effects)
    by_itself = deeds(goes_on(old, customer.run, now))
    moved = migrate(old, new, customer.run, now, facts=Facts(), shop=SHOP)
    if isinstance(moved, Migrated):
        after = deeds(goes_on(new, moved.run, now))
        again = [one for one in after if one in before]
        assert len(again) <= sum(one in before for one in by_itself), (old.program, new.program, customer.run.step)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_other_lengths_alone_move_no_run_to_another_place(data: st.DataObject) -> None:
    listed = data.draw(workflows())
    longer = [one | {"wait": data.draw(LENGTHS)} if "wait" in one else one for one in listed]
    old, new = flow(*listed), flow(*longer)
    same = dict(zip(old.program.steps, new.program.steps, strict=True))
    assert {step: place for step, (place, *_) in names(old, new).items()} == same
    assert all(Transition(old, new).repeats(step) == () for step in old.program.steps)
