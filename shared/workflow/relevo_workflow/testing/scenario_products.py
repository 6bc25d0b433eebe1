"""The catalogue that a test gives its shop: what is known of products when it begins."""

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from relevo_contracts.checking import faults_of, path
from relevo_workflow.model.catalogue import Product
from relevo_workflow.model.recommendations import SOURCES, Ranked, Rankings, RecommendationSource
from relevo_workflow.syntax.diagnostics import suggestion

_EXAMPLE = 'products: [{product_id: p-1, title: Green tea, categories: [Tea], price: {amount: "4.00", currency: EUR}}]'
_RANKED = "recommendations: {also_bought: [p-2, p-3], best_sellers: [p-4]}"


def read_products(given: Any, wrong: Callable[[str, str], None]) -> dict[str, Product]:
    """The products by id; `wrong` hears what is wrong with them."""
    if given is None:
        return {}
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        wrong("'products' must be a list of products, each with its 'product_id'", _EXAMPLE)
        return {}
    found: dict[str, Product] = {}
    for number, one in enumerate(given):
        faults = faults_of(Product, one)
        for fault in faults:
            place = path(fault.place)
            help_of = fault.help or suggestion(str(fault.place[-1]), Product.__struct_fields__)
            wrong(f"product {number + 1}: '{place}' {fault.message}", help_of)
        if not faults:
            product = msgspec.convert(one, Product)
            found[product.product_id] = product
    return found


def read_rankings(given: Any, products: Collection[str], wrong: Callable[[str, str], None]) -> Rankings:
    """What each source of recommendations offers, the best first: ids of the test's products."""
    found = dict[RecommendationSource, list[Ranked]]()
    if given is None:
        return found
    if not isinstance(given, dict):
        wrong("'recommendations' must have a list of products for each source", _RANKED)
        return found
    for name, ids in given.items():
        source = next((one for one in SOURCES if one == name), None)
        if source is None:
            wrong(f"there is no recommendation by '{name}'", suggestion(str(name), SOURCES))
        elif not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            wrong(f"'{name}' must be a list of ids of products", _RANKED)
        else:
            for one in ids:
                if one not in products:
                    wrong(f"'{name}' offers '{one}', which is not among the 'products'", suggestion(one, products))
            found[source] = [Ranked(one) for one in ids]
    return found
