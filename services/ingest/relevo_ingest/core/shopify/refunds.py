"""`refunds/create` and `returns/*`. Both name the order; the buyer is found by it."""

from collections.abc import Callable

from msgspec import Struct

from relevo_contracts.payloads import Buyer, Item, Money, RefundCreated, ReturnChanged
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.money import add
from relevo_ingest.core.shopify import parts
from relevo_ingest.core.shopify.shapes import Amount, Id, LineShape, MoneySetShape, Quantity, Text, Time

_LINES_LIMIT = 500


class TransactionShape(Struct, frozen=True, kw_only=True):
    """A payment of a refund. Card details and receipts are never read."""

    kind: Text = None
    status: Text = None
    amount: Amount = None
    currency: Text = None


class RefundLineShape(Struct, frozen=True, kw_only=True):
    """One refunded line."""

    quantity: Quantity | None = None
    subtotal: Amount = None
    total_tax: Amount = None
    subtotal_set: MoneySetShape | None = None
    line_item: LineShape | None = None


class RefundShape(Struct, frozen=True, kw_only=True):
    """A refund."""

    id: Id = None
    order_id: Id = None
    note: Text = None
    created_at: Time = None
    processed_at: Time = None
    refund_line_items: list[RefundLineShape] | None = None
    transactions: list[TransactionShape] | None = None


class OrderRefShape(Struct, frozen=True, kw_only=True):
    """An order by its id."""

    id: Id = None
    name: Text = None


class FulfilmentLineShape(Struct, frozen=True, kw_only=True):
    """The shipped line that comes back."""

    line_item: LineShape | None = None


class ReturnLineShape(Struct, frozen=True, kw_only=True):
    """One line of a return with the customer's reason."""

    quantity: Quantity | None = None
    return_reason: Text = None
    return_reason_note: Text = None
    customer_note: Text = None
    fulfillment_line_item: FulfilmentLineShape | None = None


class DeclineShape(Struct, frozen=True, kw_only=True):
    """Why a return was declined."""

    reason: Text = None
    note: Text = None


class ReturnShape(Struct, frozen=True, kw_only=True):
    """A return."""

    id: Id = None
    name: Text = None
    status: Text = None
    order: OrderRefShape = OrderRefShape()
    decline: DeclineShape | None = None
    return_line_items: list[ReturnLineShape] | None = None


def refunded(body: bytes, shop: ShopContext) -> Reading:
    """`refunds/create`."""
    shape = decode(body, RefundShape)
    lines = shape.refund_line_items or []
    payload = RefundCreated(
        customer=Buyer(),
        refund_id=parts.required(shape.id, "id"),
        order_id=parts.required(shape.order_id, "order_id"),
        total=_paid_back(shape.transactions or [], shop) or _value_of_lines(lines, shop),
        reason=normalise.text(shape.note),
        items=_refunded_items(lines, shop),
    )
    at = shape.processed_at or shape.created_at
    return [Draft(type="refund.created", payload=payload, subject=person(payload), at=at)]


def returned(event_type: str) -> Callable[[bytes, ShopContext], Reading]:
    """The reader of a `returns/*` topic whose event is `event_type`. These payloads carry no time."""

    def read(body: bytes, shop: ShopContext) -> Reading:
        del shop  # a return names no money
        shape = decode(body, ReturnShape)
        payload = ReturnChanged(
            customer=Buyer(),
            return_id=parts.required(shape.id, "id"),
            order_id=parts.required(shape.order.id, "order.id"),
            order_number=normalise.text(shape.order.name or (shape.name or "").rpartition("-")[0], 100),
            status=normalise.text(shape.status, 50).lower(),
            reason=_reason(shape),
            items=[_returned_item(line) for line in (shape.return_line_items or [])[:_LINES_LIMIT]],
        )
        return [Draft(type=event_type, payload=payload, subject=person(payload))]

    return read


def _reason(shape: ReturnShape) -> str:
    if shape.decline:
        return normalise.text(shape.decline.note or shape.decline.reason)
    return parts.first(normalise.text(line.return_reason, 100).lower() for line in shape.return_line_items or [])


def _returned_item(line: ReturnLineShape) -> Item:
    shipped = line.fulfillment_line_item or FulfilmentLineShape()
    title = (shipped.line_item or LineShape()).title
    return Item(
        title=normalise.text(title, 300),
        quantity=1 if line.quantity is None else line.quantity,
        sku=normalise.text((shipped.line_item or LineShape()).sku, 100),
        reason=normalise.text(line.customer_note or line.return_reason_note or line.return_reason, 500),
    )


def _paid_back(transactions: list[TransactionShape], shop: ShopContext) -> Money | None:
    """What the successful refund payments add up to."""
    amounts = [
        parts.optional_money(paid.amount, parts.currency_of(shop, paid.currency), f"transactions[{n}].amount")
        for n, paid in enumerate(transactions)
        if paid.kind == "refund" and paid.status in ("success", None)
    ]
    return add([amount for amount in amounts if amount])


def _value_of_lines(lines: list[RefundLineShape], shop: ShopContext) -> Money | None:
    """What the refunded lines are worth, with tax: for refunds whose payment is made elsewhere."""
    amounts = []
    for n, line in enumerate(lines):
        currency = _line_currency(line, shop)
        for name, amount in (("subtotal", line.subtotal), ("total_tax", line.total_tax)):
            amounts.append(parts.optional_money(amount, currency, f"refund_line_items[{n}].{name}"))
    return add([amount for amount in amounts if amount])


def _refunded_items(lines: list[RefundLineShape], shop: ShopContext) -> list[Item]:
    found = []
    for line in lines[:_LINES_LIMIT]:
        item = parts.items([line.line_item or LineShape()], _line_currency(line, shop))[0]
        quantity = item.quantity if line.quantity is None else line.quantity
        found.append(Item(**{name: getattr(item, name) for name in item.__struct_fields__} | {"quantity": quantity}))
    return found


def _line_currency(line: RefundLineShape, shop: ShopContext) -> str:
    money_shape = line.subtotal_set.shop_money if line.subtotal_set else None
    return parts.currency_of(shop, money_shape.currency_code if money_shape else None)
