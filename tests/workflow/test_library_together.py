"""Workflows of the library that could contradict each other, together for one customer, whenever things happen."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.model.effects import Emit, Send
from tests.workflow.shop import START, Customer, euros, known
from tests.workflow.test_library import workflow_files

WIN_BACK, SUNSET, CART, BROWSE = (
    load_workflow(workflow_files(name)) for name in ("win-back", "sunset", "abandoned-cart", "browse-reminder")
)
ZONES = st.sampled_from(["Europe/Madrid", "America/Los_Angeles", "Asia/Tokyo"])
WEEK = timedelta(days=7)
LINE = {"title": "Mug", "product_id": "mug", "quantity": 1}
SHOPPING: dict[str, tuple[str, dict[str, Any]]] = {
    "mug": ("page.viewed", {"product_id": "mug", "title": "Mug"}),
    "pot": ("page.viewed", {"product_id": "pot", "title": "Teapot"}),
    "cart": ("cart.updated", {"cart_token": "c-1", "items": [LINE]}),
    "other cart": ("cart.updated", {"cart_token": "c-2", "items": [LINE]}),
    "checkout": ("checkout.started", {"checkout_token": "k-1", "items": [LINE], "total": euros("9.00")}),
}


def times(customer: Customer, *templates: str) -> list[datetime]:
    return [one.decided_at for one in customer.effects_of(Send) if one.template in templates]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 24 * 7), ZONES)
def test_whoever_has_bought_is_won_back_before_they_are_asked_to_go(hours: int, zone: str) -> None:
    bought = START + timedelta(hours=hours)
    facts = known(timezone=zone, orders_count=2, last_order_at=bought, last_seen_at=bought)
    customer = Customer(WIN_BACK, SUNSET, facts=facts, at=bought).waits("400d")
    [won_back] = [run for run in customer.runs if run.workflow == "win-back"]
    [asked] = times(customer, "still-interested")
    assert won_back.ended_at is not None
    assert won_back.ended_at < asked
    withdrawn = [one for one in customer.effects_of(Emit) if one.event.type == "consent.changed"]
    assert len(withdrawn) == 1
    assert customer.facts.contact.email_consent.state == "withdrawn"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 24 * 14), st.sampled_from(sorted(SHOPPING))), min_size=3, max_size=14), ZONES)
def test_whoever_leaves_carts_and_looks_at_articles_gets_one_series_a_week(
    happens: list[tuple[int, str]], zone: str
) -> None:
    customer = Customer(CART, BROWSE, facts=known(timezone=zone))
    for number, (hours, what) in enumerate(sorted(happens)):
        kind, data = SHOPPING[what]
        customer.does(kind, f"{hours}h{number}m", **data)
    customer.waits("60d")
    reminders, looks = times(customer, "reminder"), times(customer, "still-thinking")
    assert all(later - earlier >= WEEK for earlier, later in pairwise(reminders))
    assert all(later - earlier >= WEEK for earlier, later in pairwise(looks))
    assert not [look for look in looks for at in reminders if timedelta(0) <= look - at < WEEK]
