"""What is kept of an order, and what a message that names only the order is told of it: contact, number, test."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_contracts.payloads import Buyer, EventContact, Instant, Money, OrderChanged, Payload
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.drafts import Draft
from relevo_ingest.core.states import UNKNOWN, Entity, State, StateViews

IMPORT_LASTS = timedelta(days=1)
"""What follows an imported order within this time was written by the import, too."""


class KnownOrder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of an order. A guest is known by the contact alone. `imported_at` is when an import wrote it."""

    number: str = ""
    customer_id: str = ""
    guest: bool = False
    contact: EventContact | None = None
    currency: str = ""
    total: Money | None = None
    test: bool = False
    pickup: bool = False
    imported_at: Instant | None = None
    status: str = ""
    payment_status: str = ""
    fulfilment_status: str = ""

    def buyer(self) -> Buyer:
        """Whom the order's news is about, as far as that is known."""
        if self.guest and self.contact is not None:
            return Buyer(email=self.contact.email, phone=self.contact.phone, guest=True)
        return Buyer(id=self.customer_id)

    def state(self) -> State:
        """As it is kept."""
        kept: dict[str, Any] = msgspec.to_builtins(self)
        return kept

    def draft(
        self,
        event_type: str,
        payload: Payload,
        at: datetime | None,
        *,
        id: str = "",  # noqa: A002 - as in Draft
        about: str = "",
        test: bool = False,
    ) -> Draft:
        """An event about the order: a test if the order is one, historical if it belongs to an import."""
        while_imported = self.imported_at is not None and at is not None and at - self.imported_at <= IMPORT_LASTS
        return Draft(
            type=event_type,
            payload=payload,
            subject=person(payload),
            at=at,
            id=id,
            about=about,
            test=self.test or test,
            historical=while_imported,
        )


NO_ORDER = KnownOrder()


def order(order_id: str) -> Entity:
    """The order as something that has a state."""
    return Entity("order", order_id)


def named_by(order: OrderChanged) -> KnownOrder:
    """What is kept of an order that a message tells, for messages that name the order only."""
    return KnownOrder(
        number=order.number,
        customer_id=order.customer.id,
        guest=order.customer.guest,
        contact=order.contact,
        currency=order.total.currency if order.total else "",
        total=order.total,
        test=order.test,
        status=order.status,
        payment_status=order.payment_status,
        fulfilment_status=order.fulfilment_status,
    )


def with_previous(order: OrderChanged, before: State, statuses: Sequence[str]) -> OrderChanged | None:
    """The order with what its statuses were, where events tell that; `None` if each of `statuses` is as before."""
    old = {name: normalise.text(str(before.get(name, ""))) for name in statuses}
    if all(old[name] == getattr(order, name) for name in statuses):
        return None
    told = {f"previous_{name}": value for name, value in old.items()}
    return structs.replace(order, **{name: told[name] for name in told if name in order.__struct_fields__})


def read(state: State | None) -> KnownOrder:
    """The known order; one that was kept in another form is not known."""
    try:
        return msgspec.convert(state or {}, KnownOrder)
    except msgspec.ValidationError:
        return NO_ORDER


def of(views: StateViews, order_id: str) -> KnownOrder:
    """What is known of the order now."""
    return read(views.get(order(order_id), UNKNOWN).now)
