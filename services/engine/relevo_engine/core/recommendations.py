"""What orders tell of products that are bought, and bought together; and what messages recommend of it. Pure.

The weight of an order halves every `HALF_LIFE`. Weights are kept by forward decay (Cormode, Shkapenyuk, Srivastava and
Xu: Forward Decay, ICDE 2009): an order at the time t adds exp(t / `TIME_CONSTANT`), and how much that is now follows
from one division. So nothing ages by being rewritten, and orders may come late and in any order. Kept is the logarithm
of the sum (`heat`), which has no overflow.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import combinations

import msgspec
from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import Item
from relevo_engine.core.batch import Changes, DecisionRow
from relevo_engine.core.messages import EffectError, outgoing
from relevo_workflow import Decision, Product, Rankings, Recommend, Send, with_recommendations

HALF_LIFE = timedelta(days=90)
TIME_CONSTANT = HALF_LIFE.total_seconds() / math.log(2)
"""Seconds after which the weight of an order is 1/e."""
SHRINKAGE = 5.0
"""As many orders of late as halve the similarity of two products: one order together is no more than a coincidence."""
MOST_OFFERED = 50
"""Products that a source offers a message."""
_MOST_PRODUCTS = 12
"""Products of an order that count as bought together: its first ones."""
_MOST_CATEGORIES = 10

SaleKey = tuple[str, str, str]
"""The shop, the category (empty: the whole shop) and the product."""
PairKey = tuple[str, str, str]
"""The shop, a product, and another one that was in the same order."""


class Sold(Struct, frozen=True):
    """What orders add to the heats of products and of pairs."""

    sales: dict[SaleKey, float]
    pairs: dict[PairKey, float]


def heat_of(at: datetime) -> float:
    """The heat of one order."""
    return at.timestamp() / TIME_CONSTANT


def warmer(one: float, other: float) -> float:
    """The heat of the orders of both: log(exp(one) + exp(other)). In any order it comes to the same."""
    return max(one, other) + math.log1p(math.exp(-abs(one - other)))


def sold(orders: Iterable[Event]) -> Sold:
    """What these orders add. The lines that name a product count, each product once an order."""
    found = Sold({}, {})
    for event in orders:
        heat = heat_of(min(event.time, event.receivedtime or event.time))  # a time to come would outshine all others
        lines = _lines(event)
        for product, categories in lines.items():
            for category in ("", *categories):
                _add(found.sales, (event.shop, category, product), heat)
        for one, other in combinations(lines, 2):
            _add(found.pairs, (event.shop, one, other), heat)
            _add(found.pairs, (event.shop, other, one), heat)
    return found


def _add(heats: dict[tuple[str, str, str], float], key: tuple[str, str, str], heat: float) -> None:
    heats[key] = warmer(heats[key], heat) if key in heats else heat


def _lines(event: Event) -> dict[str, list[str]]:
    """The first products of an order with their categories."""
    found = dict[str, list[str]]()
    for raw in event.data.get("items") or ():
        line = msgspec.convert(raw, Item)
        if line.product_id and not line.gift_card and len(found) < _MOST_PRODUCTS:
            found.setdefault(line.product_id, [one for one in line.categories if one][:_MOST_CATEGORIES])
    return found


# --- what messages recommend -----------------------------------------------------------------------------------------


class Asked(Struct, frozen=True):
    """A message that waits for its recommendations; `effect` is its id."""

    effect: str
    shop: str
    wanted: Recommend


class Offered(Struct, frozen=True):
    """What the sources offer each message, by the id of its effect, and the products of it, by shop and id."""

    rankings: Mapping[str, Rankings] = {}
    products: Mapping[tuple[str, str], Product] = {}


def asked(changes: Changes) -> list[Asked]:
    """What the messages of a batch ask for."""
    return [
        Asked(effect.id, row.shop, effect.recommend)
        for row, _ in changes.recommending
        for effect in _waiting(row.decision)
        if effect.recommend is not None
    ]


def recommend(changes: Changes, offered: Offered) -> None:
    """Puts what is offered into the messages that wait for it, which leave; the decisions tell why these."""
    of_shops: dict[str, dict[str, Product]] = {}
    for (shop, name), product in offered.products.items():
        of_shops.setdefault(shop, {})[name] = product
    decided: dict[int, DecisionRow] = {}
    for row, arrived in changes.recommending:
        waiting = {one.id for one in _waiting(row.decision)}
        decision = with_recommendations(row.decision, offered.rankings, of_shops.get(row.shop, {}))
        for effect in decision.effects:
            if isinstance(effect, Send) and effect.id in waiting:
                try:
                    changes.outbox.append(outgoing(effect, decision, arrived))
                except EffectError as error:
                    decision = structs.replace(decision, reason=f"{decision.reason}; not sent: {error}")
        decided[id(row)] = structs.replace(row, decision=decision)
    changes.decisions = [decided.get(id(row), row) for row in changes.decisions]
    changes.recommending = []


def _waiting(decision: Decision) -> Iterator[Send]:
    return (one for one in decision.effects if isinstance(one, Send) and one.recommend is not None)
