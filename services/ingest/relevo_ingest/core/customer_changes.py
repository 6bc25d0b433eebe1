"""What has happened to a customer, and to what they agreed to, whose platform only tells how both are."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from relevo_contracts.payloads import ConsentChanged, CustomerChanged
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending
from relevo_ingest.core.order_changes import NEW_WITHIN
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, StateView, StateViews

Purpose = Literal["marketing", "newsletter", "product_news", "survey", "partners"]


class Agreed(Struct, frozen=True, kw_only=True):
    """Whether a box is ticked in the customer's account now, and since when, if the platform says so."""

    purpose: Purpose
    granted: bool
    since: datetime | None = None
    double_opt_in: bool = False


class CustomerNow(Struct, frozen=True, kw_only=True):
    """A customer as the shop knows them now."""

    payload: CustomerChanged
    created: datetime | None
    modified: datetime | None
    agreed: Sequence[Agreed] = ()
    source: str = ""
    deleted: bool = False

    def reading(self) -> Pending:
        """The events, once it is known how the customer was."""
        entity = Entity("customer", self.payload.customer.id)
        state: dict[str, Any] = {"details": _details(self.payload), "deleted": self.deleted}
        for one in self.agreed:
            state[one.purpose] = one.granted

        def conclude(views: StateViews) -> Conclusion:
            drafts = list(self._drafts(views.get(entity, UNKNOWN)))
            return drafts or NoEvent("nothing of the customer changed that there is an event for")

        return Pending(conclude=conclude, observed=(Observation(entity=entity, state=state, at=self.modified),))

    def _drafts(self, seen: StateView) -> Iterator[Draft]:
        before, own = seen.before, self.payload.customer.id
        if self.deleted:
            if before is None or not before.get("deleted"):
                yield self._draft("customer.deleted", f"customer.deleted:{own}", self.modified)
            return
        if before is None:
            if self._is_new():
                yield self._draft("customer.created", f"customer.created:{own}", self.created)
            else:
                yield self._draft("customer.updated", "", self.modified)
        elif seen.fresh and before.get("details") != _details(self.payload):
            yield self._draft("customer.updated", "", self.modified)
        if before is None or seen.fresh:
            for one in self.agreed:
                yield from self._consent(one, None if before is None else before.get(one.purpose))

    def _is_new(self) -> bool:
        return bool(self.created and self.modified and self.modified - self.created <= NEW_WITHIN)

    def _consent(self, now: Agreed, was: object) -> Iterator[Draft]:
        """A statement, if it is news. Of a box that was always there in that state nobody knows when it was ticked."""
        at = now.since if now.granted and now.since else self.modified
        if was is None:
            if not now.granted or not (now.since or self._is_new()):
                return
            at = now.since or self.created
        elif was == now.granted:
            return
        state: Literal["granted", "withdrawn"] = "granted" if now.granted else "withdrawn"
        payload = ConsentChanged(
            customer=self.payload.customer,
            channel="email",
            state=state,
            purpose=now.purpose,
            double_opt_in=now.double_opt_in,
            source=self.source,
        )
        moment = at.isoformat() if at else ""
        own_id = f"consent.changed:email:{now.purpose}:{self.payload.customer.id}:{state}:{moment}" if moment else ""
        yield Draft(type="consent.changed", payload=payload, subject=person(payload), at=at, id=own_id)

    def _draft(self, event_type: str, own_id: str, at: datetime | None) -> Draft:
        return Draft(type=event_type, payload=self.payload, subject=person(self.payload), at=at, id=own_id)


def _details(payload: CustomerChanged) -> str:
    return normalise.digest(msgspec.json.encode(payload).decode())
