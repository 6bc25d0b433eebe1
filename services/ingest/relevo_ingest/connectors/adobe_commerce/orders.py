"""Orders: as they are saved, and as they are placed. What happened is what differs from the last known state."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from relevo_contracts.payloads import Buyer, EventContact, Money, OrderChanged
from relevo_ingest.connectors.adobe_commerce import parts
from relevo_ingest.connectors.adobe_commerce.message import (
    VALUE,
    Message,
    ident,
    is_new,
    is_true,
    made_at,
    own_id,
    saved_at,
)
from relevo_ingest.connectors.adobe_commerce.shapes import AddressShape, OfOrderShape, OrderShape, PaymentShape
from relevo_ingest.core import fields, known_orders, normalise, order_changes
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import UNKNOWN, Observation, State, StateViews

_STATUSES = ("status", "payment_status", "fulfilment_status")
_CANCELED, _COMPLETE = "canceled", "complete"


def saved(message: Message, shop: ShopContext) -> Reading:
    """`observer.sales_order_save_commit_after`, which comes for each change of an order."""
    return _read(message, message.value(OrderShape), shop)


def placed(message: Message, shop: ShopContext) -> Reading:
    """`plugin.sales.api.order_management.place`."""
    return _read(message, message.value(OrderShape), shop, was_placed=True)


def submitted(message: Message, shop: ShopContext) -> Reading:
    """`observer.checkout_submit_all_after`, with the order inside."""
    order = message.value(OfOrderShape).order
    if order is None:
        return NoEvent("the event has no order: subscribe to its fields (`order.entity_id`, …)")
    return _read(message, order, shop, was_placed=True)


class OrderNow(Struct, frozen=True, kw_only=True):
    """An order as an event tells it."""

    payload: OrderChanged
    state_word: str
    modified: datetime | None

    @property
    def known(self) -> KnownOrder:
        """What is kept for events that name the order only."""
        return known_orders.named_by(self.payload)

    @property
    def state(self) -> State:
        """All that is kept."""
        statuses = {name: getattr(self.payload, name) for name in _STATUSES}
        return {**self.known.state(), **statuses, "state": self.state_word}

    def placed(self) -> Draft:
        """`order.placed`."""
        return self._once("order.placed", self.payload.placed_at or self.modified)

    def since(self, before: State) -> Iterator[Draft]:
        """What happened since `before`, each thing once. Empty: since it was placed."""
        paid = ("paid", "partially_refunded", "refunded")
        if self.payload.payment_status in paid and before.get("payment_status") not in paid:
            yield self._once("order.paid", self.modified)
        if self.state_word == _CANCELED and before.get("state") != _CANCELED:
            yield self._once("order.cancelled", self.modified)

    def status_change(self, before: State) -> Iterator[Draft]:
        """`order.status_changed`, if a status is another than it was."""
        if (changed := known_orders.with_previous(self.payload, before, _STATUSES)) is not None:
            yield self.known.draft("order.status_changed", changed, self.modified)

    def _once(self, event_type: str, at: datetime | None) -> Draft:
        return self.known.draft(event_type, self.payload, at, id=f"{event_type}:{self.payload.order_id}")


def _read(message: Message, shape: OrderShape, shop: ShopContext, *, was_placed: bool = False) -> Reading:
    modified = saved_at(shape, message)
    now = OrderNow(
        payload=_payload(message, shape, shop), state_word=fields.word(ident(shape.state)), modified=modified
    )
    entity = known_orders.order(now.payload.order_id)
    news = was_placed or is_new(shape)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        return order_changes.concluded(now, seen, is_new=news)

    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=now.state, at=modified),))


def _payload(message: Message, shape: OrderShape, shop: ShopContext) -> OrderChanged:
    prices = parts.Prices(shape, shop)
    addresses = shape.addresses or []
    billing = shape.billing_address or parts.first_of(addresses, "billing")
    payment = shape.payment or PaymentShape()
    discount = prices.one(shape, "discount_amount", absolute=True)
    total, refunded = prices.one(shape, "grand_total"), prices.one(shape, "total_refunded")
    coupon = normalise.text(shape.coupon_code, 255)
    reached = _contact(shape, billing, shop)
    return OrderChanged(
        customer=_buyer(shape, reached),
        contact=reached,
        order_id=_order_id(shape),
        number=normalise.text(shape.increment_id, 100),
        status=fields.word(shape.status),
        payment_status=_payment_status(prices, shape),
        fulfilment_status="fulfilled" if fields.word(ident(shape.state)) == _COMPLETE else "",
        items=parts.items(shape.items, prices),
        total=fields.difference(total, refunded) if fields.is_positive(refunded) else total,
        original_total=total,
        buyer_total=fields.optional_money(shape.grand_total, prices.buyers, f"{VALUE}.grand_total")
        if prices.converted
        else None,
        subtotal=prices.one(shape, "subtotal"),
        discount=discount if fields.is_positive(discount) else None,
        shipping=prices.one(shape, "shipping_amount"),
        tax=prices.one(shape, "tax_amount"),
        paid=prices.one(shape, "total_paid"),
        refunded=refunded if fields.is_positive(refunded) else None,
        discount_codes=[coupon] if coupon else [],
        shipping_address=parts.address(parts.first_of(addresses, "shipping"), shop),
        billing_address=parts.address(billing, shop),
        shipping_method=normalise.text(shape.shipping_description, 200),
        payment_method=normalise.text(payment.method, 100),
        po_number=normalise.text(payment.po_number, 100),
        note=normalise.text(shape.customer_note),
        store=ident(shape.store_id) or message.store,
        placed_at=made_at(shape),
    )


def _order_id(shape: OrderShape) -> str:
    """The order's own id, which invoices and shipments name; its parts name it, too."""
    found = own_id(shape) or (ident(shape.payment.parent_id) if shape.payment else "")
    found = found or fields.first(ident(line.order_id) for line in shape.items or [])
    return fields.required(found, f"{VALUE}.entity_id")


def _contact(shape: OrderShape, billing: AddressShape | None, shop: ShopContext) -> EventContact | None:
    place = parts.address(billing, shop)
    return fields.contact_of(
        EventContact(
            email=normalise.email(shape.customer_email or (billing.email if billing else None)),
            phone=place.phone if place else "",
            first_name=normalise.text(shape.customer_firstname or (billing.firstname if billing else None), 200),
            last_name=normalise.text(shape.customer_lastname or (billing.lastname if billing else None), 200),
            company=place.company if place else "",
        )
    )


def _buyer(shape: OrderShape, reached: EventContact | None) -> Buyer:
    """Whom the order is about: an account by its id alone, as the address of an order may be another's; or a guest."""
    account = ident(shape.customer_id)
    if account and not is_true(shape.customer_is_guest):
        return Buyer(id=account)
    if reached is None:
        return Buyer()
    return Buyer(
        email=reached.email,
        phone=reached.phone,
        first_name=reached.first_name,
        last_name=reached.last_name,
        company=reached.company,
        guest=True,
    )


def _payment_status(prices: parts.Prices, shape: OrderShape) -> str:
    """What the amounts say of the payment; nothing if they were not sent."""
    total, paid, refunded = (prices.one(shape, name) for name in ("grand_total", "total_paid", "total_refunded"))
    if fields.is_positive(refunded):
        return "refunded" if _covers(refunded, total) else "partially_refunded"
    if fields.is_positive(paid):
        return "paid" if _covers(paid, total) else "partially_paid"
    return "pending" if total is not None else ""


def _covers(part: Money | None, whole: Money | None) -> bool:
    return part is not None and (whole is None or Decimal(part.amount) >= Decimal(whole.amount))
