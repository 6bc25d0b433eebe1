"""`orders/*`: the whole order each time, except `orders/edited` and `orders/delete`, which name the order only."""

from datetime import datetime

from msgspec import Struct, structs

from relevo_contracts.payloads import OrderChanged
from relevo_ingest.connectors.shopify import parts, refunds
from relevo_ingest.connectors.shopify.draft_orders import is_another_kind, quote_entity
from relevo_ingest.connectors.shopify.order_payload import OrderShape, known_order, payload_of
from relevo_ingest.connectors.shopify.product_shapes import product_entity
from relevo_ingest.core import known_orders, normalise
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.fields import Id
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import UNKNOWN, Observation, State, StateViews

_STATUSES = ("status", "payment_status", "fulfilment_status")
_NEVER_SEEN = (
    "the order was not heard of before, so nobody knows whether a status changed; from now on changes are told"
)


class EditShape(Struct, frozen=True, kw_only=True):
    """What `orders/edited` wraps: which order was edited."""

    order_id: Id = None


class EditedShape(Struct, frozen=True, kw_only=True):
    """The body of `orders/edited`."""

    order_edit: EditShape = EditShape()


class DeletedShape(Struct, frozen=True, kw_only=True):
    """The body of `orders/delete`."""

    id: Id = None


def placed(body: bytes, shop: ShopContext) -> Reading:
    """`orders/create`."""
    order = decode(body, OrderShape)
    return _milestone("order.placed", order, shop, order.created_at or order.updated_at, statuses=True)


def paid(body: bytes, shop: ShopContext) -> Reading:
    """`orders/paid`."""
    order = decode(body, OrderShape)
    return _milestone("order.paid", order, shop, order.updated_at, statuses=False)


def cancelled(body: bytes, shop: ShopContext) -> Reading:
    """`orders/cancelled`."""
    order = decode(body, OrderShape)
    return _milestone("order.cancelled", order, shop, order.cancelled_at or order.updated_at, statuses=False)


def changed(body: bytes, shop: ShopContext) -> Reading:
    """`orders/updated`: an event if a status is another than it was, and for a refund that went through meanwhile."""
    return _changed(body, shop, certain=False)


def fulfilled(body: bytes, shop: ShopContext) -> Reading:
    """`orders/fulfilled`, `orders/partially_fulfilled`: the topic itself says that a status changed.

    Parcels come from `fulfillments/*` alone, which arrive beside these: two topics for one parcel would otherwise be
    two announcements of it.
    """
    return _changed(body, shop, certain=True)


def edited(body: bytes, shop: ShopContext) -> Reading:
    """`orders/edited` names the lines that were added or removed, and changes no status."""
    del shop
    parts.required(decode(body, EditedShape).order_edit.order_id, "order_edit.order_id")
    return NoEvent("orders/edited: an edit changes no status; each later event has the order's current lines and total")


def deleted(body: bytes, shop: ShopContext) -> Reading:
    """`orders/delete`."""
    del shop
    order_id = parts.required(decode(body, DeletedShape).id, "id")
    entity, others = known_orders.order(order_id), (product_entity(order_id), quote_entity(order_id))

    def conclude(views: StateViews) -> Conclusion:
        if is_another_kind(views, entity, others):
            return NoEvent("orders/delete: it is the id of a product or a draft, and of no order ever heard of")
        order = known_orders.of(views, order_id)
        payload = OrderChanged(
            customer=order.buyer(), order_id=order_id, number=order.number, contact=order.contact, test=order.test
        )
        return [order.draft("order.deleted", payload, None, id=f"order.deleted:{order_id}")]

    return Pending(conclude=conclude, looks=(entity, *others))


def _milestone(
    event_type: str, order: OrderShape, shop: ShopContext, at: datetime | None, *, statuses: bool
) -> Reading:
    """A topic that says by itself what happened: once for each order, however many webhooks say so."""
    payload = payload_of(order, shop, ticked=event_type == "order.placed")
    state = known_order(order, payload)
    draft = _draft(event_type, payload, state, order, at)
    observed = Observation(
        entity=known_orders.order(payload.order_id), state=_state(state, statuses=statuses), at=order.updated_at or at
    )
    return Pending(conclude=lambda _: [draft], observed=(observed,))


def _draft(event_type: str, payload: OrderChanged, state: KnownOrder, order: OrderShape, at: datetime | None) -> Draft:
    draft = state.draft(event_type, payload, at, id=f"{event_type}:{payload.order_id}")
    if draft.historical:  # it happened when the other shop says
        return structs.replace(draft, at=order.processed_at or at)
    return draft


def _changed(body: bytes, shop: ShopContext, *, certain: bool) -> Reading:
    order = decode(body, OrderShape)
    payload = payload_of(order, shop, ticked=False)
    state = known_order(order, payload)
    entity = known_orders.order(payload.order_id)
    observed = Observation(entity=entity, state=_state(state, statuses=True), at=order.updated_at)
    settled = refunds.inside_order(order.refunds or [], payload, state, shop, order.updated_at)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        found = _status_change(payload, seen.before, certain=certain) if seen.fresh else None
        drafts = [state.draft("order.status_changed", found, order.updated_at)] if found is not None else []
        drafts += settled.conclude(views)
        return drafts or NoEvent(_NEVER_SEEN if seen.before is None else "no status of the order changed")

    return Pending(conclude=conclude, observed=(observed, *settled.observed))


def _status_change(payload: OrderChanged, before: State | None, *, certain: bool) -> OrderChanged | None:
    """The payload with the statuses that were, if one is another now. Of an order never seen only a topic can tell."""
    if before is None or not any(name in before for name in _STATUSES):
        return payload if certain else None
    old = {name: normalise.text(str(before.get(name, ""))) for name in _STATUSES}
    if all(old[name] == getattr(payload, name) for name in _STATUSES):
        return None
    return structs.replace(payload, **{f"previous_{name}": value for name, value in old.items()})


def _state(state: KnownOrder, *, statuses: bool) -> State:
    """What is kept. A status that is empty now is kept as such; topics that tell one change keep no status at all.

    So the change of a status that `orders/updated` tells beside `orders/paid` is told, whichever comes first.
    """
    kept = {name: value for name, value in state.state().items() if name not in _STATUSES}
    return {**kept, **{name: getattr(state, name) for name in _STATUSES}} if statuses else kept
