"""Moving runs that are on their way into a new version: where they go on, when, and what can't be moved."""

from datetime import datetime, timedelta

import pytest

from relevo_contracts.messages import WakeUp
from relevo_workflow.changes.comparison import compare_versions, file_diff
from relevo_workflow.changes.migration import Migrated, Refused, migrate
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.effects import ArmTimer, CancelTimer
from relevo_workflow.model.inputs import TimerInput
from relevo_workflow.model.state import Facts, Run, Subject
from relevo_workflow.runs.handle import handle
from tests.workflow.shop import SHOP, START, Customer, a_workflow, euros

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CART = """
workflow: cart
trigger: {event: checkout.started}
goal: {event: order.placed, within: 7d}
steps:
  - wait: 4h
  - send: {channel: email, template: reminder, purpose: marketing}
  - wait: 1d
    id: rest
"""
TASK = """
workflow: parcel
trigger: {event: order.placed}
steps:
  - task: {title: Pack, skill: warehouse, deadline: 3d, reminder: 1d}
    id: pack
"""
EVENTS = """
workflow: parcel
trigger: {event: order.placed}
steps:
  - wait_for:
      - event: shipment.delivered
        steps: [{stop: delivered}]
      - timeout: 10d
        steps: [{stop: late}]
    id: arrival
"""
ASKS = """
workflow: asks
trigger: {event: order.placed}
steps:
  - decide:
      rules:
        - {when: customer.orders_count == 0, set: {rate: 10}}
        - {when: customer.orders_count > 9, set: {rate: 5}}
      as: offer
    id: offer
  - approve: {title: Credit, roles: [finance, support], needed: 1, deadline: 3d, escalate: {after: 1d, roles: [lead]}}
    id: ask
"""
DAILY = """
workflow: daily
trigger: {event: order.placed}
steps:
  - wait: {until: "18:00", zone: shop}
    id: evening
"""


def changed(text: str, *replacements: tuple[str, str]) -> Definition:
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return a_workflow(text, "reminder") if "reminder, purpose" in text else a_workflow(text)


def a_run(definition: Definition, event: str = "checkout.started", hours: float = 0) -> Run:
    """A run of an event at the start, `hours` later."""
    order, checkout = {"order_id": "1"}, {"checkout_token": "1", "total": euros("10.00")}
    customer = Customer(definition).does(event, **(order if event == "order.placed" else checkout))
    customer.simulation.run_until(START + timedelta(hours=hours))
    return customer.run


def wakeup(run: Run) -> TimerInput:
    """The wake-up of the step at which `run` rests."""
    due = run.timers["step"]
    return TimerInput(
        WakeUp(
            id=f"{run.id}/step@{due.isoformat()}", shop=SHOP.id, key="ana", timer_id=f"{run.id}/step", due_at=due,
            run_id=run.id, turn=run.turn, name="step",
        )
    )  # fmt: skip


def moved(old: Definition, new: Definition, run: Run, now: datetime) -> Migrated:
    done = migrate(old, new, run, now, facts=Facts(), shop=SHOP)
    assert isinstance(done, Migrated), done
    assert done.run.version == new.version
    assert (done.run.id, done.run.turn, done.run.step) == (run.id, run.turn, run.step)
    return done


@pytest.mark.parametrize(
    ("length", "after", "due"),
    [
        ("8h", 1 * HOUR, START + 8 * HOUR),  # longer: from when the step was entered
        ("2h", 1 * HOUR, START + 2 * HOUR),  # shorter
        ("2h", 3 * HOUR, START + 3 * HOUR),  # over by then: due now, never in the past
        ("8h", 5 * HOUR, START + 8 * HOUR),  # its wake-up was on its way already: it is not due any more
        ("2h", 5 * HOUR, START + 4 * HOUR),  # due before and after: the wake-up that is on its way counts
    ],
)
def test_a_wait_takes_the_new_length_from_when_it_was_entered(length: str, after: timedelta, due: datetime) -> None:
    old, new = changed(CART), changed(CART, ("wait: 4h", f"id: wait-4h\n    wait: {length}"))
    run = a_run(old)
    done = moved(old, new, run, START + after)
    assert done.run.timers["step"] == due
    armed = [one for one in done.effects if isinstance(one, ArmTimer)]
    assert [one.due_at for one in armed] == ([] if due == START + 4 * HOUR else [due])
    assert all((one.id, one.turn) == (f"{run.id}/step", run.turn) for one in armed)


def test_where_nothing_changes_for_the_run_no_timer_moves() -> None:
    old, new = changed(CART), changed(CART, ("1d", "2d"))
    done = moved(old, new, a_run(old), START + HOUR)
    assert done.effects == ()
    assert done.reason == f"moved from version {old.version}; goes on at wait-4h"


def test_a_moved_run_goes_on_through_the_new_steps() -> None:
    old, new = changed(CART), changed(CART, ("wait: 1d", "stop: enough"))
    done = moved(old, new, a_run(old), START + HOUR)
    subject = Subject(shop=SHOP.id, key="ana", runs=(done.run,))
    [decision] = handle([new], {}, subject, wakeup(done.run), START + 4 * HOUR, shop=SHOP).decisions
    assert decision.path == ("send-reminder", "rest")
    assert decision.reason == "enough"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("wait: 4h", "set: {tags: {add: [seen]}}"), "the new version has no step 'wait-4h'"),
        (
            ("wait: 4h", "id: wait-4h\n    stop: no"),
            "'wait-4h' was a wait and is a stop in the new version",
        ),
        (
            ("trigger: {event: checkout.started}", "trigger: {event: checkout.updated}"),
            "it was started by checkout.started, which starts nothing in the new version",
        ),
        (
            ("trigger:", "key: trigger.checkout_token\ntrigger:"),
            "the key of its runs changed from the customer to trigger.checkout_token",
        ),
    ],
)
def test_what_can_not_be_mapped_is_refused_with_the_reason(change: tuple[str, str], reason: str) -> None:
    old = changed(CART)
    text = CART.replace(*change)
    if "stop: no" in text:
        text = text[: text.index("stop: no") + 8] + "\n"
        new = a_workflow(text)
    else:
        new = a_workflow(text, "reminder")
    run = a_run(old)
    assert migrate(old, new, run, START, facts=Facts(), shop=SHOP) == Refused(run.id, "wait-4h", reason)


def test_an_event_wait_keeps_waiting_and_its_timeout_follows() -> None:
    old, new = changed(EVENTS), changed(EVENTS, ("10d", "2d"))
    run = a_run(old, "order.placed")
    done = moved(old, new, run, START + DAY)
    assert done.run.timers == {"step": START + 2 * DAY}


def test_what_comes_to_a_run_that_goes_on_waiting_moves_no_timeout() -> None:
    goal = ("workflow: parcel", "workflow: parcel\ngoal: {event: order.paid, within: 30d}")
    old, new = changed(EVENTS, goal), changed(EVENTS, goal, ("10d", "5d"))
    customer = Customer(old).does("order.placed", order_id="1").does("order.paid", "2d", order_id="1")
    assert customer.run.at == START + 2 * DAY
    assert moved(old, new, customer.run, START + 3 * DAY).run.timers == {"step": START + 5 * DAY}


def test_nor_does_it_begin_a_wait_anew() -> None:
    old, new = changed(CART), changed(CART, ("wait: 4h", "id: wait-4h\n    wait: 8h"))
    customer = Customer(old).does("checkout.started", checkout_token="1", total=euros("10.00"))
    customer.does("order.placed", "2h", order_id="1")
    assert moved(old, new, customer.run, START + 3 * HOUR).run.timers == {"step": START + 8 * HOUR}


def test_a_wait_for_one_product_is_none_for_another() -> None:
    shelf = ("event: shipment.delivered", "event: product.restocked\n        key: trigger.order_id")
    old, new = changed(EVENTS, shelf), changed(EVENTS, shelf, ("key: trigger.order_id", "key: trigger.checkout_token"))
    refused = migrate(old, new, a_run(old, "order.placed"), START + DAY, facts=Facts(), shop=SHOP)
    assert isinstance(refused, Refused)
    assert refused.reason == "'arrival' waits for events about something else in the new version"


def test_a_task_keeps_its_key_and_sends_no_reminder_twice() -> None:
    old, new = changed(TASK), changed(TASK, ("deadline: 3d, reminder: 1d", "deadline: 4d, reminder: 2d"))
    early = moved(old, new, a_run(old, "order.placed"), START + HOUR)
    assert early.run.timers == {"step": START + 4 * DAY, "reminder": START + 2 * DAY}
    reminded = moved(old, new, a_run(old, "order.placed", hours=30), START + 30 * HOUR)
    assert reminded.run.timers == {"step": START + 4 * DAY}


def test_nor_is_anybody_called_in_twice() -> None:
    call_in = ("reminder: 1d", "escalate: {after: 1d, skill: lead}")
    old, new = changed(TASK, call_in), changed(TASK, call_in, ("after: 1d", "after: 2d"))
    assert moved(old, new, a_run(old, "order.placed"), START + HOUR).run.timers["escalate"] == START + 2 * DAY
    called = moved(old, new, a_run(old, "order.placed", hours=30), START + 30 * HOUR)
    assert called.run.timers == {"step": START + 3 * DAY}


def test_a_timer_that_the_new_version_does_not_want_is_cancelled() -> None:
    old, new = changed(TASK), changed(TASK, (", reminder: 1d", ""))
    done = moved(old, new, a_run(old, "order.placed"), START + HOUR)
    assert [one.name for one in done.effects if isinstance(one, CancelTimer)] == ["reminder"]


@pytest.mark.parametrize(
    ("change", "timers", "state"),
    [
        (("within: 7d", "within: 30d"), {"goal": START + 30 * DAY}, "watching"),
        (("within: 7d", "within: 1d"), {"goal": START + 2 * DAY}, "watching"),
        (("goal: {event: order.placed, within: 7d}\n", ""), {}, "ended"),
    ],
)
def test_a_run_that_only_watches_its_goal_follows_its_window(
    change: tuple[str, str], timers: dict[str, datetime], state: str
) -> None:
    old, new = changed(CART), changed(CART, change)
    run = a_run(old, hours=48)
    assert run.state == "watching"
    done = moved(old, new, run, START + 2 * DAY)
    assert (done.run.timers, done.run.state) == (timers, state)


def test_a_wait_until_a_time_is_reckoned_from_when_it_was_entered() -> None:
    old, new = changed(DAILY), changed(DAILY, ("18:00", "20:00"))
    done = moved(old, new, a_run(old, "order.placed"), START + HOUR)
    assert done.run.timers == {"step": START.replace(hour=19)}  # 20:00 in Madrid
    sooner = moved(old, changed(DAILY, ("18:00", "16:00")), a_run(old, "order.placed"), START + 6 * HOUR)
    assert sooner.run.timers == {"step": START + 6 * HOUR}  # 16:00 was an hour ago: now, not tomorrow


def test_the_old_wake_up_of_a_moved_run_does_nothing() -> None:
    old, new = changed(CART), changed(CART, ("wait: 4h", "id: wait-4h\n    wait: 8h"))
    run = a_run(old)
    done = moved(old, new, run, START + HOUR)
    subject = Subject(shop=SHOP.id, key="ana", runs=(done.run,))
    handled = handle([new], {}, subject, wakeup(run), START + 4 * HOUR, shop=SHOP)
    assert (handled.decisions, handled.subject.runs) == ((), (done.run,))


def test_a_comparison_names_steps_and_says_what_changed() -> None:
    old = changed(CART)
    goal = ("goal: {event: order.placed, within: 7d}", "holdout: 5%")
    new = changed(
        CART, ("wait: 4h", "wait: 8h"), ("id: rest", "id: rest\n  - stop: done"), ("wait: 1d", "wait: 2d"), goal
    )
    assert compare_versions(old, new).lines() == [
        "+ step stop",
        "~ step wait-4h → wait-8h",
        "~ step wait-8h: waits: 4h → 8h",
        "~ step rest: then: the end → stop",
        "~ step rest: waits: 1d → 2d",
        "~ goal: event order.placed within 1w → nothing",
        "~ holdout: 0.0 → 5.0",
    ]
    assert compare_versions(old, old).lines() == []
    assert "+  - wait: 8h" in file_diff(old.files, new.files)


def test_each_changed_field_of_an_approval_or_a_table_is_a_line_of_its_own() -> None:
    asks = {"escalate: {after: 1d, roles: [lead]}": "escalate: {after: 2d, roles: [lead]}"}
    new = {"title: Credit": "title: Refund", "needed: 1": "needed: 2", "deadline: 3d": "deadline: 4d"} | asks
    assert compare_versions(a_workflow(ASKS), changed(ASKS, *new.items())).lines() == [
        "~ step ask: title: Credit → Refund",
        "~ step ask: deadline: 3d → 4d",
        "~ step ask: escalate after: 1d → 2d",
        "~ step ask: needed: 1 → 2",
    ]
    without = changed(ASKS, (", escalate: {after: 1d, roles: [lead]}", ""))
    assert compare_versions(a_workflow(ASKS), without).lines() == [
        "~ step ask: escalate: after 1d roles lead → nothing"
    ]
    table = changed(ASKS, ("== 0", "== 1"))
    assert [line.partition(":")[0] for line in compare_versions(a_workflow(ASKS), table).lines()] == ["~ step offer"]
    assert (
        "customer.orders_count == 0 → customer.orders_count == 1"
        in compare_versions(a_workflow(ASKS), table).lines()[0]
    )
