"""`fulfillments/*` and `fulfillment_events/create`: parcels on their way."""

from datetime import datetime

from msgspec import Struct

from relevo_contracts.payloads import Buyer, ShipmentChanged
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.shopify import parts
from relevo_ingest.core.shopify.shapes import AddressShape, Id, LineShape, Text, Time

_NOT_SHIPPED = frozenset(("cancelled", "error", "failure"))
DELIVERED = "delivered"


class FulfilmentShape(Struct, frozen=True, kw_only=True):
    """A fulfilment: one parcel of an order."""

    id: Id = None
    order_id: Id = None
    name: Text = None
    status: Text = None
    shipment_status: Text = None
    email: Text = None
    tracking_company: Text = None
    tracking_number: Text = None
    tracking_numbers: list[str] | None = None
    tracking_url: Text = None
    tracking_urls: list[str] | None = None
    created_at: Time = None
    updated_at: Time = None
    destination: AddressShape | None = None
    line_items: list[LineShape] | None = None


class FulfilmentEventShape(Struct, frozen=True, kw_only=True):
    """What the carrier said of a parcel. It names the order and the fulfilment only."""

    fulfillment_id: Id = None
    order_id: Id = None
    status: Text = None
    happened_at: Time = None
    created_at: Time = None


def created(body: bytes, shop: ShopContext) -> Reading:
    """`fulfillments/create`. A fulfilment that begins as cancelled or failed is no shipment that anyone awaits."""
    shape = decode(body, FulfilmentShape)
    event_type = "shipment.updated" if shape.status in _NOT_SHIPPED else "shipment.created"
    return [_draft(event_type, _payload(shape, shop), shape.created_at or shape.updated_at)]


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`fulfillments/update`."""
    shape = decode(body, FulfilmentShape)
    event_type = "shipment.delivered" if shape.shipment_status == DELIVERED else "shipment.updated"
    return [_draft(event_type, _payload(shape, shop), shape.updated_at)]


def carrier_event(body: bytes, shop: ShopContext) -> Reading:
    """`fulfillment_events/create`."""
    del shop  # it names no person and no money
    shape = decode(body, FulfilmentEventShape)
    payload = ShipmentChanged(
        customer=Buyer(),
        shipment_id=parts.required(shape.fulfillment_id, "fulfillment_id"),
        order_id=parts.required(shape.order_id, "order_id"),
        status=normalise.text(shape.status, 50),
    )
    event_type = "shipment.delivered" if shape.status == DELIVERED else "shipment.updated"
    return [_draft(event_type, payload, shape.happened_at or shape.created_at)]


def _draft(event_type: str, payload: ShipmentChanged, at: datetime | None) -> Draft:
    # Both fulfillments/update and fulfillment_events/create tell of the delivery, and later updates repeat it:
    # the parcel's own id makes them one event.
    own_id = f"shipment.delivered:{payload.shipment_id}" if event_type == "shipment.delivered" else ""
    return Draft(type=event_type, payload=payload, subject=person(payload), at=at, id=own_id)


def _payload(shape: FulfilmentShape, shop: ShopContext) -> ShipmentChanged:
    return ShipmentChanged(
        # By address only: the destination may be somebody else's (a present), and so are its name and number.
        customer=Buyer(email=normalise.email(shape.email)),
        shipment_id=parts.required(shape.id, "id"),
        order_id=parts.required(shape.order_id, "order_id"),
        order_number=normalise.text((shape.name or "").rpartition(".")[0], 100),
        status=normalise.text(shape.shipment_status or shape.status, 50),
        carrier=normalise.text(shape.tracking_company, 100),
        tracking_number=normalise.text(shape.tracking_number or next(iter(shape.tracking_numbers or ()), ""), 200),
        tracking_url=normalise.text(shape.tracking_url or next(iter(shape.tracking_urls or ()), "")),
        items=parts.items(shape.line_items or [], parts.currency_of(shop)),
        address=parts.address(shape.destination, shop),
    )
