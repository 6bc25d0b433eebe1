"""`draft_orders/*`: a draft is a request for a quote, then the quote that was sent, at last an order.

Source: shopify.dev, DraftOrder: `open`, `invoice_sent`, `completed`. Nothing in it says whether the buyer or the staff
made it.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct, structs

from relevo_contracts.payloads import Buyer, EventContact, QuoteChanged
from relevo_ingest.connectors.shopify import lines, parts
from relevo_ingest.connectors.shopify.shapes import AddressShape, AllocationShape, CustomerShape, LineShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.fields import Amount, Id, Number, Text, Time
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateView, StateViews

_OPEN, _SENT, _COMPLETED, _DELETED = "open", "invoice_sent", "completed", "deleted"
_NOBODY = "the draft names nobody yet: it is a request once it has a customer or an address"
_NEWER = "a newer state of the draft is known"
_NOTHING_NEW = "nothing happened to the draft that there is an event for"
_ORDERED = "draft_orders/delete: the draft became an order, which stays"
_NOT_KNOWN = "draft_orders/delete: no draft with this id and a customer was heard of"


class DiscountShape(Struct, frozen=True, kw_only=True):
    """A discount of a line, or of all: `amount` is what it takes off the whole line, or off the draft."""

    value: Number | Text = None
    value_type: Text = None
    amount: Amount = None


class DraftLineShape(LineShape, frozen=True, kw_only=True):
    """One line of a draft."""

    applied_discount: DiscountShape | None = None


class DraftOrderShape(Struct, frozen=True, kw_only=True):
    """A draft order."""

    id: Id = None
    name: Text = None
    email: Text = None
    status: Text = None
    note: Text = None
    currency: Text = None
    subtotal_price: Amount = None
    order_id: Id = None
    created_at: Time = None
    updated_at: Time = None
    invoice_sent_at: Time = None
    completed_at: Time = None
    applied_discount: DiscountShape | None = None
    line_items: list[DraftLineShape] | None = None
    customer: CustomerShape | None = None
    shipping_address: AddressShape | None = None


class DeletedShape(Struct, frozen=True, kw_only=True):
    """The body of `draft_orders/delete`."""

    id: Id = None


def created(body: bytes, shop: ShopContext) -> Reading:
    """`draft_orders/create`, which says by itself that there is a request."""
    return _read(body, shop, is_new=True)


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`draft_orders/update`."""
    return _read(body, shop, is_new=False)


def deleted(body: bytes, shop: ShopContext) -> Reading:
    """`draft_orders/delete`: the quote is not valid any more, unless it became an order."""
    del shop
    quote_id = parts.required(decode(body, DeletedShape).id, "id")
    entity = quote_entity(quote_id)

    def conclude(views: StateViews) -> Conclusion:
        before = views.get(entity, UNKNOWN).before or {}
        if before.get("status") == _COMPLETED:
            return NoEvent(_ORDERED)
        if not before.get("customer_id"):
            return NoEvent(_NOT_KNOWN)
        payload = QuoteChanged(
            customer=Buyer(id=str(before["customer_id"])),
            quote_id=quote_id,
            number=normalise.text(str(before.get("number", "")), 100),
            status=_DELETED,
        )
        return [_once("quote.expired", payload, None)]

    return Pending(conclude=conclude, observed=(Observation(entity=entity, state={"status": _DELETED}),))


def quote_entity(quote_id: str) -> Entity:
    """The draft as something that has a state."""
    return Entity("quote", quote_id)


def is_another_kind(views: StateViews, own: Entity, others: tuple[Entity, ...]) -> bool:
    """Whether the id of a deletion was heard of as that of something else, and never as that of `own`.

    Bodies that are an id alone look the same for every kind.
    """
    if views.get(own, UNKNOWN).before is not None:
        return False
    return any(views.get(other, UNKNOWN).before is not None for other in others)


class DraftNow(Struct, frozen=True, kw_only=True):
    """A draft as a message tells it."""

    payload: QuoteChanged
    shape: DraftOrderShape

    @property
    def state(self) -> State:
        """What is kept: to see what changes, and for a deletion, which names the draft only."""
        return {
            "status": self.payload.status,
            "number": self.payload.number,
            "customer_id": self.payload.customer.id,
            "named": self.is_named,
        }

    @property
    def is_named(self) -> bool:
        """Whether it is known whom the quote is for."""
        return bool(self.payload.customer.id or self.payload.contact)

    def requested(self, seen: StateView, *, is_new: bool) -> Iterator[Draft]:
        """A draft that is made open, or has a customer at last."""
        waited = seen.fresh and seen.before is not None and not seen.before.get("named")
        if self.payload.status == _OPEN and (is_new or waited):
            at = self.shape.created_at if is_new else self.shape.updated_at
            yield _once("quote.requested", self.payload, at)

    def since(self, before: State) -> Iterator[Draft]:
        """What happened since `before`."""
        if self.payload.status == before.get("status"):
            return
        if self.payload.status == _SENT:
            sent = structs.replace(self.payload, request_id=self.payload.quote_id)
            yield _once("quote.sent", sent, self.shape.invoice_sent_at or self.shape.updated_at)
        if self.payload.status == _COMPLETED:
            yield _once("quote.accepted", self.payload, self.shape.completed_at or self.shape.updated_at)


def _read(body: bytes, shop: ShopContext, *, is_new: bool) -> Reading:
    shape = decode(body, DraftOrderShape)
    now = DraftNow(payload=_payload(shape, shop), shape=shape)
    entity = quote_entity(now.payload.quote_id)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        if not now.is_named:
            return NoEvent(_NOBODY)
        if seen.now.get("status") == _DELETED or (seen.before is not None and not seen.fresh and not is_new):
            return NoEvent(_NEWER)
        drafts = list(now.requested(seen, is_new=is_new))
        if seen.fresh or seen.before is None:
            drafts += now.since(seen.before or {})
        return drafts or NoEvent(_NOTHING_NEW)

    at = shape.updated_at or shape.created_at
    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=now.state, at=at),))


def _once(event_type: str, payload: QuoteChanged, at: datetime | None) -> Draft:
    own_id = f"{event_type}:{payload.quote_id}"
    return Draft(type=event_type, payload=payload, subject=person(payload), at=at, id=own_id)


def _payload(shape: DraftOrderShape, shop: ShopContext) -> QuoteChanged:
    """`total` is what the goods cost after discounts, without delivery and taxes."""
    currency = parts.currency_of(shop, shape.currency)
    contact = fields.contact_of(EventContact(email=normalise.email(shape.email)))
    home = parts.address(shape.shipping_address, shop)
    return QuoteChanged(
        customer=parts.buyer(shape.customer, contact, shop),
        quote_id=parts.required(shape.id, "id"),
        number=normalise.text(shape.name, 100),
        status=fields.word(shape.status),
        items=lines.items([_line(one) for one in shape.line_items or []], currency),
        total=fields.optional_money(shape.subtotal_price, currency, "subtotal_price"),
        discount_percent=_percent(shape.applied_discount),
        destination=home.country if home else "",
        weight_kg=_weight(shape.line_items or []),
        note=normalise.text(shape.note),
        contact=contact,
        order_id=parts.ident(shape.order_id),
    )


def _line(line: DraftLineShape) -> LineShape:
    """The line with its discount where lines of orders have it."""
    if line.applied_discount is None or line.applied_discount.amount is None:
        return line
    return structs.replace(line, discount_allocations=[AllocationShape(amount=line.applied_discount.amount)])


def _percent(given: DiscountShape | None) -> float:
    """The discount on the whole draft where it is a share of it; 0 for one that is an amount."""
    if given is None or fields.word(given.value_type) != "percentage":
        return 0.0
    try:
        found = float(given.value or 0)
    except ValueError:
        return 0.0
    return found if 0 < found <= 100 else 0.0


def _weight(given: list[DraftLineShape]) -> float:
    """What is sent weighs this many kilograms."""
    return parts.kilograms(sum((one.grams or 0) * (1 if one.quantity is None else one.quantity) for one in given))
