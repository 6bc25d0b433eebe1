"""What has happened to an order whose platform only tells how it is: what differs from the last known state."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from relevo_contracts.payloads import OrderChanged, ShipmentChanged
from relevo_ingest.core import known_orders
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import UNKNOWN, Observation, State, StateView, StateViews

NEVER_SEEN = "the order was not heard of before, so nobody knows what changed of it; from now on changes are told"
NOTHING_NEW = "nothing of the order changed that there is an event for"
NEW_WITHIN = timedelta(days=1)
"""An order that was never heard of is new if it is not older than this; an older one was there before Relevo was."""
_STATUSES = ("status", "payment_status", "fulfilment_status", "status_label")


class OrderNews(Protocol):
    """What a state of an order can tell."""

    def placed(self) -> Draft:
        """`order.placed`."""
        ...

    def since(self, before: State) -> Iterator[Draft]:
        """What happened since `before`, each thing once. Empty: since it was placed."""
        ...

    def status_change(self, before: State) -> Iterator[Draft]:
        """`order.status_changed`, if a status is another than it was."""
        ...


def concluded(now: OrderNews, seen: StateView, *, is_new: bool, waited: bool = False) -> Conclusion:
    """What is told of a state, where a message says whether the order is new.

    `waited`: what is known of it is from before it was placed, and it is placed now.
    """
    before = seen.before
    drafts: list[Draft] = []
    if is_new or waited:
        # An update that came first was told to nobody, so all counts. What was told already has the same id again.
        drafts += [now.placed(), *now.since({})]
    elif before is not None and seen.fresh:
        drafts += now.since(before)
    if before is not None and seen.fresh and not waited:
        drafts += now.status_change(before)
    return drafts or NoEvent(NEVER_SEEN if before is None else NOTHING_NEW)


class OrderNow(Struct, frozen=True, kw_only=True):
    """An order as it is now. `modified` is the shop's time of this state; `shipment` what left, once something did."""

    payload: OrderChanged
    modified: datetime | None
    paid: bool
    cancelled: bool
    shipment: ShipmentChanged | None = None
    delivered: bool = False

    @property
    def known(self) -> KnownOrder:
        """What is kept for messages that name the order only."""
        return known_orders.named_by(self.payload)

    def reading(self) -> Pending:
        """The events, once it is known how the order was."""
        entity = known_orders.order(self.payload.order_id)

        def conclude(views: StateViews) -> Conclusion:
            seen = views.get(entity, UNKNOWN)
            drafts = list(self._drafts(seen))
            return drafts or NoEvent(NEVER_SEEN if seen.before is None else NOTHING_NEW)

        return Pending(conclude=conclude, observed=(Observation(entity=entity, state=self._state(), at=self.modified),))

    def _state(self) -> State:
        statuses = {name: getattr(self.payload, name) for name in _STATUSES}
        tracks = [one.number for one in self.shipment.tracks] if self.shipment else []
        happened = {
            "paid": self.paid,
            "cancelled": self.cancelled,
            "shipped": self.shipment is not None,
            "delivered": self.delivered,
        }
        # What happened once stays so: a shipped order that is cancelled was shipped all the same.
        once = {name: True for name, is_so in happened.items() if is_so}
        return {**self.known.state(), **statuses, **once, "tracks": tracks}

    def _drafts(self, seen: StateView) -> Iterator[Draft]:
        if seen.before is None:
            if self._is_new():
                yield self._once("order.placed", self.payload.placed_at or self.modified)
                yield from self._since({})
        elif seen.fresh:
            yield from self._since(seen.before)
            yield from self._status_change(seen.before)

    def _is_new(self) -> bool:
        placed = self.payload.placed_at
        return placed is None or self.modified is None or self.modified - placed <= NEW_WITHIN

    def _since(self, before: State) -> Iterator[Draft]:
        if self.paid and not before.get("paid"):
            yield self._once("order.paid", self.payload.paid_at or self.modified)
        if self.cancelled and not before.get("cancelled"):
            yield self._once("order.cancelled", self.payload.cancelled_at or self.modified)
        yield from self._sent(before)

    def _sent(self, before: State) -> Iterator[Draft]:
        if self.shipment is None:
            return
        own = f"{self.payload.order_id}"
        if not before.get("shipped"):
            at = self.shipment.shipped_at or self.modified
            yield self.known.draft("shipment.created", self.shipment, at, id=f"shipment.created:{own}")
        elif [one.number for one in self.shipment.tracks] != before.get("tracks", []):
            yield self.known.draft("shipment.updated", self.shipment, self.modified)
        if self.delivered and not before.get("delivered"):
            yield self.known.draft("shipment.delivered", self.shipment, self.modified, id=f"shipment.delivered:{own}")

    def _status_change(self, before: State) -> Iterator[Draft]:
        if (changed := known_orders.with_previous(self.payload, before, _STATUSES)) is not None:
            yield self.known.draft("order.status_changed", changed, self.modified)

    def _once(self, event_type: str, at: datetime | None) -> Draft:
        return self.known.draft(event_type, self.payload, at, id=f"{event_type}:{self.payload.order_id}")
