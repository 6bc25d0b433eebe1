"""What is bought, and bought together, in the tables `engine.sale` and `engine.co_purchase`."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from relevo_engine.adapters import catalogue
from relevo_engine.core.catalogue import ProductKey
from relevo_engine.core.recommendations import MOST_OFFERED, SHRINKAGE, Asked, Offered, Sold, heat_of
from relevo_runtime.postgres import Connection, Statements
from relevo_workflow import Product, Ranked, Recommend, RecommendationSource

STATEMENTS = Statements.load("relevo_engine.adapters", "recommendations.sql")

_BY_NUMBER: tuple[RecommendationSource, ...] = ("also_bought", "related", "interest")
"""The sources of the statement `offered`, in the order of their requests' numbers."""

Found = dict[str, dict[RecommendationSource, list[Ranked]]]
"""What each source offers, by the id of the effect that asks."""


async def add(connection: Connection, sold: Sold) -> None:
    """Adds what orders tell. Last in a transaction: popular products are everybody's rows."""
    for name, heats in (("add_sales", sold.sales), ("add_pairs", sold.pairs)):
        if heats:
            shops, firsts, seconds = zip(*heats, strict=True)
            await connection.execute(STATEMENTS[name], [*shops], [*firsts], [*seconds], [*heats.values()])


async def offer(connection: Connection, asked: Sequence[Asked], now: datetime) -> Offered:
    """What the sources that are asked offer each message of a batch, by three statements at most."""
    heat = heat_of(now)
    also = _named(asked, "also_bought", lambda wanted: wanted.of)
    of = _named(asked, "related", lambda wanted: wanted.of)
    categories = _named(asked, "related", lambda wanted: wanted.categories)
    liked = _named(asked, "interest", lambda wanted: [name for name, _ in wanted.interests])
    shares = [share for one in asked if "interest" in one.wanted.sources for _, share in one.wanted.interests]
    rankings: Found = {one.effect: {} for one in asked}
    named = (also, of, categories, liked)
    if any(one.requests for one in named):
        lists = [each for one in named for each in one]
        rows = await connection.fetch(STATEMENTS["offered"], heat, SHRINKAGE, MOST_OFFERED, *lists, shares)
        for n, names, scores in rows:
            rankings[asked[n % len(asked)].effect][_BY_NUMBER[n // len(asked)]] = [*map(Ranked, names, scores)]
    await _of_shops(connection, asked, rankings, heat)
    return Offered(rankings, await _products(connection, asked, rankings))


class _Named(NamedTuple):
    """What requests name, each with its request's number and shop."""

    requests: list[int]
    shops: list[str]
    names: list[str]


def _named(
    asked: Sequence[Asked], source: RecommendationSource, names_of: Callable[[Recommend], Iterable[str]]
) -> _Named:
    """What the requests name that ask this source; each has another number there than at other sources."""
    found = _Named([], [], [])
    for n, one in enumerate(asked, _BY_NUMBER.index(source) * len(asked)):
        if source in one.wanted.sources:
            for name in names_of(one.wanted):
                found.requests.append(n)
                found.shops.append(one.shop)
                found.names.append(name)
    return found


async def _of_shops(connection: Connection, asked: Sequence[Asked], found: Found, heat: float) -> None:
    """The best sellers of whole shops, the same for all requests of a shop."""
    wanting = [one for one in asked if "best_sellers" in one.wanted.sources]
    if wanting:
        shops = [*{one.shop: None for one in wanting}]
        rows = await connection.fetch(STATEMENTS["best_sellers"], shops, heat, MOST_OFFERED)
        best = {shop: [*map(Ranked, names, scores)] for shop, names, scores in rows}
        for one in wanting:
            if one.shop in best:
                found[one.effect]["best_sellers"] = best[one.shop]


async def _products(connection: Connection, asked: Sequence[Asked], found: Found) -> dict[ProductKey, Product]:
    """What is known of all that is offered, each product once a batch."""
    keys = {(one.shop, r.product_id) for one in asked for ranked in found[one.effect].values() for r in ranked}
    if not keys:
        return {}
    shops, names = zip(*keys, strict=True)
    rows = await connection.fetch(STATEMENTS["products"], [*shops], [*names])
    return {(shop, name): catalogue.read(body) for shop, name, body in rows}
