"""Which categories a customer likes: in any order of the events, however often they come."""

from datetime import UTC, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_workflow.explain.explanation import condition
from relevo_workflow.model.effects import Send
from relevo_workflow.model.interests import HALF_LIFE, KEPT_VIEWS, MOST_INTERESTS, interests
from relevo_workflow.model.recommendations import Ranked
from relevo_workflow.model.state import Facts, ViewedDay
from relevo_workflow.runs.customer_merge import merge_facts
from relevo_workflow.runs.facts import fold_event
from tests.workflow.shop import START, Customer, a_workflow, an_event, known
from tests.workflow.test_recommendations import MORE, a_product, flow


def view(category: str, days: float = 0) -> Event:
    at = START + timedelta(days=days)
    return an_event("page.viewed", at, event_id=f"{category}{days}", category=category)


def order(name: str, *categories: str, days: float = 0) -> Event:
    items = [{"title": one, "product_id": one, "categories": [one]} for one in categories]
    return an_event("order.placed", START + timedelta(days=days), event_id=name, order_id=name, items=items)


def folded(*events: Event, views: bool = True) -> Facts:
    facts = Facts()
    for event in events:
        facts = fold_event(facts, event, whole=False, views=views)
    return facts


def test_a_look_fades_and_an_order_is_worth_three() -> None:
    facts = folded(
        view("Tea", days=-HALF_LIFE.days), view("Pots"), view("Pots", days=0.001), order("1", "Cups", "Cups")
    )
    shares = dict(interests(facts, START + timedelta(minutes=2)))
    assert shares == pytest.approx({"Cups": 3 / 4.5, "Pots": 1 / 4.5, "Tea": 0.5 / 4.5}, rel=1e-3)


def test_a_cancelled_order_a_page_of_no_category_and_shops_that_do_not_recommend_say_nothing() -> None:
    cancelled = an_event("order.cancelled", START + timedelta(hours=1), order_id="1")
    assert interests(folded(order("1", "Cups"), cancelled, view("")), START) == ()
    assert folded(view("Tea"), views=False).viewed == ()


views = st.lists(st.builds(view, st.sampled_from(["Tea", "Pots", "Cups"]), st.integers(-30, 30)), max_size=60)


@given(views, st.randoms(), st.integers(0, 60))
def test_in_any_order_again_and_of_two_customers_who_are_one_it_is_the_same(
    events: list[Event], mix: Random, cut: int
) -> None:
    once = folded(*events).viewed
    mixed = [*events, *events[:cut]]
    mix.shuffle(mixed)
    assert folded(*mixed).viewed == once
    assert merge_facts(folded(*events[:cut]), folded(*events[cut:]), "b", "a").viewed == once
    assert len(once) <= KEPT_VIEWS
    assert list(once) == sorted(once, key=lambda one: (one.day, one.category))


@given(views, st.integers(-60, 400))
def test_shares_are_of_one_whole_the_most_liked_first(events: list[Event], days: int) -> None:
    found = interests(folded(*events), START + timedelta(days=days))
    shares = [share for _, share in found]
    assert len(found) <= MOST_INTERESTS
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == (pytest.approx(1) if events else 0)


def test_the_message_asks_for_what_they_like_and_the_trace_says_so() -> None:
    facts = Facts(viewed=(ViewedDay(START.astimezone(UTC).date(), "Tea"),), contact=known().contact)
    customer = Customer(a_workflow(flow("{by: interest}"), **{"templates__more.yaml": MORE}), facts=facts)
    customer.simulation.products = {"b": a_product("b")}
    customer.simulation.rankings = {"interest": [Ranked("b", 0.5)]}
    customer.does("order.placed", order_id="o-1", items=[{"title": "A", "product_id": "a"}])
    (send,) = [one.effect for one in customer.simulation.effects if isinstance(one.effect, Send)]
    assert [one["title"] for one in send.context["recommendations"]] == ["B"]
    assert condition(customer.simulation.decisions[-1].trace[-1]) == (
        'send-more: recommend interest of interest: Tea (100%) is ["b"] (b = "interest 0.5")'
    )
