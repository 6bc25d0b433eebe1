"""Shipments, and the numbers of their parcels, which are often added later."""

from msgspec import structs

from relevo_contracts.payloads import ShipmentChanged, Track
from relevo_ingest.connectors.adobe_commerce import parts
from relevo_ingest.connectors.adobe_commerce.message import VALUE, Message, ident, is_new, made_at, own_id, saved_at
from relevo_ingest.connectors.adobe_commerce.shapes import SaleShape, ShipmentShape, TrackShape
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.changes import if_changed
from relevo_ingest.core.drafts import Conclusion, Pending, Reading, ShopContext
from relevo_ingest.core.states import Entity, StateViews

_NOTHING_NEW = "the shipment is as it was known already"


def saved(message: Message, shop: ShopContext) -> Reading:
    """`observer.sales_order_shipment_save_after`."""
    shape = message.value(ShipmentShape)
    shipment_id = fields.required(own_id(shape) or normalise.text(shape.increment_id, 100), f"{VALUE}.entity_id")
    tracks = [_track(one) for one in shape.tracks or []]
    payload = _with_first(
        ShipmentChanged(
            customer=known_orders.NO_ORDER.buyer(),
            shipment_id=shipment_id,
            order_id=ident(shape.order_id),
            kind="parcel",
            items=parts.items(shape.items, parts.Prices(SaleShape(), shop)),
            tracks=[track for track in tracks if track != Track()],
            shipped_at=made_at(shape),
            store=message.store,
        )
    )
    event_type = "shipment.created" if is_new(shape) else "shipment.updated"
    return _of_order(message, payload, event_type, shape)


def tracked(message: Message, shop: ShopContext) -> Reading:
    """`observer.sales_order_shipment_track_save_after`."""
    del shop
    shape = message.value(TrackShape)
    payload = _with_first(
        ShipmentChanged(
            customer=known_orders.NO_ORDER.buyer(),
            shipment_id=fields.required(ident(shape.parent_id), f"{VALUE}.parent_id"),
            order_id=ident(shape.order_id),
            kind="parcel",
            tracks=[_track(shape)],
            store=message.store,
        )
    )
    return _of_order(message, payload, "shipment.updated", shape)


def _of_order(
    message: Message, payload: ShipmentChanged, event_type: str, shape: ShipmentShape | TrackShape
) -> Reading:
    """The shipment, with what is known of its order; once."""
    at = saved_at(shape, message)
    made_id = f"{event_type}:{payload.shipment_id}" if event_type == "shipment.created" else ""
    order = known_orders.order(payload.order_id)
    kind = "track" if isinstance(shape, TrackShape) else "shipment"
    entity = Entity(kind, own_id(shape) or payload.shipment_id)
    plain = known_orders.NO_ORDER.draft(event_type, payload, at, id=made_id)
    changed = if_changed(entity, plain, _NOTHING_NEW)

    def conclude(views: StateViews) -> Conclusion:
        said = changed.conclude(views)
        if not isinstance(said, list):
            return said
        known = known_orders.of(views, payload.order_id)
        customer = known.buyer()
        own = ident(shape.customer_id) if isinstance(shape, ShipmentShape) else ""
        whole = structs.replace(
            payload,
            customer=structs.replace(customer, id=own) if own and not customer.guest else customer,
            order_number=known.number,
            contact=known.contact,
        )
        return [known.draft(event_type, whole, at, id=made_id)]

    return Pending(conclude=conclude, observed=changed.observed, looks=(order,) if payload.order_id else ())


def _track(shape: TrackShape) -> Track:
    number = normalise.text(shape.track_number or shape.number, 100)
    return Track(number=number, carrier=normalise.text(shape.title or shape.carrier_code, 100))


def _with_first(payload: ShipmentChanged) -> ShipmentChanged:
    first = payload.tracks[0] if payload.tracks else Track()
    return structs.replace(payload, tracking_number=first.number, carrier=first.carrier)
