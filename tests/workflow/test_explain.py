"""Why did this customer (not) get that? The questions of a support desk, answered from what the core decided."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from relevo_workflow.definition.workflow import Definition
from relevo_workflow.explain.explanation import Explanation, condition, explain, labels
from relevo_workflow.explain.records import Delivery, Engagement, Feedback, RecordedDecision, StaffAnswer
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import Send
from relevo_workflow.model.inputs import EventInput
from relevo_workflow.testing.simulation import Answer
from tests.workflow.shop import CUSTOMER, START, Customer, a_workflow, an_event, euros, known

CART = """
workflow: cart
trigger: {event: checkout.started, when: event.total.amount > 20.0}
exit: {event: order.placed, reason: bought}
reentry: {after: 30d}
steps:
  - wait: 4h
  - branch:
      - when: customer.orders_count == 0
        steps: [{send: {channel: email, template: first, purpose: marketing}}]
      - otherwise:
        steps: [{send: {channel: email, template: reminder, purpose: marketing}}]
  - wait: 2d
"""
TIMED = """
workflow: timed
trigger: TRIGGER
steps:
  - wait: 1h
"""


def cart(*replacements: tuple[str, str]) -> Definition:
    text = CART
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return a_workflow(text, "first", "reminder")


def told(customer: Customer, *deliveries: Delivery) -> Explanation:
    """What there is to say about the customer."""
    simulation = customer.simulation
    recorded = [
        RecordedDecision(
            at=one.at,
            workflow=one.workflow,
            version=one.version,
            run_id=one.run.id if one.run else "",
            input=one.input_id.partition("@")[0] if "/" not in one.input_id else "timer",
            kind=one.kind,
            reason=one.reason,
            path=list(one.path),
            trace=list(one.trace),
        )
        for one in simulation.decisions
        if one.kind != "ignored"
    ]
    return explain(
        simulation.definitions,
        recorded,
        deliveries,
        customer=CUSTOMER,
        facts=simulation.subject.facts,
        runs=simulation.subject.runs,
        since=START - timedelta(days=1),
    )


def outcome(customer: Customer, state: str, reason: str = "") -> Delivery:
    """What became of the customer's only message."""
    [send] = customer.effects_of(Send)
    return Delivery(id=send.id, channel="email", state=state, reason=reason, at=send.decided_at)  # type: ignore[arg-type]


def shops(customer: Customer, amount: str = "30.00", after: str = "0m") -> Customer:
    return customer.does("checkout.started", after, checkout_token="t", total=euros(amount))


def test_why_did_they_get_this_mail() -> None:
    customer = shops(Customer(cart())).waits("5h")
    lines = told(customer, outcome(customer, "sent")).lines
    assert [(line.what, line.text) for line in lines] == [
        ("started", "started by checkout.started; waits until 2026-03-10T14:00:00+00:00"),
        (
            "advanced",
            "went on (its time had come) to branch-1, branch-1/when-1, send-first, wait-2d:"
            " waits until 2026-03-12T14:00:00+00:00",
        ),
        ("sent", "the email of send-first was sent"),
    ]
    assert lines[0].conditions == ["trigger: event.total.amount > 20.0 is true (event.total.amount = 30.0)"]
    assert lines[1].conditions == [
        "branch-1/when-1: customer.orders_count == 0 is true (customer.orders_count = 0)"
    ]  # fmt: skip
    assert {line.workflow for line in lines} == {"cart"}


@pytest.mark.parametrize(
    ("state", "reason", "text"),
    [
        ("skipped", "no consent", "the email of send-first was not sent: no consent"),
        ("in_doubt", "interrupted", "the email of send-first may have arrived or not: interrupted"),
        ("failed", "no such mailbox", "the email of send-first could not be delivered: no such mailbox"),
        ("queued", "quiet hours", "the email of send-first is not sent yet: quiet hours"),
    ],
)  # fmt: skip
def test_why_did_the_mail_not_arrive(state: str, reason: str, text: str) -> None:
    customer = shops(Customer(cart())).waits("5h")
    assert told(customer, outcome(customer, state, reason)).lines[-1].text == text


def test_a_mail_that_was_put_off_says_since_when_and_why() -> None:
    customer = shops(Customer(cart())).waits("5h")
    quiet = structs.replace(
        outcome(customer, "sent"), accepted_at=START, put_off=["quiet hours of the recipient", "451 come back"]
    )
    assert told(customer, quiet).lines[-1].text == (
        "the email of send-first was sent; it waited since 2026-03-10T10:00:00+00:00:"
        " quiet hours of the recipient, then 451 come back"
    )
    still = structs.replace(
        quiet, state="queued", reason="quiet hours of the recipient", again_at=START + timedelta(hours=9)
    )
    assert told(customer, still).lines[-1].text == (
        "the email of send-first is not sent yet: quiet hours of the recipient; it goes on at 2026-03-10T19:00:00+00:00"
    )


def test_what_the_provider_reported_later_is_told_at_its_own_time() -> None:
    customer = shops(Customer(cart())).waits("5h")
    arrived = Feedback(kind="delivered", at=START + timedelta(hours=6), provider="ses", reason="250 OK")
    gone = Feedback(
        kind="bounced", at=START + timedelta(hours=7), provider="ses", status="5.1.1", permanent=True, reason="unknown"
    )
    spam = Feedback(kind="complained", at=START + timedelta(hours=8), provider="ses")
    mail = structs.replace(outcome(customer, "sent"), feedback=[spam, gone, arrived])
    assert [(line.what, line.text) for line in told(customer, mail).lines[-3:]] == [
        ("delivered", "ses told that the email of send-first arrived"),
        ("bounced", "ses told that the email of send-first could not be delivered, and never will be (5.1.1): unknown"),
        ("complained", "ses told that the email of send-first was reported as spam: nothing more is sent there"),
    ]


def test_who_opened_and_clicked_is_told_and_machines_apart_from_people() -> None:
    customer = shops(Customer(cart())).waits("5h")
    scanned = Engagement(kind="scanned", at=START + timedelta(hours=5), url="https://a.example/", machine="burst")
    opened = Engagement(kind="opened", at=START + timedelta(hours=6))
    clicked = Engagement(kind="clicked", at=START + timedelta(hours=7), url="https://a.example/")
    mail = structs.replace(outcome(customer, "sent"), engagement=[clicked, opened, scanned])
    assert [(line.what, line.text) for line in told(customer, mail).lines[-3:]] == [
        (
            "scanned",
            "a machine, not the customer (burst), followed a link of the email of send-first: https://a.example/",
        ),
        ("opened", "the customer opened the email of send-first"),
        ("clicked", "the customer followed a link of the email of send-first: https://a.example/"),
    ]


def recorded(run_id: str, run_key: str = "", workflow: str = "cart", **more: Any) -> RecordedDecision:
    started = RecordedDecision(
        at=START,
        version="v",
        input="checkout.started",
        kind="started",
        reason="started by it",
        workflow=workflow,
        run_id=run_id,
        run_key=run_key,
    )
    return structs.replace(started, **more)


def test_runs_of_one_workflow_are_told_apart_by_their_key_or_id() -> None:
    runs = [recorded("0123456789", "tok-1"), recorded("1123456789", "tok-2"), recorded("2123456789", "other", "quote")]
    assert labels(runs, CUSTOMER) == {"0123456789": "tok-1", "1123456789": "tok-2"}
    same = [recorded("0123456789", CUSTOMER), recorded("1123456789", CUSTOMER), recorded("2123456789", "k" * 40)]
    assert labels(same, CUSTOMER) == {"0123456789": "01234567", "1123456789": "11234567", "2123456789": "21234567"}
    mail = Delivery(id="1123456789/send-x/2", channel="email", state="sent", at=START)
    explained = explain([], runs, [mail], customer=CUSTOMER, facts=known(), runs=[], since=START)
    assert [line.run for line in explained.lines] == ["tok-1", "tok-2", "", "tok-2"]


def test_an_approval_says_by_whom_and_in_which_role() -> None:
    said = StaffAnswer(by="Ana", done="approved", role="finance", note="fine")
    one = recorded("r", input="task", kind="waiting", reason="1 of 2 approvals", said=said)
    [line] = explain([], [one], [], customer=CUSTOMER, facts=known(), runs=[], since=START).lines
    assert line.text == "stayed where it was (Ana approved as finance: fine): 1 of 2 approvals"


def test_why_did_the_reminders_stop() -> None:
    customer = shops(Customer(cart())).does("order.placed", "1h", order_id="o-1")
    assert told(customer).lines[-1].text == "left early because of order.placed: bought"


def test_where_are_they_now() -> None:
    customer = shops(Customer(cart()))
    [run] = told(customer).underway
    assert run.text == "rests at wait-4h, until 2026-03-10T14:00:00+00:00 at the latest"
    assert told(customer).absences == []


@pytest.mark.parametrize(
    ("amount", "again", "refusal"),
    [
        ("5.00", False, "the trigger's condition does not hold"),
        ("30.00", True, "it started at 2026-03-10T10:00:00+00:00, and re-entry needs a pause"),
    ],
)
def test_why_did_it_not_start(amount: str, again: bool, refusal: str) -> None:
    customer = shops(Customer(cart()), amount).ends()
    if again:
        customer.does("checkout.started", "10d", checkout_token="t", total=euros("30.00"))
    last = told(customer).lines[-1]
    assert last.text == f"not started by checkout.started: {refusal}"
    if not again:
        assert last.conditions == ["trigger: event.total.amount > 20.0 is false (event.total.amount = 5.0)"]


def test_a_workflow_that_refused_every_time_says_how_often_and_why() -> None:
    customer = shops(shops(Customer(cart()), "5.00"), "6.00", "1h")
    [absence] = told(customer).absences
    assert absence.text == (
        "it could have started 2 times, the last time at 2026-03-10T11:00:00+00:00 by checkout.started,"
        " but the trigger's condition does not hold"
    )


def test_a_customer_who_is_held_out_hears_that_they_are() -> None:
    customer = shops(
        Customer(
            cart(("reentry:", "holdout: 100%\nreentry:"), ("exit:", "goal: {event: order.placed, within: 9d}\nexit:"))
        )
    )
    explained = told(customer)
    assert explained.lines[0].text == (
        "started by checkout.started, but held out: one of the 100% that get nothing"
    )  # fmt: skip
    assert explained.underway[0].text == "held out; its goal is watched until 2026-03-19T10:00:00+00:00"


def test_whoever_does_not_take_part_hears_that_they_do_not() -> None:
    customer = shops(Customer(cart(("reentry:", "enrol: {customers: [bea], percent: 0}\nreentry:"))))
    assert told(customer).lines[0].text == (
        "not started by checkout.started: the customer is not among the 0% that take part"
    )


@pytest.mark.parametrize(
    ("trigger", "facts", "text"),
    [
        (
            "{event: quote.requested}",
            {},
            "no quote.requested has come since 2026-03-09T10:00:00+00:00 (imported events start nothing)",
        ),
        ("{date: birthday, at: '09:00'}", {}, "the customer has no birthday, or its day is past"),
        (
            "{inactivity: 90d, since: last_order_at}",
            {},
            "the customer has no last_order_at: there is nothing to count from",
        ),
        (
            "{inactivity: 90d, since: last_order_at}",
            {"last_order_at": START - timedelta(days=80)},
            "it is due at 2026-03-20T10:00:00+00:00, 90d after last_order_at",
        ),
        (
            "{inactivity: 90d, since: last_order_at}",
            {"last_order_at": START - timedelta(days=100)},
            "last_order_at was 2025-11-30T10:00:00+00:00: the 90d were over before it was deployed",
        ),
        ("{segment: loyal, change: joined}", {}, "the customer is not in the segment loyal"),
        ("{manual: }", {}, "nobody has started it for them since 2026-03-09T10:00:00+00:00"),
    ],
)
def test_why_was_it_never_entered(trigger: str, facts: dict[str, object], text: str) -> None:
    more = {"segments.yaml": "loyal: customer.orders_count >= 3\n"}
    definition = a_workflow(TIMED.replace("TRIGGER", trigger), **more)
    customer = Customer(definition, facts=known(**facts))
    customer.simulation.give(EventInput(an_event("customer.updated", START)))
    [absence] = told(customer).absences
    assert absence.text == text


def test_a_condition_that_failed_says_how() -> None:
    check = Check(at="exit/x", expression="a[3] == 1", error="index out of range")
    assert condition(check) == "exit/x: a[3] == 1 can't be answered: index out of range"


def test_a_call_that_failed_has_its_reason_in_the_trace() -> None:
    flow = a_workflow(
        "workflow: pause\ntrigger: {event: order.placed}\nsteps: [{http: {url: 'https://billing.example.com'}}]\n"
    )
    for answer, said in (
        (Answer(status=503), "http-1/error: the call failed: it was answered with status 503"),
        (Answer(error="no route"), "http-1/error: the call failed: no route"),
    ):
        customer = Customer(flow, answers={"http-1": answer}).does("order.placed", order_id="1")
        trace = [condition(check) for one in customer.simulation.decisions for check in one.trace]
        assert trace == [said]


class TestThePartThatFailed:
    FLOW = """
    workflow: flow
    key: trigger.order_id
    trigger: {event: order.placed, when: CONDITION}
    steps: [{wait: 1d}]
    """

    def said(self, condition_text: str, **facts: Any) -> str:
        flow = a_workflow(self.FLOW.replace("CONDITION", "'" + condition_text.replace("'", "''") + "'"))
        customer = Customer(flow, facts=known(**facts))
        customer.does("order.placed", order_id="o1", total=euros("10.00"))
        return condition(customer.simulation.decisions[0].trace[0])

    def test_of_plain_comparisons(self) -> None:
        said = self.said("event.total.amount > 5.0 && customer.orders_count > 3", orders_count=1)
        assert said.endswith(
            "is false, for customer.orders_count > 3 is not (customer.orders_count = 2) (event.total.amount = 10.0)"
        )

    def test_of_what_only_cel_answers(self) -> None:
        said = self.said('"vip" in customer.tags && has(event.total) && customer.group.startsWith("b")', group="c")
        assert '"vip" in customer.tags is not' in said
        assert 'and customer.group.startsWith("b") is not (customer.group = "c")' in said
        assert "has(event.total) is not" not in said

    def test_of_orders_and_of_brackets(self) -> None:
        said = self.said("(customer.orders_count > 0 || true) && orders(days(9)).count >= 2")
        assert "for orders(days(9)).count >= 2 is not (orders(days(9)).count = 1)" in said

    def test_one_part_alone_or_a_true_one_is_told_as_before(self) -> None:
        assert self.said("customer.orders_count > 3").endswith("is false (customer.orders_count = 1)")
        assert "is true" in self.said("customer.orders_count > 0 && event.total.amount > 0.0")
        assert "not" not in self.said("customer.orders_count > 3 || event.total.amount > 20.0")

    @pytest.mark.parametrize("rest", ["|| customer.orders_count > 7", "? false : false"])
    def test_what_binds_less_is_not_parted(self, rest: str) -> None:
        assert " is not" not in self.said("event.total.amount > 50.0 && customer.orders_count > 3 " + rest)

    def test_an_and_inside_of_a_text_parts_nothing(self) -> None:
        assert "for customer.group == " in self.said('event.total.amount > 5.0 && customer.group == "a && b"')
