"""The lines of a mail add up to its total: items by their sums, then what was taken off and what came on top."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relevo_templates.formats import formats_of
from relevo_templates.items import item_rows, sum_rows, total_discount_covers_items

ENGLISH = formats_of("en", "UTC")


def dollars(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


ORDER: dict[str, Any] = {
    "items": [
        {"title": "Mug", "quantity": 2, "price": dollars("24.50")},
        {"title": "Linen", "quantity": 2.5, "price": dollars("10.00"), "unit": "m"},
        {"title": "Bowl", "quantity": 1, "price": dollars("12.00"), "total": dollars("11.00")},
    ],
    "discount": dollars("8.00"),
    "shipping": dollars("5.90"),
    "tax": dollars("4.00"),
    "total": dollars("86.90"),
}


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[^0-9.\-]", "", text.replace("\N{MINUS SIGN}", "-")))


def test_the_lines_of_a_mail_add_up_to_its_total() -> None:
    context = {"trigger": ORDER}
    items, notes = item_rows(ORDER["items"], ENGLISH)
    sums = sum_rows(context, "trigger.total", ENGLISH)
    assert notes == ()
    assert [one["name"] for one in sums] == ["discount", "shipping", "tax"]
    shown = sum(number(one["sum"]) for one in items) + sum(number(one["amount"]) for one in sums)
    assert shown == Decimal(ORDER["total"]["amount"])


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(2, 9_000), st.integers(0, 9_000)), min_size=1), st.data())
def test_a_discount_that_the_items_hold_is_taken_off_once(
    lines: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    """Shops say what a line costs after its share of a coupon, and beside it what the coupon took off in all."""
    items: list[dict[str, Any]] = []
    discount = Decimal(0)
    for quantity, price, share in lines:
        off = min(Decimal(share), Decimal(quantity * price - 1)) / 100
        after = dollars(f"{Decimal(quantity * price) / 100 - off}")
        items.append({"title": "Mug", "quantity": quantity, "total": after, "discount": dollars(str(off))})
        discount += off
    beyond = Decimal(data.draw(st.integers(0, 500))) / 100  # taken off the order, and off none of its items
    whole = sum(Decimal(one["total"]["amount"]) for one in items) - beyond
    context = {"order": {"items": items, "discount": dollars(str(discount + beyond)), "total": dollars(str(whole))}}
    told_below = total_discount_covers_items(context, "order.total", items)
    rows, _ = item_rows(items, ENGLISH, before_discounts=told_below)
    sums = sum_rows(context, "order.total", ENGLISH)
    assert told_below == (discount > 0)
    assert sum(number(one["sum"]) for one in rows) + sum(number(one["amount"]) for one in sums) == whole


def test_items_that_are_cheaper_without_a_discount_below_cost_what_they_cost() -> None:
    item = {"title": "Mug", "total": dollars("9.00"), "discount": dollars("1.00")}
    for order in ({}, {"discount": None}, {"discount": dollars("0.50")}, "text", None):
        assert not total_discount_covers_items({"trigger": order}, "trigger.total", [item])
    for odd in (None, "text", [], [None, "text"], [{"discount": "1"}]):
        assert not total_discount_covers_items({"trigger": ORDER}, "trigger.total", odd)
    [row], _ = item_rows([item], ENGLISH)
    assert row["sum"] == "$9.00"


def test_a_tax_that_the_prices_hold_is_told_as_such() -> None:
    sums = sum_rows({"trigger": {**ORDER, "taxes_included": True}}, "trigger.total", ENGLISH)
    assert [one["name"] for one in sums] == ["discount", "shipping", "tax_included"]


@pytest.mark.parametrize(
    "order",
    [
        {}, {"discount": None}, {"discount": dollars("0.00")}, {"shipping": "5"}, {"tax": {"amount": "NaN"}},
        {"tax": {"amount": "x", "currency": "USD"}}, {"fees": []}, "text", None, [],
    ],
)  # fmt: skip
def test_what_is_no_amount_or_nothing_has_no_line(order: Any) -> None:
    assert sum_rows({"trigger": order}, "trigger.total", ENGLISH) == []
    assert sum_rows({"trigger": order}, "", ENGLISH) == []


ODD_NUMBERS = st.one_of(
    st.sampled_from(
        ["1e9999999", "-1e9999999", "1e-9999999", "0e9999999", "9" * 5000, 10**400, -(10**5000), "NaN", "sNaN"]
    ),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=5),
    st.none(),
    st.booleans(),
    st.lists(st.integers(), max_size=1),
)


@given(ODD_NUMBERS, ODD_NUMBERS, ODD_NUMBERS, ODD_NUMBERS)
@example(10**13, 10**13, None, None)
@example(10**13, 10**11, None, None)
def test_an_odd_number_costs_itself_and_neither_the_row_nor_the_others(
    price: Any, quantity: Any, total: Any, title: Any
) -> None:
    odd = {"title": title, "quantity": quantity, "price": {"amount": price, "currency": "USD"}}
    [good, *others] = item_rows([ORDER["items"][0], odd, odd | {"total": total, "sku": "x"}], ENGLISH)[0]
    assert good["sum"] == "$49.00"
    assert others[-1]["sku"] == "x"
    assert all(len(row["price"]) < 100 and len(row["sum"]) < 100 for row in others)
    beside = ORDER | {"discount": {"amount": price, "currency": "USD"}}
    assert [one["name"] for one in sum_rows({"trigger": beside}, "trigger.total", ENGLISH)][-2:] == ["shipping", "tax"]


@pytest.mark.parametrize("amount", ["1e9999999", "1e-9999999", "9" * 5000])
def test_a_price_that_no_price_can_be_is_left_out(amount: str) -> None:
    [row], _ = item_rows([{"title": "Mug", "quantity": 2, "price": dollars(amount)}], ENGLISH)
    assert (row["title"], row["price"], row["sum"]) == ("Mug", "", "")
