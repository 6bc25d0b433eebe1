"""What a batch adds to the figures of a shop as a whole: orders, checkouts, and what became of messages. Pure.

They are counted beside those of workflows, under no workflow's name, on the day on which it happened in the shop's time
zone. Events of tests count nowhere; what an import tells of the past counts for its own day.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any

import msgspec

from relevo_contracts.contact import CHANNELS
from relevo_contracts.envelope import Event
from relevo_contracts.parts import Money
from relevo_engine.core.inputs import IncomingMessage
from relevo_engine.core.results import CHANGES, CountKey, sender_of
from relevo_workflow import EventInput, OutcomeInput

THE_SHOP = ""
"""In place of a workflow: the shop's own figures."""
_OF_EVENTS = {
    "order.cancelled": "cancelled",
    "refund.created": "refunds",
    "checkout.started": "checkouts",
    **CHANGES,
}

COUNTED_OF_SHOP = frozenset((*_OF_EVENTS, "order.placed"))
"""The events that count."""


def shop_counts(
    arrived: IncomingMessage, zone: tzinfo, orders: Sequence[Event]
) -> Iterator[tuple[CountKey, Decimal | None]]:
    """What counts where, with what it was worth. `orders` are those that became known by this input."""
    given = arrived.input
    if isinstance(given, OutcomeInput):
        if given.outcome.run_id:  # not a message to the staff
            yield _place(arrived, zone, given.outcome.status, given.outcome.channel), None
        return
    for order in orders:
        yield _worth(arrived, zone, "orders", order.data)
        if order.data.get("checkout_token"):
            yield _place(arrived, zone, "checkouts_ordered"), None
    if not isinstance(given, EventInput) or given.event.test or given.event.key != arrived.key:
        return
    event = given.event
    measure = _OF_EVENTS.get(event.type)
    if measure in ("cancelled", "refunds"):
        yield _worth(arrived, zone, measure, event.data)
    elif measure == "checkouts":
        yield _place(arrived, zone, measure), None
    elif measure is not None and sender_of(str(event.data.get("delivery_id")))[0]:  # not a message to the staff
        channel = event.data.get("channel")
        yield _place(arrived, zone, measure, channel if channel in CHANNELS else "email"), None


def _place(arrived: IncomingMessage, zone: tzinfo, measure: str, detail: str = "", currency: str = "") -> CountKey:
    day = arrived.input.at.astimezone(zone).date()
    return CountKey(arrived.shop, THE_SHOP, "", "", day, "", measure, detail, currency)


def _worth(
    arrived: IncomingMessage, zone: tzinfo, measure: str, data: Mapping[str, Any]
) -> tuple[CountKey, Decimal | None]:
    """What an order or a refund is worth; one whose total can't be read counts all the same."""
    try:
        total = msgspec.convert(data.get("total"), Money)
    except msgspec.ValidationError:
        return _place(arrived, zone, measure), None
    return _place(arrived, zone, measure, currency=total.currency), Decimal(total.amount)
