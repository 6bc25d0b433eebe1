"""Events that a sender wrote in canonical form: checked, brought into one form, secrets removed."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from relevo_contracts.payloads import (
    EVENT_TYPES,
    Buyer,
    CouponChanged,
    EventContact,
    Money,
    Payload,
    ProductChanged,
    ShopChanged,
    StockChanged,
)
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import Person, Product, Subject, WholeShop, person
from relevo_ingest.core.cloudevents import CloudEvent
from relevo_ingest.core.decoding import decode_strictly, parse
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fitting import note_unknown
from relevo_ingest.core.money import amount_text
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.redaction import without_secrets
from relevo_ingest.core.times import to_utc

_TEXT_LIMIT = 10_000
_ID_LIMIT = 200
_ATTRIBUTE_LIMIT = 1_000


def read(event: CloudEvent, shop: ShopContext) -> Conclusion:
    """The draft of an event, or why there is none. Raises `InvalidPayload` with the path of what is wrong."""
    shape = EVENT_TYPES.get(event.type)
    if shape is None:
        return NoEvent(f"{event.type[:100]!r} is no canonical event type")
    source = _attribute(event.source, "source")
    body = event.body()
    payload: Payload = _canonical(decode_strictly(body, shape, "data"), shop, "data")
    with collecting() as notes:
        note_unknown(parse(body, "data"), shape, "data")
    draft = Draft(
        type=event.type,
        payload=payload,
        subject=_subject(payload),
        at=to_utc(event.time) if event.time else None,
        id=event_id(source, _attribute(event.id, "id")),
        source=source,
        historical=event.is_historical,
        test=event.is_test or bool(getattr(payload, "test", False)),
        notes=tuple(notes),
    )
    return [draft]


def _attribute(value: str, where: str) -> str:
    """An attribute that names something, as text that can be stored. Raises `InvalidPayload` if nothing is left."""
    found = normalise.text(value, _ATTRIBUTE_LIMIT)
    if not found:
        raise InvalidPayload(where, "has no character that can be seen")
    return found


def event_id(source: str, identifier: str) -> str:
    """CloudEvents' ids are unique within their source only: the two together are unique within the shop."""
    joined = f"{source}#{identifier}"
    if len(joined) <= _ID_LIMIT and joined.isprintable():
        return joined
    return normalise.digest(joined)


def _subject(payload: Payload) -> Subject:
    if isinstance(payload, StockChanged):
        stock_items = (payload.inventory_item_id,) if payload.inventory_item_id else ()
        skus = (payload.sku,) if payload.sku else ()
        if not (payload.product_id or stock_items or skus):
            raise InvalidPayload("data.product_id", "is empty: the event belongs to no product")
        return Product(payload.product_id, stock_items, skus)
    if isinstance(payload, ProductChanged):
        if not payload.product_id:
            raise InvalidPayload("data.product_id", "is empty: the event belongs to no product")
        named = dict.fromkeys((payload.sku, *(variant.sku for variant in payload.variants)))
        return Product(payload.product_id, skus=tuple(sku for sku in named if sku))
    if isinstance(payload, ShopChanged):
        return WholeShop()
    found: Person = person(payload)
    if not found.aliases and isinstance(payload, CouponChanged):
        return WholeShop()  # a coupon for everyone
    if not found.aliases:
        raise InvalidPayload("data.customer", "names nobody: give its id, email or phone")
    return found


def _canonical(value: Any, shop: ShopContext, where: str) -> Any:
    """The same value in canonical form. Raises `InvalidPayload` for what can't be."""
    if isinstance(value, Struct):
        return _canonical_struct(value, shop, where)
    if isinstance(value, list):
        return [_canonical(item, shop, f"{where}[{n}]") for n, item in enumerate(value)]
    if isinstance(value, dict):
        return without_secrets({_text(name): _text(item) for name, item in value.items()})
    if isinstance(value, datetime):
        return to_utc(value)
    return _text(value) if isinstance(value, str) else value


def _canonical_struct(value: Struct, shop: ShopContext, where: str) -> Struct:
    if isinstance(value, Money):
        return Money(amount_text(value.amount, f"{where}.amount", currency=value.currency), value.currency)
    fields = {name: _canonical(getattr(value, name), shop, f"{where}.{name}") for name in value.__struct_fields__}
    if isinstance(value, Buyer | EventContact):
        fields |= {name: text for name, text in _contact(value, shop, where).items() if name in fields}
    return type(value)(**fields)


def _text(value: str) -> str:
    return normalise.text(value, _TEXT_LIMIT)


def _contact(who: Buyer | EventContact, shop: ShopContext, where: str) -> dict[str, str]:
    """The fields of a person that have one right form."""
    country, timezone = getattr(who, "country", ""), getattr(who, "timezone", "")
    land = normalise.country(country)
    number = normalise.phone(who.phone, land or shop.region)
    zone = normalise.timezone(timezone)
    return {
        "email": _checked(normalise.email(who.email), who.email, f"{where}.email", "is no e-mail address"),
        "phone": _checked(number, who.phone, f"{where}.phone", "is no phone number: write it as +12025550123"),
        "locale": _checked(normalise.locale(who.locale), who.locale, f"{where}.locale", "is no BCP 47 locale (es-ES)"),
        "timezone": _checked(zone, timezone, f"{where}.timezone", "is no time zone: write it as Europe/Madrid"),
        "country": _checked(land, country, f"{where}.country", "is no ISO 3166-1 country (ES)"),
    }


def _checked(found: str, given: str, where: str, problem: str) -> str:
    """A shop's webhook may hold nonsense that its customer typed; who writes canonical events can mend theirs."""
    if given.strip() and not found:
        raise InvalidPayload(where, f"{given[:60]!r} {problem}")
    return found
