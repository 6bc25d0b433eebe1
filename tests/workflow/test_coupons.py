"""`coupon`: a code for this run alone; what happens without one; what a template may count on."""

import textwrap
from datetime import datetime, timedelta
from typing import Any

import pytest

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import CouponChanged
from relevo_workflow import (
    ArmTimer,
    CancelTimer,
    Emit,
    EventInput,
    KeepCoupon,
    Subject,
    TakeCoupon,
    diagnose,
    merge_customers,
)
from relevo_workflow.model.state import HeldCoupon
from relevo_workflow.runs.coupons import KEPT_COUPONS, with_coupon
from relevo_workflow.testing.simulation import Answer
from tests.workflow.shop import CUSTOMER, SHOP, START, Customer, a_workflow, an_event, known

FLOW = """
workflow: flow
trigger: {event: order.placed}
steps:
  - coupon: {pool: welcome, as: gift, valid_for: 14d, OTHERWISE}
  - branch:
      - when: run.gift.code == "HELLO-7"
        steps: [{stop: own}]
      - when: run.gift.code == "HELLO10"
        steps: [{stop: shared}]
      - otherwise:
        steps: [{stop: other}]
"""
EMPTY = "empty: [{stop: none}]"
FALLBACK = "fallback: HELLO10"


def customer(otherwise: str, answer: Answer | None = None) -> Customer:
    given = {"coupon-1": answer} if answer is not None else {}
    return Customer(a_workflow(FLOW.replace("OTHERWISE", otherwise)), answers=given).does("order.placed", order_id="o1")


def test_it_asks_the_pool_for_a_code_that_is_valid_for_long_enough() -> None:
    (wanted,) = customer(EMPTY).effects_of(TakeCoupon)
    assert (wanted.step, wanted.pool) == ("coupon-1", "welcome")
    assert wanted.valid_until is not None
    assert (wanted.valid_until - customer(EMPTY).run.started_at).days == 14


def test_the_code_is_kept() -> None:
    found = customer(EMPTY, Answer(body={"code": "HELLO-7", "expires_at": "2026-04-01T00:00:00Z"}))
    assert found.run.end_reason == "own"
    assert found.run.saved["gift"] == {"code": "HELLO-7", "expires_at": "2026-04-01T00:00:00Z"}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404),
        Answer(error="the pool welcome has no code left"),
        Answer(body=None),
        Answer(body={"code": ""}),
        Answer(body={"code": 7}),
        Answer(body=["HELLO-7"]),
    ],
)
def test_without_a_code_it_goes_another_way(answer: Answer) -> None:
    without = customer(EMPTY, answer)
    assert (without.run.end_reason, without.run.saved) == ("none", {})
    assert customer(FALLBACK, answer).run.saved["gift"] == {"code": "HELLO10", "expires_at": None}
    assert customer(FALLBACK, answer).run.end_reason == "shared"


def test_a_code_is_given_in_tests_without_being_asked_for() -> None:
    assert customer(FALLBACK).run.saved["gift"]["code"] == "WELCOME-1"


@pytest.mark.parametrize("fields", ["", f"{FALLBACK}, {EMPTY}"])
def test_what_to_do_without_a_code_is_said_once(fields: str) -> None:
    files = {"workflow.yaml": FLOW.replace(", OTHERWISE", f", {fields}" if fields else "")}
    [found, *_] = diagnose(files)[1]
    assert "'fallback' or 'empty', and not both" in found.message


def test_what_no_step_took_is_known_before_anything_runs() -> None:
    rejoins = FLOW.replace("OTHERWISE", "empty: [{wait: 1d}]")
    found = [one.message for one in diagnose({"workflow.yaml": rejoins})[1]]
    assert any("gift" in one for one in found), found


def test_a_template_can_t_name_a_code_that_no_step_took() -> None:
    flow = """
    workflow: flow
    trigger: {event: order.placed}
    steps:
      - send: {channel: email, template: present, purpose: marketing}
    """
    template = "channel: email\ncode: '{{ run.gift.code }}'\nen: {subject: A present, body: [Here it is]}\n"
    files = {"workflow.yaml": textwrap.dedent(flow), "templates/present.yaml": template}
    found = [one.message for one in diagnose(files)[1]]
    assert "run has no field 'gift'" in found


# --- what becomes of a code --------------------------------------------------------------------------------------

TAKES = """
workflow: flow
trigger: {event: customer.created}
steps:
  - coupon: {pool: welcome, as: gift, valid_for: 14d, empty: [{stop: none}]}
  - wait_for:
      - {event: coupon.redeemed, where: event.code == run.gift.code, steps: [{stop: used}]}
      - {event: coupon.expired, where: event.code == run.gift.code, steps: [{stop: unused}]}
      - {timeout: 90d, steps: [{stop: never}]}
"""
THANKS = """
workflow: thanks
trigger: {event: coupon.redeemed, when: event.pool == "welcome"}
steps: [{stop: thanked}]
"""


def holder(*more: str, test: bool = False, answer: Answer | None = None) -> Customer:
    """A customer who has just taken the code WELCOME-1, which ends after 14 days."""
    given = {"coupon-1": answer} if answer is not None else {}
    customer = Customer(a_workflow(TAKES), *map(a_workflow, more), answers=given)
    return customer.does("customer.created", rehearsal=test)


def buys(customer: Customer, after: str, code: str, order_id: str = "o1", **data: object) -> Customer:
    """The customer orders with a code."""
    return customer.does("order.placed", after, order_id=order_id, discount_codes=["OTHER", code], **data)


def events_of(customer: Customer) -> list[Event]:
    """What was reported of codes."""
    return [one.event for one in customer.effects_of(Emit)]


def test_a_code_is_redeemed_once_by_an_order_that_names_it() -> None:
    customer = buys(holder(THANKS), "2d", "welcome-1")
    buys(buys(customer, "3d", "WELCOME-1"), "4d", "WELCOME-1", "o2")
    (event,) = events_of(customer)
    assert (event.type, event.time, event.key) == ("coupon.redeemed", customer.after("2d"), CUSTOMER)
    assert (event.data["code"], event.data["order_id"], event.data["pool"]) == ("WELCOME-1", "o1", "welcome")
    assert isinstance(event.payload(), CouponChanged)
    assert [run.end_reason for run in customer.runs] == ["used", "thanked"]
    customer.simulation.run_until(customer.after("60d"))
    assert len(events_of(customer)) == 1, "what was redeemed does not expire"


def test_a_code_that_nobody_redeemed_expires() -> None:
    customer = holder()
    customer.simulation.run_until(customer.after("13d"))
    assert not events_of(customer)
    customer.simulation.run_until(customer.after("30d"))
    (event,) = events_of(customer)
    assert (event.type, event.time) == ("coupon.expired", customer.after("14d"))
    assert customer.run.end_reason == "unused"


def test_an_order_of_before_the_end_that_is_known_late_redeems_it_all_the_same() -> None:
    customer = holder()
    customer.simulation.run_until(customer.after("15d"))
    late = an_event("order.placed", customer.after("13d"), order_id="o1", discount_codes=["WELCOME-1"])
    customer.simulation.give(EventInput(late), customer.after("15d"))
    assert [one.type for one in events_of(customer)] == ["coupon.expired", "coupon.redeemed"]


@pytest.mark.parametrize(
    "data",
    [
        {"code": "WELCOME-2"},
        {"code": "WELCOME-1", "rehearsal": True},
        {"code": "WELCOME-1", "key": "ben"},
    ],
)
def test_other_codes_rehearsals_and_orders_of_others_redeem_nothing(data: dict[str, Any]) -> None:
    assert not events_of(buys(holder(), "2d", **data))


def test_an_imported_order_redeems_as_history() -> None:
    customer = holder(THANKS)
    (event,) = events_of(buys(customer, "2d", "WELCOME-1", historical=True))
    assert event.historical
    assert [run.workflow for run in customer.runs] == ["flow"], "history starts nothing"


def test_it_is_reported_where_nobody_listens_to_orders_or_codes() -> None:
    customer = Customer(a_workflow(FLOW.replace("OTHERWISE", EMPTY))).does("order.placed", order_id="o1")
    (event,) = events_of(buys(customer, "2d", "WELCOME-1", order_id="o2"))
    assert event.data["order_id"] == "o2"


@pytest.mark.parametrize(
    "answer", [Answer(status=404), Answer(body={"code": "X", "expires_at": "soon"}), Answer(body={"code": "X"})]
)
def test_no_code_and_no_end_of_it_arm_nothing(answer: Answer) -> None:
    customer = holder(answer=answer)
    assert not [one for one in customer.effects_of(ArmTimer) if one.name.startswith("coupon/")]


def test_a_rehearsal_keeps_no_code() -> None:
    customer = holder(test=True)
    assert not customer.effects_of(KeepCoupon)
    assert not customer.simulation.subject.facts.coupons


def test_what_is_kept_is_bounded_and_the_newest_stay() -> None:
    facts = known()
    for number in range(KEPT_COUPONS + 5):
        facts = with_coupon(facts, held(number))
        assert with_coupon(facts, held(number)) is facts
    assert [one.code for one in facts.coupons] == [f"C-{number}" for number in range(5, KEPT_COUPONS + 5)]


def test_who_is_erased_has_no_codes_and_no_ends_of_them() -> None:
    customer = holder()
    (timer,) = [one for one in customer.effects_of(ArmTimer) if one.name.startswith("coupon/")]
    customer.does("customer.redacted", "1d")
    assert timer.id in [one.id for one in customer.effects_of(CancelTimer)]
    assert not customer.simulation.subject.facts.coupons


def test_the_codes_of_whoever_turns_out_to_be_the_customer_are_theirs() -> None:
    ends = START + timedelta(days=14)
    kept = Subject(shop=SHOP.id, key=CUSTOMER, facts=with_coupon(known(), held(1)))
    other = Subject(shop=SHOP.id, key="guest", facts=with_coupon(with_coupon(known(), held(0, ends)), held(1)))
    handled = merge_customers(kept, [other], {}, START, "merge")
    assert [one.code for one in handled.subject.facts.coupons] == ["C-0", "C-1"]
    armed = [(one.id, one.due_at) for one in handled.effects if isinstance(one, ArmTimer)]
    assert armed == [(f"{CUSTOMER}/coupon/run0/coupon-1/1", ends)]
    assert [one.id for one in handled.effects if isinstance(one, CancelTimer)] == ["guest/coupon/run0/coupon-1/1"]


def held(number: int, ends: datetime | None = None) -> HeldCoupon:
    """The code of that number."""
    at = START + timedelta(minutes=number)
    return HeldCoupon(
        id=f"run{number}/coupon-1/1", code=f"C-{number}", pool="p", workflow="flow", taken_at=at, expires_at=ends
    )
