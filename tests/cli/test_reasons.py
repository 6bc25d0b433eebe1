"""Why a message was sent, in a few words."""

from datetime import UTC, datetime, timedelta

from relevo_cli.demonstration.reasons import Condition, Decision, span, why
from relevo_contracts.contact import Contact
from relevo_contracts.messages import SendDelivery

AT = datetime(2026, 3, 10, 8, tzinfo=UTC)


def delivery(after: timedelta) -> SendDelivery:
    return SendDelivery(
        id="run/send/1",
        shop="acme",
        key="cus_1",
        run_id="run",
        workflow="abandoned-cart",
        definition="v",
        step="send",
        channel="email",
        purpose="marketing",
        template="reminder",
        recipient=Contact(),
        context={},
        decided_at=AT + after,
        not_after=AT + after + timedelta(days=1),
        reason="send of abandoned-cart",
    )


def decision(after: timedelta, cause: str, *trace: Condition) -> Decision:
    return Decision(run_id="run", at=AT + after, input=cause, trace=list(trace))


def test_a_timer_describes_product_its_distance_from_the_last_event() -> None:
    known = [
        decision(timedelta(0), "checkout.started"),
        decision(timedelta(hours=2), "checkout.updated"),
        decision(timedelta(hours=6), "timer"),
        decision(
            timedelta(hours=30),
            "timer",
            Condition(at="branch-1/when-1", expression="customer.orders_count == 0", value=True),
            Condition(at="branch-1/when-2", expression="false", value=False),
        ),
    ]
    assert why(delivery(timedelta(hours=6)), known) == "abandoned-cart: 4 h after checkout.updated"
    assert (
        why(delivery(timedelta(hours=30)), known)
        == "abandoned-cart: 28 h after checkout.updated, customer.orders_count == 0"
    )


def test_an_event_describes_product_its_type() -> None:
    assert why(delivery(timedelta(0)), [decision(timedelta(0), "order.placed")]) == "abandoned-cart: order.placed"


def test_without_the_decision_the_deliverys_own_reason_stands() -> None:
    assert why(delivery(timedelta(0)), []) == "send of abandoned-cart"


def test_spans_read_well() -> None:
    assert [span(timedelta(minutes=n)) for n in (0, 5, 60, 90, 1680)] == ["0 min", "5 min", "1 h", "1 h 30 min", "28 h"]
