"""`store/order/…`: the order as the API has it. What happened is what differs from the last known state."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from relevo_contracts.payloads import DisputeChanged, OrderChanged
from relevo_ingest.connectors.bigcommerce import parts
from relevo_ingest.connectors.bigcommerce.message import Message, ident, time
from relevo_ingest.connectors.bigcommerce.shapes import AddressShape, CouponShape, LineShape, OrderShape
from relevo_ingest.core import fields, known_orders, normalise, order_changes
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import UNKNOWN, Observation, State, StateViews

_INCOMPLETE, _CANCELLED, _DECLINED, _DISPUTED = "0", "5", "6", "13"
_SENT = {"2": "fulfilled", "3": "partially_fulfilled", "10": "fulfilled"}
_STATUSES = ("status", "payment_status", "fulfilment_status")
_PAID = ("captured", "paid")
_WAS_PAID = (*_PAID, "partially refunded", "refunded", "refund pending")
_UNPLACED = "the order is incomplete: its checkout was not finished. It is told once it is placed"


def created(message: Message, shop: ShopContext) -> Reading:
    """`store/order/created`. What has happened to the order by the time it is fetched is told beside it."""
    return _read(message, shop, is_new=True)


def updated(message: Message, shop: ShopContext) -> Reading:
    """`store/order/updated`, `store/order/statusUpdated`, `store/order/archived`."""
    return _read(message, shop)


class OrderNow(Struct, frozen=True, kw_only=True):
    """An order as the API has it. `status_id` says which status it is, whatever the shop calls it."""

    payload: OrderChanged
    status_id: str
    modified: datetime | None

    @property
    def known(self) -> KnownOrder:
        """What is kept for messages that name the order only."""
        return known_orders.named_by(self.payload)

    @property
    def state(self) -> State:
        """All that is kept."""
        statuses = {name: getattr(self.payload, name) for name in _STATUSES}
        return {**self.known.state(), **statuses, "status_id": self.status_id}

    def placed(self) -> Draft:
        """`order.placed`."""
        return self._once("order.placed", self.payload.placed_at or self.modified)

    def since(self, before: State) -> Iterator[Draft]:
        """What happened since `before`, each thing once. Empty: since it was placed."""
        if self.payload.payment_status in _WAS_PAID and before.get("payment_status") not in _WAS_PAID:
            yield self._once("order.paid", self.modified)
        if self.status_id in (_CANCELLED, _DECLINED) and before.get("status_id") not in (_CANCELLED, _DECLINED):
            yield self._once("order.cancelled", self.modified)
        if self.status_id == _DISPUTED and before.get("status_id") != _DISPUTED:
            yield self._disputed()

    def status_change(self, before: State) -> Iterator[Draft]:
        """`order.status_changed`, if a status is another than it was."""
        if (changed := known_orders.with_previous(self.payload, before, _STATUSES)) is not None:
            yield self.known.draft("order.status_changed", changed, self.modified)

    def _once(self, event_type: str, at: datetime | None) -> Draft:
        return self.known.draft(event_type, self.payload, at, id=f"{event_type}:{self.payload.order_id}")

    def _disputed(self) -> Draft:
        order = self.payload
        payload = DisputeChanged(
            customer=order.customer,
            order_id=order.order_id,
            order_number=order.number,
            status=order.status,
            total=order.total,
            contact=order.contact,
        )
        return self.known.draft("dispute.opened", payload, self.modified, id=f"dispute.opened:{order.order_id}")


def order_now(message: Message, shop: ShopContext) -> OrderNow:
    """The order among the answers. Raises `InvalidPayload` if it is not there any more."""
    shape = message.one("order", OrderShape)
    return OrderNow(
        payload=_payload(message, shape, shop),
        status_id=fields.ident(shape.status_id),
        modified=time(shape.date_modified, "order.date_modified") or message.at,
    )


def _read(message: Message, shop: ShopContext, *, is_new: bool = False) -> Reading:
    now = order_now(message, shop)
    entity = known_orders.order(now.payload.order_id)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        if now.status_id == _INCOMPLETE:
            return NoEvent(_UNPLACED)
        waited = seen.before is not None and seen.before.get("status_id") == _INCOMPLETE
        return order_changes.concluded(now, seen, is_new=is_new, waited=waited)

    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=now.state, at=now.modified),))


def _payload(message: Message, shape: OrderShape, shop: ShopContext) -> OrderChanged:
    prices, reached = parts.Prices(shape, shop), parts.contact(shape, shop)
    places = message.many("shipping_addresses", AddressShape)
    shipping_to = next(iter(places), None)
    total = prices.one(shape.total_inc_tax, "total_inc_tax")
    refunded = prices.one(shape.refunded_amount, "refunded_amount")
    status = fields.ident(shape.status_id)
    discounts = [
        prices.one(shape.discount_amount, "discount_amount"),
        prices.one(shape.coupon_discount, "coupon_discount"),
    ]
    discount = fields.total_of(discounts)
    codes = [normalise.text(one.code, 255) for one in message.many("coupons", CouponShape)]
    order_id = fields.required(ident(shape.id), "order.id")
    return OrderChanged(
        customer=parts.buyer(shape, reached),
        contact=reached,
        order_id=order_id,
        number=order_id,
        status=fields.word(shape.status),
        status_label=normalise.text(shape.custom_status, 100),
        payment_status=fields.word(shape.payment_status),
        fulfilment_status=_SENT.get(status, ""),
        cart_token=normalise.text(shape.cart_id, 100),
        items=parts.items(message.many("products", LineShape), prices),
        total=fields.difference(total, refunded) if fields.is_positive(refunded) else total,
        original_total=total,
        subtotal=prices.shown(shape.subtotal_ex_tax, shape.subtotal_inc_tax, "subtotal"),
        shipping=prices.shown(shape.shipping_cost_ex_tax, shape.shipping_cost_inc_tax, "shipping_cost"),
        discount=discount if fields.is_positive(discount) else None,
        tax=prices.one(shape.total_tax, "total_tax"),
        refunded=refunded if fields.is_positive(refunded) else None,
        taxes_included=prices.with_tax,
        discount_codes=[code for code in codes if code],
        shipping_address=parts.address(shipping_to, shop),
        billing_address=parts.address(shape.billing_address, shop),
        shipping_method=normalise.text(shipping_to.shipping_method if shipping_to else None, 200),
        payment_method=normalise.text(shape.payment_method, 100),
        note=normalise.text(shape.customer_message),
        store=ident(shape.channel_id),
        placed_at=time(shape.date_created, "order.date_created"),
    )
