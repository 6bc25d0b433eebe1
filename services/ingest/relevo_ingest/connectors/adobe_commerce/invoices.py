"""Invoices and credit memos of orders, and returns."""

from collections.abc import Callable

from msgspec import structs

from relevo_contracts.payloads import InvoiceChanged, RefundCreated, ReturnChanged
from relevo_ingest.connectors.adobe_commerce import parts
from relevo_ingest.connectors.adobe_commerce.message import VALUE, Message, ident, made_at, own_id, saved_at
from relevo_ingest.connectors.adobe_commerce.shapes import ReturnShape, SaleShape
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, StateViews

_INVOICES = {"1": "open", "2": "paid", "3": "canceled"}
_INVOICE_EVENTS = {"paid": "invoice.paid", "canceled": "invoice.cancelled"}
_OPEN, _CANCELED = "1", "3"
_RETURNS = {
    "pending": "return.requested", "authorized": "return.approved", "partial_authorized": "return.approved",
    "received": "return.received", "received_on_item": "return.received", "approved": "return.received",
    "denied": "return.declined", "rejected": "return.declined",
    "closed": "return.closed", "processed_closed": "return.closed",
}  # fmt: skip
"""Source: Magento_Rma, Source/Status."""


def invoiced(message: Message, shop: ShopContext) -> Reading:
    """`observer.sales_order_invoice_save_after`: made, and once it is paid or cancelled that, each once."""
    shape = message.value(SaleShape)
    prices = parts.Prices(shape, shop)
    number = normalise.text(shape.increment_id, 100)
    invoice_id = fields.required(own_id(shape) or number, f"{VALUE}.entity_id")
    status = _INVOICES.get(ident(shape.state), "")
    payload = InvoiceChanged(
        customer=known_orders.NO_ORDER.buyer(),
        invoice_id=invoice_id,
        order_id=ident(shape.order_id),
        number=number,
        status=status,
        items=parts.items(shape.items, prices),
        total=prices.one(shape, "grand_total"),
        store=message.store,
    )

    def drafts(known: KnownOrder) -> list[Draft]:
        whole = structs.replace(payload, customer=known.buyer(), order_number=known.number, contact=known.contact)
        at = made_at(shape) or message.at
        made = [known.draft("invoice.created", whole, at, id=f"invoice.created:{invoice_id}")]
        if event_type := _INVOICE_EVENTS.get(status):
            made.append(known.draft(event_type, whole, saved_at(shape, message), id=f"{event_type}:{invoice_id}"))
        return made

    return _news(message, shape, Entity("invoice", invoice_id), status, drafts)


def refunded(message: Message, shop: ShopContext) -> Reading:
    """`observer.sales_order_creditmemo_save_after`."""
    shape = message.value(SaleShape)
    prices = parts.Prices(shape, shop)
    refund_id = fields.required(own_id(shape) or normalise.text(shape.increment_id, 100), f"{VALUE}.entity_id")
    state = ident(shape.state)
    total = prices.one(shape, "grand_total")
    if state in (_OPEN, _CANCELED) or not fields.is_positive(total):
        return NoEvent("the credit memo is not paid back (yet)")
    payload = RefundCreated(
        customer=known_orders.NO_ORDER.buyer(),
        refund_id=refund_id,
        order_id=ident(shape.order_id),
        total=total,
        items=parts.items(shape.items, prices),
        shipping=prices.one(shape, "shipping_amount"),
        store=message.store,
    )

    def drafts(known: KnownOrder) -> list[Draft]:
        whole = structs.replace(payload, customer=known.buyer(), order_number=known.number, contact=known.contact)
        at = made_at(shape) or message.at
        return [known.draft("refund.created", whole, at, id=f"refund.created:{refund_id}")]

    return _news(message, shape, Entity("refund", refund_id), "refunded", drafts)


def returned(message: Message, shop: ShopContext) -> Reading:
    """`observer.rma_save_commit_after`."""
    del shop
    shape = message.value(ReturnShape)
    number = normalise.text(shape.increment_id, 100)
    return_id = fields.required(own_id(shape) or number, f"{VALUE}.entity_id")
    status = fields.word(shape.status)
    event_type = _RETURNS.get(status)
    if event_type is None:
        return NoEvent(f"there is no event for a return that is {status or 'without a status'}")

    def drafts(known: KnownOrder) -> list[Draft]:
        customer, own = known.buyer(), ident(shape.customer_id)
        payload = ReturnChanged(
            customer=structs.replace(customer, id=own) if own and not customer.guest else customer,
            return_id=return_id,
            order_id=ident(shape.order_id),
            order_number=known.number or normalise.text(shape.order_increment_id, 100),
            status=status,
            contact=known.contact,
            store=message.store,
        )
        return [known.draft(event_type, payload, saved_at(shape, message), id=f"{event_type}:{return_id}")]

    return _news(message, shape, Entity("return", return_id), status, drafts)


def _news(
    message: Message,
    shape: SaleShape | ReturnShape,
    entity: Entity,
    status: str,
    drafts: Callable[[KnownOrder], list[Draft]],
) -> Reading:
    """The drafts with what is known of the order, unless this status of `entity` was told already."""
    order_id = ident(shape.order_id)

    def conclude(views: StateViews) -> Conclusion:
        before = views.get(entity, UNKNOWN).before
        if before is not None and before.get("status") == status:
            return NoEvent("this was told already")
        return drafts(known_orders.of(views, order_id))

    observed = Observation(entity=entity, state={"status": status}, at=saved_at(shape, message))
    looks = (known_orders.order(order_id),) if order_id else ()
    return Pending(conclude=conclude, observed=(observed,), looks=looks)
