"""The products of a batch: which it names, what its messages say with them, and what it tells of them. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

import msgspec
from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_contracts.keys import PRODUCT_PREFIX
from relevo_contracts.payloads import Item
from relevo_engine.core.inputs import IncomingMessage
from relevo_workflow import (
    EventInput,
    Product,
    describes_product,
    fold_product,
    of_line,
    products_named,
    with_catalogue,
)

ProductKey = tuple[str, str]
"""The shop and the id of a product."""
_LINES = "order.placed"


class CatalogueChanges(Struct):
    """Events of a batch that tell of products, in the order in which they were decided.

    `sold` are the orders that count for recommendations.
    """

    told: list[Event] = []
    ordered: list[Event] = []
    sold: list[Event] = []

    def happened(self, arrived: IncomingMessage) -> None:
        """What an event tells of its own product counts, also from the past; an order tells of what nobody told of."""
        if not isinstance(arrived.input, EventInput) or arrived.input.event.key != arrived.key:
            return
        event = arrived.input.event
        if event.key.startswith(PRODUCT_PREFIX) and describes_product(event):
            self.told.append(event)
        elif event.type == _LINES and not event.test:
            self.ordered.append(event)


def check_product(arrived: IncomingMessage) -> None:
    """Raises `msgspec.ValidationError` if an event that tells of a product can't be read: it is rejected alone."""
    given = arrived.input
    if arrived.key.startswith(PRODUCT_PREFIX) and isinstance(given, EventInput) and describes_product(given.event):
        fold_product(None, given.event)


def named_by(arrived: Iterable[IncomingMessage]) -> Set[ProductKey]:
    """The products that a batch names."""
    events = (one.input.event for one in arrived if isinstance(one.input, EventInput))
    return {(event.shop, name) for event in events for name in products_named(event)}


def with_products(
    arrived: Sequence[IncomingMessage], products: Mapping[ProductKey, Product]
) -> Sequence[IncomingMessage]:
    """The messages with what they leave out of the products that they name."""
    if not products:
        return arrived
    of_shops: dict[str, dict[str, Product]] = {}
    for (shop, name), product in products.items():
        of_shops.setdefault(shop, {})[name] = product
    return [_filled(one, of_shops.get(one.shop, {})) for one in arrived]


def _filled(arrived: IncomingMessage, products: Mapping[str, Product]) -> IncomingMessage:
    if not isinstance(arrived.input, EventInput):
        return arrived
    event = with_catalogue(arrived.input.event, products)
    return arrived if event is arrived.input.event else structs.replace(arrived, input=EventInput(event))


def changed(changes: CatalogueChanges, known: Mapping[ProductKey, Product]) -> dict[ProductKey, Product]:
    """The products that the batch changes, as they are after it."""
    found = {(event.shop, line.product_id): of_line(line) for event in changes.ordered for line in _new(event, known)}
    for event in changes.told:
        name = next(products_named(event), "")
        before = found.get((event.shop, name)) or known.get((event.shop, name))
        after = fold_product(before, event)
        if after is not None and after != known.get((event.shop, name)):
            found[(event.shop, name)] = after
    return found


def _new(event: Event, known: Mapping[ProductKey, Product]) -> Iterator[Item]:
    """The lines of products of which nothing is known."""
    for line in event.data.get("items") or ():
        if line.get("product_id") and (event.shop, line["product_id"]) not in known:
            yield msgspec.convert(line, Item)
