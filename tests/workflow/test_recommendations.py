"""What a message recommends: checked when it is written, chosen of what is offered, told in the trace."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_workflow.explain.explanation import condition
from relevo_workflow.model.catalogue import Product, ProductVariant
from relevo_workflow.model.effects import Send
from relevo_workflow.model.recommendations import (
    Ranked,
    Rankings,
    Recommend,
    RecommendationSource,
    as_item,
    can_be_bought,
    choose,
)
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.testing.scenario import read_scenarios
from tests.workflow.shop import Customer, a_workflow, known, problems_of

FLOW = """
workflow: flow
trigger: {{event: order.placed}}
steps:
  - send: {{channel: email, template: more, purpose: transactional{recommend}}}
"""
MORE = """
channel: email
layout: message
items: recommendations
en: {subject: Hello, heading: Hello, body: ["{% for one in recommendations %}{{ one.title }} {% endfor %}"]}
"""
SOURCES: tuple[RecommendationSource, ...] = get_args(RecommendationSource)
NAMES = st.sampled_from(["a", "b", "c", "d", "e", "f"])


def flow(recommend: str) -> str:
    return FLOW.format(recommend=f", recommend: {recommend}" if recommend else "")


@pytest.mark.parametrize(
    ("recommend", "message", "advice"),
    [
        ("{of: trigger.itmes}", "trigger has no field 'itmes'", "did you mean 'items'?"),
        ("{of: trigger.total.amount}", "a list or text is needed", ""),
        ("{by: [also_bought]}", "'also_bought' needs products that it goes with", "of: trigger.items"),
        (
            "{categories: '[\"Tea\"]', by: also_bought}",
            "'also_bought' needs products that it goes with",
            "of: trigger.items",
        ),
        ("{categories: trigger.total.amount}", "a list or text is needed", ""),
        ("{of: trigger.items, by: [also_buoght]}", "there is no recommendation by 'also_buoght'", "did you mean"),
        ("{of: trigger.items, by: [related, related]}", "'related' is there twice", ""),
        ("{most: 13}", "a message recommends 12 products at most", "most: 12"),
        ("{most: 2, least: 3}", "'least' is more than 'most'", "least: 2"),
        ("{mots: 2}", "'recommend' has no field 'mots'", "did you mean 'most'?"),
        ("", "'more' shows 'recommendations', and this step has none", "recommend: {of: trigger.items"),
    ],
)
def test_what_is_wrong_with_a_recommendation_is_told(recommend: str, message: str, advice: str) -> None:
    (problem, *_) = problems_of(flow(recommend), **{"templates__more.yaml": MORE})
    assert message in problem.message
    assert advice in problem.help


def test_a_template_that_shows_nothing_and_a_text_that_is_no_message_are_told() -> None:
    unseen = problems_of(flow("{of: trigger.items}").replace("more", "hello"), "hello")
    assert [one.message for one in unseen] == ["'hello' does not show 'recommendations'"]
    sets = 'steps: [{set: {attributes: {n: "{{ recommendations.size }}"}}}]'
    steps = f"workflow: flow\ntrigger: {{event: order.placed}}\n{sets}\n"
    assert [one.message for one in problems_of(steps)] == ["only the texts of messages have 'recommendations'"]


def a_product(name: str, **more: object) -> Product:
    return msgspec.convert({"product_id": name, "title": name.upper(), **more}, Product)


def asks(recommend: str, rankings: Rankings, **products: Product) -> Customer:
    customer = Customer(a_workflow(flow(recommend), **{"templates__more.yaml": MORE}), facts=known())
    customer.simulation.products, customer.simulation.rankings = products, rankings
    return customer.does("order.placed", order_id="o-1", items=[{"title": "A", "product_id": "a"}])


def test_the_message_has_the_products_and_the_trace_says_why_these() -> None:
    rankings: Rankings = {"also_bought": [Ranked("b", 0.4), Ranked("a", 0.9)], "best_sellers": [Ranked("c", 12)]}
    customer = asks("{of: trigger.items}", rankings, a=a_product("a"), b=a_product("b"), c=a_product("c"))
    (send,) = [one.effect for one in customer.simulation.effects if isinstance(one.effect, Send)]
    assert [one["title"] for one in send.context["recommendations"]] == ["B", "C"]
    assert send.recommend is None
    assert condition(customer.simulation.decisions[-1].trace[-1]) == (
        "send-more: recommend also_bought, related, best_sellers for a is "
        '["b","c"] (b = "also_bought 0.4", c = "best_sellers 12")'
    )


def test_with_too_few_the_message_is_not_sent_and_the_trace_says_so() -> None:
    customer = asks("{of: trigger.items, least: 2}", {"related": [Ranked("b")]}, b=a_product("b"))
    assert customer.messages == []
    assert "1 of at least 2 products are left to recommend: 'more' is not sent" in condition(
        customer.simulation.decisions[-1].trace[-1]
    )
    assert asks("{least: 0}", {}).messages == [("more", "0m")]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"title": ""}, False),
        ({"status": "draft"}, False),
        ({"status": "ACTIVE"}, True),
        ({"in_stock": False}, False),
        ({"deleted_at": "2026-03-01T00:00:00Z"}, False),
        ({"variants": [{"available": 0}, {"in_stock": False}]}, False),
        ({"variants": [{"available": 0}, {"available": 2}]}, True),
        ({"in_stock": False, "variants": [{"available": 2}]}, False),
    ],
)
def test_what_can_be_bought(more: dict[str, object], *, expected: bool) -> None:
    assert can_be_bought(a_product("a", **more)) is expected


products = st.builds(
    Product,
    product_id=NAMES,
    title=st.sampled_from(["", "A"]),
    status=st.sampled_from(["", "active", "draft", "archived"]),
    in_stock=st.sampled_from([None, True, False]),
    variants=st.lists(st.builds(ProductVariant, available=st.integers(0, 2)), max_size=2),
)
rankings_of = st.dictionaries(st.sampled_from(SOURCES), st.lists(st.builds(Ranked, NAMES), max_size=8))
wanted_of = st.builds(
    Recommend,
    of=st.lists(NAMES, max_size=2).map(tuple),
    sources=st.permutations(SOURCES).map(tuple),
    most=st.integers(1, 5),
    without=st.frozensets(NAMES, max_size=3),
)


@given(wanted=wanted_of, rankings=rankings_of, given_products=st.lists(products, max_size=6))
def test_nothing_is_recommended_that_they_have_or_can_not_buy(
    wanted: Recommend, rankings: Rankings, given_products: list[Product]
) -> None:
    by_id = {one.product_id: one for one in given_products}
    found = choose(wanted, rankings, by_id)
    names = [one.product.product_id for one in found]
    assert len(names) == len(set(names)) <= wanted.most
    assert not {*names} & {*wanted.of, *wanted.without}
    assert all(can_be_bought(one.product) for one in found)
    assert [wanted.sources.index(one.source) for one in found] == sorted(
        wanted.sources.index(one.source) for one in found
    )
    assert choose(wanted, rankings, by_id) == found


@given(st.text(min_size=1), st.text())
def test_an_item_is_bounded_json(title: str, url: str) -> None:
    item = as_item(Product(product_id="a", title=title * 1000, url=url * 1000, categories=[title] * 100))
    assert len(item.get("categories", [])) <= 5
    assert len(item["title"]) <= 300
    assert msgspec.json.decode(msgspec.json.encode(item)) == item


def test_what_a_test_offers_is_checked() -> None:
    problems = Problems()
    text = """
given: {start: 2026-03-10 10:00, products: [{product_id: a, title: A}]}
tests:
  - {name: one, recommendations: {also_buoght: [a]}, expect: {runs: 0}}
  - {name: two, recommendations: {related: [b]}, expect: {runs: 0}}
  - {name: three, recommendations: {related: a}, expect: {runs: 0}}
"""
    assert read_scenarios("tests/a.yaml", text, problems) == []
    assert [one.message for one in problems.errors] == [
        "there is no recommendation by 'also_buoght'",
        "'related' offers 'b', which is not among the 'products'",
        "'related' must be a list of ids of products",
    ]
