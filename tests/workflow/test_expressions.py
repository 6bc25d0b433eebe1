"""Conditions: what they see, what an absent field is, what a failure does, what the trace tells."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cel_expr_python import cel
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.payloads import EVENT_TYPES
from relevo_workflow.expressions.compilation import ExpressionCompiler
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.expressions.field_paths import find_paths
from relevo_workflow.expressions.plain_conditions import plain_condition
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.expressions.shapes import event_shape, run_shape
from relevo_workflow.model.decision import Check
from relevo_workflow.model.state import Run, Shop
from relevo_workflow.syntax.diagnostics import Position, Problems
from relevo_workflow.syntax.yaml_source import Node
from tests.workflow.shop import START, an_event, euros, known

NAMES = TypeEnvironment(("checkout.started",), ("checkout.started",), run_shape({"order": event_shape("order.placed")}))
DATA: dict[str, Any] = {
    "customer": {"email": "ana@example.com"},
    "checkout_token": "t1",
    "total": euros("12.50"),
    "items": [{"title": "Mug", "quantity": 2}, {"title": "Bowl"}],
    "completed_at": "2026-03-10T09:00:00Z",
}


def compiled(text: str, environment: TypeEnvironment = NAMES) -> Expression:
    problems = Problems()
    expression = ExpressionCompiler(problems).compile(text, Node(Position("w.yaml", 3, 9), text, text), environment)
    assert expression is not None, problems.found
    return expression


def check(text: str, data: dict[str, Any] | None = None, **facts: Any) -> Check:
    event = an_event("checkout.started", START, **(DATA if data is None else data))
    run = Run(
        id="r",
        workflow="w",
        version="v",
        key="t1",
        customer="ana",
        started_at=START,
        at=START,
        trigger=event.data,
        trigger_type=event.type,
        trigger_id=event.id,
        trigger_at=START,
        saved={"order": {"order_id": "o1", "total": euros("3.00")}},
    )
    scope = Scope(
        event=event, run_state=run, facts=known(**facts), shop_state=Shop(id="casa-luna", name="Casa Luna"), now=START
    )
    return compiled(text).evaluate(scope)


SEEN = [
    ("event.total.amount", 12.5),
    ('event.total.currency == "EUR"', True),
    ("event.total.amount > 10.0 && event.total.amount < 20.0", True),
    ("event.completed_at < now", True),
    ("event.completed_at == null", False),
    ("has(event.completed_at)", True),
    ("has(event.cart_token)", False),
    ("event.time == now", True),
    ('event.type == "checkout.started"', True),
    ("event.items.exists(item, item.quantity > 1.0)", True),
    ("event.items.all(item, item.price == null)", True),
    ("event.items.map(item, item.title)", ["Mug", "Bowl"]),
    ("size(event.items)", 2),
    ("event.items[1].quantity", 1),
    ("trigger.checkout_token == event.checkout_token", True),
    ("run.order.total.amount", 3.0),
    ("run.key", "t1"),
    ('shop.name == "Casa Luna"', True),
    ('customer.email.endsWith("@example.com")', True),
    ('customer.email_consent == "granted"', True),
    ("customer.orders_count >= 2 && customer.total_spent > 99.0", True),
    ('"vip" in customer.tags', True),
    ('customer.attributes.tier == "gold"', True),
    ('customer.attributes["tier"] == "gold"', True),
    ('customer.attributes.nothing == ""', True),
    ("customer.attributes.points > 100", True),
    ("customer.attributes.points == 120 && customer.attributes.points + 5 == 125", True),
    ("customer.attributes.vip", True),
    ("customer.attributes.plan.level == 2", True),
    ('"tea" in customer.attributes.likes', True),
    ("has(customer.attributes.points) && !has(customer.attributes.nothing)", True),
    ("customer.last_order_at < now - days(30)", True),
    ("customer.first_order_at == null", True),
    ('customer.first_name == "" ? "friend" : customer.first_name', "friend"),
    ('"a".upperAscii()', "A"),
]


@pytest.mark.parametrize(("text", "value"), SEEN)
def test_what_an_expression_sees(text: str, value: object) -> None:
    found = check(
        text,
        orders_count=2,
        total_spent="99.50",
        tags=["vip"],
        attributes={"tier": "gold", "points": 120, "vip": True, "plan": {"level": 2}, "likes": ["tea"]},
        last_order_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert (found.value, found.error) == (value, "")


ABSENT = [
    ("event.total.amount", 0.0),
    ("event.total == null", True),
    ("event.items.size()", 0),
    ('event.checkout_token == ""', True),
    ("event.completed_at == null", True),
    ("event.customer.email_marketing", False),
    ('event.customer.email == ""', True),
]


@pytest.mark.parametrize(("text", "value"), ABSENT)
def test_an_absent_field_is_the_empty_value_of_its_kind(text: str, value: object) -> None:
    found = check(text, data={"customer": {}})
    assert (found.value, found.error) == (value, "")


def test_a_failure_makes_a_condition_false_and_is_told() -> None:
    text = "event.items[7].quantity > 1.0"
    trace: list[Check] = []
    event = an_event("checkout.started", **DATA)
    run = Run(id="r", workflow="w", version="v", key="k", customer="c", started_at=START, at=START)
    scope = Scope(event=event, run_state=run, facts=known(), shop_state=Shop(id="s"), now=START)
    assert compiled(text).holds(scope, "trigger", trace) is False
    assert trace[0].value is None
    assert "index" in trace[0].error.lower()


def test_the_trace_has_the_fields_that_were_read() -> None:
    found = check("event.total.amount > 10.0 && has(event.cart_token) && event.items.size() > 0")
    assert found.fields == {"event.total.amount": 12.5, "has(event.cart_token)": False, "event.items": "2 items"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("size(event.items) > 1 && now > timestamp('2020-01-01T00:00:00Z')", True),
        ("event.items.size() == 2 || now < timestamp('2020-01-01T00:00:00Z')", True),
        ("size(event.items) == 2 && event.items.exists(one, one.title == 'Bowl')", True),
        ("event.items.all(one, size(one.title) > 2) && size(event.items) > 2", False),
    ],
)
def test_a_list_is_told_by_its_size_whatever_else_is_asked_of_it(text: str, holds: bool) -> None:
    found = check(text)
    assert (found.value, found.fields["event.items"], found.error) == (holds, "2 items", "")


def test_fields_inside_a_loop_are_not_fields_of_the_event() -> None:
    roots = {"event": event_shape("checkout.started")}
    found = find_paths('event.items.exists(i, i.title == "event.total") && event . checkout_token != ""', roots)
    assert [path.text for path in found] == ["event.items", "event.checkout_token"]


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    problems = Problems()
    compiled = ExpressionCompiler(problems).compile(text, Node(Position("w.yaml"), text, text), NAMES)
    assert (compiled is None) == bool(problems.errors)


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_every_field_of_every_event_can_be_named(event_type: str) -> None:
    names = TypeEnvironment((event_type,), (event_type,), run_shape({}))
    for field in event_shape(event_type).fields:
        assert compiled(f"event.{field} == trigger.{field}", names).by_event


VARIABLES = {
    "a": "STRING",
    "b": "STRING",
    "n": "INT",
    "m": "INT",
    "x": "DOUBLE",
    "y": "DOUBLE",
    "p": "BOOL",
    "q": "BOOL",
    "l": "LIST",
}
texts = st.sampled_from(["", "t1", "t2", "a b", "é"])
operands = st.one_of(
    st.tuples(st.sampled_from(["a", "b", '"t1"', "'a b'"]), st.just("STRING")),
    st.tuples(st.sampled_from(["n", "m", "0", "3"]), st.just("INT")),
    st.tuples(st.sampled_from(["x", "y", "0.0", "2.5"]), st.just("DOUBLE")),
)
terms = st.one_of(
    st.sampled_from(["p", "!p", "q", "! q"]),
    st.tuples(operands, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), operands)
    .filter(lambda one: one[0][1] == one[2][1])
    .map(lambda one: f"{one[0][0]} {one[1]} {one[2][0]}"),
    st.tuples(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.integers(0, 3)).map(
        lambda one: f"size(l) {one[0]} {one[1]}"
    ),
)


conditions = st.recursive(
    terms,
    lambda inner: st.tuples(st.sampled_from([" && ", " || "]), st.lists(inner, min_size=2, max_size=3)).map(
        lambda one: "(" + one[0].join(one[1]) + ")"
    ),
    max_leaves=6,
)


@given(
    st.lists(conditions, min_size=1, max_size=4).flatmap(
        lambda found: st.lists(st.sampled_from([" && ", " || "]), min_size=len(found), max_size=len(found)).map(
            lambda signs: "".join(part for pair in zip(found, signs, strict=True) for part in pair)[:-4]
        )
    ),
    st.tuples(
        texts,
        texts,
        st.integers(-1, 4),
        st.integers(-1, 4),
        st.sampled_from([0.0, 2.5, -1.0]),
        st.sampled_from([0.0, 2.5]),
        st.booleans(),
        st.booleans(),
        st.lists(st.dictionaries(st.just("title"), texts), max_size=3),
    ),
)
def test_plain_conditions_mean_what_cel_means(text: str, values: tuple[object, ...]) -> None:
    condition = plain_condition(text, VARIABLES)
    assert condition is not None
    types = {name: cel.Type.DYN if kind == "LIST" else getattr(cel.Type, kind) for name, kind in VARIABLES.items()}
    env = cel.NewEnv(variables=types)
    given_values = dict(zip(VARIABLES, values, strict=True))
    assert condition(values) is env.compile(text).eval(data=given_values).value()


@pytest.mark.parametrize(
    "text",
    [
        "a + b == a || p",
        "(a == b) == (a != b)",
        "(a == b) == (p || q)",
        "!(a == b)",
        "a = = b",
        "a + b == a",
        "n == 3u",
        "a == 'x\\\\n'",
        "p == q",
        "a == r'x'",
        "size(a) > 1",
        "size(l) > n",
        "size(l) > 1.0",
        "size(l) > = 1",
        "size(l)",
        "n > -1",
    ],
)
def test_all_else_is_left_to_cel(text: str) -> None:
    assert plain_condition(text, VARIABLES) is None


@pytest.mark.parametrize(
    ("items", "text"),
    [
        (10_001, "event.items.all(i, i.quantity >= 0.0)"),
        (140, "event.items.all(i, event.items.exists(j, j.title == i.title && j.quantity >= 0.0))"),
    ],
)
def test_a_condition_beyond_the_budget_of_cel_does_not_hold_and_says_so(items: int, text: str) -> None:
    many = {**DATA, "items": [{"title": f"Mug {n}", "quantity": 1} for n in range(items)]}
    found = check(text, many)
    assert found.value is not True
    assert found.error


def test_a_field_that_can_not_be_read_is_an_error_of_its_condition_alone() -> None:
    found = check("event.total.amount > 10.0", {**DATA, "total": {"amount": ["no", "text"]}})
    assert found.value is not True
    assert found.error
