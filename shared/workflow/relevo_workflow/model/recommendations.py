"""Which products a message recommends: what a step asks for, and what is chosen of what a ranking offers. Pure.

The rankings come from outside: in the engine from the counts of orders in PostgreSQL, in a test from what it gives.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from relevo_contracts.parts import Item, Money
from relevo_workflow.model.catalogue import Product, ProductVariant
from relevo_workflow.model.interests import Interest
from relevo_workflow.model.state import Facts

RecommendationSource = Literal["also_bought", "related", "interest", "best_sellers"]
SOURCES: tuple[RecommendationSource, ...] = get_args(RecommendationSource)
"""Where recommendations come from, the closest to the customer first: this is the chain of fallbacks."""
MOST_RECOMMENDED = 12
_PUBLISHED = frozenset(("", "active", "enabled", "publish", "published", "visible"))
"""The words of platforms for a product that everybody can see; a product of another status is not recommended."""
_LONGEST = {"title": 300, "url": 2000, "image_url": 2000, "vendor": 100}
_CATEGORIES = 5


class Recommend(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What a message asks for: at most `most` products by `sources`, one after the other, until there are enough.

    `of` are the products that they should go with, `categories` those of which `related` has the best sellers too,
    `interests` those that the customer likes, `without` the products that the customer has. With fewer than `least`
    the message isn't sent.
    """

    of: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    interests: tuple[Interest, ...] = ()
    sources: tuple[RecommendationSource, ...] = SOURCES
    most: int = 4
    least: int = 1
    without: frozenset[str] = frozenset()


class Ranked(Struct, frozen=True, gc=False):
    """A product that a source offers. `score` is that of the source's formula."""

    product_id: str
    score: float = 0.0


Rankings = Mapping[RecommendationSource, Sequence[Ranked]]
"""What each source offers, the best first."""


class Recommended(Struct, frozen=True, gc=False):
    """A product that was chosen, and why."""

    product: Product
    source: RecommendationSource
    score: float


def bought(facts: Facts) -> frozenset[str]:
    """The products that a customer has ordered, as far as their orders are known line by line."""
    return frozenset(line.product for order in facts.orders for line in order.lines if line.product)


def choose(wanted: Recommend, rankings: Rankings, products: Mapping[str, Product]) -> list[Recommended]:
    """What is recommended, in the order of the sources and of what each offers; each product once.

    Left out is what the customer has, what it should go with, and what can't be bought now as far as is known.
    """
    found = dict[str, Recommended]()
    gone = {*wanted.of, *wanted.without}
    for source in wanted.sources:
        for one in rankings.get(source, ()):
            product = products.get(one.product_id)
            if (
                len(found) < wanted.most
                and one.product_id not in gone
                and product is not None
                and can_be_bought(product)
            ):
                found.setdefault(one.product_id, Recommended(product, source, one.score))
    return list(found.values())


def can_be_bought(product: Product) -> bool:
    """Whether a product has a name, is published, and is in stock or of unknown stock."""
    if not product.title or product.deleted_at is not None or product.status.lower() not in _PUBLISHED:
        return False
    return product.in_stock is not False and (not product.variants or any(map(_in_stock, product.variants)))


def _in_stock(variant: ProductVariant) -> bool:
    if variant.in_stock is not None:
        return variant.in_stock
    return variant.available is None or variant.available > 0


def as_item(product: Product) -> dict[str, Any]:
    """A product as texts and layouts know the lines of an order: plain JSON of bounded size."""
    texts = {name: text[:most] for name, most in _LONGEST.items() if (text := getattr(product, name))}
    categories = [one[: _LONGEST["vendor"]] for one in product.categories[:_CATEGORIES]]
    item = Item(**texts, product_id=product.product_id, categories=categories, price=_price(product))
    known: dict[str, Any] = msgspec.to_builtins(item)
    return known


def _price(product: Product) -> Money | None:
    """The product's own, else that of its first variant that can be bought."""
    return product.price or next((one.price for one in product.variants if one.price and _in_stock(one)), None)


def product_ids(value: Any) -> Iterator[str]:
    """The products that a value names: an id, a list of ids, or a list of lines."""
    given: Collection[Any] = value if isinstance(value, list | tuple) else (value,)
    for one in given:
        name = one.get("product_id") if isinstance(one, Mapping) else one
        if isinstance(name, str) and name:
            yield name


def category_names(value: Any) -> Iterator[str]:
    """The categories that a value names: one, or a list."""
    return (one for one in (value if isinstance(value, list | tuple) else (value,)) if isinstance(one, str) and one)
