"""Events that a sender wrote in canonical form: from what arrived to a draft, or everything that is wrong with it."""

from difflib import get_close_matches
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.checking import faults_of, unknown_fields, without
from relevo_contracts.event_types import CUSTOM, EventTypes
from relevo_contracts.payloads import (
    CouponChanged,
    CouponPoolChanged,
    CustomEvent,
    Payload,
    ProductChanged,
    ShopChanged,
    StockChanged,
)
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import Person, Product, Subject, WholeShop, person
from relevo_ingest.core.cleaning import cleaned, unclean
from relevo_ingest.core.cloudevents import Given, Malformed
from relevo_ingest.core.coercion import note_unknown
from relevo_ingest.core.completeness import missing_fields
from relevo_ingest.core.decoding import decode_strictly, parse
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, ShopContext
from relevo_ingest.core.errors import InvalidPayload, as_problem
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.times import to_utc

_ID_LIMIT = 200
_ATTRIBUTE_LIMIT = 1_000
_NEAR = 0.75
"""How alike two types are where one may be a slip of the other; below it, advice would lead astray."""


def read(event: Given, shop: ShopContext, *, strict: bool = True) -> Conclusion:
    """The draft of an event, or why there is none. Raises `InvalidPayload` with everything that is wrong.

    With `strict` a type or a field that there is not is wrong. Else the field is left out with a note, and the event
    kept as one that nobody recognised; a `custom.…` event that its shop has not declared is always wrong.
    """
    if isinstance(event, Malformed):
        raise _everything_wrong(event, shop, strict=strict)
    shape = shop.types.get(event.type)
    if shape is None:
        problem = _no_type(event.type, shop.types)
        if strict or event.type.startswith(CUSTOM):
            raise InvalidPayload("type", problem)
        return NoEvent(problem)
    source = _attribute(event.source, "source")
    try:
        with collecting() as notes:
            decoded, left_out = _decoded(event.body(), shape, shop, strict=strict)
            payload: Any = cleaned(decoded, shop, "data")
            if wrong := () if event.type.startswith(CUSTOM) else missing_fields(payload, "data"):
                raise InvalidPayload.of(wrong)
    except RecursionError:
        raise InvalidPayload("data", "the JSON is nested too deep") from None
    draft = Draft(
        type=event.type,
        payload=payload,
        subject=subject_of(event.type, payload),
        at=to_utc(event.time) if event.time else None,
        id=event_id(source, _attribute(event.id, "id")),
        source=source,
        historical=event.is_historical,
        test=event.is_test or getattr(payload, "test", False) is True,
        notes=(*left_out, *notes),
    )
    return [draft]


def content_digest(draft: Draft) -> bytes:
    """The same for the same event, however its JSON was written: an id belongs to one content."""
    content = (draft.type, draft.at, draft.historical, draft.test, draft.payload)
    return sha256(msgspec.json.encode(content, order="deterministic")).digest()[:16]


def _everything_wrong(event: Malformed, shop: ShopContext, *, strict: bool) -> InvalidPayload:
    """What is wrong with its attributes, and with its data as far as the type says what that should be."""
    wrong = list(event.wrong)
    shape = shop.types.get(event.type)
    if shape is None and event.type:
        wrong.append(("type", _no_type(event.type, shop.types)))
    elif shape is not None and bytes(event.data):
        found = _every_fault(bytes(event.data), shape, shop, strict=strict)
        wrong.extend(found.wrong if found else ())
    return InvalidPayload.of(wrong)


def _no_type(given: str, types: EventTypes) -> str:
    near = get_close_matches(given[:_ID_LIMIT], list(types), n=1, cutoff=_NEAR)
    own = given.startswith(CUSTOM)
    what = "is not declared by this shop" if own else "is not a canonical event type"
    advice = "declare it and deploy that" if own else "the catalogue has them; one of your own begins with custom."
    return f"{given[:100]!r} {what}; {f'did you mean {near[0]!r}?' if near else advice}"


def _decoded(body: bytes, shape: type[Struct], shop: ShopContext, *, strict: bool) -> tuple[Struct, tuple[str, ...]]:
    """The payload of a body, and what was left out. Raises `InvalidPayload` with every fault at once."""
    try:
        payload: Struct = decode_strictly(body, shape, "data")
    except InvalidPayload as error:
        found = _every_fault(body, shape, shop, strict=strict)
        if found or (converted := _converted(body, shape)) is None:
            raise found or error from None
        payload = converted
    if strict:
        if unknown_fields(shape, parse(body, "data"), ("data",)):
            raise _every_fault(body, shape, shop, strict=True) or InvalidPayload("data", "has unknown fields")
        return payload, ()
    with collecting() as notes:
        note_unknown(parse(body, "data"), shape, "data")
    return payload, tuple(notes)


def _converted(body: bytes, shape: type[Struct]) -> Struct | None:
    """A body in which a whole number is written with decimals (`5.0`), which JSON Schema takes for one."""
    try:
        return msgspec.convert(_whole(msgspec.json.decode(body)), shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _every_fault(body: bytes, shape: type[Struct], shop: ShopContext, *, strict: bool) -> InvalidPayload | None:
    """All that is wrong with a body that is JSON; `None` if it is not even that, or if nothing is."""
    try:
        value = msgspec.json.decode(body)
        faults = faults_of(shape, value, strict=strict, at=("data",))
        wrong = [as_problem(one) for one in faults]
        if wrong:
            wrong.extend(unclean(without(value, (one.place[1:] for one in faults)), shape, shop, "data"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    except RecursionError:
        return InvalidPayload("data", "the JSON is nested too deep")
    return InvalidPayload.of(wrong) if wrong else None


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


def subject_of(event_type: str, payload: Payload) -> Subject:
    """Whom or what an event is about, by all the names that it gives. Raises `InvalidPayload` if it names nobody."""
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
    if isinstance(payload, ShopChanged | CouponPoolChanged):
        return WholeShop()
    # Of a declared event only the customer is known to be a name of a person, whatever its other fields are called.
    about = CustomEvent(customer=payload.customer) if event_type.startswith(CUSTOM) else payload
    found: Person = person(about)
    if not found.aliases and isinstance(payload, CouponChanged):
        return WholeShop()  # a coupon for everyone
    if not found.aliases:
        raise InvalidPayload("data.customer", "names nobody: give its id, email or phone")
    return found
