"""The list that a layout shows as a table, made of whatever list the data has."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from relevo_templates.addresses import web_address
from relevo_templates.characters import printable
from relevo_templates.formats import MAPPINGS, Formats, number_of

AMOUNTS = ("discount", "shipping", "fees", "tax")
"""The amounts between the items and the total, in the order in which they are shown."""
SUMS = (*AMOUNTS, "taxes_included")
"""The fields that `sum_rows` reads beside a total."""


def item_rows(
    found: Any, formats: Formats, *, before_discounts: bool = False, counted: bool = True
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """A row for each item that can be shown, and notes about the others.

    An element that is mere text is its title. An odd field of an item is empty and costs the row nothing else.
    `before_discounts`, items cost what they did before their own discounts: `total_discount_covers_items`.
    Where they are not `counted`, as what nobody has bought yet, `quantity` is none.
    """
    if found is None or found == "":
        return [], ()
    if not isinstance(found, list | tuple):
        return [], ("the items are not a list, so they were left out",)
    rows = list(_rows(found, formats, before_discounts=before_discounts))
    rows = rows if counted else [{**row, "quantity": None} for row in rows]
    malformed = len(found) - len(rows)
    return rows, (f"{malformed} of {len(found)} items have no title and were left out",) if malformed else ()


def _rows(found: list[Any] | tuple[Any, ...], formats: Formats, *, before_discounts: bool) -> Iterator[dict[str, Any]]:
    for item in found:
        record = item if isinstance(item, MAPPINGS) else {"title": item}
        row = {
            "title": _text(record.get("title")),
            "variant": _text(record.get("variant")),
            "quantity": _quantity(record.get("quantity", 1), formats),
            "price": money_or_nothing(record.get("price"), formats),
            "sum": _line_sum(record, formats, before_discounts=before_discounts),
            "image_url": web_address(_text(record.get("image_url"))),
            "url": web_address(_text(record.get("url"))),
            "sku": _text(record.get("sku")),
        }
        if row["title"] or row["sku"]:
            yield row


def sum_rows(context: Mapping[str, Any], total: str, formats: Formats) -> list[dict[str, str]]:
    """What lies between the items and the total at the path `total`: `name` (a word of the layout) and `amount`.

    They stand beside the total in the data. A discount is taken off; a tax that the prices hold already says so.
    """
    beside = at(context, total.rpartition(".")[0])
    if not total or not isinstance(beside, MAPPINGS):
        return []
    rows = []
    for name in AMOUNTS:
        amount = _amount_of(beside.get(name))
        shown = money_or_nothing(beside.get(name), formats) if amount else ""
        if shown:
            included = name == "tax" and beside.get("taxes_included") is True
            row = {"name": f"{name}_included" if included else name, "amount": shown}
            rows.append(row | ({"amount": f"\N{MINUS SIGN}{shown}"} if name == "discount" else {}))
    return rows


def total_discount_covers_items(context: Mapping[str, Any], total: str, found: Any) -> bool:
    """Whether the discount that `sum_rows` shows holds those of the items, which must not be taken off twice."""
    if not total or not isinstance(found, list | tuple):
        return False
    of_items = sum((_amount_of(one.get("discount")) for one in found if isinstance(one, MAPPINGS)), Decimal(0))
    if of_items <= 0:
        return False
    beside = at(context, total.rpartition(".")[0])
    return isinstance(beside, MAPPINGS) and _amount_of(beside.get("discount")) >= of_items


def _line_sum(record: Mapping[str, Any], formats: Formats, *, before_discounts: bool) -> str:
    """What a line costs: its own total, else its price times its quantity; empty where that is not known."""
    if own := _amount_of(record.get("total")):
        discount = _amount_of(record.get("discount")) if before_discounts else Decimal(0)
        whole = {**record["total"], "amount": format(own + discount, "f")} if discount else record["total"]
        return money_or_nothing(whole, formats)
    price, quantity = record.get("price"), record.get("quantity", 1)
    if not isinstance(price, MAPPINGS) or not _is_numeric(quantity):
        return money_or_nothing(price, formats)
    amount = price.get("amount")
    amount = str(amount) if isinstance(amount, Decimal) else amount  # a signalling NaN can't be hashed
    sum_ = _multiplied(amount, quantity) if type(amount) in _HASHABLE else ""
    return money_or_nothing({"amount": sum_, "currency": price.get("currency")} if sum_ else price, formats)


_HASHABLE = frozenset((str, int, float))


@lru_cache(maxsize=20_000, typed=True)  # as the amounts themselves, the same come again and again
def _multiplied(amount: str | float, quantity: float) -> str:
    """So many times an amount; empty if one of them is not a number, or if it is nothing."""
    single, times = _number(amount), _number(quantity)
    return format(single * times, "f") if single and times is not None else ""


def _amount_of(value: Any) -> Decimal:
    """The number in an amount of money; nothing for what is not an amount."""
    if value is None:  # most items have no discount, and to ask an abstract class of it costs more than the rest
        return Decimal(0)
    return (_number(value.get("amount")) if isinstance(value, MAPPINGS) else None) or Decimal(0)


def _number(value: Any) -> Decimal | None:
    try:
        return number_of(value)
    except ValueError:
        return None


def _is_numeric(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def money_or_nothing(value: Any, formats: Formats) -> str:
    """An amount as text; nothing for what is not an amount."""
    try:
        return formats.money(value)
    except ValueError:
        return ""


def at(context: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path (`trigger.items`); `None` if there is nothing."""
    value: Any = context if path else None
    for name in path.split("."):
        value = value.get(name) if isinstance(value, MAPPINGS) else None
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return printable(value)
    number = _number(value) if _is_numeric(value) else None
    return "" if number is None else f"{value:.15g}"


def _quantity(value: Any, formats: Formats) -> int | str | None:
    """How many, as its reader writes it: 2, not 2.0; 2,5 m of linen in Spain.

    `None` where there is no saying, as of what somebody only looked at: an item says so by null.
    """
    if value is None:
        return None
    if not _is_numeric(value) or _number(value) is None:
        return _text(value) or 1
    return value if isinstance(value, int) else int(value) if value.is_integer() else formats.number(value)
