"""The lines of a mail add up to its total: items by their sums, then what was taken off and what came on top."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relevo_templates.formats import formats_of
from relevo_templates.items import item_rows, sum_rows

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
