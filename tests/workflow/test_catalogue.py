"""What is known of products: folded from their events in any order, and filled in where other events leave it out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event, event_data
from relevo_contracts.payloads import EVENT_TYPES, Money, ProductChanged, StockChanged, Variant
from relevo_workflow import Product, ProductVariant, fold_product, products_named, with_catalogue
from relevo_workflow.testing.runner import SuiteResult, run_tests
from tests.workflow.shop import a_workflow, an_event

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FLOW = """
workflow: flow
title: Flow
change: ad-hoc
key: trigger.order_id
trigger: {event: order.placed, when: 'event.items.exists(i, "Tea" in i.categories)'}
steps:
  - wait: 1d
  - send: {channel: email, template: hello, purpose: transactional}
"""
TEST = """
given:
  start: 2026-03-10 10:00
  products:
    - {product_id: p-1, title: Green tea, categories: [Tea], url: "https://tea.example/p-1"}
  trigger: {event: order.placed, data: {order_id: "1", items: [{title: Leaves, product_id: PRODUCT}]}}
tests:
  - name: what the order leaves out is known
    expect: EXPECT
"""


def told(event_type: str, payload: Any, hours: int = 0) -> Event:
    return an_event(event_type, NOON + timedelta(hours=hours), key="prd_p1", **event_data(payload))


def folded(events: Sequence[Event]) -> Product:
    product: Product | None = None
    for event in events:
        product = fold_product(product, event)
    assert product is not None
    return product


def _price(amount: str) -> Money:
    return Money(amount, "EUR")


CREATED = told(
    "product.created",
    ProductChanged(
        product_id="p1",
        title="Tea",
        categories=["Tea"],
        vendor="Leaf",
        image_url="https://tea.example/p1.png",
        variants=[Variant(variant_id="v1", sku="S", price=_price("4.00"), available=3), Variant(variant_id="v2")],
    ),
)
UPDATED = told("product.updated", ProductChanged(product_id="p1", title="Green tea", tags=["new"]), 1)
PRICED = told("product.price_changed", ProductChanged(product_id="p1", variant_id="v1", price=_price("3.00")), 2)
SOLD_OUT = told("product.stock_changed", StockChanged(product_id="p1", variant_id="v1", available=0), 3)
DELETED = told("product.deleted", ProductChanged(product_id="p1"), 4)


def test_events_in_any_order_tell_the_same_price_stock_and_name() -> None:
    for events in permutations((UPDATED, PRICED, SOLD_OUT)):
        for place in range(4):
            product = folded([*events[:place], CREATED, *events[place:]])
            assert (product.title, product.told_at) == ("Green tea", UPDATED.time)
            variant = product.variant("v1", "")
            assert variant is not None
            assert (variant.price, variant.available, variant.in_stock) == (_price("3.00"), 0, False)
            if place == 0:
                assert (product.categories, product.vendor, product.tags) == (["Tea"], "Leaf", ["new"])


def test_a_deleted_product_is_kept_as_such_until_it_is_told_of_again() -> None:
    assert folded([CREATED, DELETED, UPDATED]).deleted_at == DELETED.time
    again = told("product.updated", ProductChanged(product_id="p1", title="Tea"), 5)
    assert folded([CREATED, DELETED, again]).deleted_at is None


def test_a_level_of_one_warehouse_says_nothing_of_the_whole() -> None:
    elsewhere = told(
        "product.stock_changed", StockChanged(product_id="p1", variant_id="v1", available=0, location="B"), 3
    )
    variant = folded([CREATED, elsewhere]).variant("v1", "")
    assert variant is not None
    assert variant.available == 3


def test_an_event_about_a_product_is_filled_in() -> None:
    product = folded([CREATED, PRICED])
    back = told("product.restocked", StockChanged(product_id="p1", variant_id="v1", available=5), 6)
    data = with_catalogue(back, {"p1": product}).data
    assert (data["title"], data["image_url"], data["price"]) == (
        *("Tea", "https://tea.example/p1.png", {"amount": "3.00", "currency": "EUR"}),
    )
    assert with_catalogue(back, {"p2": product}) is back


def test_what_the_event_says_itself_stays() -> None:
    line = {"title": "Leaves", "product_id": "p1", "categories": ["Sale"], "price": {"amount": "1", "currency": "EUR"}}
    event = an_event("cart.updated", NOON, cart_token="c", items=[line])
    filled = with_catalogue(event, {"p1": folded([CREATED])}).data["items"][0]
    assert filled == {**line, "image_url": "https://tea.example/p1.png", "vendor": "Leaf"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["items", "product_id", "variant_id", "sku", "title", "x"]), inner)
    ),
)


@given(st.sampled_from(sorted(EVENT_TYPES)), st.dictionaries(st.sampled_from(["items", "product_id", "sku"]), _JSON))
def test_whatever_the_data_is_filling_in_never_fails(event_type: str, data: dict[str, Any]) -> None:
    event = msgspec.structs.replace(CREATED, type=event_type, data=data)
    product = Product(product_id="p1", categories=["Tea"], variants=[ProductVariant(variant_id="v1")])
    known = dict.fromkeys([*products_named(event), "p1"], product)
    filled = with_catalogue(event, known)
    assert filled.data.keys() >= data.keys()


def _run(product: str, expect: str) -> SuiteResult:
    text = TEST.replace("PRODUCT", product).replace("EXPECT", expect)
    return run_tests(a_workflow(FLOW, "hello"), {"tests/a.yaml": text})


def test_a_test_gives_the_catalogue_of_its_shop() -> None:
    sent = "{sends: [{at: 2026-03-11 10:00, email: hello}]}"
    for product, expect in (("p-1", sent), ("p-2", "{sends: []}")):
        result = _run(product, expect)
        assert result.passed, (result.problems, result.results)


def test_a_wrong_catalogue_of_a_test_is_told_at_its_line() -> None:
    text = TEST.replace("title: Green tea", "titel: Green tea").replace("EXPECT", "{sends: []}")
    result = run_tests(a_workflow(FLOW, "hello"), {"tests/a.yaml": text})
    (problem,) = result.problems
    assert "product 1: 'titel' is not a field" in problem.message
    assert problem.position.line == 5
