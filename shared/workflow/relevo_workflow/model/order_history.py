"""The customer's orders as far as windows of time look into them: kept once each, in any order of arrival, bounded.

The newest orders are kept whole; older ones are added up by day, and go when no window reaches them any more. Digests
tell which were added up, the newest 5,000, so that an import that runs again counts nothing twice.
"""

from bisect import insort
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, Literal

from msgspec import Struct, structs

from relevo_contracts.parts import Item, Money
from relevo_workflow.model.digests import digest_of
from relevo_workflow.model.state import Facts, KnownOrder, OrderDay, OrderLine

LONGEST_WINDOW = timedelta(days=730)
KEPT_WHOLE = 100
KEPT_LINES = 600
KEPT_DIGESTS = 5000
_LINES_OF_ONE = 200
_CATEGORIES = 20
_REFUNDS = 20
Measure = Literal["count", "total"]


class OrderChange(Struct, frozen=True):
    """What an event says of an order here. `kind` is what happened to it; `id` tells two refunds of it apart."""

    kind: Literal["placed", "cancelled", "refunded"]
    order_id: str
    id: str = ""
    total: Money | None = None
    items: Sequence[Item] = ()


def with_order(facts: Facts, change: OrderChange, at: datetime) -> dict[str, Any]:
    """What changes in the facts: the same change again, or in another order, comes to the same."""
    known = next((one for one in facts.orders if one.id == change.order_id), None)
    if not change.order_id or (known is None and _added_up(facts, change.order_id)):
        return {}
    at = at.astimezone(UTC)  # so that a day is a day wherever its orders are added up
    order = _applied(known or KnownOrder(change.order_id, at), change, at)
    if order == known:
        return {}
    rest = [one for one in facts.orders if one is not known]
    insort(rest, order, key=_by_time)
    return bounded(rest, facts.order_days, facts.orders_added)


def was_placed(facts: Facts, order_id: str) -> bool:
    """Whether the order was seen before, as far as that is known."""
    if order_id in facts.order_ids or any(one.id == order_id and one.placed for one in facts.orders):
        return True
    return bool(facts.orders_added) and digest_of(order_id) in facts.orders_added


def bounded(orders: Sequence[KnownOrder], days: Sequence[OrderDay], added: Sequence[str]) -> dict[str, Any]:
    """`orders`, `order_days`, `orders_added` of the facts, within their limits; `orders` come in the order of time."""
    old, lines = 0, sum(len(one.lines) for one in orders)
    while len(orders) - old > KEPT_WHOLE or (lines > KEPT_LINES and old < len(orders) - 1):
        lines -= len(orders[old].lines)
        old += 1
    kept = list(days)
    for order in orders[:old]:
        kept = _with_day(kept, order)
    reach = orders[-1].at - LONGEST_WINDOW if orders and kept else None
    reached = [one for one in kept if reach is None or one.at > reach]
    digests = dict.fromkeys((*added, *(digest_of(order.id) for order in orders[:old])))
    return {
        "orders": tuple(orders[old:]),
        "order_days": tuple(sorted(reached, key=_by_day)),
        "orders_added": tuple(digests)[-KEPT_DIGESTS:],
    }


def merge_orders(kept: Facts, other: Facts) -> dict[str, Any]:
    """The orders of two customers who are one."""
    mine = {one.id for one in kept.orders}
    added = tuple(dict.fromkeys((*other.orders_added, *kept.orders_added)))
    known = {one.id for one in (*kept.orders, *other.orders) if digest_of(one.id) in added}
    orders = sorted((*kept.orders, *(one for one in other.orders if one.id not in mine)), key=_by_time)
    orders = [one for one in orders if one.id not in known]
    days = list(kept.order_days)
    for one in other.order_days:
        days = _added(days, one)
    return bounded(orders, days, added)


def measure_orders(
    facts: Facts, since: datetime, measure: Measure, product: str | None, category: str | None
) -> int | float:
    """How many orders came after `since`, or what they are worth in the customer's currency.

    With a product or a category: the orders with such lines, and what those lines cost.
    """
    whole = product is None and category is None
    count, total = 0, Decimal(0)
    for order in facts.orders:
        if order.at <= since or not _counts(order):
            continue
        lines = () if whole else [one for one in order.lines if _fits(one, product, category)]
        if whole or lines:
            count += 1
            if order.currency == facts.currency:
                total += _worth(order) if whole else sum((Decimal(one.total) for one in lines), Decimal(0))
    for day in facts.order_days if whole else ():
        if day.at > since:
            count += day.count
            total += Decimal(day.total) if day.currency == facts.currency else 0
    return count if measure == "count" else float(total)


def next_departure(facts: Facts, window: timedelta, after: datetime) -> datetime | None:
    """When the next order leaves a window of this length."""
    times = (*(one.at for one in facts.orders if _counts(one)), *(one.at for one in facts.order_days))
    return min((at + window for at in times if at + window > after), default=None)


def _added_up(facts: Facts, order_id: str) -> bool:
    """Whether an order may be among those that are only added up; one from before orders were kept is not."""
    before = bool(facts.order_days) and order_id in facts.order_ids  # from before there were digests
    return before or (bool(facts.orders_added) and digest_of(order_id) in facts.orders_added)


def _applied(order: KnownOrder, change: OrderChange, at: datetime) -> KnownOrder:
    match change.kind:
        case "cancelled":
            return structs.replace(order, cancelled=True)
        case "refunded":
            known = {one for one, _ in order.refunds}
            amount = change.total.amount if change.total is not None else "0"
            if change.id in known or len(known) >= _REFUNDS:
                return order
            return structs.replace(order, refunds=tuple(sorted((*order.refunds, (change.id, amount)))))
        case "placed":
            if order.placed:
                return order
            total = change.total or Money("0", "")
            lines = _lines(change.items)
            return structs.replace(order, at=at, total=total.amount, currency=total.currency, lines=lines, placed=True)


def _lines(items: Sequence[Item]) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(one.product_id, tuple(one.categories[:_CATEGORIES]), format(_cost(one), "f"))
        for one in items[:_LINES_OF_ONE]
        if one.product_id or one.categories
    )


def _cost(item: Item) -> Decimal:
    """What a line costs: its total, or else its price as often as its quantity says."""
    if item.total is not None:
        return Decimal(item.total.amount)
    return Decimal(item.price.amount) * Decimal(str(item.quantity)) if item.price is not None else Decimal(0)


def _fits(line: OrderLine, product: str | None, category: str | None) -> bool:
    return (product is None or line.product == product) and (category is None or category in line.categories)


def _refunded(order: KnownOrder) -> Decimal:
    return sum((Decimal(amount) for _, amount in order.refunds), Decimal(0))


def _worth(order: KnownOrder) -> Decimal:
    """What an order is worth less what was paid back; never below nothing."""
    return max(Decimal(order.total) - _refunded(order), Decimal(0))


def _counts(order: KnownOrder) -> bool:
    """Whether it is an order still: not cancelled, and not all of it paid back."""
    paid_back = bool(order.refunds) and _refunded(order) >= Decimal(order.total)
    return order.placed and not order.cancelled and not paid_back


def _with_day(days: list[OrderDay], order: KnownOrder) -> list[OrderDay]:
    if not _counts(order):
        return days
    return _added(days, OrderDay(order.at, 1, format(_worth(order), "f"), order.currency))


def _added(days: list[OrderDay], new: OrderDay) -> list[OrderDay]:
    """The days with another one; two of one day and currency are one, which is as new as its newest order."""
    day, currency = new.at.date(), new.currency
    same = next((one for one in days if one.currency == currency and one.at.date() == day), None)
    if same is None:
        return [*days, new]
    total = format(Decimal(same.total) + Decimal(new.total), "f")
    both = OrderDay(max(same.at, new.at), same.count + new.count, total, same.currency)
    return [*(one for one in days if one is not same), both]


_by_time = attrgetter("at", "id")
_by_day = attrgetter("at", "currency")
