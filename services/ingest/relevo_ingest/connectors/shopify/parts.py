"""From Shopify's parts to canonical ones: ids, persons, contacts, addresses, amounts."""

from msgspec import structs

from relevo_contracts.payloads import Address, Buyer, EventContact, Money
from relevo_ingest.connectors.shopify.shapes import (
    AddressShape,
    CodeShape,
    CompanyShape,
    CustomerShape,
    MoneySetShape,
    MoneyShape,
    PropertyShape,
    TransactionShape,
)
from relevo_ingest.core import fields, normalise
from relevo_ingest.core import money as amounts
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.fields import Amount, Id, Text

_TAGS_LIMIT = 250  # Shopify's own limit for the tags of a customer or an order
_ATTRIBUTES_LIMIT = 100
_NOWHERE = AddressShape()


def ident(value: Id) -> str:
    """An id as text; of a global id (`gid://shopify/Customer/1?x`) its last part."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if value.startswith("gid://"):
        value = value.partition("?")[0].rpartition("/")[2]
    return fields.ident(value)


def required(value: Id, where: str) -> str:
    """An id that must be there. Raises `InvalidPayload`, naming `where`."""
    return fields.required(ident(value), where)


def plain_transaction(given: TransactionShape) -> TransactionShape:
    """A payment with its words in one writing."""
    return structs.replace(given, kind=fields.word(given.kind), status=fields.word(given.status))


# --- persons -----------------------------------------------------------------------------------------------------


def customer(who: CustomerShape, shop: ShopContext, locale: Text = None) -> Buyer:
    """The customer's own data. What stands in an order's addresses may be somebody else's and is not looked at."""
    home = who.default_address or _NOWHERE
    country = normalise.country(home.country_code)
    return Buyer(
        id=ident(who.id),
        email=normalise.email(who.email),
        phone=normalise.phone(who.phone, country or shop.region),
        first_name=normalise.text(who.first_name, 200),
        last_name=normalise.text(who.last_name, 200),
        company=normalise.text(home.company, 200),
        locale=normalise.locale(locale or who.locale),
        country=country,
    )


def _guest(contact: EventContact | None, who: CustomerShape | None) -> Buyer:
    """Who bought without an account: known by the order's address and number alone."""
    names = who or CustomerShape()
    called = Buyer(first_name=normalise.text(names.first_name, 200), last_name=normalise.text(names.last_name, 200))
    if contact is None:
        return called
    return structs.replace(
        called,
        email=contact.email,
        phone=contact.phone,
        locale=contact.locale,
        email_marketing=contact.email_marketing,
        sms_marketing=contact.sms_marketing,
        guest=True,
    )


def buyer(
    who: CustomerShape | None,
    contact: EventContact | None,
    shop: ShopContext,
    locale: Text = None,
    *,
    company: CompanyShape | None = None,
) -> Buyer:
    """Whom an order or a checkout is about. A ticked box is theirs if it was ticked for their own address or number."""
    if who is None or not ident(who.id):
        return _guest(contact, who)
    own = customer(who, shop, locale)
    if company is not None:
        own = structs.replace(own, account_id=ident(company.id))
    if contact is None or (contact.email_marketing is None and contact.sms_marketing is None):
        return own
    return structs.replace(
        own,
        email_marketing=contact.email_marketing if own.email and own.email == contact.email else None,
        sms_marketing=contact.sms_marketing if own.phone and own.phone == contact.phone else None,
    )


def address(shape: AddressShape | None, shop: ShopContext) -> Address | None:
    """A postal address, or `None` if there is none."""
    if shape is None or shape == _NOWHERE:
        return None
    country = normalise.country(shape.country_code)
    full_name = shape.name or f"{shape.first_name or ''} {shape.last_name or ''}"
    return Address(
        name=normalise.text(full_name, 200),
        company=normalise.text(shape.company, 200),
        line1=normalise.text(shape.address1, 300),
        line2=normalise.text(shape.address2, 300),
        city=normalise.text(shape.city, 200),
        postcode=normalise.text(shape.zip, 40),
        region=normalise.text(shape.province_code or shape.province, 100),
        country=country,
        phone=normalise.phone(shape.phone, country or shop.region),
    )


# --- amounts -----------------------------------------------------------------------------------------------------


def currency_of(shop: ShopContext, *given: Text) -> str:
    """The first currency that is given, else the shop's own; empty if neither is known."""
    return next((code for code in given if code), shop.currency)


def amount(given: MoneySetShape | None, plain: Amount, currency: str, where: str) -> Money | None:
    """An amount in the shop's currency: by its own record, which names the currency, else `plain` in `currency`."""
    own = given.shop_money if given else None
    if own is None or own.amount is None or own.amount == "":
        return fields.optional_money(plain, currency, where)
    code = _code(own) or currency
    return amounts.as_written(own.amount, code) or fields.optional_money(
        own.amount, code, f"{where}_set.shop_money.amount"
    )


def buyers_amount(given: MoneySetShape | None, shops: Money | None, where: str) -> Money | None:
    """An amount in the buyer's currency, if that is another than the shop's."""
    theirs = given.presentment_money if given else None
    if theirs is None or not _code(theirs):
        return None
    found = fields.optional_money(theirs.amount, _code(theirs), f"{where}_set.presentment_money.amount")
    return found if found is not None and (shops is None or found.currency != shops.currency) else None


def currency_in(given: MoneySetShape | None) -> str:
    """The shop's currency by an amount's own record; empty if it does not say."""
    return _code(given.shop_money) if given and given.shop_money else ""


def _code(given: MoneyShape) -> str:
    return given.currency_code or given.currency or ""


# --- lists -------------------------------------------------------------------------------------------------------


def tags(value: str | list[str] | None) -> list[str] | None:
    """Tags, which Shopify writes as `a, b` or as a list; `None` if the payload does not say."""
    if value is None:
        return None
    given = value.split(",") if isinstance(value, str) else value
    return [tag for tag in (normalise.text(item, 255) for item in given[:_TAGS_LIMIT]) if tag]


def codes(given: list[CodeShape] | None) -> list[str]:
    """Discount codes as they were typed in."""
    return [normalise.text(code.code, 255) for code in given[:50] if code.code] if given else []


def attributes(given: list[PropertyShape] | None) -> dict[str, str]:
    """What was written beside an order or a line. Names that begin with `_` are for apps alone, by convention."""
    found: dict[str, str] = {}
    if not given:
        return found
    for one in given[:_ATTRIBUTES_LIMIT]:
        name = normalise.text(one.name, 100)
        if name and not name.startswith("_") and one.value is not None:
            value = str(one.value).lower() if isinstance(one.value, bool) else str(one.value)
            found[name] = normalise.text(value)
    return found


def kilograms(grams: float | None) -> float:
    """Shopify weighs in grams."""
    return round(grams / 1000, 3) if grams and grams > 0 else 0.0
