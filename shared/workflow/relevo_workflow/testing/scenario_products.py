"""The catalogue that a test gives its shop: what is known of products when it begins."""

from collections.abc import Callable
from typing import Any

import msgspec

from relevo_contracts.checking import faults_of, path
from relevo_workflow.model.catalogue import Product
from relevo_workflow.syntax.diagnostics import suggestion

_EXAMPLE = 'products: [{product_id: p-1, title: Green tea, categories: [Tea], price: {amount: "4.00", currency: EUR}}]'


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
