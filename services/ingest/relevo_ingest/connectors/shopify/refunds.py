"""`refunds/create`, and the refunds inside an order: `refund.created` only when money went back.

A refund that restocks, that failed or that is still under way is kept as known; once its payment succeeds, as
`order_transactions/create` or a later `orders/updated` tells, it is announced.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_contracts.payloads import Item, Money, OrderChanged, RefundCreated
from relevo_ingest.connectors.shopify import lines, parts
from relevo_ingest.connectors.shopify.shapes import (
    AdjustmentShape,
    LineShape,
    RefundLineShape,
    RefundShape,
    TransactionShape,
)
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.notes import cut
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateViews

_LINES_LIMIT = 500
_REFUNDS_LIMIT = 100
_UNDERWAY = "pending"


def refunded(body: bytes, shop: ShopContext) -> Reading:
    """`refunds/create`."""
    shape = _plain(decode(body, RefundShape))
    refund_id, order_id = parts.required(shape.id, "id"), parts.required(shape.order_id, "order_id")
    entity, at = _refund(refund_id), shape.processed_at or shape.created_at
    payload = _payload(shape, refund_id, order_id, shop.currency)

    def conclude(views: StateViews) -> Conclusion:
        total = payload.total or _kept_total(views.get(entity, UNKNOWN).now.get("total"))
        if total is None:
            return NoEvent(_why_not(shape.transactions or []))
        return [draft(structs.replace(payload, total=total), known_orders.of(views, order_id), at)]

    observed = (_observation(payload, at), *_under_way(shape, payload, at))
    return Pending(conclude=conclude, observed=observed, looks=(known_orders.order(order_id),))


def draft(payload: RefundCreated, order: KnownOrder, at: datetime | None) -> Draft:
    """The announcement of a refund: one, whoever tells of it."""
    whole = structs.replace(
        payload,
        customer=order.buyer(),
        contact=order.contact,
        order_number=order.number,
        test=order.test or payload.test,
    )
    return order.draft("refund.created", whole, at, id=f"refund.created:{payload.refund_id}", test=whole.test)


class InsideOrder(Struct, frozen=True):
    """The refunds of an order that was updated: what it tells of each, and what is to be announced of them."""

    refunds: dict[Entity, RefundCreated]
    order: KnownOrder
    at: datetime | None

    @property
    def observed(self) -> list[Observation]:
        """What the order tells of its refunds."""
        return [_observation(payload, self.at) for payload in self.refunds.values()]

    def conclude(self, views: StateViews) -> list[Draft]:
        """Those that were known as not paid before and are now; `refunds/create` tells of the others by itself."""
        return [
            draft(payload, self.order, self.at)
            for entity, payload in self.refunds.items()
            if payload.total is not None and _was_under_way(views, entity)
        ]


def inside_order(
    shapes: Sequence[RefundShape], order: OrderChanged, state: KnownOrder, shop: ShopContext, at: datetime | None
) -> InsideOrder:
    """The refunds that an order carries."""
    del shop
    found: dict[Entity, RefundCreated] = {}
    for shape in map(_plain, cut(shapes, _REFUNDS_LIMIT, "refunds")):
        refund_id = parts.ident(shape.id)
        if refund_id:
            payload = _payload(shape, refund_id, order.order_id, state.currency)
            found[_refund(refund_id)] = structs.replace(payload, test=state.test)
    return InsideOrder(found, state, at)


def paid_back_in_all(shapes: Sequence[RefundShape], currency: str) -> Money | None:
    """What was paid back for an order so far, if it was in one currency."""
    return fields.total_of([_paid_back(_plain(shape).transactions or [], currency) for shape in shapes])


def transaction_entity(transaction_id: str) -> Entity:
    """A payment of a refund that is under way: its state names the refund."""
    return Entity("transaction", transaction_id)


def open_refund_entity(order_id: str) -> Entity:
    """The newest refund of an order that is under way, for payments that do not name theirs."""
    return Entity("open_refund", order_id)


def payload_of_kept(state: State, order_id: str, total: Money) -> RefundCreated:
    """A refund as far as it is known of, once its payment succeeded."""
    return RefundCreated(
        customer=known_orders.NO_ORDER.buyer(),
        refund_id=normalise.text(str(state.get("refund", "")), 150),
        order_id=order_id,
        total=total,
        reason=normalise.text(str(state.get("reason", ""))),
    )


def _plain(shape: RefundShape) -> RefundShape:
    return structs.replace(shape, transactions=[parts.plain_transaction(one) for one in shape.transactions or []])


def _refund(refund_id: str) -> Entity:
    return Entity("refund", refund_id)


def _payload(shape: RefundShape, refund_id: str, order_id: str, currency: str) -> RefundCreated:
    transactions = shape.transactions or []
    total = _paid_back(transactions, currency)
    gateways = dict.fromkeys(normalise.text(one.gateway, 100) for one in transactions if _went_through(one))
    return RefundCreated(
        customer=known_orders.NO_ORDER.buyer(),
        refund_id=refund_id,
        order_id=order_id,
        total=total if fields.is_positive(total) else None,
        reason=normalise.text(shape.note),
        items=_items(shape.refund_line_items or [], currency),
        payment_method=", ".join(filter(None, gateways)),
        shipping=_shipping(shape.order_adjustments or [], currency),
        test=any(one.test for one in transactions),
    )


def _observation(payload: RefundCreated, at: datetime | None) -> Observation:
    """A refund that was paid stays paid: what is not named keeps its value."""
    state: dict[str, Any] = {"order": payload.order_id}
    if payload.total is not None:
        state |= {"paid": True, "total": msgspec.to_builtins(payload.total)}
    return Observation(entity=_refund(payload.refund_id), state=state, at=at)


def _under_way(shape: RefundShape, payload: RefundCreated, at: datetime | None) -> list[Observation]:
    """What finds the refund again when one of its payments succeeds later."""
    waiting = [one for one in shape.transactions or [] if one.kind == "refund" and one.status == _UNDERWAY]
    about: dict[str, Any] = {"order": payload.order_id, "refund": payload.refund_id, "reason": payload.reason}
    found = [
        Observation(entity=transaction_entity(name), state=about, at=at)
        for name in dict.fromkeys(parts.ident(one.id) for one in waiting)
        if name
    ]
    if waiting and payload.total is None:
        total = fields.total_of(
            [fields.optional_money(one.amount, one.currency or "", "transactions", absolute=True) for one in waiting]
        )
        newest = {**about, "total": msgspec.to_builtins(total)}
    else:
        newest = {"order": payload.order_id, "refund": ""}
    return [*found, Observation(entity=open_refund_entity(payload.order_id), state=newest, at=at)]


def _was_under_way(views: StateViews, entity: Entity) -> bool:
    before = views.get(entity, UNKNOWN).before
    return before is not None and not before.get("paid")


def _kept_total(kept: Any) -> Money | None:
    try:
        return msgspec.convert(kept, Money) if kept else None
    except msgspec.ValidationError:
        return None


def _went_through(transaction: TransactionShape) -> bool:
    return transaction.kind == "refund" and transaction.status == "success"


def _paid_back(transactions: Sequence[TransactionShape], currency: str) -> Money | None:
    """What the payments that went through add up to, in their own currency."""
    return fields.total_of(
        [
            fields.optional_money(paid.amount, paid.currency or currency, f"transactions[{n}].amount", absolute=True)
            for n, paid in enumerate(transactions)
            if _went_through(paid)
        ]
    )


def _why_not(transactions: Sequence[TransactionShape]) -> str:
    statuses = {one.status for one in transactions if one.kind == "refund"}
    if _UNDERWAY in statuses:
        return "refunds/create: no money went back yet; it is announced when its payment succeeds"
    if statuses & {"failure", "error"}:
        return "refunds/create: the payment failed, so no money went back"
    if any(one.kind == "void" for one in transactions):
        return "refunds/create: an authorisation was voided, so there was no money to go back"
    return "refunds/create: no money went back, it only restocks or corrects"


def _items(refunded_lines: list[RefundLineShape], currency: str) -> list[Item]:
    found = []
    for n, line in enumerate(cut(refunded_lines, _LINES_LIMIT, "refund_line_items")):
        where = f"refund_line_items[{n}]"
        own = parts.currency_in(line.subtotal_set) or currency
        shape = structs.replace(line.line_item or LineShape(), current_quantity=None)
        item = lines.item(shape, own, f"{where}.line_item")
        tax = parts.amount(line.total_tax_set, line.total_tax, own, f"{where}.total_tax")
        found.append(
            structs.replace(
                item,
                quantity=item.quantity if line.quantity is None else line.quantity,
                tax=tax if fields.is_positive(tax) else None,
                total=parts.amount(line.subtotal_set, line.subtotal, own, f"{where}.subtotal"),
                properties=item.properties | ({"restock_type": line.restock_type} if line.restock_type else {}),
            )
        )
    return found


def _shipping(adjustments: list[AdjustmentShape], currency: str) -> Money | None:
    found = []
    for n, one in enumerate(adjustments):
        if one.kind == "shipping_refund":
            own = one.amount_set.shop_money if one.amount_set else None
            given = own.amount if own and own.amount is not None else one.amount
            code = parts.currency_in(one.amount_set) or currency
            found.append(fields.optional_money(given, code, f"order_adjustments[{n}].amount", absolute=True))
    return fields.total_of(found)
