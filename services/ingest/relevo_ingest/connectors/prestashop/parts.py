"""From PrestaShop's parts to canonical ones: times, texts, persons, addresses, and what the shop's states mean."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from relevo_contracts.payloads import Address, Buyer, EventContact, Money
from relevo_contracts.zones import zone_name
from relevo_ingest.connectors.prestashop.shapes import (
    AddressShape,
    CustomerShape,
    Flag,
    NamedShape,
    StateShape,
    Translated,
)
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.fields import Amount, Id, Text
from relevo_ingest.core.notes import note
from relevo_ingest.core.shop_events import Shop

TIMEZONE, CURRENCY, LANGUAGE = "PS_TIMEZONE", "PS_CURRENCY_DEFAULT", "PS_LANG_DEFAULT"
CANCELLED, REFUNDED, FAILED, DELIVERED = "PS_OS_CANCELED", "PS_OS_REFUND", "PS_OS_ERROR", "PS_OS_DELIVERED"
SETTINGS = (TIMEZONE, CURRENCY, LANGUAGE, CANCELLED, REFUNDED, FAILED, DELIVERED)
"""The settings of the shop that are read: its zone, and which of its states mean what no flag says."""
_BY_TEMPLATE = {"order_canceled": "cancelled", "refund": "refunded", "payment_error": "payment_error"}


def ident(value: Id) -> str:
    """An id as text; PrestaShop writes 0 for "none"."""
    found = fields.ident(value)
    return "" if found == "0" else found


def _written(value: object) -> str:
    """A text, which may be a number; what is neither says nothing."""
    return str(value) if isinstance(value, str | int) else ""


def is_set(flag: Flag) -> bool:
    """Whether a flag says yes: it is a number, a text or a boolean, by the version."""
    return str(flag).lower() in ("1", "true")


def number(value: Any, where: str) -> int | float | None:
    """A quantity, which some versions write as text."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        if value not in (None, ""):
            note(where, f"{str(value)[:40]!r} is not a number; it was left out")
        return None
    if not found.is_finite() or abs(found) > 10**9:
        return None
    return int(found) if found == int(found) else float(found)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name, if there is one."""
    known = zone_name(name)
    return ZoneInfo(known) if known else None


class Meaning(Struct, frozen=True, kw_only=True):
    """What a state of an order means, whatever the shop calls it."""

    status: str = ""
    label: str = ""
    paid: bool = False
    shipped: bool = False
    delivered: bool = False
    cancelled: bool = False
    refunded: bool = False


class Lookup:
    """The rows that a record refers to, by their ids, and the settings of the shop."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop.context
        self._shop = shop

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """The settings by their names."""
        return {str(one.name): one.value or "" for one in self._shop.rows("configurations", NamedShape)}

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of the shop's times."""
        return zone_of(self.settings.get(TIMEZONE, "")) or ZoneInfo("UTC")

    def named(self, resource: str, wanted: Id) -> NamedShape:
        """The row of that id; an empty one if it is not there."""
        given = ident(wanted)
        rows = self._shop.rows(resource, NamedShape) if given else []
        return next((one for one in rows if ident(one.id) == given), NamedShape())

    def customer(self, wanted: Id) -> CustomerShape:
        """The customer of that id."""
        rows = self._shop.rows("customers", CustomerShape)
        return next((one for one in rows if ident(one.id) and ident(one.id) == ident(wanted)), CustomerShape())

    def address(self, wanted: Id) -> AddressShape:
        """The address of that id."""
        rows = self._shop.rows("addresses", AddressShape)
        return next((one for one in rows if ident(one.id) and ident(one.id) == ident(wanted)), AddressShape())

    def currency(self, wanted: Id = None) -> str:
        """The code of a currency; that of the shop if the record names none."""
        named = self.named("currencies", wanted or self.settings.get(CURRENCY))
        return normalise.text(named.iso_code, 3).upper() or self.shop.currency

    def locale(self, wanted: Id) -> str:
        """The language of that id, as BCP 47. Shops of 1.6 have no `locale`, only the code that browsers send."""
        language = self.named("languages", wanted)
        given = (language.locale, language.language_code, language.iso_code)
        return fields.first(normalise.locale(one) for one in given)

    def text(self, given: Translated, language: Id, limit: int = 300) -> str:
        """A text in that language, else in the shop's, else in any."""
        if not isinstance(given, list):
            return fields.plain_text(_written(given), limit)
        texts = {str(one.get("id")): _written(one.get("value")) for one in given if isinstance(one, dict)}
        wanted = (
            texts.get(ident(language)) or texts.get(self.settings.get(LANGUAGE, "")) or fields.first(texts.values())
        )
        return fields.plain_text(wanted, limit)

    def time(self, text: Text, where: str) -> datetime | None:
        """The instant of a local time of the shop; `0000-00-00 00:00:00` is none."""
        if not text or text.startswith("0000"):
            return None
        try:
            instant = datetime.fromisoformat(text.strip())
        except ValueError:
            note(where, f"{text[:40]!r} is not a time; it was left out")
            return None
        local = instant if instant.tzinfo else instant.replace(tzinfo=self.zone)
        return local.astimezone(UTC) if local.year > 1 else None

    def money(self, amount: Amount, currency: str, where: str) -> Money | None:
        """An amount; PrestaShop's floats have noise behind their decimals."""
        return fields.optional_money(amount, currency, where)

    def state(self, wanted: Id, language: Id) -> Meaning:
        """What an order's state means: by the shop's settings, its e-mail, its flags."""
        rows = self._shop.rows("order_states", StateShape)
        found = next((one for one in rows if ident(one.id) and ident(one.id) == ident(wanted)), StateShape(id=wanted))
        status = self._special(found, language)
        paid, shipped = is_set(found.paid), is_set(found.shipped)
        usual = "shipped" if shipped else "preparing" if is_set(found.delivery) else "paid" if paid else "pending"
        return Meaning(
            status=status or usual,
            label=self.text(found.name, language, 200),
            paid=paid,
            shipped=shipped,
            delivered=status == "delivered",
            cancelled=status == "cancelled",
            refunded=status == "refunded",
        )

    def _special(self, state: StateShape, language: Id) -> str:
        names = {CANCELLED: "cancelled", REFUNDED: "refunded", FAILED: "payment_error", DELIVERED: "delivered"}
        own = ident(state.id)
        by_setting = next((word for name, word in names.items() if own and self.settings.get(name) == own), "")
        return by_setting or _BY_TEMPLATE.get(self.text(state.template, language), "")


def phone_of(place: AddressShape, lookup: Lookup) -> str:
    """The number of an address, a mobile one first, by the address's own country."""
    region = normalise.country(lookup.named("countries", place.id_country).iso_code) or lookup.shop.region
    return normalise.phone(place.phone_mobile, region) or normalise.phone(place.phone, region)


def address(place: AddressShape, lookup: Lookup) -> Address | None:
    """A postal address, or `None` if nothing of one was filled in."""
    country = normalise.country(lookup.named("countries", place.id_country).iso_code)
    found = Address(
        name=normalise.text(f"{place.firstname or ''} {place.lastname or ''}", 200),
        company=normalise.text(place.company, 200),
        line1=normalise.text(place.address1, 300),
        line2=normalise.text(place.address2, 300),
        city=normalise.text(place.city, 200),
        postcode=normalise.text(place.postcode, 40),
        region=lookup.text(lookup.named("states", place.id_state).name, None, 100),
        country=country,
        phone=phone_of(place, lookup),
    )
    return found if found != Address(country=country) else None


def buyer(customer: CustomerShape, wanted: Id, lookup: Lookup) -> Buyer:
    """Whom a record is about: an account by its id, a guest by what was typed in."""
    if not is_set(customer.is_guest):
        return Buyer(id=ident(wanted))
    return Buyer(
        email=normalise.email(customer.email),
        first_name=normalise.text(customer.firstname, 200),
        last_name=normalise.text(customer.lastname, 200),
        locale=lookup.locale(customer.id_lang),
        guest=True,
    )


def contact(customer: CustomerShape, payer: AddressShape, language: Id, lookup: Lookup) -> EventContact | None:
    """Where the news of an order goes: the account's address, the number of the invoice address."""
    return fields.contact_of(
        EventContact(
            email=normalise.email(customer.email),
            phone=phone_of(payer, lookup),
            first_name=normalise.text(customer.firstname or payer.firstname, 200),
            last_name=normalise.text(customer.lastname or payer.lastname, 200),
            company=normalise.text(payer.company or customer.company, 200),
            locale=lookup.locale(language),
        )
    )
