"""`order.created`, `.updated`, `.deleted`: the order as it is. What happened is what differs from what was known."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct, structs

from relevo_contracts.payloads import Money, OrderChanged, ShipmentChanged, Track
from relevo_ingest.connectors.orocommerce import parts
from relevo_ingest.connectors.orocommerce.json_api import Document, Resource
from relevo_ingest.connectors.orocommerce.message import Message
from relevo_ingest.connectors.orocommerce.payments import payment_of, status_in
from relevo_ingest.connectors.orocommerce.shapes import OrderShape, SubtotalShape, TrackingShape
from relevo_ingest.core import fields, known_orders, normalise, order_changes
from relevo_ingest.core.drafts import Conclusion, Draft, Pending, Reading, ShopContext
from relevo_ingest.core.fields import Amount
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import UNKNOWN, Observation, State, StateViews

INCLUDE = "lineItems,customerUser,customer,billingAddress,shippingAddress,shippingTrackings,orderSubtotals"
"""The relationships without which an order's events say less than they could."""
_STATUSES = ("status", "fulfilment_status")
_CANCELLED, _SHIPPED = "cancelled", ("shipped", "partially_shipped")


def created(message: Message, shop: ShopContext) -> Reading:
    """`order.created`."""
    return _read(message, shop, is_new=True)


def updated(message: Message, shop: ShopContext) -> Reading:
    """`order.updated`, which comes a second time as `order.updated.ID` where that was subscribed to as well."""
    return _read(message, shop)


def deleted(message: Message, shop: ShopContext) -> Reading:
    """`order.deleted`: the order as it was, or its id alone."""
    now = _order_now(message, shop)
    entity = known_orders.order(now.payload.order_id)

    def conclude(views: StateViews) -> Conclusion:
        order = known_orders.of(views, now.payload.order_id)
        told = now.payload if message.primary.attributes is not None else _known_alone(order, now.payload)
        return [order.draft("order.deleted", told, message.at, id=f"order.deleted:{told.order_id}")]

    return Pending(conclude=conclude, looks=(entity,))


def _known_alone(order: KnownOrder, named: OrderChanged) -> OrderChanged:
    return OrderChanged(
        customer=order.buyer(), order_id=named.order_id, number=order.number, contact=order.contact, total=order.total
    )


class OrderNow(Struct, frozen=True, kw_only=True):
    """An order as a message tells it. `parcels` are the ids of its trackings, with what is known of each."""

    payload: OrderChanged
    parcels: dict[str, Track]
    modified: datetime | None

    @property
    def known(self) -> KnownOrder:
        """What is kept for messages that name the order only."""
        order = self.payload
        return KnownOrder(
            number=order.number,
            customer_id=order.customer.id,
            guest=order.customer.guest,
            contact=order.contact,
            currency=order.total.currency if order.total else "",
            total=order.total,
            status=order.status,
            fulfilment_status=order.fulfilment_status,
        )

    @property
    def state(self) -> State:
        """All that is kept."""
        statuses = {name: getattr(self.payload, name) for name in _STATUSES}
        return {**self.known.state(), **statuses, "parcels": sorted(self.parcels)}

    def placed(self) -> Draft:
        """`order.placed`, when the order was made."""
        at = self.payload.placed_at or self.modified
        return self.known.draft("order.placed", self.payload, at, id=f"order.placed:{self.payload.order_id}")

    def since(self, before: State) -> Iterator[Draft]:
        """What happened since `before`, each thing once. Empty: since it was placed."""
        order = self.payload
        if order.status == _CANCELLED and before.get("status") != _CANCELLED:
            own_id = f"order.cancelled:{order.order_id}"
            yield self.known.draft("order.cancelled", order, self.modified, id=own_id)
        yield from self._sent(before)

    def status_change(self, before: State) -> Iterator[Draft]:
        """`order.status_changed`, if a status is another than it was."""
        if (changed := known_orders.with_previous(self.payload, before, _STATUSES)) is not None:
            yield self.known.draft("order.status_changed", changed, self.modified)

    def _sent(self, before: State) -> Iterator[Draft]:
        """A parcel for each tracking that is new; one without a number if the order was sent and has none at all."""
        known = before.get("parcels", ())
        for own, track in self.parcels.items():
            if own not in known:
                yield self._parcel(own, [track] if track != Track() else [])
        was_sent = before.get("fulfilment_status") in _SHIPPED
        if not self.parcels and self.payload.fulfilment_status in _SHIPPED and not was_sent:
            yield self._parcel(self.payload.order_id, [])

    def _parcel(self, own: str, tracks: list[Track]) -> Draft:
        order, first = self.payload, tracks[0] if tracks else Track()
        payload = ShipmentChanged(
            customer=order.customer,
            shipment_id=own,
            order_id=order.order_id,
            order_number=order.number,
            status=order.fulfilment_status,
            carrier=first.carrier,
            tracking_number=first.number,
            tracks=tracks,
            kind="parcel",
            items=order.items,
            address=order.shipping_address,
            contact=order.contact,
            shipped_at=self.modified,
        )
        own_id = f"shipment.created:{order.order_id}:{own}"
        return self.known.draft("shipment.created", payload, self.modified, id=own_id)


def _read(message: Message, shop: ShopContext, *, is_new: bool = False) -> Reading:
    now = _order_now(message, shop)
    entity = known_orders.order(now.payload.order_id)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        payload = structs.replace(now.payload, payment_status=status_in(views, entity.id))
        return order_changes.concluded(structs.replace(now, payload=payload), seen, is_new=is_new)

    observed = Observation(entity=entity, state=now.state, at=now.modified)
    return Pending(conclude=conclude, observed=(observed,), looks=(payment_of(entity.id),))


def _order_now(message: Message, shop: ShopContext) -> OrderNow:
    found, order = message.document, message.primary
    shape = order.as_shape(OrderShape)
    return OrderNow(
        payload=_payload(found, order, shape, shop),
        parcels={one.id: _track(found, order, one.id) for one in order.linked("shippingTrackings")},
        modified=fields.utc(shape.updated_at) or message.at,
    )


def _payload(found: Document, order: Resource, shape: OrderShape, shop: ShopContext) -> OrderChanged:
    currency = normalise.text(shape.currency, 10) or shop.currency
    subtotals = _subtotals(found, order)

    def amount(given: Amount, where: str, *, absolute: bool = False) -> Money | None:
        return fields.optional_money(given, currency, f"{order.where}.attributes.{where}", absolute=absolute)

    shipping = shape.overridden_shipping_cost_amount
    if shipping is None:
        shipping = subtotals.get("shipping_cost", shape.estimated_shipping_cost_amount)
    made = OrderChanged(
        customer=parts.buyer(found, order),
        contact=parts.contact(found, order, shop),
        order_id=order.id,
        number=normalise.text(shape.identifier, 100),
        status=fields.word(order.id_of("internalStatus")),
        status_label=normalise.text(order.id_of("status"), 100),
        fulfilment_status=fields.word(order.id_of("shippingStatus")),
        items=parts.order_lines(found, order, currency),
        shipping_address=parts.address(found.first(order, "shippingAddress"), shop),
        billing_address=parts.address(found.first(order, "billingAddress"), shop),
        shipping_method=normalise.text(shape.shipping_method, 200),
        note=normalise.text(shape.customer_notes),
        po_number=normalise.text(shape.po_number, 100),
        placed_at=fields.utc(shape.created_at),
        ship_until=parts.day(shape.ship_until),
    )
    total = shape.total_value if shape.total_value is not None else shape.total
    return structs.replace(
        made,
        total=amount(total, "totalValue"),
        subtotal=amount(shape.subtotal_value, "subtotalValue"),
        discount=amount(shape.total_discounts_amount, "totalDiscountsAmount", absolute=True),
        shipping=amount(shipping, "shippingCostAmount"),
        tax=amount(subtotals.get("tax"), "orderSubtotals"),
    )


def _subtotals(found: Document, order: Resource) -> dict[str, Amount]:
    """The visible parts of the total that came with the order, by their type; of several of one type the first."""
    shapes = [one.as_shape(SubtotalShape) for one in found.follow(order, "orderSubtotals")]
    return {fields.word(one.order_subtotal_type): one.amount for one in reversed(shapes) if one.order_subtotal_type}


def _track(found: Document, order: Resource, own: str) -> Track:
    given = next((one for one in found.follow(order, "shippingTrackings") if one.id == own), None)
    shape = given.as_shape(TrackingShape) if given else TrackingShape()
    return Track(number=normalise.text(shape.number, 100), carrier=normalise.text(shape.method, 100))
