"""From OroCommerce's parts to canonical ones: persons and their companies, contacts, addresses, lines."""

from decimal import Decimal

from relevo_contracts.payloads import Address, Buyer, EventContact, Item, Money
from relevo_ingest.connectors.orocommerce.json_api import Document, Resource
from relevo_ingest.connectors.orocommerce.shapes import (
    AddressShape,
    CompanyShape,
    CustomerUserShape,
    NameShape,
    OrderLineShape,
)
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.fields import Amount
from relevo_ingest.core.notes import cut

_LINES = 500
_NO_USER, _NO_COMPANY = CustomerUserShape(), CompanyShape()


def company(found: Document, resource: Resource, name: str = "customer") -> str:
    """The name of the company, if it came with the document."""
    given = found.first(resource, name)
    shape = given.as_shape(CompanyShape) if given else _NO_COMPANY
    return normalise.text(shape.name, 200)


def buyer(found: Document, resource: Resource) -> Buyer:
    """Whom something is about: the customer user, and the customer (a company) that they buy for.

    What is known of the user is their account's own data.
    """
    given = found.first(resource, "customerUser")
    shape = given.as_shape(CustomerUserShape) if given else _NO_USER
    own = resource.id_of("customerUser")
    return Buyer(
        id="" if shape.is_guest else own,
        email=normalise.email(shape.email),
        first_name=normalise.text(shape.first_name, 200),
        last_name=normalise.text(shape.last_name, 200),
        company=company(found, resource),
        account_id=resource.id_of("customer"),
        guest=bool(shape.is_guest),
    )


def contact(found: Document, resource: Resource, shop: ShopContext) -> EventContact | None:
    """Where the news of an order goes: the user's address, and the number of the billing or shipping address."""
    person = buyer(found, resource)
    addresses = [found.first(resource, name) for name in ("billingAddress", "shippingAddress")]
    places = [address(one, shop) for one in addresses]
    return fields.contact_of(
        EventContact(
            email=person.email,
            phone=fields.first(place.phone for place in places if place),
            first_name=person.first_name,
            last_name=person.last_name,
            company=person.company,
        )
    )


def address(resource: Resource | None, shop: ShopContext) -> Address | None:
    """A postal address, or `None` if nothing of one came with the document. A region's id is `US-NY`."""
    if resource is None:
        return None
    shape = resource.as_shape(AddressShape)
    country = normalise.country(resource.id_of("country"))
    region = shape.custom_region or resource.id_of("region").removeprefix(f"{country}-")
    made = Address(
        name=normalise.text(" ".join(filter(None, (shape.first_name, shape.middle_name, shape.last_name))), 200),
        company=normalise.text(shape.organization, 200),
        line1=normalise.text(shape.street, 300),
        line2=normalise.text(shape.street2, 300),
        city=normalise.text(shape.city, 200),
        postcode=normalise.text(shape.postal_code, 40),
        region=normalise.text(region, 100),
        country=country,
        phone=normalise.phone(shape.phone, country or shop.region),
    )
    return made if made != Address(country=country) else None


def order_lines(found: Document, order: Resource, currency: str) -> list[Item]:
    """The lines of an order that came with it."""
    lines = cut(list(found.follow(order, "lineItems")), _LINES, "lineItems")
    return [_order_line(found, line, currency) for line in lines]


def _order_line(found: Document, line: Resource, currency: str) -> Item:
    shape = line.as_shape(OrderLineShape)
    quantity = 1 if shape.quantity is None else shape.quantity
    price = fields.optional_money(shape.value, shape.currency or currency, f"{line.where}.attributes.value")
    product = found.first(line, "product")
    title = shape.product_name or shape.free_form_product or (name_of(found, product) if product else "")
    return Item(
        title=fields.plain_text(title, 300) or normalise.text(shape.product_sku, 300),
        quantity=quantity,
        product_id=line.id_of("product"),
        sku=normalise.text(shape.product_sku, 100),
        price=price,
        line_id=line.id,
        unit=normalise.text(shape.product_unit_code or line.id_of("productUnit"), 50),
        total=times(price, quantity),
        ship_by=day(shape.ship_by),
    )


def times(price: Money | None, quantity: float) -> Money | None:
    """The price of so many."""
    if price is None:
        return None
    return fields.optional_money(str(Decimal(price.amount) * Decimal(str(quantity))), price.currency, "lineItems")


def name_of(found: Document, product: Resource, relationship: str = "names") -> str:
    """The name that counts in every language without one of its own; else any that came with the document."""
    given = list(found.follow(product, relationship))
    default = [one for one in given if not one.linked("localization")]
    return fields.first(fields.plain_text(one.as_shape(NameShape).string, 300) for one in (*default, *given))


def day(text: str | None) -> str:
    """A day (`2026-03-01`); empty if it is none."""
    found = fields.day(text, "shipUntil")
    return found.isoformat() if found else ""


def money(amount: Amount, currency: str | None, shop: ShopContext, where: str) -> Money | None:
    """An amount in its own currency, or in the shop's if it names none."""
    return fields.optional_money(amount, currency or shop.currency, where)
