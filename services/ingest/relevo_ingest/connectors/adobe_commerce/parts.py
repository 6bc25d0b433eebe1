"""From Adobe Commerce's parts to canonical ones: addresses, lines, and amounts in the shop's own currency."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from relevo_contracts.payloads import Address, Item, Money
from relevo_ingest.connectors.adobe_commerce.message import VALUE, ident, is_true
from relevo_ingest.connectors.adobe_commerce.shapes import AddressShape, LineShape, SaleShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.notes import cut

_LINES = 500


class Prices:
    """The amounts of an order, an invoice or a credit memo.

    They are told in the shop's currency (`base_…`) if the buyer's is another, else in the one that there is.
    """

    def __init__(self, sale: SaleShape, shop: ShopContext) -> None:
        self.buyers = normalise.text(sale.order_currency_code, 10)
        base = normalise.text(sale.base_currency_code, 10)
        self.converted = bool(base and self.buyers and base != self.buyers)
        self.currency = base if self.converted else self.buyers or base or shop.currency

    def one(self, shape: Struct, name: str, where: str = VALUE, *, absolute: bool = False) -> Money | None:
        """The amount `name`."""
        field = f"base_{name}" if self.converted else name
        return fields.optional_money(getattr(shape, field), self.currency, f"{where}.{field}", absolute=absolute)


def first_of(addresses: Sequence[AddressShape], kind: str) -> AddressShape | None:
    """The address of this type (`billing`, `shipping`)."""
    return next((one for one in addresses if fields.word(one.address_type) == kind), None)


def address(shape: AddressShape | None, shop: ShopContext) -> Address | None:
    """A postal address, or `None` if nothing of one was sent."""
    if shape is None:
        return None
    country = normalise.country(shape.country_id)
    first, *others = [*_lines(shape.street), ""]
    found = Address(
        name=normalise.text(f"{shape.firstname or ''} {shape.lastname or ''}", 200),
        company=normalise.text(shape.company, 200),
        line1=normalise.text(first, 300),
        line2=normalise.text(", ".join(filter(None, others)), 300),
        city=normalise.text(shape.city, 200),
        postcode=normalise.text(shape.postcode, 40),
        region=normalise.text(shape.region_code or (shape.region if isinstance(shape.region, str) else ""), 100),
        country=country,
        phone=normalise.phone(shape.telephone, country or shop.region),
    )
    return found if found != Address(country=country) else None


def items(lines: Sequence[LineShape] | None, prices: Prices) -> list[Item]:
    """The lines that were bought; the simple product inside a configurable one is not a line of its own."""
    listed = [line for line in lines or [] if not ident(line.parent_item_id)]
    return [_item(line, prices, f"{VALUE}.items[{n}]") for n, line in enumerate(cut(listed, _LINES, f"{VALUE}.items"))]


def _item(line: LineShape, prices: Prices, where: str) -> Item:
    ordered = line.qty_ordered if line.qty_ordered is not None else line.qty
    quantity = 1 if ordered is None else whole(ordered)
    discount = prices.one(line, "discount_amount", where, absolute=True)
    tax = prices.one(line, "tax_amount", where)
    row = prices.one(line, "row_total", where)
    return Item(
        title=fields.plain_text(line.name, 300) or normalise.text(line.sku, 300),
        quantity=quantity,
        product_id=ident(line.product_id),
        sku=normalise.text(line.sku, 100),
        price=prices.one(line, "price", where),
        line_id=ident(line.order_item_id) or ident(line.item_id) or ident(line.entity_id),
        discount=discount if fields.is_positive(discount) else None,
        tax=tax if fields.is_positive(tax) else None,
        total=fields.difference(row, discount) if discount else row or _row(prices.one(line, "price", where), quantity),
        requires_shipping=not is_true(line.is_virtual),
        quantity_shipped=None if line.qty_shipped is None else whole(line.qty_shipped),
        quantity_refunded=None if line.qty_refunded is None else whole(line.qty_refunded),
    )


def _row(price: Money | None, quantity: float) -> Money | None:
    if price is None:
        return None
    return fields.optional_money(str(Decimal(price.amount) * Decimal(str(quantity))), price.currency, f"{VALUE}.items")


def whole(quantity: float) -> float:
    """A whole number as one: pieces are sent as `2.0000`."""
    return int(quantity) if float(quantity).is_integer() else quantity


def _lines(street: Any) -> list[str]:
    if isinstance(street, str):
        return street.splitlines()
    return [line for line in street if isinstance(line, str)] if isinstance(street, list) else []
