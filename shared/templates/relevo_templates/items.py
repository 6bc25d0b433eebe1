"""The list that a layout shows as a table, made of whatever list the data has."""

from collections.abc import Iterator, Mapping
from typing import Any

from relevo_templates.addresses import web_address
from relevo_templates.characters import printable
from relevo_templates.formats import Formats


def item_rows(found: Any, formats: Formats) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """A row for each item that can be shown, and notes about the others.

    An element that is mere text is its title. An odd field of an item is empty and costs the row nothing else.
    """
    if found is None or found == "":
        return [], ()
    if not isinstance(found, list | tuple):
        return [], ("the items are not a list, so they were left out",)
    rows = list(_rows(found, formats))
    odd = len(found) - len(rows)
    return rows, (f"{odd} of {len(found)} items have no title and were left out",) if odd else ()


def _rows(found: list[Any] | tuple[Any, ...], formats: Formats) -> Iterator[dict[str, Any]]:
    for item in found:
        record = item if isinstance(item, Mapping) else {"title": item}
        row = {
            "title": _text(record.get("title")),
            "variant": _text(record.get("variant")),
            "quantity": _quantity(record.get("quantity", 1)),
            "price": money_or_nothing(record.get("price"), formats),
            "image_url": web_address(_text(record.get("image_url"))),
            "url": web_address(_text(record.get("url"))),
            "sku": _text(record.get("sku")),
        }
        if row["title"] or row["sku"]:
            yield row


def money_or_nothing(value: Any, formats: Formats) -> str:
    """An amount as text; nothing for what is no amount."""
    try:
        return formats.money(value)
    except ValueError:
        return ""


def at(context: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path (`trigger.items`); `None` if there is nothing."""
    value: Any = context if path else None
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return printable(value if isinstance(value, str) else f"{value:.15g}")


def _quantity(value: Any) -> int | float | str:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else _text(value) or 1
