"""The order in which a batch is decided: a wake-up comes after what happened before it was due. Pure."""

from collections.abc import Sequence
from datetime import datetime

from relevo_engine.core.inputs import IncomingMessage
from relevo_workflow import EventInput, TimerInput


def in_order(arrived: Sequence[IncomingMessage]) -> Sequence[IncomingMessage]:
    """The batch with each wake-up placed by its due time among its key's other messages, which keep Kafka's order.

    A batch holds one topic after the other, so without this a wake-up could overtake an order that was placed an hour
    before it was due. What happened at the very instant counts as before: an exit wins over a timer.
    """
    if not any(isinstance(one.input, TimerInput) for one in arrived):
        return arrived
    latest: dict[tuple[str, str], datetime] = {}
    places: list[tuple[datetime, bool, int]] = []
    for number, one in enumerate(arrived):
        at = _happened(one)
        is_timer = isinstance(one.input, TimerInput)
        if not is_timer:
            # A message out of order counts as late as those before it: Kafka's order of a key stays as it is.
            key = (one.shop, one.key)
            at = latest[key] = max(at, latest.get(key, at))
        places.append((at, is_timer, number))
    return [arrived[number] for _, _, number in sorted(places)]


def _happened(one: IncomingMessage) -> datetime:
    """When it happened; no later than it was received, since a shop's clock may be ahead."""
    if isinstance(one.input, EventInput):
        return min(one.input.event.time, one.input.event.receivedtime)
    return one.input.at
