"""Which categories a customer likes: those of what they look at in the shop and of what they order, of late. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from relevo_workflow.model.state import Facts, ViewedDay

HALF_LIFE = timedelta(days=30)
"""The time in which half of an interest is gone."""
ORDER_WEIGHT = 3.0
"""How many days of looking at a category an order of it is worth."""
MOST_INTERESTS = 5
KEPT_VIEWS = 30
_LONGEST = 100

Interest = tuple[str, float]
"""A category, and its share of all that the customer is interested in."""


def with_view(viewed: tuple[ViewedDay, ...], category: str, at: datetime) -> tuple[ViewedDay, ...]:
    """What was looked at, with a look at `category`: once a day, the newest days; in any order it comes to the same."""
    return join_views(viewed, (ViewedDay(at.astimezone(UTC).date(), category[:_LONGEST]),)) if category else viewed


def join_views(one: Iterable[ViewedDay], other: Iterable[ViewedDay]) -> tuple[ViewedDay, ...]:
    """What two customers looked at who are one."""
    days = {(view.day, view.category): view for view in (*one, *other)}
    return tuple(days[key] for key in sorted(days)[-KEPT_VIEWS:])


def interests(facts: Facts, now: datetime) -> tuple[Interest, ...]:
    """The categories that the customer likes best, the most liked first; their shares add up to 1."""
    weights = dict[str, float]()
    today = now.astimezone(UTC).date()
    for view in facts.viewed:
        _add(weights, view.category, _weight(today - view.day))
    for order in facts.orders:
        if order.placed and not order.cancelled:
            weight = ORDER_WEIGHT * _weight(now - order.at)
            for category in sorted({name for line in order.lines for name in line.categories if name}):
                _add(weights, category, weight)
    best = sorted(weights.items(), key=lambda one: (-one[1], one[0]))[:MOST_INTERESTS]
    total = sum(weight for _, weight in best)
    return tuple((category, weight / total) for category, weight in best) if total > 0 else ()


def _weight(age: timedelta) -> float:
    return float(2 ** -(max(age, timedelta()) / HALF_LIFE))


def _add(weights: dict[str, float], category: str, weight: float) -> None:
    weights[category] = weights.get(category, 0.0) + weight
