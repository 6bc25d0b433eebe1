"""From Shopify's parts to canonical ones: ids, buyers, addresses, lines."""

from collections.abc import Iterable, Sequence

from relevo_contracts.payloads import Address, Buyer, Item, Money
from relevo_ingest.core import money as amounts
from relevo_ingest.core import normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.shopify.shapes import AddressShape, Amount, CustomerShape, Id, LineShape, Text

_ID_LIMIT = 150
_LINES_LIMIT = 500  # more lines than anyone reads in a message; the total still counts all of them
_TAGS_LIMIT = 250  # Shopify's own limit for the tags of a customer or an order
_NOBODY = CustomerShape()
_NOWHERE = AddressShape()


def ident(value: Id) -> str:
    """An id as text; of a global id (`gid://shopify/Customer/1?x`) its last part."""
    if isinstance(value, int):
        return str(value)
    if value is None:
        return ""
    if value.startswith("gid://"):
        value = value.partition("?")[0].rpartition("/")[2]
    return normalise.text(value, _ID_LIMIT)


def required(value: Id, where: str) -> str:
    """An id that must be there. Raises `InvalidPayload`, naming `where`."""
    found = ident(value)
    if not found:
        raise InvalidPayload(where, "is missing: without it the event belongs to nothing")
    return found


def currency_of(shop: ShopContext, *given: Text) -> str:
    """The first currency that is given, else the shop's own; empty if neither is known."""
    return next((code for code in given if code), shop.currency)


def first(values: Iterable[str]) -> str:
    """The first text that says something."""
    return next((value for value in values if value), "")


def buyer(
    shop: ShopContext,
    *,
    customer: CustomerShape | None = None,
    emails: Sequence[Text] = (),
    phones: Sequence[Text] = (),
    addresses: Sequence[AddressShape | None] = (),
    locale: Text = None,
    email_marketing: bool | None = None,
    sms_marketing: bool | None = None,
) -> Buyer:
    """Who it is about. Of `emails`, `phones` and `addresses` the first usable one counts, the customer's come last."""
    who = customer or _NOBODY
    places = [*filter(None, addresses), who.default_address or _NOWHERE]
    land = first(normalise.country(place.country_code) for place in places)
    return Buyer(
        id=ident(who.id),
        email=first(map(normalise.email, (*emails, who.email))),
        phone=first(normalise.phone(number, land or shop.region) for number in (*phones, who.phone)),
        first_name=normalise.text(who.first_name or first(place.first_name or "" for place in places), 200),
        last_name=normalise.text(who.last_name or first(place.last_name or "" for place in places), 200),
        company=normalise.text(first(place.company or "" for place in places), 200),
        locale=normalise.locale(locale or who.locale),
        country=land,
        email_marketing=email_marketing,
        sms_marketing=sms_marketing,
    )


def address(shape: AddressShape | None, shop: ShopContext) -> Address | None:
    """A postal address, or `None` if there is none."""
    if shape is None:
        return None
    land = normalise.country(shape.country_code)
    full_name = shape.name or f"{shape.first_name or ''} {shape.last_name or ''}"
    return Address(
        name=normalise.text(full_name, 200),
        company=normalise.text(shape.company, 200),
        line1=normalise.text(shape.address1, 300),
        line2=normalise.text(shape.address2, 300),
        city=normalise.text(shape.city, 200),
        postcode=normalise.text(shape.zip, 40),
        region=normalise.text(shape.province_code or shape.province, 100),
        country=land,
        phone=normalise.phone(shape.phone, land or shop.region),
    )


def items(lines: Sequence[LineShape], currency: str) -> list[Item]:
    """The lines with the price of one piece; a price that can't be is left out with a note."""
    return [_item(line, currency, f"line_items[{n}]") for n, line in enumerate(lines[:_LINES_LIMIT])]


def _item(line: LineShape, currency: str, where: str) -> Item:
    variant = "" if line.variant_title == "Default Title" else normalise.text(line.variant_title, 300)
    picture = line.featured_image.url if line.featured_image else line.image_url
    return Item(
        title=normalise.text(line.title or line.name, 300),
        quantity=1 if line.quantity is None else line.quantity,
        product_id=ident(line.product_id),
        variant_id=ident(line.variant_id),
        sku=normalise.text(line.sku, 100),
        variant=variant,
        price=optional_money(line.price, currency, f"{where}.price"),
        url=normalise.text(line.url),
        image_url=normalise.text(picture),
    )


def optional_money(amount: Amount, currency: str, where: str) -> Money | None:
    """The amount, or `None` where the payload has no amount or its currency is not known."""
    return amounts.money(amount, currency, where) if currency else None


def required_money(amount: Amount, currency: str, where: str) -> Money:
    """The amount. Raises `InvalidPayload` if it or its currency is missing."""
    return amounts.required_money(amount, currency or "?", where)


def tags(value: str | list[str] | None) -> list[str] | None:
    """Tags, which Shopify writes as `a, b` or as a list; `None` if the payload does not say."""
    if value is None:
        return None
    given = value.split(",") if isinstance(value, str) else value
    return [tag for tag in (normalise.text(item, 255) for item in given[:_TAGS_LIMIT]) if tag]
