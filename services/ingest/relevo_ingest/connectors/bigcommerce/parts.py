"""From BigCommerce's parts to canonical ones: addresses, contacts, lines, amounts with or without tax."""

from collections.abc import Sequence

from relevo_contracts.payloads import Address, Buyer, EventContact, Item, Money
from relevo_ingest.connectors.bigcommerce.message import ident
from relevo_ingest.connectors.bigcommerce.shapes import AddressShape, LineShape, OrderShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.fields import Amount
from relevo_ingest.core.notes import cut

_LINES = 500
_PROPERTIES = 100


class Prices:
    """The amounts of an order, as the buyer saw them: with tax where the shop's prices include it."""

    def __init__(self, order: OrderShape, shop: ShopContext) -> None:
        self.currency = normalise.text(order.default_currency_code, 10) or shop.currency
        self.with_tax = bool(order.is_tax_inclusive_pricing)

    def one(self, amount: Amount, where: str) -> Money | None:
        """An amount as it stands."""
        return fields.optional_money(amount, self.currency, where, absolute=True)

    def shown(self, without: Amount, with_tax: Amount, where: str) -> Money | None:
        """The one of two amounts that the buyer saw."""
        return self.one(with_tax if self.with_tax else without, where)


def address(shape: AddressShape | None, shop: ShopContext) -> Address | None:
    """A postal address, or `None` if nothing of one was filled in."""
    if shape is None:
        return None
    country = normalise.country(shape.country_iso2)
    found = Address(
        name=normalise.text(f"{shape.first_name or ''} {shape.last_name or ''}", 200),
        company=normalise.text(shape.company, 200),
        line1=normalise.text(shape.street_1, 300),
        line2=normalise.text(shape.street_2, 300),
        city=normalise.text(shape.city, 200),
        postcode=normalise.text(shape.zip, 40),
        region=normalise.text(shape.state, 100),
        country=country,
        phone=normalise.phone(shape.phone, country or shop.region),
    )
    return found if found != Address(country=country) else None


def contact(order: OrderShape, shop: ShopContext) -> EventContact | None:
    """Where the order's news goes: what was typed in as the billing address."""
    payer = order.billing_address or AddressShape()
    country = normalise.country(payer.country_iso2)
    return fields.contact_of(
        EventContact(
            email=normalise.email(payer.email),
            phone=normalise.phone(payer.phone, country or shop.region),
            first_name=normalise.text(payer.first_name, 200),
            last_name=normalise.text(payer.last_name, 200),
            company=normalise.text(payer.company, 200),
            locale=normalise.locale(order.customer_locale),
        )
    )


def buyer(order: OrderShape, reached: EventContact | None) -> Buyer:
    """Whom the order is about: an account by its id alone, as the billing address may be another's; or a guest."""
    account = ident(order.customer_id)
    if account:
        return Buyer(id=account, locale=normalise.locale(order.customer_locale))
    if reached is None:
        return Buyer()
    return Buyer(
        email=reached.email,
        phone=reached.phone,
        first_name=reached.first_name,
        last_name=reached.last_name,
        company=reached.company,
        locale=reached.locale,
        guest=True,
    )


def items(lines: Sequence[LineShape], prices: Prices) -> list[Item]:
    """The lines of an order."""
    return [_item(line, prices, f"products[{n}]") for n, line in enumerate(cut(lines, _LINES, "products"))]


def _item(line: LineShape, prices: Prices, where: str) -> Item:
    options = (line.product_options or [])[:_PROPERTIES]
    tax = prices.one(line.total_tax, f"{where}.total_tax")
    return Item(
        title=fields.plain_text(line.name, 300),
        quantity=1 if line.quantity is None else line.quantity,
        product_id=ident(line.product_id),
        variant_id=ident(line.variant_id),
        sku=normalise.text(line.sku, 100),
        price=prices.shown(line.price_ex_tax, line.price_inc_tax, f"{where}.price"),
        line_id=ident(line.id),
        vendor=normalise.text(line.brand, 200),
        properties={
            fields.plain_text(one.display_name, 100): fields.plain_text(one.display_value)
            for one in options
            if one.display_name and one.display_value
        },
        tax=tax if fields.is_positive(tax) else None,
        total=prices.shown(line.total_ex_tax, line.total_inc_tax, f"{where}.total"),
        requires_shipping=fields.word(line.type) != "digital",
        quantity_shipped=line.quantity_shipped,
        quantity_refunded=line.quantity_refunded,
    )
