"""The lines of carts, checkouts, orders, parcels and refunds."""

from collections.abc import Sequence
from decimal import Decimal

from relevo_contracts.payloads import Item, Money
from relevo_ingest.connectors.shopify import parts
from relevo_ingest.connectors.shopify.shapes import LineShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.notes import cut

_LIMIT = 500  # more lines than anyone reads in a message; the total still counts all of them


def items(lines: Sequence[LineShape] | None, currency: str) -> list[Item]:
    """The lines as they are now: one whose current quantity is zero was removed, and is not there any more.

    A price is for one piece; one that can't be is left out with a note.
    """
    current = [(n, line) for n, line in enumerate(lines or []) if line.current_quantity != 0]
    return [item(line, currency, f"line_items[{n}]") for n, line in cut(current, _LIMIT, "line_items")]


def item(line: LineShape, currency: str, where: str) -> Item:
    """One line."""
    picture = line.featured_image.url if line.featured_image else line.image_url
    ordered = 1 if line.quantity is None else line.quantity
    quantity = ordered if line.current_quantity is None else line.current_quantity
    price = parts.amount(line.price_set, line.price, currency, f"{where}.price")
    discount = _discount(line, currency, where)
    return Item(
        title=normalise.text(line.product_title or line.title or line.name, 300),
        quantity=quantity,
        product_id=parts.ident(line.product_id),
        variant_id=parts.ident(line.variant_id),
        sku=normalise.text(line.sku, 100),
        variant="" if line.variant_title == "Default Title" else normalise.text(line.variant_title, 300),
        price=price,
        url=normalise.text(line.url),
        image_url=normalise.text(picture),
        line_id=parts.ident(line.id),
        vendor=normalise.text(line.vendor, 200),
        properties=parts.attributes(line.properties),
        discount=discount,
        tax=_tax(line, currency, where),
        weight_kg=parts.kilograms(line.grams),
        requires_shipping=line.requires_shipping is not False and not line.gift_card,
        gift_card=bool(line.gift_card),
        total=_own_total(line, currency, where) or _total(price, discount, quantity, removed=quantity != line.quantity),
    )


def _discount(line: LineShape, currency: str, where: str) -> Money | None:
    if not line.discount_allocations:
        return None
    found = fields.total_of(
        [
            parts.amount(one.amount_set, one.amount, currency, f"{where}.discount_allocations[{n}].amount")
            for n, one in enumerate(line.discount_allocations)
        ]
    )
    return found if fields.is_positive(found) else None


def _tax(line: LineShape, currency: str, where: str) -> Money | None:
    if not line.tax_lines:
        return None
    found = fields.total_of(
        [
            parts.amount(one.price_set, one.price, currency, f"{where}.tax_lines[{n}].price")
            for n, one in enumerate(line.tax_lines)
        ]
    )
    return found if fields.is_positive(found) else None


def _own_total(line: LineShape, currency: str, where: str) -> Money | None:
    """What the line costs, by its own record."""
    return parts.amount(line.line_price_set, line.line_price, currency, f"{where}.line_price")


def _total(price: Money | None, discount: Money | None, quantity: float, *, removed: bool) -> Money | None:
    """Price times quantity without the discount.

    Of a line of which pieces were removed the discount of what is left is not known, and so is its total.
    """
    if price is None or (discount is not None and removed):
        return None
    whole = Money(format(Decimal(price.amount) * Decimal(quantity), "f"), price.currency)
    return whole if discount is None else fields.difference(whole, discount)
