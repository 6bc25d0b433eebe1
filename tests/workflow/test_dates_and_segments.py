"""Triggers that depend on time, and groups of customers."""

from datetime import UTC, date, datetime, timedelta

from msgspec import structs

from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.decision import Handled
from relevo_workflow.model.effects import ArmTimer
from relevo_workflow.model.inputs import EventInput, TimerInput
from relevo_workflow.model.state import Facts, Subject
from relevo_workflow.runs.handle import handle, rearm_alarms
from relevo_workflow.testing.simulation import due_wakeup
from tests.workflow.shop import SHOP, START, Customer, a_workflow, an_event, euros, known

BIRTHDAY = """
workflow: birthday
trigger: {date: birthday, offset: -7d, at: "09:00", zone: customer}
steps:
  - send: {channel: email, template: card, purpose: marketing}
"""
WIN_BACK = """
workflow: win-back
trigger: {inactivity: 90d, since: last_order_at}
steps:
  - send: {channel: email, template: miss-you, purpose: marketing}
"""


def sent_on(customer: Customer) -> list[datetime]:
    return [
        customer.start + (one.at - customer.start)
        for one in customer.simulation.effects
        if hasattr(one.effect, "template")
    ]


def wakes(flow: Definition, subject: Subject, timer: ArmTimer, now: datetime) -> Handled:
    """What the wake-up of a timer does to a customer as they are."""
    wakeup = due_wakeup(timer, subject.shop, subject.key)
    return handle([flow], {flow.version: flow}, subject, TimerInput(wakeup), now, shop=SHOP)


def overtaken(flow: Definition, customer: Customer) -> tuple[list[str], dict[str, datetime]]:
    """What a wake-up decides that a contact's change overtakes, given twice, and the alarms after that."""
    (timer,) = customer.effects_of(ArmTimer)
    moved = an_event("customer.updated", timer.due_at + timedelta(minutes=1), customer={"phone": "+12025550123"})
    after = handle([flow], {}, customer.simulation.subject, EventInput(moved), moved.time, shop=SHOP).subject
    woken = wakes(flow, after, timer, moved.time)
    again = wakes(flow, woken.subject, timer, moved.time)
    return [one.kind for one in (*woken.decisions, *again.decisions)], dict(again.subject.facts.alarms)


class TestBirthdays:
    def test_a_week_before_at_nine_in_the_morning_every_year(self) -> None:
        flow = a_workflow(BIRTHDAY, "card")
        customer = Customer(flow, facts=known(birthday=date(1990, 6, 15), timezone="America/New_York"))
        customer.waits("800d")
        assert sent_on(customer) == [
            datetime(2026, 6, 8, 13, tzinfo=UTC),
            datetime(2027, 6, 8, 13, tzinfo=UTC),
        ]

    def test_29_february_comes_every_year(self) -> None:
        flow = a_workflow(BIRTHDAY.replace("-7d", "0d"), "card")
        customer = Customer(flow, facts=known(birthday=date(2000, 2, 29), timezone="Europe/Rome"))
        customer.waits("1100d")
        assert [moment.date() for moment in sent_on(customer)] == [
            date(2027, 2, 28),
            date(2028, 2, 29),
            date(2029, 2, 28),
        ]

    def test_a_birthday_that_is_learnt_later_is_kept_too(self) -> None:
        customer = Customer(a_workflow(BIRTHDAY, "card"))
        customer.does("customer.updated", "1d", birthday="1990-04-20").waits("60d")
        assert [moment.date() for moment in sent_on(customer)] == [date(2026, 4, 13)]

    def test_a_birthday_that_is_corrected_moves_its_timer(self) -> None:
        customer = Customer(a_workflow(BIRTHDAY, "card"), facts=known(birthday=date(1990, 4, 20)))
        customer.does("customer.updated", "1d", birthday="1990-05-20").waits("100d")
        assert [moment.date() for moment in sent_on(customer)] == [date(2026, 5, 13)]

    def test_its_wake_up_again_before_its_time_or_after_a_correction_costs_no_birthday(self) -> None:
        flow = a_workflow(BIRTHDAY, "card")
        customer = Customer(flow, facts=known(birthday=date(1990, 4, 20)))
        first, born = customer.effects_of(ArmTimer)[-1], customer.simulation.subject
        early = wakes(flow, born, first, first.due_at - timedelta(seconds=2))
        assert early.subject == born
        assert early.effects == (first,), "armed again as it was"
        customer.waits("60d")
        after = customer.simulation.subject
        assert after.facts.alarms[first.name].year == 2027
        assert wakes(flow, after, first, first.due_at).subject == after
        corrected = customer.does("customer.updated", "61d", birthday="1990-06-01").simulation.subject
        assert wakes(flow, corrected, first, customer.after("61d")).subject == corrected

    def test_the_wake_up_of_the_day_before_a_correction_starts_nothing(self) -> None:
        flow = a_workflow(BIRTHDAY, "card")
        customer = Customer(flow, facts=known(birthday=date(1990, 4, 20)))
        (first,) = customer.effects_of(ArmTimer)
        corrected = customer.does("customer.updated", "1d", birthday="1990-06-01").simulation.subject
        assert wakes(flow, corrected, first, first.due_at).decisions == ()

    def test_an_event_that_overtakes_its_wake_up_costs_no_birthday(self) -> None:
        flow = a_workflow(BIRTHDAY, "card")
        customer = Customer(flow, facts=known(birthday=date(1990, 4, 20)))
        (first,) = customer.effects_of(ArmTimer)
        moved = an_event("customer.updated", first.due_at + timedelta(minutes=1), customer={"phone": "+12025550123"})
        after = handle([flow], {}, customer.simulation.subject, EventInput(moved), moved.time, shop=SHOP).subject
        (decision,) = wakes(flow, after, first, first.due_at).decisions
        assert decision.kind == "started"

    def test_it_is_forgotten_with_the_customer(self) -> None:
        customer = Customer(a_workflow(BIRTHDAY, "card"), facts=known(birthday=date(1990, 4, 20)))
        customer.does("customer.redacted", "1d")
        assert customer.simulation.next_due is None
        assert customer.facts == Facts(redacted_at=customer.simulation.now)

    def test_a_date_once(self) -> None:
        flow = a_workflow(
            """
            workflow: renewal
            trigger: {date: attributes.renewal, offset: -14d, at: "10:00", every: once, zone: shop}
            steps:
              - send: {channel: email, template: card, purpose: marketing}
            """,
            "card",
        )
        customer = Customer(flow, facts=known(attributes={"renewal": "2026-05-01"})).waits("800d")
        assert sent_on(customer) == [datetime(2026, 4, 17, 8, tzinfo=UTC)]

    def test_an_event_that_overtakes_its_wake_up_does_not_cost_a_date_that_comes_once(self) -> None:
        flow = a_workflow(BIRTHDAY.replace("offset", "every: once, offset"), "card")
        customer = Customer(flow, facts=known(birthday=date(2026, 4, 20)))
        assert overtaken(flow, customer) == (["started"], {})

    def test_of_the_shop_and_taken_back(self) -> None:
        flow = a_workflow(
            """
            workflow: renewal
            trigger: {date: attributes.renewal, at: "09:00", zone: shop}
            steps: [{wait: 1d}]
            """
        )
        customer = Customer(flow, facts=known(timezone="America/New_York", attributes={"renewal": "2026-05-01"}))
        assert list(customer.facts.alarms.values()) == [datetime(2026, 5, 1, 7, tzinfo=UTC)]  # 09:00 in Madrid
        customer.does("customer.updated", "1d", attributes={"renewal": ""})
        assert (customer.facts.alarms, customer.simulation.next_due) == ({}, None)


class TestSchedules:
    def test_only_those_of_its_segment_at_their_own_time(self) -> None:
        flow = a_workflow(
            """
            workflow: weekly
            segments: {buyers: customer.orders_count > 0}
            trigger: {schedule: {cron: "0 9 * * mon", segment: buyers, zone: customer}}
            steps: [{send: {channel: email, template: card, purpose: marketing}}]
            """,
            "card",
        )
        buyer = Customer(flow, facts=known(orders_count=1, timezone="America/New_York")).waits("8d")
        visitor = Customer(flow, facts=known(timezone="America/New_York")).waits("8d")
        assert (sent_on(buyer), sent_on(visitor)) == ([datetime(2026, 3, 16, 13, tzinfo=UTC)], [])

    def test_an_event_that_overtakes_its_wake_up_does_not_cost_the_last_time_of_a_rule(self) -> None:
        flow = a_workflow(
            """
            workflow: last
            segments: {all: "true"}
            trigger: {schedule: {rrule: FREQ=DAILY;BYHOUR=9;UNTIL=20260311, segment: all, zone: customer}}
            steps: [{wait: 1d}]
            """
        )
        assert overtaken(flow, Customer(flow)) == (["started"], {})


class TestInactivity:
    def test_ninety_days_after_the_last_order(self) -> None:
        customer = Customer(a_workflow(WIN_BACK, "miss-you")).does("order.placed", order_id="o1").waits("365d")
        assert customer.messages == [("miss-you", "90d")]

    def test_another_order_puts_it_off(self) -> None:
        customer = Customer(a_workflow(WIN_BACK, "miss-you")).does("order.placed", order_id="o1")
        customer.does("order.placed", "60d", order_id="o2").waits("365d")
        assert customer.messages == [("miss-you", "150d")]

    def test_and_after_it_another_round(self) -> None:
        customer = Customer(a_workflow(WIN_BACK, "miss-you")).does("order.placed", order_id="o1")
        customer.does("order.placed", "100d", order_id="o2").waits("365d")
        assert customer.messages == [("miss-you", "90d"), ("miss-you", "190d")]

    def test_who_lapsed_long_ago_is_not_flooded_when_the_workflow_is_new(self) -> None:
        facts = known(last_order_at=START - timedelta(days=400))
        customer = Customer(a_workflow(WIN_BACK, "miss-you"), facts=facts).waits("365d")
        assert customer.messages == []

    def test_a_deployment_arms_who_is_on_the_way(self) -> None:
        flow = a_workflow(WIN_BACK, "miss-you")
        customer = Customer(facts=known(last_order_at=START - timedelta(days=60)))
        handled = rearm_alarms([flow], customer.simulation.subject, START)
        (armed,) = handled.effects
        assert isinstance(armed, ArmTimer)
        assert armed.due_at == START + timedelta(days=30)
        assert rearm_alarms([flow], handled.subject, START).effects == ()

    def test_an_import_of_old_orders_starts_nothing(self) -> None:
        flow = a_workflow(WIN_BACK, "miss-you")
        long_ago = START - timedelta(days=400)
        event = an_event("order.placed", long_ago, order_id="o1", historical=True)
        imported = EventInput(structs.replace(event, receivedtime=START))
        customer = Subject(shop=SHOP.id, key="ana")
        handled = handle([flow], {}, customer, imported, long_ago, shop=SHOP)
        assert handled.subject.facts.last_order_at == long_ago
        assert (handled.subject.facts.alarms, handled.effects) == ({}, ())


class TestSegments:
    FLOW = """
    workflow: flow
    segments:
      big: customer.total_spent >= 100.0
      lately: customer.last_order_at > now - days(30)
    trigger: {segment: SEGMENT, change: CHANGE}
    reentry: several
    steps:
      - send: {channel: email, template: hello, purpose: marketing}
    """

    def flow(self, segment: str, change: str) -> Definition:
        return a_workflow(self.FLOW.replace("SEGMENT", segment).replace("CHANGE", change), "hello")

    def test_joining_by_an_order(self) -> None:
        customer = Customer(self.flow("big", "joined")).does("order.placed", order_id="o1", total=euros("60.00"))
        assert customer.messages == []
        customer.does("order.placed", "2d", order_id="o2", total=euros("60.00"))
        customer.does("order.placed", "3d", order_id="o3", total=euros("60.00"))
        assert customer.messages == [("hello", "2d")]

    def test_by_an_import_nobody_joins_with_consequences(self) -> None:
        customer = Customer(self.flow("big", "joined"))
        customer.does("order.placed", "1d", order_id="o1", total=euros("200.00"), historical=True)
        customer.does("order.placed", "2d", order_id="o2", total=euros("1.00"))
        assert (customer.messages, list(customer.facts.segments)) == ([], ["big"])

    def test_leaving_because_time_passes(self) -> None:
        customer = Customer(self.flow("lately", "left")).does("order.placed", order_id="o1").waits("60d")
        assert customer.messages == [("hello", "30d")]

    def test_what_follows_the_joining_counts_however_late_both_become_known(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            segments: {big: customer.total_spent >= 100.0}
            trigger: {segment: big, change: joined}
            exit: {event: order.cancelled, reason: cancelled}
            steps: [{wait: 1d}]
            """
        )
        known_at, total = START + timedelta(minutes=5), euros("200.00")
        bought = structs.replace(an_event("order.placed", order_id="o1", total=total), receivedtime=known_at)
        after = START + timedelta(minutes=4)
        cancelled = structs.replace(an_event("order.cancelled", after, order_id="o1"), receivedtime=known_at)
        joined = handle([flow], {}, Subject(shop=SHOP.id, key="ana"), EventInput(bought), START, shop=SHOP)
        assert [run.started_at for run in joined.subject.runs] == [START]
        left = handle([flow], {}, joined.subject, EventInput(cancelled), after, shop=SHOP)
        assert [decision.reason for decision in left.decisions] == ["cancelled"]

    def test_whoever_has_left_joins_by_no_event_that_comes_late(self) -> None:
        flow = self.flow("lately", "joined")
        left = Customer(flow).does("order.placed", order_id="o1").waits("60d").simulation.subject
        late = an_event("page.viewed", START + timedelta(days=29))
        handled = handle([flow], {}, left, EventInput(late), late.time, shop=SHOP)
        assert handled.decisions == ()
        assert handled.subject.facts.segments == {}

    def test_whoever_is_in_it_already_does_not_join(self) -> None:
        customer = Customer(self.flow("big", "joined"), facts=known(total_spent="500.00"))
        customer.does("order.placed", "1d", order_id="o1", total=euros("60.00"))
        assert customer.messages == []

    def test_conditions_can_name_them(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            trigger: {event: order.placed, when: '"big" in customer.segments'}
            steps: [{wait: 1d}]
            """,
            **{"segments.yaml": "big: customer.total_spent >= 100.0"},
        )
        customer = Customer(flow).does("order.placed", order_id="o1", total=euros("60.00"))
        customer.does("order.placed", "1h", order_id="o2", total=euros("60.00"))
        assert customer.kinds == ["not_started", "started"]
