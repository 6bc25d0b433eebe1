"""`fulfillments/*` and `fulfillment_events/create`: parcels on their way, and what is not a parcel.

`shipment.created` says that a parcel has left. A gift card, a sale over the counter, a parcel that the warehouse still
has are `shipment.updated`, with `kind` and `status`.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from relevo_contracts.payloads import EventContact, ShipmentChanged, Track
from relevo_ingest.connectors.shopify import lines, parts
from relevo_ingest.connectors.shopify.shapes import AddressShape, LineShape
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.fields import Id, Text, Time
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, StateView, StateViews

DELIVERED = "delivered"
_PICKUP = frozenset(("ready_for_pickup", "picked_up"))
_STILL_HERE = frozenset(("label_purchased", "label_printed", "confirmed"))
"""What a carrier says of a parcel that it has been told of and not been given yet."""
_CALLED_OFF = frozenset(("cancelled", "canceled"))
_TRACKS_LIMIT = 50


class FulfilmentShape(Struct, frozen=True, kw_only=True):
    """A fulfilment: one parcel of an order, or what is handed over in another way."""

    id: Id = None
    order_id: Id = None
    name: Text = None
    status: Text = None
    service: Text = None
    shipment_status: Text = None
    email: Text = None
    tracking_company: Text = None
    tracking_number: Text = None
    tracking_numbers: list[Text] | None = None
    tracking_url: Text = None
    tracking_urls: list[Text] | None = None
    created_at: Time = None
    updated_at: Time = None
    destination: AddressShape | None = None
    origin_address: AddressShape | None = None
    line_items: list[LineShape] | None = None


class FulfilmentEventShape(Struct, frozen=True, kw_only=True):
    """What the carrier said of a parcel. It names the order and the fulfilment only."""

    fulfillment_id: Id = None
    order_id: Id = None
    status: Text = None
    message: Text = None
    city: Text = None
    province: Text = None
    country: Text = None
    happened_at: Time = None
    created_at: Time = None
    estimated_delivery_at: Time = None


def created(body: bytes, shop: ShopContext) -> Reading:
    """`fulfillments/create`: it has left already, or it will."""
    shape = _plain(decode(body, FulfilmentShape))
    return _reading(shape, shop, shape.created_at or shape.updated_at, first=True)


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`fulfillments/update`: a parcel that was waiting left, was delivered, or something else of it changed."""
    shape = _plain(decode(body, FulfilmentShape))
    return _reading(shape, shop, shape.updated_at, first=False)


def carrier_event(body: bytes, shop: ShopContext) -> Reading:
    """`fulfillment_events/create`."""
    del shop  # it names no person and no money
    shape = decode(body, FulfilmentEventShape)
    shipment_id = parts.required(shape.fulfillment_id, "fulfillment_id")
    order_id = parts.required(shape.order_id, "order_id")
    status = fields.word(shape.status)
    delivered = status == DELIVERED
    at = shape.happened_at or shape.created_at
    payload = ShipmentChanged(
        customer=known_orders.NO_ORDER.buyer(),
        shipment_id=shipment_id,
        order_id=order_id,
        status=status,
        comment=normalise.text(shape.message, 500),
        scan_location=", ".join(filter(None, (normalise.text(shape.city, 100), normalise.text(shape.country, 100)))),
        estimated_at=fields.utc(shape.estimated_delivery_at),
        delivered_at=fields.utc(at) if delivered else None,
    )

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(_entity(shipment_id), UNKNOWN)
        order, kind = known_orders.of(views, order_id), str(seen.now.get("kind", ""))
        if delivered and (seen.before or {}).get("delivered"):
            return NoEvent("fulfillment_events/create: the delivery of this parcel was told before")
        return [_draft(_delivery_or_update(kind, delivered=delivered), payload, kind, order, at)]

    looks: tuple[Entity, ...] = (known_orders.order(order_id),)
    if not delivered:
        return Pending(conclude=conclude, looks=(*looks, _entity(shipment_id)))
    observation = Observation(entity=_entity(shipment_id), state={"order": order_id, "delivered": True}, at=at)
    return Pending(conclude=conclude, observed=(observation,), looks=looks)


def _plain(shape: FulfilmentShape) -> FulfilmentShape:
    words = {name: fields.word(getattr(shape, name)) for name in ("status", "shipment_status", "service")}
    return structs.replace(shape, **words)


def _reading(shape: FulfilmentShape, shop: ShopContext, at: datetime | None, *, first: bool) -> Reading:
    payload = _payload(shape, shop)
    entity = _entity(payload.shipment_id)

    def conclude(views: StateViews) -> Conclusion:
        order = known_orders.of(views, payload.order_id)
        kind = _kind(shape, payload, order)
        event_type = _event_type(shape, kind, views.get(entity, UNKNOWN), first=first)
        shown = at if event_type == "shipment.created" else None
        return [_draft(event_type, structs.replace(payload, shipped_at=fields.utc(shown)), kind, order, at)]

    observed = Observation(entity=entity, state=_state(shape, payload), at=shape.updated_at or at)
    return Pending(conclude=conclude, observed=(observed,), looks=(known_orders.order(payload.order_id),))


def _event_type(shape: FulfilmentShape, kind: str, seen: StateView, *, first: bool) -> str:
    """What happened. Whatever is not a parcel is only ever updated.

    Of a parcel whose creation was not heard of an update does not tell whether it left now or long ago; then the
    creation, which comes late, announces it; not if the parcel was called off meanwhile.
    """
    before = seen.before or {}
    if shape.shipment_status == DELIVERED and not before.get("delivered"):
        return _delivery_or_update(kind, delivered=True)
    if kind != "parcel" or seen.now.get("called_off") or not (_has_left(shape) or (first and seen.now.get("left"))):
        return "shipment.updated"
    leaves_now = seen.before is not None and not before.get("left")
    return "shipment.created" if first or leaves_now else "shipment.updated"


def _delivery_or_update(kind: str, *, delivered: bool) -> str:
    return "shipment.delivered" if delivered and kind in ("parcel", "") else "shipment.updated"


def _has_left(shape: FulfilmentShape) -> bool:
    return shape.status == "success" and shape.shipment_status not in _STILL_HERE


def _kind(shape: FulfilmentShape, payload: ShipmentChanged, order: KnownOrder) -> str:
    """`digital`, `pickup`, `parcel`, or empty where nothing tells."""
    if payload.items and not any(item.requires_shipping for item in payload.items):
        return "digital"
    if shape.service == "gift_card":
        return "digital"
    if order.pickup or shape.shipment_status in _PICKUP:
        return "pickup"
    if payload.tracks or payload.address is not None:
        return "parcel"
    return "pickup" if payload.items else ""


def _state(shape: FulfilmentShape, payload: ShipmentChanged) -> dict[str, Any]:
    """What is kept of it. Whatever has left or was delivered once stays so: what is not named keeps its value."""
    kept: dict[str, Any] = {"order": payload.order_id, "kind": _kind(shape, payload, known_orders.NO_ORDER)}
    if _has_left(shape):
        kept["left"] = True
    if shape.shipment_status == DELIVERED:
        kept["delivered"] = True
    if shape.status in _CALLED_OFF:
        kept["called_off"] = True
    return kept


def _draft(event_type: str, payload: ShipmentChanged, kind: str, order: KnownOrder, at: datetime | None) -> Draft:
    whole = structs.replace(
        payload,
        customer=order.buyer(),
        contact=_contact(payload.contact, order.contact),
        order_number=payload.order_number or order.number,
        kind=kind,
        test=order.test,
    )
    # A parcel leaves once and arrives once, whichever topic tells and however often later updates repeat it.
    own_id = "" if event_type == "shipment.updated" else f"{event_type}:{payload.shipment_id}"
    return order.draft(event_type, whole, at, id=own_id, about=payload.shipment_id)


def _contact(own: EventContact | None, orders: EventContact | None) -> EventContact | None:
    """The order's contact; a fulfilment itself has nothing but an address."""
    if orders is None or own is None:
        return orders or own
    return structs.replace(orders, email=own.email or orders.email)


def _entity(shipment_id: str) -> Entity:
    return Entity("shipment", shipment_id)


def _payload(shape: FulfilmentShape, shop: ShopContext) -> ShipmentChanged:
    tracks = _tracks(shape)
    head = tracks[0] if tracks else Track()
    origin = shape.origin_address or AddressShape()
    return ShipmentChanged(
        # The address is the order's, and the destination may be somebody else's (a present): neither is the customer's.
        customer=known_orders.NO_ORDER.buyer(),
        contact=fields.contact_of(EventContact(email=normalise.email(shape.email))),
        shipment_id=parts.required(shape.id, "id"),
        order_id=parts.required(shape.order_id, "order_id"),
        order_number=normalise.text((shape.name or "").rpartition(".")[0], 100),
        status=shape.shipment_status or shape.status or "",
        carrier=normalise.text(shape.tracking_company, 100),
        tracking_number=head.number,
        tracking_url=head.url,
        tracks=tracks,
        items=lines.items(shape.line_items, parts.currency_of(shop)),
        address=parts.address(shape.destination, shop),
        origin=normalise.text(origin.name or origin.city, 200),
        delivered_at=fields.utc(shape.updated_at) if shape.shipment_status == DELIVERED else None,
    )


def _tracks(shape: FulfilmentShape) -> list[Track]:
    """Every parcel's number and link; the lists are the newer writing, the single fields the older."""
    numbers = [normalise.text(one, 200) for one in shape.tracking_numbers or [shape.tracking_number]]
    urls = [normalise.text(one) for one in shape.tracking_urls or [shape.tracking_url]]
    carrier = normalise.text(shape.tracking_company, 100)
    most = min(max(len(numbers), len(urls)), _TRACKS_LIMIT)
    pairs = [(numbers[n] if n < len(numbers) else "", urls[n] if n < len(urls) else "") for n in range(most)]
    return [Track(number=number, url=url, carrier=carrier) for number, url in pairs if number or url]
