"""The port `pim`: what is known of products, in each language and channel."""

from typing import Any

from msgspec import Struct

from relevo_contracts.systems.operation import Operation, Text


class ReadProduct(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A product by its SKU, in a language (`es-ES`) and a channel of the PIM; empty: those of its settings."""

    sku: Text
    locale: str = ""
    channel: str = ""


class PimProduct(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A product. `values` are its attributes by their codes, in the language and channel that were asked for."""

    product_id: str
    sku: str
    enabled: bool = False
    family: str = ""
    categories: list[str] = []
    values: dict[str, Any] = {}


OPERATIONS = (
    Operation(
        name="pim.product",
        summary="reads what is known of a product",
        given=ReadProduct,
        answer=PimProduct,
        example=PimProduct(
            product_id="25566245-55c3-42ce-86d9-8610ac459fa8",
            sku="top",
            enabled=True,
            family="clothing",
            categories=["summer_collection"],
            values={"name": "Top", "description": "Summer top"},
        ),
    ),
)
