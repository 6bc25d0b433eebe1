"""Conditions and segments that count a customer's orders over a window of time, at their edges."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from textwrap import dedent
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_workflow.model.order_history import KEPT_LINES, KEPT_WHOLE, LONGEST_WINDOW, measure_orders
from relevo_workflow.model.state import Facts
from relevo_workflow.runs.customer_merge import merge_facts
from relevo_workflow.runs.facts import fold_event
from relevo_workflow.testing.runner import run_tests
from tests.workflow.shop import START, Customer, a_workflow, an_event, euros, known, problems_of

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def placed(name: str, at: timedelta, amount: str = "10.00", /, currency: str = "EUR", **data: Any) -> Event:
    total = {"amount": amount, "currency": currency}
    return an_event("order.placed", START + at, f"{name}-placed", order_id=name, total=total, **data)


def line(product: str, amount: str, *categories: str) -> dict[str, object]:
    return {"title": product, "product_id": product, "categories": list(categories), "total": euros(amount)}


def after(*events: Event) -> Facts:
    facts = Facts()
    for event in events:
        facts = fold_event(facts, event)
    return facts


def count(facts: Facts, at: timedelta, days: int = 60) -> int | float:
    return measure_orders(facts, START + at - days * DAY, "count", None, None)


def total(facts: Facts, at: timedelta = timedelta(), days: int = 60) -> int | float:
    return measure_orders(facts, START + at - days * DAY, "total", None, None)


class TestEdges:
    def test_an_order_counts_until_it_is_as_old_as_the_window_is_long(self) -> None:
        facts = after(placed("o1", timedelta()))
        assert count(facts, 60 * DAY - SECOND) == 1
        assert count(facts, 60 * DAY) == 0

    def test_the_same_order_told_twice_counts_once(self) -> None:
        assert count(after(placed("o1", DAY), placed("o1", 2 * DAY)), 3 * DAY) == 1

    def test_a_cancelled_or_deleted_order_does_not_count_whenever_that_is_told(self) -> None:
        for kind in ("order.cancelled", "order.deleted"):
            gone = an_event(kind, START + 2 * DAY, order_id="o1")
            for events in permutations((placed("o1", DAY), gone, placed("o2", DAY))):
                facts = after(*events)
                assert (count(facts, 3 * DAY), total(facts, 3 * DAY)) == (1, 10.0)

    def test_what_was_paid_back_is_taken_off_and_an_order_paid_back_wholly_does_not_count(self) -> None:
        def refund(name: str, amount: str) -> Event:
            at = START + 2 * DAY
            return an_event("refund.created", at, f"refund-{name}", order_id="o1", refund_id=name, total=euros(amount))

        part, rest = refund("r1", "4.00"), refund("r2", "6.00")
        for events in permutations((placed("o1", DAY), part, part)):
            assert total(after(*events), 3 * DAY) == 6.0
        for events in permutations((placed("o1", DAY), part, rest, part)):
            facts = after(*events)
            assert (count(facts, 3 * DAY), total(facts, 3 * DAY)) == (0, 0.0)

    def test_an_order_in_another_currency_counts_and_adds_nothing(self) -> None:
        facts = after(placed("o1", DAY), placed("o2", DAY, "99.00", currency="USD"))
        assert (count(facts, DAY), total(facts, DAY)) == (2, 10.0)

    def test_an_imported_order_counts_and_a_test_order_does_not(self) -> None:
        flow = a_workflow("workflow: flow\ntrigger: {event: order.paid}\nsteps: [{wait: 1d}]")
        customer = Customer(flow)
        customer.does("order.placed", order_id="o1", total=euros("10.00"), historical=True)
        customer.does("order.placed", order_id="o2", total=euros("10.00"), rehearsal=True)
        assert count(customer.facts, DAY) == 1

    def test_by_product_and_category(self) -> None:
        mixed = [line("p-1", "8.00", "shoes", "summer"), line("p-2", "2.00", "socks")]
        facts = after(placed("o1", DAY, items=mixed), placed("o2", DAY, items=[line("p-2", "3.00", "socks")]))
        since = START

        def ask(product: str | None, category: str | None) -> tuple[float, float]:
            return (
                measure_orders(facts, since, "count", product, category),
                measure_orders(facts, since, "total", product, category),
            )

        assert ask("p-1", None) == (1, 8.0)
        assert ask("p-2", None) == (2, 5.0)
        assert ask(None, "socks") == (2, 5.0)
        assert ask("p-1", "socks") == (0, 0.0)
        assert ask("", None) == (0, 0.0)

    def test_a_line_without_a_total_costs_its_price_times_its_quantity(self) -> None:
        item = {"title": "Cloth", "product_id": "p-1", "quantity": 2.5, "price": euros("4.00")}
        assert measure_orders(after(placed("o1", DAY, items=[item])), START, "total", "p-1", None) == 10.0


class TestBounds:
    def test_the_newest_orders_are_kept_whole_and_older_ones_are_added_up_by_day(self) -> None:
        many = [placed(f"o{n}", n * timedelta(hours=6)) for n in range(3 * KEPT_WHOLE)]
        facts = after(*many)
        assert len(facts.orders) == KEPT_WHOLE
        assert len(facts.order_days) <= KEPT_WHOLE / 2 + 2
        assert count(facts, 75 * DAY, days=730) == len(many)
        assert total(facts, 75 * DAY, days=730) == 10.0 * len(many)

    def test_an_import_that_runs_again_counts_nothing_twice(self) -> None:
        many = [placed(f"o{n}", n * timedelta(hours=6)) for n in range(3 * KEPT_WHOLE)]
        facts = after(*many, *many[:120], *reversed(many))
        assert facts == after(*many)
        assert count(facts, 75 * DAY, days=730) == len(many)

    def test_orders_of_many_products_are_bounded_together(self) -> None:
        items = [line(f"p-{n}", "1.00") for n in range(150)]
        facts = after(*(placed(f"o{n}", n * DAY, items=items) for n in range(20)))
        assert sum(len(one.lines) for one in facts.orders) <= KEPT_LINES
        assert count(facts, 20 * DAY) == 20

    def test_days_that_no_window_reaches_go(self) -> None:
        early = [placed(f"e{n}", n * SECOND) for n in range(KEPT_WHOLE + 50)]
        late = [placed(f"l{n}", LONGEST_WINDOW + DAY + n * SECOND) for n in range(KEPT_WHOLE)]
        assert after(*early, *late).order_days == ()

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 800), st.integers(1, 99)), max_size=40))
    def test_any_order_of_arrival_gives_the_same(self, orders: list[tuple[int, int, int]]) -> None:
        unique = {name: (day, amount) for name, day, amount in orders}
        events = [placed(f"o{name}", day * DAY, f"{amount}.00") for name, (day, amount) in unique.items()]
        one, other = after(*events), after(*reversed(events), *events)
        assert (one.orders, one.order_days) == (other.orders, other.order_days)
        expected = [Decimal(amount) for day, amount in unique.values() if day > 700 - 60]
        assert count(one, 700 * DAY) == len(expected)
        assert Decimal(str(total(one, 700 * DAY))) == sum(expected, Decimal(0))

    def test_facts_that_an_older_release_stored_are_read_and_filled_by_an_import(self) -> None:
        stored = b'{"orders_count":2,"order_ids":["o1","o2"],"currency":"EUR"}'
        facts = msgspec.json.decode(stored, type=Facts)
        again = fold_event(facts, placed("o1", DAY))
        assert (again.orders_count, count(again, 2 * DAY)) == (2, 1)

    def test_what_is_stored_is_read_as_it_was(self) -> None:
        facts = after(*(placed(f"o{n}", n * DAY, items=[line("p-1", "1.00", "shoes")]) for n in range(120)))
        assert msgspec.json.decode(msgspec.json.encode(facts), type=Facts) == facts

    def test_two_customers_who_are_one_have_the_orders_of_both(self) -> None:
        one, other = after(placed("o1", DAY), placed("o2", DAY)), after(placed("o2", DAY), placed("o3", DAY))
        assert count(merge_facts(one, other, "bea", "ana"), 2 * DAY) == 3


class TestConditions:
    FLOW = """
    workflow: flow
    key: trigger.order_id
    trigger: {event: order.placed}
    steps:
      - branch:
          - when: CONDITION
            steps: [{send: {channel: email, template: hello, purpose: marketing}}]
    """

    def customer(self, condition: str) -> Customer:
        flow = a_workflow(self.FLOW.replace("CONDITION", f"'{condition}'"), "hello")
        customer = Customer(flow, facts=known(currency="EUR"))
        shoes, socks = [line("p-1", "10.00", "shoes")], [line("p-2", "20.00", "socks")]
        customer.does("order.placed", order_id="o1", total=euros("10.00"), items=shoes, number="p-1")
        return customer.does("order.placed", "2d", order_id="o2", total=euros("20.00"), items=socks, number="p-2")

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ("orders(days(60)).count >= 2", 1),
            ("orders(days(1)).count >= 2", 0),
            ('orders(duration("49h")).count >= 2', 1),
            ("orders(days(60)).total >= 30.0", 1),
            ("orders(days(60)).total > 30.0", 0),
            ('orders(days(60)).of_product("p-1").count == 1', 2),
            ('orders(days(60)).of_category("socks").total == 20.0', 1),
            ('orders(days(60)).of_product("p-1").of_category("socks").count > 0', 0),
            ("orders(days(60)).of_product(trigger.number).count == 1", 2),
            ('"of" in [orders(days(60)).of_category( trigger.number ).count > 0 ? "on" : "of"]', 2),
            ("orders(days(60)).count - orders(days(1)).count == 1", 1),
        ],
    )
    def test_they_count(self, condition: str, expected: int) -> None:
        assert len(self.customer(condition).messages) == expected

    def test_explain_tells_what_was_counted(self) -> None:
        flow = a_workflow(self.FLOW.replace("CONDITION", "orders(days(60)).count >= 3"), "hello")
        customer = Customer(flow).does("order.placed", order_id="o1", total=euros("10.00"))
        checks = [check for decision in customer.simulation.decisions for check in decision.trace]
        assert [check.fields for check in checks if "orders" in check.expression] == [{"orders(days(60)).count": 1}]

    @pytest.mark.parametrize(
        ("condition", "message", "advice"),
        [
            ("orders(days(60)) >= 3", "can't be applied to Orders and int", "orders(days(60)).count, or .total"),
            ("orders(60).count > 1", "can't be applied to int", "a window of orders is orders(days(60))"),
            ("orders(days(customer.orders_count)).count > 1", "a length that is written out", ".count, or .total"),
            ("orders(now - customer.last_order_at).count > 1", "a length that is written out", ".count, or .total"),
            ("orders(days(60)) == orders(days(30))", "a length that is written out", ".count, or .total"),
            (
                "orders(days(60)).of_product(trigger.items[0].product_id).count > 1",
                "texts or fields",
                ".count, or .total",
            ),
            ("orders(days(731)).count > 1", "can't be 731d long", "from a second to 730 days"),
            ("orders(days(0)).count > 1", "can't be 0m long", "from a second to 730 days"),
            ("orders(days(99999999999)).count > 1", "long", "from a second to 730 days"),
            ("orders(days(60)).cont > 1", "has no field 'cont'", "did you mean 'count'?"),
            ("orders(days(60)).of_product(7).count > 1", "'of_product' can't be applied", "takes text"),
            ("orders(days(60)).total > 100", "can't be applied to double and int", "100.0"),
        ],
    )
    def test_what_can_not_be_counted_is_said_with_advice(self, condition: str, message: str, advice: str) -> None:
        problems = problems_of(self.FLOW.replace("CONDITION", condition), "hello")
        assert len(problems) == 1
        assert message in problems[0].message
        assert advice in problems[0].help


class TestSegments:
    FLOW = """
    workflow: flow
    segments: {regular: RULE}
    trigger: {segment: regular, change: CHANGE}
    reentry: several
    steps:
      - send: {channel: email, template: hello, purpose: marketing}
    """

    def customer(self, rule: str, change: str) -> Customer:
        flow = a_workflow(self.FLOW.replace("RULE", f"'{rule}'").replace("CHANGE", change), "hello")
        return Customer(flow, facts=known(currency="EUR"))

    def test_joining_by_an_order_and_leaving_when_the_first_leaves_the_window(self) -> None:
        for change, expected in (("joined", "10d"), ("left", "60d")):
            customer = self.customer("orders(days(60)).count >= 2", change)
            customer.does("order.placed", order_id="o1", total=euros("1.00"))
            customer.does("order.placed", "10d", order_id="o2", total=euros("1.00")).waits("200d")
            assert customer.messages == [("hello", expected)]

    def test_joining_because_orders_leave_the_window(self) -> None:
        customer = self.customer("customer.orders_count > 0 && orders(days(60)).count == 0", "joined")
        customer.does("order.placed", order_id="o1", total=euros("1.00"))
        customer.does("order.placed", "10d", order_id="o2", total=euros("1.00")).waits("200d")
        assert customer.messages == [("hello", "10w")]

    def test_leaving_by_a_cancellation_and_by_a_refund(self) -> None:
        for event, more in (("order.cancelled", {}), ("refund.created", {"total": euros("1.00")})):
            customer = self.customer("orders(days(60)).total >= 2.0", "left")
            customer.does("order.placed", order_id="o1", total=euros("1.00"))
            customer.does("order.placed", "10d", order_id="o2", total=euros("1.00"))
            customer.does(event, "20d", order_id="o1", **more).waits("200d")
            assert customer.messages == [("hello", "20d")]

    def test_a_product_that_was_bought_long_ago(self) -> None:
        customer = self.customer('orders(days(30)).of_product("p-1").count > 0', "left")
        customer.does("order.placed", order_id="o1", total=euros("1.00"), items=[line("p-1", "1.00")])
        customer.does("order.placed", "10d", order_id="o2", total=euros("1.00")).waits("200d")
        assert customer.messages == [("hello", "30d")]

    def test_orders_that_are_only_added_up_leave_with_the_newest_of_their_day(self) -> None:
        rule = f"orders(days(60)).count > {KEPT_WHOLE}"
        flow = a_workflow(self.FLOW.replace("RULE", rule).replace("CHANGE", "left"), "hello")
        facts = after(*(placed(f"o{n}", n * SECOND) for n in range(KEPT_WHOLE + 2)))
        customer = Customer(flow, facts=structs.replace(facts, contact=known().contact))
        customer.does("page.viewed", "1h", url="https://casa-luna.example.com").waits("200d")
        assert [name for name, _ in customer.messages] == ["hello"]
        assert customer.facts.segments == {}

    def test_several_windows_and_time_limits_in_one_rule(self) -> None:
        rule = "orders(days(10)).count > 0 || orders(days(20)).total > 1.0 || customer.last_order_at > now - days(5)"
        customer = self.customer(rule, "left").does("order.placed", order_id="o1", total=euros("1.00"))
        assert customer.waits("200d").messages == [("hello", "10d")]
        customer = self.customer(rule, "left").does("order.placed", order_id="o1", total=euros("2.00"))
        assert customer.waits("200d").messages == [("hello", "20d")]


class TestGivenOrders:
    FLOW = """
    workflow: flow
    trigger: {event: page.viewed}
    steps:
      - branch:
          - when: orders(days(60)).count >= 2 && orders(days(60)).of_product("p-1").total >= 40.0
            steps: [{set: {tags: {add: [regular]}}}]
    """
    TESTS = """
    given:
      start: 2026-03-10 10:00
      trigger: {event: page.viewed, data: {url: "https://casa-luna.example.com"}}
    tests:
      - name: a test
        customer: {email: ana@example.com, orders: ORDERS}
        expect: {tags: TAGS}
    """

    def failures(self, orders: str, tags: str) -> list[str]:
        flow = a_workflow(self.FLOW)
        text = dedent(self.TESTS).replace("ORDERS", orders).replace("TAGS", tags)
        suite = run_tests(flow, {"tests/all.yaml": text})
        found = [*suite.problems, *(failure for one in suite.results for failure in one.failures)]
        return [f"{one.message} {one.help}" for one in found]

    def test_a_test_gives_the_orders_that_came_before_it(self) -> None:
        old = '[{at: -30d, total: "40.00", currency: EUR, product: p-1}, {at: 2026-03-01 09:00}]'
        assert self.failures(old, "[regular]") == []
        assert self.failures(old.replace("-30d", "-60d"), "[]") == []
        assert self.failures(old.replace("-30d", "-59d"), "[regular]") == []

    @pytest.mark.parametrize(
        ("orders", "message"),
        [
            ("3", "must be a list of orders"),
            ("[{total: 3}]", "each with 'at'"),
            ("[{at: soon}]", "'soon' is not a time"),
            ("[{at: -30d, totl: 3}]", "did you mean 'total'?"),
            ("[{at: -30d, total: much}]", "must be a number"),
        ],
    )
    def test_a_wrong_order_is_told(self, orders: str, message: str) -> None:
        assert message in " ".join(self.failures(orders, "[]"))
