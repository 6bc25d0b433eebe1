"""`returns/*`: what becomes of a return. Some bodies name the order inside `order`, others as `order_id`."""

from collections.abc import Callable

from msgspec import Struct

from relevo_contracts.payloads import Item, ReturnChanged
from relevo_ingest.connectors.shopify import parts
from relevo_ingest.connectors.shopify.shapes import LineShape
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.fields import Id, Quantity, Text
from relevo_ingest.core.notes import cut
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, StateViews

_LINES_LIMIT = 500


class OrderRefShape(Struct, frozen=True, kw_only=True):
    """An order by its id."""

    id: Id = None
    admin_graphql_api_id: Id = None
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
    admin_graphql_api_id: Id = None
    order_id: Id = None
    name: Text = None
    status: Text = None
    order: OrderRefShape | None = None
    decline: DeclineShape | None = None
    return_line_items: list[ReturnLineShape] | None = None


def returned(event_type: str) -> Callable[[bytes, ShopContext], Reading]:
    """The reader of a `returns/*` topic whose event is `event_type`. These payloads carry no time."""

    def read(body: bytes, shop: ShopContext) -> Reading:
        del shop  # a return names no money
        shape = decode(body, ReturnShape)
        return_id, order_id = _names(shape)
        if not order_id:
            return NoEvent(f"{event_type}: the body names no order, so nobody knows whose return it is")
        return _reading(event_type, shape, parts.required(return_id, "id"), order_id)

    return read


def reopened(body: bytes, shop: ShopContext) -> Reading:
    """`returns/reopen`: no news for the customer, but if it is closed again that is."""
    del shop
    return_id, order_id = _names(decode(body, ReturnShape))
    no_event = NoEvent("returns/reopen: this step of a return changes nothing for the customer")
    if not return_id:
        return no_event
    observed = Observation(entity=_entity(return_id), state={"order": order_id, "told": "reopened"})
    return Pending(conclude=lambda _: no_event, observed=(observed,))


def _reading(event_type: str, shape: ReturnShape, return_id: str, order_id: str) -> Pending:
    entity = _entity(return_id)

    def conclude(views: StateViews) -> Conclusion:
        if (views.get(entity, UNKNOWN).before or {}).get("told") == event_type:
            return NoEvent(f"{event_type} of this return was told before")
        order = known_orders.of(views, order_id)
        payload = ReturnChanged(
            customer=order.buyer(),
            contact=order.contact,
            return_id=return_id,
            order_id=order_id,
            order_number=_number(shape) or order.number,
            status=normalise.text(shape.status, 50).lower(),
            reason=_reason(shape),
            items=[_item(line) for line in cut(shape.return_line_items or [], _LINES_LIMIT, "return_line_items")],
            test=order.test,
        )
        return [order.draft(event_type, payload, None, about=return_id)]

    observed = Observation(entity=entity, state={"order": order_id, "told": event_type})
    return Pending(conclude=conclude, observed=(observed,), looks=(known_orders.order(order_id),))


def _names(shape: ReturnShape) -> tuple[str, str]:
    """The ids of the return and its order, in whichever place they are."""
    order = shape.order or OrderRefShape()
    return_id = fields.first(map(parts.ident, (shape.id, shape.admin_graphql_api_id)))
    return return_id, fields.first(map(parts.ident, (shape.order_id, order.id, order.admin_graphql_api_id)))


def _entity(return_id: str) -> Entity:
    return Entity("return", return_id)


def _number(shape: ReturnShape) -> str:
    given = (shape.order.name if shape.order else None) or (shape.name or "").rpartition("-")[0]
    return normalise.text(given, 100)


def _reason(shape: ReturnShape) -> str:
    if shape.decline:
        return normalise.text(shape.decline.note or shape.decline.reason)
    return fields.first(normalise.text(line.return_reason, 100).lower() for line in shape.return_line_items or [])


def _item(line: ReturnLineShape) -> Item:
    shipped = (line.fulfillment_line_item or FulfilmentLineShape()).line_item or LineShape()
    return Item(
        title=normalise.text(shipped.title, 300),
        quantity=1 if line.quantity is None else line.quantity,
        line_id=parts.ident(shipped.id),
        product_id=parts.ident(shipped.product_id),
        variant_id=parts.ident(shipped.variant_id),
        sku=normalise.text(shipped.sku, 100),
        reason=normalise.text(line.customer_note or line.return_reason_note or line.return_reason, 500),
    )
