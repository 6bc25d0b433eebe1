"""From Magento's parts to canonical ones: persons, addresses, amounts, and the store that a record belongs to."""

from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from relevo_contracts.payloads import Address, Item, Money
from relevo_ingest.connectors.magento.shapes import AddressShape, Flag, GroupShape, PartShape, StoreShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.fields import Amount, Id
from relevo_ingest.core.notes import cut, note
from relevo_ingest.core.shop_events import Shop

_LINES = 500
_MOST = 10**9
NOWHERE = AddressShape()


def is_set(flag: Flag) -> bool:
    """Whether a flag says yes: it is a number, a text or a boolean, by the record."""
    return str(flag).lower() in ("1", "true")


def ident(value: Id) -> str:
    """An id as text; 0 is the administration's store, and nobody."""
    found = fields.ident(value)
    return "" if found == "0" else found


def amount(given: Amount) -> Decimal:
    """An amount to compare; what is not there is nothing."""
    try:
        found = Decimal(str(given)) if given is not None else Decimal(0)
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


class Lookup:
    """The store views and groups that a record refers to."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop.context
        self._shop = shop

    @cached_property
    def stores(self) -> dict[str, StoreShape]:
        """The store views by their ids."""
        return {fields.ident(one.id): one for one in self._shop.rows("storeConfigs", StoreShape)}

    def store(self, wanted: Id) -> StoreShape:
        """The store view of that id; an empty one if it is not there."""
        return self.stores.get(fields.ident(wanted), StoreShape())

    def locale(self, store: Id) -> str:
        """The language of a store view, as BCP 47."""
        return normalise.locale(self.store(store).locale)

    def group(self, wanted: Id) -> str:
        """The name of a group of customers."""
        rows = self._shop.rows("customerGroups", GroupShape)
        found = next((one for one in rows if fields.ident(one.id) == fields.ident(wanted)), GroupShape())
        return normalise.text(found.code, 100)

    def currency(self, *given: fields.Text) -> str:
        """The first currency that is named, else the shop's."""
        return fields.first([*(normalise.text(one, 3).upper() for one in given), self.shop.currency])

    def money(self, given: Amount, currency: str, where: str) -> Money | None:
        """An amount; discounts have a minus sign."""
        return fields.optional_money(given, currency, where, absolute=True)


def phone_of(place: AddressShape, lookup: Lookup) -> str:
    """The number of an address, by the address's own country."""
    return normalise.phone(place.telephone, normalise.country(place.country_id) or lookup.shop.region)


def address(place: AddressShape | None, lookup: Lookup) -> Address | None:
    """A postal address, or `None` if nothing of one was filled in."""
    if place is None:
        return None
    street = (
        [normalise.text(line, 300) for line in place.street if isinstance(line, str)]
        if isinstance(place.street, list)
        else []
    )
    lines = [*street, "", ""] if street else [normalise.text(place.street, 300) if _is_text(place.street) else "", ""]
    country = normalise.country(place.country_id)
    found = Address(
        name=normalise.text(f"{place.firstname or ''} {place.lastname or ''}", 200),
        company=normalise.text(place.company, 200),
        line1=lines[0],
        line2=", ".join(filter(None, lines[1:])),
        city=normalise.text(place.city, 200),
        postcode=normalise.text(place.postcode, 40),
        region=_region(place.region),
        country=country,
        phone=phone_of(place, lookup),
    )
    return found if found != Address(country=country) else None


def items(given: list[PartShape] | None, lookup: Lookup, currency: str) -> list[Item]:
    """The lines of a shipment, an invoice or a credit memo, as far as they name something."""
    found = []
    for n, one in enumerate(cut(given or [], _LINES, "items")):
        total = lookup.money(one.row_total_incl_tax, currency, f"items[{n}].row_total_incl_tax") if currency else None
        found.append(
            Item(
                title=fields.plain_text(one.name, 300),
                quantity=1 if one.qty is None else whole(one.qty),
                product_id=ident(one.product_id),
                sku=normalise.text(one.sku, 100),
                line_id=ident(one.order_item_id),
                total=total,
            )
        )
    return [one for one in found if one.title or one.sku or one.line_id]


def whole(quantity: float) -> int | float:
    """A whole number as one: Magento writes `2.0`, too."""
    return int(quantity) if quantity == int(quantity) else quantity


def level(given: Any) -> int | float | None:
    """How much there is; some versions write it as text."""
    if given in (None, ""):
        return None
    try:
        found = Decimal(str(given))
    except InvalidOperation:
        note("qty", f"{str(given)[:40]!r} is not a number; it was left out")
        return None
    return whole(float(found)) if found.is_finite() and abs(found) <= _MOST else None


def _region(given: Any) -> str:
    """A region is a text in an order, and an object in a customer."""
    found = given.get("region") if isinstance(given, dict) else given
    return normalise.text(found, 100) if _is_text(found) else ""


def _is_text(given: Any) -> bool:
    return isinstance(given, str)
