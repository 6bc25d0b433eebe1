"""What scripts send that speak Segment's protocol (`/v1/track`, `/v1/page`, `/v1/identify`, `/v1/batch`).

Source: Segment's documentation of its spec: common fields, e-commerce events (version 2), the batch of its sources.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from relevo_contracts.payloads import Instant
from relevo_ingest.core import normalise
from relevo_ingest.core.coercion import CannotCoerce, coerce
from relevo_ingest.core.decoding import parse_object
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.storefront.batches import Batch, Choice, Hit, check_count, choice_of, corrected, fingerprint
from relevo_ingest.core.storefront.hits import ASK, IDENTIFY
from relevo_ingest.core.storefront.values import visitor_id

CALLS: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("track", "identify", "page", "screen", "group", "alias", "batch", "import")},
        **{"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"},
    }
)
"""The calls of the protocol by the last part of their path; browsers use the short ones."""
IDENTITY_TRAIT = "identity_token"
"""The trait of `identify` that has the token of the shop's server; without it nobody is identified."""
Data = dict[str, Any]


class _Message(Struct, frozen=True, rename="camel"):
    type: str = ""
    event: str = ""
    anonymous_id: str = ""
    message_id: str = ""
    timestamp: Instant | None = None
    original_timestamp: Instant | None = None
    sent_at: Instant | None = None
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
    consent: str = ""


class _Envelope(Struct, frozen=True, rename="camel"):
    write_key: str = ""
    sent_at: Instant | None = None
    context: dict[str, Any] = {}
    batch: list[dict[str, Any]] = []


def read_segment(call: str, body: bytes, received: datetime) -> Batch:
    """The hits of a call. Raises `InvalidPayload`. What has no canonical event makes no hit."""
    whole = parse_object(body)
    envelope = _coerced(whole, _Envelope, "")
    if call not in ("batch", "import"):
        return Batch(envelope.write_key, _hits({"type": call, **whole}, "", envelope, received))
    check_count(envelope.batch, "batch")
    hits = [hit for n, one in enumerate(envelope.batch) for hit in _hits(one, f"batch[{n}]", envelope, received)]
    return Batch(envelope.write_key, hits)


def _hits(given: dict[str, Any], where: str, envelope: _Envelope, received: datetime) -> Sequence[Hit]:
    message = _coerced(given, _Message, where)
    context = {**envelope.context, **message.context}
    found = _said(message, context)
    if found is None:
        return ()
    happened = message.timestamp or message.original_timestamp
    at = corrected(happened, message.sent_at or envelope.sent_at, received)
    kind, data = found
    return (
        Hit(
            id=message.message_id or fingerprint(given),
            type=kind,
            visitor=visitor_id(message.anonymous_id),
            at=at,
            data=data,
            choice=choice_of(message.consent) or _choice(context),
            locale=normalise.locale(_text(context.get("locale"))),
        ),
    )


def _said(message: _Message, context: Data) -> tuple[str, Data] | None:
    """The type of our own and its data; `None` for what says nothing here."""
    if message.type == "identify":
        token = message.traits.get(IDENTITY_TRAIT)
        return (IDENTIFY, {"token": token}) if token else None
    if message.type == "page":
        return "page.viewed", _page(message.properties, context)
    if message.type != "track":
        return None
    name = " ".join(message.event.split()).lower()
    if name.startswith(_BY_SERVERS):
        return message.event, {}  # refused, as any other browser's
    known = _TRACKED.get(name)
    return (known[0], known[1](message.properties, context)) if known else None


def _choice(context: Data) -> Choice:
    """Of Segment's consent categories: granted if all are. Source: Segment, `context.consent.categoryPreferences`."""
    consent = context.get("consent")
    preferences = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    if not isinstance(preferences, dict) or not preferences:
        return ""
    return "granted" if all(value is True for value in preferences.values()) else "denied"


def _page(properties: Data, context: Data) -> Data:
    page, campaign = _object(context.get("page")), _object(context.get("campaign"))
    names = ("url", "title", "referrer", "category")
    return {name: properties.get(name, page.get(name)) for name in names} | {"campaign": campaign or None}


def _viewed(properties: Data, context: Data) -> Data:
    item = _item(properties)
    return (
        _page(properties, context) | item | {"brand": properties.get("brand"), "category": properties.get("category")}
    )


def _search(properties: Data, context: Data) -> Data:
    return {"query": properties.get("query"), "url": _page(properties, context)["url"]}


def _cart(properties: Data, _: Data) -> Data:
    products = properties.get("products")
    items = _items(products) if isinstance(products, list) else [_item(properties)]
    return {"cart_token": properties.get("cart_id"), "items": items, "total": _money(properties, "value", "total")}


def _checkout(properties: Data, _: Data) -> Data:
    coupon = properties.get("coupon")
    return {
        "checkout_token": properties.get("checkout_id") or properties.get("order_id"),
        "cart_token": properties.get("cart_id"),
        "items": _items(properties.get("products")),
        "total": _money(properties, "value", "total", "revenue"),
        "shipping": _money(properties, "shipping"),
        "tax": _money(properties, "tax"),
        "discount": _money(properties, "discount"),
        "discount_codes": [coupon] if coupon else [],
    }


def _onto_list(properties: Data, _: Data) -> Data:
    return {"wishlist_id": properties.get("wishlist_id"), "added": [_item(properties)]}


def _off_list(properties: Data, _: Data) -> Data:
    return {"wishlist_id": properties.get("wishlist_id"), "removed": [_item(properties)]}


def _form(properties: Data, context: Data) -> Data:
    own = {name: value for name, value in properties.items() if name not in ("form", "form_id", "form_name", "fields")}
    named = properties.get("form") or properties.get("form_id") or properties.get("form_name")
    return {"form": named, "fields": properties.get("fields") or own, "url": _page(properties, context)["url"]}


def _wish(properties: Data, context: Data) -> Data:
    return _item(properties) | {"email": properties.get("email"), "form_url": _page(properties, context)["url"]}


def _sign_up(properties: Data, context: Data) -> Data:
    return {"form_url": _page(properties, context)["url"], **properties}


_TRACKED: Mapping[str, tuple[str, Callable[[Data, Data], Data]]] = MappingProxyType(
    {
        "product viewed": ("product.viewed", _viewed),
        "products searched": ("search.performed", _search),
        "product added": ("cart.updated", _cart),
        "cart viewed": ("cart.updated", _cart),
        "cart updated": ("cart.updated", _cart),
        "product added to wishlist": ("wishlist.updated", _onto_list),
        "product removed from wishlist": ("wishlist.updated", _off_list),
        "checkout started": ("checkout.started", _checkout),
        "form submitted": ("form.submitted", _form),
        "back in stock requested": ("back_in_stock.requested", _wish),
        "price drop requested": ("price_drop.requested", _wish),
        "newsletter requested": (ASK, _sign_up),
    }
)
"""By Segment's name in lower case: the type of our own, and what makes its data. Others say nothing here."""
_BY_SERVERS = ("order ", "payment ", "invoice ", "refund ", "subscription ")
"""How events begin that only the shop's own server can tell."""


def _items(given: Any) -> list[Data]:
    return [_item(one) for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _item(product: Data) -> dict[str, Any]:
    """A product of Segment's. One price without a currency is in the shop's."""
    category = product.get("category")
    return {
        "product_id": product.get("product_id"),
        "variant_id": product.get("variant_id"),
        "sku": product.get("sku"),
        "title": product.get("name") or product.get("title") or "",
        "variant": product.get("variant"),
        "vendor": product.get("brand"),
        "quantity": product.get("quantity", 1),
        "price": _money(product, "price"),
        "categories": [category] if category else [],
        "url": product.get("url"),
        "image_url": product.get("image_url"),
    }


def _money(given: Data, *names: str) -> dict[str, Any] | None:
    found = next((given[name] for name in names if given.get(name) is not None), None)
    return None if found is None else {"amount": found, "currency": given.get("currency") or ""}


def _object(value: Any) -> Data:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _coerced(value: Any, shape: type[Any], where: str) -> Any:
    try:
        return coerce(value, shape, where)
    except CannotCoerce as error:
        raise InvalidPayload(error.where or where or "body", error.problem) from None
