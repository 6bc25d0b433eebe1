"""From WooCommerce's parts to canonical ones: persons, contacts, addresses, lines, amounts with or without tax."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import structs

from relevo_contracts.payloads import Address, Buyer, EventContact, Item, Money
from relevo_ingest.connectors.woocommerce.shapes import AddressShape, LineShape, MetaShape, OrderShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.fields import Amount, Id, Text
from relevo_ingest.core.notes import cut

_DASHES = " -\u2013\u2014"  # what stands between the name of a product and its variation
_LINES = 500
_PROPERTIES = 100
_NOWHERE = AddressShape()


def ident(value: Id) -> str:
    """An id as text; WooCommerce writes 0 for "none"."""
    found = fields.ident(value)
    return "" if found == "0" else found


# --- persons -----------------------------------------------------------------------------------------------------


def contact(order: OrderShape, shop: ShopContext) -> EventContact | None:
    """Where the order's news goes: what was typed in as the billing address."""
    payer = order.billing or _NOWHERE
    return fields.contact_of(
        EventContact(
            email=normalise.email(payer.email),
            phone=phone_of(payer, shop),
            first_name=normalise.text(payer.first_name, 200),
            last_name=normalise.text(payer.last_name, 200),
            company=normalise.text(payer.company, 200),
        )
    )


def buyer(order: OrderShape, reached: EventContact | None) -> Buyer:
    """Whom the order is about: a guest, or an account by its id alone, as the billing address may be another's."""
    account = ident(order.customer_id)
    if account:
        return Buyer(id=account)
    if reached is None:
        return Buyer()
    return Buyer(
        email=reached.email,
        phone=reached.phone,
        first_name=reached.first_name,
        last_name=reached.last_name,
        company=reached.company,
        country=normalise.country((order.billing or _NOWHERE).country),
        guest=True,
    )


def phone_of(place: AddressShape, shop: ShopContext) -> str:
    """The number of an address, by the address's own country."""
    return normalise.phone(place.phone, normalise.country(place.country) or shop.region)


def address(shape: AddressShape | None, shop: ShopContext) -> Address | None:
    """A postal address, or `None` if nothing of one was filled in."""
    if shape is None:
        return None
    country = normalise.country(shape.country)
    found = Address(
        name=normalise.text(f"{shape.first_name or ''} {shape.last_name or ''}", 200),
        company=normalise.text(shape.company, 200),
        line1=normalise.text(shape.address_1, 300),
        line2=normalise.text(shape.address_2, 300),
        city=normalise.text(shape.city, 200),
        postcode=normalise.text(shape.postcode, 40),
        region=normalise.text(shape.state, 100),
        country=country,
        phone=phone_of(shape, shop),
    )
    return found if found != Address(country=country) else None


# --- amounts -----------------------------------------------------------------------------------------------------


class Prices:
    """The amounts of one order. WooCommerce writes them without tax; where prices include it, buyers saw the sum."""

    def __init__(self, order: OrderShape, shop: ShopContext) -> None:
        self.currency = order.currency or shop.currency
        self.with_tax = bool(order.prices_include_tax)

    def one(self, amount: Amount, where: str) -> Money | None:
        """An amount as it stands."""
        return fields.optional_money(amount, self.currency, where)

    def paid_back(self, amount: Amount, where: str) -> Money | None:
        """The amount of a refund, which has a minus sign there."""
        return fields.optional_money(amount, self.currency, where, absolute=True)

    def shown(self, amount: Amount, tax: Amount, where: str) -> Money | None:
        """An amount as the buyer saw it, with its tax if the shop's prices include it."""
        plain = self.one(amount, where)
        if not self.with_tax or plain is None:
            return plain
        return fields.total_of([plain, self.one(tax, f"{where}_tax")])


def if_positive(found: Money | None) -> Money | None:
    """The amount, if it is more than nothing."""
    return found if fields.is_positive(found) else None


# --- lines -------------------------------------------------------------------------------------------------------


def items(lines: Sequence[LineShape] | None, prices: Prices) -> list[Item]:
    """The lines as they were ordered: WooCommerce does not say which of them were refunded."""
    return [_item(line, prices, f"line_items[{n}]") for n, line in enumerate(cut(lines or [], _LINES, "line_items"))]


def _item(line: LineShape, prices: Prices, where: str) -> Item:
    quantity = 1 if line.quantity is None else line.quantity
    total = prices.shown(line.total, line.total_tax, f"{where}.total")
    whole = prices.shown(line.subtotal, line.subtotal_tax, f"{where}.subtotal")
    name, product = fields.plain_text(line.name, 300), fields.plain_text(line.parent_name, 300)
    made = Item(
        title=product or name,
        quantity=quantity,
        product_id=ident(line.product_id),
        variant_id=ident(line.variation_id),
        sku=normalise.text(line.sku, 100),
        variant=name.removeprefix(product).lstrip(_DASHES) if product else "",
        image_url=normalise.text(line.image.src) if line.image else "",
        line_id=ident(line.id),
        properties=_properties(line.meta_data),
        discount=if_positive(fields.difference(whole, total)),
        tax=if_positive(prices.one(line.total_tax, f"{where}.total_tax")),
        total=total,
    )
    return structs.replace(made, price=_each(whole, quantity))


def _each(whole: Money | None, quantity: float) -> Money | None:
    """What one piece costs before discounts."""
    if whole is None or not quantity:
        return None
    return fields.optional_money(str(Decimal(whole.amount) / Decimal(str(quantity))), whole.currency, "line_items")


def _properties(given: list[MetaShape] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in (given or [])[:_PROPERTIES]:
        name = fields.plain_text(one.display_key or one.key, 100)
        value = one.display_value if isinstance(one.display_value, str | int | float) else one.value
        if name and not (one.key or "").startswith("_") and isinstance(value, str | int | float):
            found[name] = fields.plain_text(str(value).lower() if isinstance(value, bool) else str(value))
    return found


def names(given: Sequence[Text]) -> list[str]:
    """Names of categories, tags and the like, as text."""
    return [name for name in (fields.plain_text(one, 200) for one in given) if name]
