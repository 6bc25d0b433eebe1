"""What the events tell about a customer, whatever their order and however often they come."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_workflow.model.state import Facts
from relevo_workflow.runs.customer_merge import merge_facts
from relevo_workflow.runs.facts import fold_event, ran_once, with_start
from tests.workflow.shop import START, an_event, euros


def folded(*events: Event) -> Facts:
    facts = Facts()
    for event in events:
        facts = fold_event(facts, event)
    return facts


def order(number: int, hours: int = 0, amount: str = "10.00", currency: str = "EUR") -> Event:
    total = {"amount": amount, "currency": currency}
    return an_event(
        "order.placed", START + timedelta(hours=hours), event_id=f"e{number}", order_id=f"o{number}", total=total
    )


def test_orders_count_once_each() -> None:
    facts = folded(order(1), order(2, 5, "2.50"), order(1))
    assert (facts.orders_count, facts.total_spent, facts.currency) == (2, "12.50", "EUR")
    assert (facts.first_order_at, facts.last_order_at) == (START, START + timedelta(hours=5))


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_orders_in_any_order_and_again_come_to_the_same(sequence: list[int], echoes: list[int]) -> None:
    plain = folded(*(order(number, number) for number in range(6)))
    mixed = folded(*(order(number, number) for number in (*sequence, *echoes)))
    assert msgspec.structs.replace(mixed, order_ids=(), contact=plain.contact) == msgspec.structs.replace(
        plain, order_ids=()
    )


def test_an_order_in_another_currency_counts_but_adds_nothing() -> None:
    facts = folded(order(1), order(2, 1, "99.00", "USD"))
    assert (facts.orders_count, facts.total_spent) == (2, "10.00")


def test_what_the_shop_counts_is_right_and_has_earlier_orders_in_it() -> None:
    told = an_event("customer.updated", START + timedelta(hours=2), orders_count=7, total_spent=euros("70.00"))
    facts = folded(told, order(1, 1))
    assert (facts.orders_count, facts.total_spent) == (7, "70.00")
    assert fold_event(facts, order(2, 3)).orders_count == 8


def imported(event: Event) -> Event:
    return msgspec.structs.replace(event, historical=True, id=f"import#{event.id}")


def profile(number: int, hours: int, **data: Any) -> Event:
    return an_event("customer.updated", START + timedelta(hours=hours), event_id=f"p{number}", **data)


PAST = [
    imported(profile(1, 0, orders_count=4, total_spent=euros("40.00"), tags=["a"], attributes={"size": "M"})),
    imported(profile(2, 0, orders_count=5, total_spent=euros("50.00"), tags=["b"])),
    *(imported(order(number, -number)) for number in range(3)),
    imported(an_event("order.cancelled", START, event_id="c1", order_id="o1")),
    imported(an_event("refund.created", START, event_id="r1", order_id="o2", refund_id="r1", total=euros("1.00"))),
    imported(an_event("consent.changed", START, event_id="s1", channel="email", state="granted",
                      customer={"email": "ana@example.com"})),
]  # fmt: skip
SINCE = [
    order(7, 5),
    order(8, 9),
    profile(3, 4, tags_added=["c"]),
    profile(4, -1, attributes={"size": "S"}),
    an_event("consent.changed", START + timedelta(hours=6), event_id="s2", channel="email", state="withdrawn",
             customer={"email": "ana@example.com"}),
    an_event("order.cancelled", START + timedelta(hours=7), event_id="c7", order_id="o7"),
]  # fmt: skip


@given(st.permutations([*PAST, *SINCE]), st.permutations(PAST), st.lists(st.sampled_from(PAST)))
def test_an_import_that_runs_again_a_month_later_changes_nothing(
    first: list[Event], again: list[Event], more: list[Event]
) -> None:
    """The ids of its events are long forgotten by then: what was counted, set or withdrawn since stays."""
    facts = folded(*first)
    for event in (*again, *more):
        facts = fold_event(facts, event)
    assert facts == folded(*first)


def test_what_was_counted_since_an_import_stays_when_it_runs_again() -> None:
    facts = folded(PAST[1], order(7, 5), PAST[1])
    assert (facts.orders_count, facts.total_spent, facts.tags) == (6, "60.00", ["b"])


def test_tags_that_were_added_or_removed_change_those_that_are_known() -> None:
    changes: list[dict[str, Any]] = [{"tags": ["a", "b"]}, {"tags_added": ["c", "a"]}, {"tags_removed": ["b", "x"]}]
    told = [an_event("customer.updated", START + timedelta(hours=n), **one) for n, one in enumerate(changes)]
    assert folded(*told).tags == ["a", "c"]
    assert folded(told[1], told[0]).tags == ["c", "a"]


def test_an_older_profile_that_comes_late_is_left_out() -> None:
    new = an_event("customer.updated", START + timedelta(hours=1), tags=["vip"], birthday="1990-02-28")
    old = an_event("customer.created", START, tags=["new"])
    facts = folded(new, old)
    assert (facts.tags, facts.birthday) == (["vip"], date(1990, 2, 28))


def test_consent_is_the_newest_statement() -> None:
    granted = an_event("consent.changed", START, channel="email", state="granted")
    withdrawn = an_event("consent.changed", START + timedelta(hours=1), channel="email", state="withdrawn")
    assert folded(withdrawn, granted).contact.email_consent.state == "withdrawn"


def test_an_event_that_says_nothing_new_changes_nothing() -> None:
    facts = folded(order(1))
    assert fold_event(facts, order(1)) is facts


def test_data_that_does_not_fit_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        folded(an_event("order.placed", order_id=7))


def sign(kind: str, hours: int, **data: Any) -> Event:
    return an_event(kind, START + timedelta(hours=hours), event_id=f"{kind}-{hours}", **data)


def message(kind: str, hours: int) -> Event:
    return sign(kind, hours, delivery_id="r/send/1", run_id="r", workflow="w", template="t")


def agreed(hours: int, **how: Any) -> Event:
    return sign(
        "consent.changed", hours, customer={"email": "ana@example.com"}, channel="email", state="granted", **how
    )


@pytest.mark.parametrize(
    ("last", "counts"),
    [
        (message("message.opened", 5), True),
        (message("message.clicked", 5), True),
        (message("message.scanned", 5), False),
        (sign("page.viewed", 5), True),
        (order(1, 5), True),
        (agreed(5, double_opt_in=True), True),
        (agreed(5), False),
        (sign("shipment.created", 5, shipment_id="s"), False),
    ],
)
def test_a_customer_is_active_who_visits_reads_or_answers(last: Event, counts: bool) -> None:
    facts = folded(message("message.opened", 1), last)
    assert facts.last_active_at == START + timedelta(hours=5 if counts else 1)


def test_of_whom_nothing_else_is_known_was_active_when_they_agreed() -> None:
    assert Facts().last_active_at is None
    assert folded(agreed(3), agreed(7)).last_active_at == START + timedelta(hours=7)
    assert folded(agreed(3), sign("page.viewed", 2)).last_active_at == START + timedelta(hours=2)


SIGNS = [
    message("message.opened", 1),
    sign("page.viewed", 2),
    agreed(3, double_opt_in=True),
    message("message.clicked", 4),
]


@given(st.permutations(range(4)), st.lists(st.integers(0, 3), max_size=4), st.integers(0, 4))
def test_signs_in_any_order_and_again_or_of_two_who_are_one_come_to_the_same(
    sequence: list[int], echoes: list[int], others: int
) -> None:
    told = [SIGNS[number] for number in (*sequence, *echoes)]
    assert folded(*told).last_active_at == START + timedelta(hours=4)
    merged = merge_facts(folded(*told[others:]), folded(*told[:others]), "other", "ana")
    assert merged.last_active_at == START + timedelta(hours=4)


def test_old_starts_are_forgotten_except_where_re_entry_is_never() -> None:
    facts = with_start(Facts(), "once/ana", "r0", datetime(2020, 1, 1, tzinfo=UTC), forever=True)
    for number in range(150):
        facts = with_start(facts, f"cart/{number}", f"r{number}", START + timedelta(hours=number), forever=False)
    assert len(facts.past) == 100
    assert "once/ana" in facts.past
    assert "cart/149" in facts.past
    assert "cart/0" not in facts.past


ANA = {"id": "7", "email": "ana@example.com", "first_name": "Ana", "locale": "es-ES", "group": "trade"}
TOLD: dict[str, dict[str, Any]] = {
    "page.viewed": {"customer": ANA},
    "form.submitted": {"customer": {**ANA, "email_marketing": True}, "form": "newsletter"},
    "cart.updated": {"customer": ANA, "cart_token": "c1", "total": euros("9.00")},
    "checkout.updated": {"customer": {**ANA, "sms_marketing": True}, "checkout_token": "t1", "total": euros("9.00")},
    "order.placed": {"customer": ANA, "order_id": "o1", "total": euros("9.00")},
    "shipment.created": {"customer": {"phone": "+12025550123", "email": ""}, "shipment_id": "s1", "order_id": "o1"},
    "customer.updated": {"customer": ANA, "tags": ["vip"], "birthday": "1990-02-28"},
    "consent.changed": {"customer": ANA, "channel": "email", "state": "withdrawn"},
    "product.restocked": {"product_id": "p1"},
}


@given(st.lists(st.sampled_from(sorted(TOLD)), max_size=6))
def test_what_nobody_listens_to_is_read_in_part_with_the_same_facts(kinds: list[str]) -> None:
    whole = partly = Facts()
    for hours, kind in enumerate(kinds):
        event = an_event(kind, START + timedelta(hours=hours), **TOLD[kind])
        whole, partly = fold_event(whole, event), fold_event(partly, event, whole=False)
    assert partly == whole


def test_in_what_nobody_listens_to_only_the_customer_has_to_fit() -> None:
    cart = an_event("cart.updated", cart_token=5)
    assert fold_event(Facts(), cart, whole=False).contact.email == "ana@example.com"
    with pytest.raises(msgspec.ValidationError):
        fold_event(Facts(), cart)
    with pytest.raises(msgspec.ValidationError):
        fold_event(Facts(), an_event("cart.updated", cart_token="c", customer={"email": 5}), whole=False)


def test_what_must_never_run_again_is_remembered_and_does_not_grow_for_ever() -> None:
    facts = Facts()
    for number in range(3000):
        at = START + timedelta(hours=number)
        facts = with_start(facts, f"cart/{number}", f"r{number}", at, forever=True)
    assert all(f"cart/{n}" in facts.past or ran_once(facts, f"cart/{n}") for n in range(3000))
    assert not ran_once(facts, "cart/3000")
    assert len(msgspec.json.encode(facts)) < 3000 * 20 + 20_000
    stored = msgspec.json.decode(msgspec.json.encode(facts), type=Facts)
    assert stored == facts


def test_what_ran_for_the_customer_as_such_keeps_its_name_which_a_merge_has_to_change() -> None:
    facts = with_start(Facts(), "welcome/ana", "r", START, forever=True, customer="ana")
    for number in range(200):
        at = START + timedelta(hours=number + 1)
        facts = with_start(facts, f"cart/{number}", f"r{number}", at, forever=True, customer="ana")
    assert "welcome/ana" in facts.past
    joined = merge_facts(Facts(), facts, "ana", "bea")
    assert "welcome/bea" in joined.past


def test_a_customer_with_more_runs_than_are_kept_whole_keeps_the_newest_whole() -> None:
    facts = Facts()
    for number in range(150):
        facts = with_start(facts, f"cart/{number}", f"r{number}", START + timedelta(hours=number), forever=True)
    assert sorted(facts.past) == sorted(f"cart/{number}" for number in range(100, 150))
