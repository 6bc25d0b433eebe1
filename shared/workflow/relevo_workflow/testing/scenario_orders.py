"""The orders that a test gives its customer: what came before it begins."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from relevo_workflow.model.order_history import bounded
from relevo_workflow.model.state import KnownOrder, OrderLine
from relevo_workflow.syntax.diagnostics import suggestion

_FIELDS = ("at", "total", "currency", "product", "categories")
_EXAMPLE = 'orders: [{at: -30d, total: "40.00", currency: EUR, product: p-1, categories: [shoes]}]'


def read_orders(
    given: Any, currency: str, moment: Callable[[str], datetime], wrong: Callable[[str, str], None]
) -> dict[str, Any]:
    """The fields of the facts that `orders` of a customer give; `wrong` hears what is wrong with them.

    Their currency is the customer's; a customer without one has that of the first order.
    """
    if given is None:
        return {}
    if not isinstance(given, list) or not all(isinstance(one, dict) and "at" in one for one in given):
        wrong("'orders' of a customer must be a list of orders, each with 'at'", _EXAMPLE)
        return {}
    for name in dict.fromkeys(name for one in given for name in one if name not in _FIELDS):
        wrong(f"an order of a customer has no field '{name}'", suggestion(name, _FIELDS))
    first = currency or next((str(one["currency"]) for one in given if one.get("currency")), "")
    orders = [_order(f"given-{number}", one, first, moment, wrong) for number, one in enumerate(given)]
    return {"currency": first, **bounded(sorted(orders, key=lambda one: (one.at, one.id)), (), ())}


def _order(
    name: str,
    given: dict[str, Any],
    currency: str,
    moment: Callable[[str], datetime],
    wrong: Callable[[str, str], None],
) -> KnownOrder:
    total = str(given.get("total", "0"))
    try:
        valid = Decimal(total).is_finite()
    except InvalidOperation:
        valid = False
    if not valid:
        wrong(f"'total' of an order must be a number, but this is '{total}'", _EXAMPLE)
        total = "0"
    categories = given.get("categories", [])
    named = categories if isinstance(categories, list) else [categories]
    lines = (OrderLine(str(given.get("product", "")), tuple(map(str, named)), total),)
    at, own = moment(str(given["at"])).astimezone(UTC), str(given.get("currency", currency))
    return KnownOrder(name, at, total, own, lines=lines, placed=True)
