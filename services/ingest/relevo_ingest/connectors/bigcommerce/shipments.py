"""`store/shipment/…` and `store/order/refund/created`: parcels and refunds, each fetched with its order."""

from msgspec import structs

from relevo_contracts.payloads import RefundCreated, ShipmentChanged, Track
from relevo_ingest.connectors.bigcommerce import parts
from relevo_ingest.connectors.bigcommerce.message import Message, ident, time
from relevo_ingest.connectors.bigcommerce.orders import order_now
from relevo_ingest.connectors.bigcommerce.shapes import OrderShape, RefundShape, ShipmentShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.changes import if_changed
from relevo_ingest.core.drafts import NoEvent, Reading, ShopContext
from relevo_ingest.core.states import Entity

_NOTHING_NEW = "the shipment is as it was known already"


def created(message: Message, shop: ShopContext) -> Reading:
    """`store/shipment/created`."""
    return _shipment(message, shop, "shipment.created")


def updated(message: Message, shop: ShopContext) -> Reading:
    """`store/shipment/updated`: another number, as a rule."""
    return _shipment(message, shop, "shipment.updated")


def refunded(message: Message, shop: ShopContext) -> Reading:
    """`store/order/refund/created`."""
    shape = message.one("refund", RefundShape)
    refund_id = fields.required(ident(shape.id), "refund.id")
    order = order_now(message, shop)
    prices = parts.Prices(message.one("order", OrderShape), shop)
    total = prices.one(shape.total_amount, "refund.total_amount")
    if not fields.is_positive(total):
        return NoEvent("no money went back with this refund")
    payload = RefundCreated(
        customer=order.payload.customer,
        refund_id=refund_id,
        order_id=order.payload.order_id,
        order_number=order.payload.number,
        total=total,
        reason=normalise.text(shape.reason),
        payment_method=order.payload.payment_method,
        contact=order.payload.contact,
        store=order.payload.store,
    )
    at = fields.utc(shape.created) or message.at
    return [order.known.draft("refund.created", payload, at, id=f"refund.created:{refund_id}")]


def _shipment(message: Message, shop: ShopContext, event_type: str) -> Reading:
    shape = message.one("shipment", ShipmentShape)
    own = fields.required(ident(shape.id), "shipment.id")
    order = order_now(message, shop)
    link = normalise.text(shape.tracking_link or shape.generated_tracking_link)
    carrier = normalise.text(shape.shipping_provider_display_name or shape.shipping_provider, 100)
    track = Track(number=normalise.text(shape.tracking_number, 100), url=link, carrier=carrier)
    sent = {ident(one.order_product_id): one.quantity for one in shape.items or []}
    items = [one for one in order.payload.items if one.line_id in sent]
    at = time(shape.date_created, "shipment.date_created")
    payload = ShipmentChanged(
        customer=order.payload.customer,
        shipment_id=own,
        order_id=order.payload.order_id,
        order_number=order.payload.number,
        carrier=track.carrier,
        tracking_number=track.number,
        tracking_url=track.url,
        tracks=[track] if track.number else [],
        kind="parcel",
        items=[structs.replace(one, quantity=sent[one.line_id] or one.quantity) for one in items],
        address=parts.address(shape.shipping_address, shop) or order.payload.shipping_address,
        contact=order.payload.contact,
        comment=normalise.text(shape.comments),
        shipped_at=at,
        store=order.payload.store,
    )
    is_new = event_type == "shipment.created"
    draft = order.known.draft(
        event_type, payload, at if is_new else message.at, id=f"shipment.created:{own}" if is_new else ""
    )
    return if_changed(Entity("shipment", own), draft, _NOTHING_NEW)
