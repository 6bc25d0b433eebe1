"""The lines of a mail add up to its total: items by their sums, then what was taken off and what came on top."""

import re
from decimal import Decimal
from typing import Any

import pytest

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
