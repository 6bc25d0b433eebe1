"""What customers get: triggers, keys, exits, restarts, goals, messages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from relevo_contracts.envelope import Event
from relevo_contracts.messages import DeliveryOutcome, WakeUp
from relevo_workflow.definition.program import Program
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.effects import ArmTimer, CancelTimer, Send
from relevo_workflow.model.inputs import EventInput, OutcomeInput, TimerInput
from relevo_workflow.model.state import Facts, Shop, Subject
from relevo_workflow.runs.decide import decide
from relevo_workflow.runs.handle import handle
from relevo_workflow.runs.subject_update import MissingVersionError
from relevo_workflow.steps.goto import Goto
from tests.workflow.shop import (
    CART,
    CUSTOMER,
    START,
    Customer,
    a_workflow,
    an_event,
    checkout,
    euros,
    known,
    mail_saying,
)


@pytest.fixture(scope="module")
def cart() -> Definition:
    reminder = mail_saying("{{ trigger.total | money }} since {{ trigger.time }} by {{ trigger.type }}")
    return a_workflow(CART, "reminder", "discount", "last-call", **{"templates/reminder.yaml": reminder})


class TestStarting:
    def test_the_reminder_comes_after_four_hours_and_the_discount_a_day_later(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).ends()
        assert customer.messages == [("reminder", "4h"), ("discount", "1d4h")]
        assert customer.ended == ("completed", "1d4h")

    def test_somebody_who_has_bought_before_gets_the_last_call(self, cart: Definition) -> None:
        customer = checkout(Customer(cart, facts=known(orders_count=2))).ends()
        assert customer.templates == ["reminder", "last-call"]

    def test_a_condition_that_does_not_hold_starts_nothing_and_says_why(self, cart: Definition) -> None:
        customer = checkout(Customer(cart), amount="0.00")
        assert customer.runs == []
        (decision,) = customer.simulation.decisions
        assert (decision.kind, decision.reason) == ("not_started", "the trigger's condition does not hold")
        (check,) = decision.trace
        assert (check.expression, check.value) == ("event.total.amount > 0.0", False)
        assert check.fields == {"event.total.amount": 0.0}

    def test_each_key_has_its_own_run(self, cart: Definition) -> None:
        customer = Customer(cart)
        checkout(customer, "0m", "t1")
        checkout(customer, "1h", "t2")
        customer.waits("5h")
        assert [run.key for run in customer.runs] == ["t1", "t2"]
        assert customer.messages == [("reminder", "4h"), ("reminder", "5h")]

    def test_one_run_at_a_time_for_a_key(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        checkout(customer, "1h")
        assert len(customer.runs) == 1
        assert customer.reasons[-1] == "a run for this key is on its way"

    def test_without_a_key_the_customer_is_the_key(self) -> None:
        welcome = a_workflow(
            """
            workflow: welcome
            trigger: {event: customer.created}
            steps: [{wait: 1d}]
            """
        )
        customer = Customer(welcome).does("customer.created").does("customer.created", "1h")
        assert [run.key for run in customer.runs] == [CUSTOMER]

    def test_an_empty_key_starts_nothing(self, cart: Definition) -> None:
        customer = checkout(Customer(cart), token="")
        assert customer.reasons == ["the run's key is empty"]

    def test_a_historical_event_starts_nothing_but_counts(self, cart: Definition) -> None:
        customer = Customer(cart).does("checkout.started", checkout_token="t1", total=euros("5.00"), historical=True)
        customer.does("order.placed", order_id="o1", historical=True)
        assert customer.runs == []
        assert customer.facts.orders_count == 1

    def test_what_no_workflow_waits_for_is_no_decision(self, cart: Definition) -> None:
        customer = Customer(cart).does("page.viewed", url="https://casa-luna.example.com/")
        assert customer.kinds == []

    def test_one_of_several_triggers_is_enough(self) -> None:
        flow = a_workflow(
            """
            workflow: both
            key: trigger.checkout_token
            trigger:
              - {event: checkout.started, when: event.customer.email != ""}
              - {event: checkout.updated, when: event.customer.email != ""}
            steps: [{wait: 1h}]
            """
        )
        customer = Customer(flow).does("checkout.started", checkout_token="t", total=euros("1"), customer={})
        customer.does("checkout.updated", "1m", checkout_token="t", total=euros("1"))
        assert customer.kinds == ["not_started", "started"]


class TestExits:
    def test_an_order_in_the_middle_of_a_wait_ends_it_at_once(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).does("order.placed", "1h", order_id="o1", checkout_token="t1").waits("3d")
        assert customer.messages == []
        assert customer.ended == ("bought", "1h")

    def test_its_timers_are_cancelled(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).does("order.placed", "1h", order_id="o1", checkout_token="t1")
        assert {effect.name for effect in customer.effects_of(CancelTimer)} == {"goal", "step"}
        assert customer.simulation.next_due is None

    def test_an_order_of_another_checkout_changes_nothing(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).does("order.placed", "1h", order_id="o1", checkout_token="t9").ends()
        assert customer.templates == ["reminder", "last-call"]

    def test_at_the_very_moment_of_the_reminder_the_exit_wins(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).does("order.placed", "4h", order_id="o1", checkout_token="t1").waits("3d")
        assert customer.messages == []

    def test_an_order_from_before_the_checkout_does_not_end_it(self, cart: Definition) -> None:
        customer = checkout(Customer(cart), "1h")
        early = an_event("order.placed", customer.after("0m"), order_id="o1", checkout_token="t1")
        customer.simulation.give(EventInput(early))
        assert customer.ends().templates[0] == "reminder"

    def test_an_order_that_overtook_its_checkout_keeps_it_from_starting(self, cart: Definition) -> None:
        customer = Customer(cart).does("order.placed", "2m", order_id="o1", checkout_token="t1")
        checkout(customer, "1m")
        assert customer.runs == []
        assert customer.reasons == ["bought: order.placed came before it"]

    def test_so_does_one_of_the_same_moment(self, cart: Definition) -> None:
        customer = Customer(cart).does("order.placed", "1m", order_id="o1", checkout_token="t1")
        assert checkout(customer, "1m").runs == []

    def test_an_order_of_another_checkout_does_not(self, cart: Definition) -> None:
        customer = Customer(cart).does("order.placed", "2m", order_id="o1", checkout_token="t9")
        assert len(checkout(customer, "1m").runs) == 1

    def test_a_historical_order_ends_it_too(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        customer.does("order.placed", "1h", order_id="o1", checkout_token="t1", historical=True)
        assert customer.ended == ("bought", "1h")

    def test_an_event_that_ends_one_run_may_start_the_next(self) -> None:
        flow = a_workflow(
            """
            workflow: after-purchase
            trigger: {event: order.placed}
            exit: {event: order.placed, reason: bought again}
            steps: [{wait: 10d}]
            """
        )
        customer = Customer(flow).does("order.placed", order_id="o1").does("order.placed", "2d", order_id="o2")
        assert customer.kinds == ["started", "exited", "started"]


class TestRestarts:
    def test_a_change_of_the_cart_pushes_the_reminder_back(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        customer.does("checkout.updated", "3h", checkout_token="t1", total=euros("61.00")).ends()
        assert customer.messages == [("reminder", "7h"), ("discount", "1d7h")]
        assert customer.run.restarts == 1

    def test_it_takes_the_place_of_the_trigger(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        customer.does("checkout.updated", "3h", checkout_token="t1", total=euros("61.00")).waits("7h")
        (send,) = customer.effects_of(Send)
        assert send.context["trigger"]["total"] == euros("61.00")
        assert send.context["trigger"]["type"] == "checkout.updated"

    def test_an_older_change_that_comes_late_is_left_out(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        customer.does("checkout.updated", "3h", checkout_token="t1", total=euros("61.00"))
        late = an_event("checkout.updated", customer.after("1h"), checkout_token="t1", total=euros("9.00"))
        customer.simulation.give(EventInput(late))
        assert (customer.run.restarts, customer.run.trigger["total"]) == (1, euros("61.00"))
        assert customer.ends().messages[0] == ("reminder", "7h")

    def test_one_that_comes_late_turns_no_time_back(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).waits("5h")
        late = an_event("checkout.updated", customer.after("2h"), checkout_token="t1", total=euros("9.00"))
        customer.simulation.give(EventInput(late))
        assert customer.waits("9h").messages == [("reminder", "4h"), ("reminder", "8h")]

    def test_one_from_an_import_is_none(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        customer.does("checkout.updated", "3h", checkout_token="t1", total=euros("61.00"), historical=True)
        assert customer.waits("5h").messages == [("reminder", "4h")]

    def test_an_event_that_is_both_ends_the_run(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            trigger: {event: order.placed}
            restart: {event: order.paid}
            exit: {event: order.paid, where: event.order_id == trigger.order_id, reason: paid}
            steps: [{wait: 10d}]
            """
        )
        customer = Customer(flow).does("order.placed", order_id="o1").does("order.paid", "1d", order_id="o1")
        assert customer.ended == ("paid", "1d")


class TestGoals:
    def test_an_order_in_time_is_the_goal_with_its_value(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        customer.does("order.placed", "5h", order_id="o1", checkout_token="t1", total=euros("49.00"))
        assert customer.run.goal is not None
        assert (customer.run.goal.value, customer.run.goal.currency) == ("49.00", "EUR")

    def test_it_counts_after_the_last_step_too(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).waits("2d")
        assert customer.run.state == "watching"
        customer.does("order.placed", "3d", order_id="o1", checkout_token="t1", total=euros("12.30"))
        assert (customer.run.state, customer.goal.value) == ("ended", "12.30")
        assert customer.ended == ("completed", "1d4h")

    def test_it_counts_at_the_very_end_of_its_time(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).does("order.placed", "7d", order_id="o1", checkout_token="t1")
        assert customer.run.goal is not None

    def test_its_time_counts_from_the_start_also_after_a_restart(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            trigger: {event: order.placed}
            restart: {event: order.paid}
            exit: {event: order.cancelled, reason: cancelled}
            goal: {event: order.cancelled, within: 7d}
            steps: [{wait: 10d}]
            """
        )
        customer = Customer(flow).does("order.placed", order_id="o1").does("order.paid", "6d", order_id="o1")
        customer.does("order.cancelled", "8d", order_id="o1")
        assert (customer.ended, customer.run.goal) == (("cancelled", "8d"), None)

    def test_not_after_its_time(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).waits("8d")
        assert (customer.run.state, customer.run.goal) == ("ended", None)
        customer.does("order.placed", "9d", order_id="o1", checkout_token="t1", total=euros("12.30"))
        assert customer.run.goal is None

    def test_a_run_that_is_only_watched_does_not_block_the_next(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).waits("2d")
        checkout(customer, "3d")
        assert [run.state for run in customer.runs] == ["watching", "active"]


class TestSends:
    def test_a_message_says_why_until_when_and_with_what(self, cart: Definition) -> None:
        customer = checkout(Customer(cart)).waits("4h")
        (send,) = customer.effects_of(Send)
        assert send.id == f"{customer.run.id}/send-reminder/2"
        assert send.not_after == send.decided_at + timedelta(days=1)
        assert set(send.context) == {"trigger", "run", "customer", "shop"}
        assert send.context["shop"]["name"] == "Casa Luna"
        assert msgspec.json.decode(msgspec.json.encode(send.context)) == send.context

    def test_a_step_in_a_circle_has_an_effect_key_for_each_turn(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            trigger: {event: order.placed}
            exit: {event: order.cancelled}
            steps:
              - send: {channel: email, template: again, purpose: transactional}
              - wait: 1d
              - goto: send-again
            """,
            "again",
        )
        customer = Customer(flow).does("order.placed", order_id="o1").waits("3d")
        ids = [send.id for send in customer.effects_of(Send)]
        assert len(ids) == 4
        assert len(set(ids)) == 4

    def test_the_window_of_a_workflow_puts_a_message_off(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            trigger: {event: order.placed}
            window: {from: "09:00", until: "20:00", days: [mon, tue, wed, thu, fri], zone: shop}
            steps:
              - send: {channel: email, template: thanks, purpose: marketing}
            """,
            "thanks",
        )
        friday_night = datetime(2026, 3, 13, 21, 30, tzinfo=UTC)
        customer = Customer(flow, at=friday_night).does("order.placed", order_id="o1").ends()
        (send,) = customer.effects_of(Send)
        assert send.decided_at == datetime(2026, 3, 16, 8, 0, tzinfo=UTC)  # Monday, 09:00 in Madrid

    def test_a_window_is_the_customers_unless_it_says_otherwise(self) -> None:
        text = """
        workflow: flow
        trigger: {event: order.placed}
        window: {from: "09:00", until: "20:00"}
        steps:
          - send: {channel: email, template: thanks, purpose: marketing}
        """
        customer = Customer(a_workflow(text, "thanks"), facts=known(timezone="America/New_York"))
        assert customer.does("order.placed", order_id="o1").ends().messages == [("thanks", "3h")]


class TestRuns:
    def test_a_circle_that_never_waits_ends_with_a_reason(self) -> None:
        flow = a_workflow(
            """
            workflow: flow
            trigger: {event: order.placed}
            steps: [{wait: 1d}]
            """
        )
        endless = replace(flow, program=Program({"round": Goto("round", "round")}, "round"))
        customer = Customer(endless).does("order.placed", order_id="o1")
        assert customer.run.end_reason == "went round 500 steps without a wait"

    def test_a_run_goes_on_in_the_version_that_it_was_started_with(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        (timer,) = [one for one in customer.effects_of(ArmTimer) if one.name == "step"]
        newer = a_workflow(CART.replace("wait: 1d", "wait: 5d"), "reminder", "discount", "last-call")
        wakeup = WakeUp(
            id="w", shop="casa-luna", key=CUSTOMER, timer_id=timer.id, due_at=timer.due_at, run_id=timer.run_id, turn=1
        )
        handled = handle([newer], {cart.version: cart}, customer.simulation.subject, TimerInput(wakeup), timer.due_at)
        (decision,) = handled.decisions
        assert decision.version == cart.version != newer.version
        assert decision.run is not None
        assert decision.run.timers["step"] == START + timedelta(days=1, hours=4)

    def test_a_version_that_was_not_given_is_asked_for(self, cart: Definition) -> None:
        subject = checkout(Customer(cart)).simulation.subject
        with pytest.raises(MissingVersionError, match="pass it in `pinned`"):
            handle([], {}, subject, EventInput(an_event("order.placed", order_id="o")), START)

    def test_a_step_that_is_gone_ends_the_run_with_a_reason(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        run = msgspec.structs.replace(customer.run, step="gone")
        due = run.timers["step"]
        wakeup = WakeUp(
            id="w", shop="s", key=CUSTOMER, timer_id=f"{run.id}/step", due_at=due, run_id=run.id, turn=1, name="step"
        )
        decision = decide(cart, run, TimerInput(wakeup), Facts(), due)
        assert (decision.kind, decision.reason) == ("ended", "there is no step 'gone' in this version")

    def test_the_outcome_of_a_message_moves_nothing(self, cart: Definition) -> None:
        customer = checkout(Customer(cart))
        outcome = DeliveryOutcome(
            id="x",
            delivery_id="d",
            shop="casa-luna",
            key=CUSTOMER,
            run_id=customer.run.id,
            workflow="abandoned-cart",
            step="send-reminder",
            channel="email",
            status="sent",
            at=START,
        )
        handled = handle([cart], {}, customer.simulation.subject, OutcomeInput(outcome), START)
        assert handled.subject is customer.simulation.subject
        assert handled.decisions == ()

    def test_a_run_is_small_and_reads_back_as_it_was(self, cart: Definition) -> None:
        subject = checkout(Customer(cart)).simulation.subject
        stored = msgspec.json.encode(subject)
        assert msgspec.json.decode(stored, type=Subject) == subject
        assert len(msgspec.json.encode(subject.runs[0])) < 700

    def test_a_customer_who_is_redacted_is_forgotten(self, cart: Definition) -> None:
        customer = checkout(Customer(cart, facts=known(attributes={"tier": "gold"})))
        customer.does("customer.redacted", "1h")
        assert customer.facts == Facts(redacted_at=START + timedelta(hours=1))
        assert customer.simulation.subject.runs == ()
        assert customer.run.trigger == {}
        assert customer.run.end_reason == "the customer was redacted"
        assert customer.simulation.next_due is None

    def test_an_event_about_a_product_says_nothing_of_the_customer(self, cart: Definition) -> None:
        stock = an_event("product.restocked", key="p-1", product_id="p-1")
        subject = Subject(shop="casa-luna", key=CUSTOMER)
        assert handle([cart], {}, subject, EventInput(stock), START, shop=Shop(id="casa-luna")).subject is subject

    def test_decide_alone_finds_the_shop_and_the_customer_in_the_event(self, cart: Definition) -> None:
        event: Event = an_event("checkout.started", checkout_token="t1", total=euros("5.00"))
        decision = decide(cart, None, EventInput(event), Facts(), START)
        assert decision.run is not None
        assert decision.run.customer == CUSTOMER
