"""Messages that still wait when their run ends: they are recalled if it ends before its last step, or by its goal."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from msgspec import structs

from relevo_contracts.policy import Cap, Policy, QuietHours, QuietRule
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.decision import Handled
from relevo_workflow.model.effects import Recall, Send
from relevo_workflow.model.inputs import Input
from relevo_workflow.model.state import Subject
from relevo_workflow.runs.customer_merge import REASON, merge_customers
from relevo_workflow.testing import contacted
from tests.workflow.shop import START, Customer, a_workflow, euros, known
from tests.workflow.test_properties import CART as COURSE_CART
from tests.workflow.test_properties import Course, World, courses, happen

HEADER = """
workflow: cart
trigger: {event: checkout.started}
not_after: 2d
reentry: once_ended
exit:
  - {event: order.placed, reason: bought}
  - {event: form.submitted, reason: said no}
goal: {event: order.placed, within: 7d}
"""
SEND = "  - send: {channel: email, template: hello, purpose: marketing}\n"
RECEIPT = "  - send: {channel: email, template: hello, purpose: transactional}\n"
WAIT = "  - wait: 3d\n"
NIGHT = Policy(version="v1", quiet=(QuietRule(hours=QuietHours.read("09:00-20:00")),))
"""It is quiet from before the tests begin, at 11:00 of the shop's zone, until the evening."""


def cart(*steps: str, header: str = HEADER) -> Definition:
    return a_workflow(f"{header}steps:\n{''.join(steps)}", "hello")


def recalls(customer: Customer) -> list[Recall]:
    return [one.effect for one in customer.simulation.effects if isinstance(one.effect, Recall)]


def started(definition: Definition) -> Customer:
    return Customer(definition).does("checkout.started", total=euros("10.00"))


def ordered(customer: Customer, after: str = "1h") -> Customer:
    return customer.does("order.placed", after, order_id="o1", total=euros("10.00"))


def test_who_leaves_before_the_last_step_recalls_what_may_still_wait() -> None:
    customer = ordered(started(cart(SEND, WAIT)))
    [sent] = [one.effect for one in customer.simulation.effects if isinstance(one.effect, Send)]
    [one] = recalls(customer)
    assert (one.deliveries, one.reason) == ((sent.id,), "bought")
    assert one.id.rsplit("/", 2)[0] == sent.id.rsplit("/", 2)[0]


@pytest.mark.parametrize(
    ("steps", "after"),
    [
        ((RECEIPT, WAIT), "1h"),  # a receipt stays true
        ((SEND, WAIT), "2d1h"),  # too late to be sent by then
        ((WAIT, SEND), "1h"),  # nothing was asked for yet
    ],
)
def test_what_does_not_wait_is_not_recalled(steps: tuple[str, ...], after: str) -> None:
    assert recalls(ordered(started(cart(*steps)), after)) == []


def test_of_several_messages_those_are_recalled_that_may_still_wait() -> None:
    customer = ordered(started(cart(SEND, WAIT, SEND, RECEIPT, "  - wait: 1h\n", SEND, WAIT)), "3d2h")
    [one] = recalls(customer)
    assert [id_.split("/", 1)[1] for id_ in one.deliveries] == ["send-hello-2/3", "send-hello-4/6"]


def test_a_run_that_reached_its_last_step_keeps_its_messages() -> None:
    plain = HEADER.replace("goal: {event: order.placed, within: 7d}\n", "")
    assert recalls(ordered(started(cart(SEND, header=plain)))) == []
    assert recalls(started(cart(SEND, "  - stop: enough\n"))) == []
    assert recalls(started(cart(SEND)).does("form.submitted", "1h", form="x")) == []


def test_the_goal_of_a_run_whose_steps_are_over_recalls_them() -> None:
    [one] = recalls(ordered(started(cart(SEND))))
    assert one.reason == "the goal was reached: order.placed"


def test_the_goal_of_a_run_that_goes_on_recalls_nothing() -> None:
    going_on = HEADER.replace("  - {event: order.placed, reason: bought}\n", "")
    assert recalls(ordered(started(cart(SEND, WAIT, header=going_on)))) == []


def test_a_goal_whose_time_is_over_recalls_nothing() -> None:
    short = HEADER.replace("within: 7d", "within: 1h")
    assert recalls(started(cart(SEND, header=short)).waits("2h")) == []


def test_what_was_recalled_once_is_not_recalled_by_the_goal() -> None:
    customer = started(cart(SEND, WAIT)).does("form.submitted", "1h", form="x")
    assert [one.reason for one in recalls(customer)] == ["said no"]
    assert [one.reason for one in recalls(ordered(customer, "2h"))] == ["said no"]


def test_what_was_sent_before_the_steps_began_anew_is_recalled_with_the_run() -> None:
    again = HEADER.replace("goal:", "restart: {event: checkout.updated}\ngoal:")
    customer = started(cart(SEND, WAIT, header=again)).does("checkout.updated", "1h", total=euros("10.00"))
    assert recalls(customer) == []
    [one] = recalls(ordered(customer, "2h"))
    assert len(one.deliveries) == 2


def test_of_two_customers_who_are_one_the_run_that_ends_recalls_its_messages() -> None:
    flow = cart(SEND, WAIT)
    kept, merged = (
        Subject(shop="s", key=key, facts=known(), runs=(structs.replace(run, id=key, customer=key, key=key),))
        for key in ("bea", "ana")
        for run in started(flow).simulation.subject.runs
    )
    handled = merge_customers(kept, [merged], {flow.version: flow}, START + timedelta(hours=1), "m-1")
    found = [effect for one in handled.decisions for effect in one.effects if isinstance(effect, Recall)]
    assert [(one.deliveries, one.reason) for one in found] == [(("ana/send-hello/1",), REASON)]
    assert [len(run.recallable) for run in handled.subject.runs] == [1]


def arrive(world: World, event_type: str, at: datetime, data: dict[str, Any]) -> None:
    world.event(event_type, at, **data)


@given(courses)
def test_each_run_recalls_once_what_it_asked_for_and_nothing_else(course: Course) -> None:
    world = Recalling(COURSE_CART)
    happen(world, course, arrive)
    assert len({one.id for one in world.recalled}) == len(world.recalled)
    for one in world.recalled:
        run = world.runs[one.id.rsplit("/", 2)[0]]
        assert run.ended_at is not None
        for id_ in one.deliveries:
            assert id_.startswith(f"{run.id}/")
            assert world.sends[id_].purpose == "marketing"
            assert world.sends[id_].not_after >= run.ended_at
    named = [id_ for one in world.recalled for id_ in one.deliveries]
    assert len(named) == len({*named})
    for run in world.runs.values():
        if run.end_reason == "bought" and run.ended_at is not None:
            waiting = {id_ for id_, one in world.sends.items()
                       if id_.startswith(f"{run.id}/") and one.not_after >= run.ended_at}  # fmt: skip
            assert waiting <= {*named}


class Recalling(World):
    """A world that keeps what was recalled."""

    def __init__(self, *definitions: Definition) -> None:
        super().__init__(*definitions, stores=True)
        self.recalled: list[Recall] = []

    def give(self, arrival: Input, now: datetime) -> Handled:
        handled = super().give(arrival, now)
        self.recalled += [e for one in handled.decisions for e in one.effects if isinstance(e, Recall)]
        return handled


# --- in virtual time, with the contact policy ------------------------------------------------------------------------


def fates(customer: Customer, policy: Policy) -> list[tuple[str, str]]:
    return [
        ("sent" if one.sent else one.skipped, one.reason) for one in contacted(policy, customer.simulation).values()
    ]


def test_what_waits_for_its_hours_is_not_sent_after_its_run() -> None:
    kept = started(cart(SEND, WAIT)).waits("1d")
    assert fates(kept, NIGHT) == [("sent", "")]
    assert fates(ordered(started(cart(SEND, WAIT))).waits("1d"), NIGHT) == [("recalled", "its run ended: bought")]


def test_what_goes_out_at_once_is_not_recalled() -> None:
    free = Policy(version="v1")
    customer = ordered(started(cart(SEND, WAIT)), "0m").waits("1d")
    assert len(recalls(customer)) == 1
    assert fates(customer, free) == [("sent", "")]
    assert fates(customer, NIGHT) == [("recalled", "its run ended: bought")]


def test_what_was_recalled_gives_way_to_what_still_waits() -> None:
    """Both wait for the one place; the run of the first ends, and the second has it as soon as it is free."""
    header = HEADER.replace("workflow: cart", "workflow: other").replace(
        "  - {event: order.placed, reason: bought}\n", ""
    )
    header = header.replace("goal: {event: order.placed, within: 7d}\n", "")
    one_a_day = Policy(version="v1", caps=(Cap(most=1, per=timedelta(days=1)),))
    filler = a_workflow("workflow: filler\ntrigger: {event: page.viewed}\nsteps:\n" + SEND, "hello")
    customer = Customer(filler, cart(SEND, WAIT), cart(SEND, WAIT, header=header)).does("page.viewed")
    customer.does("checkout.started", "1m", total=euros("10.00"))
    ordered(customer).waits("3d")
    found = [(why, reason.partition(":")[0]) for why, reason in fates(customer, one_a_day)]
    assert sorted(found) == [("recalled", "its run ended"), ("sent", ""), ("sent", "")]
