"""What a batch has to know of customers who turned out to be one: whose keys meet, and for whom an input is. Pure."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct, structs

from relevo_contracts.payloads import CustomerMerged
from relevo_engine.core.inputs import IncomingMessage
from relevo_workflow import CUSTOMER_MERGED, EventInput, TimerInput

SubjectKey = tuple[str, str]


class Merge(Struct, frozen=True):
    """The customer `key` turned out to be `into_key`."""

    shop: str
    key: str
    into_key: str


def merges_of(arrived: IncomingMessage) -> list[Merge]:
    """The keys that a message says are another's; none for other messages."""
    given = arrived.input
    if not isinstance(given, EventInput) or given.event.type != CUSTOMER_MERGED:
        return []
    event = given.event
    if event.test or event.key != arrived.key:
        return []
    try:
        keys = msgspec.convert(event.data, CustomerMerged).merged_keys
    except msgspec.ValidationError:
        return []  # the core refuses it
    return [Merge(arrived.shop, key, arrived.key) for key in dict.fromkeys(keys) if key != arrived.key]


def with_merge(merged: Mapping[SubjectKey, str], one: Merge) -> dict[SubjectKey, str]:
    """The key that stands for each merged one, `one` included: whoever was merged into it before goes along."""
    moved = {key: one.into_key if (key[0], into) == (one.shop, one.key) else into for key, into in merged.items()}
    return {**moved, (one.shop, one.key): one.into_key}


def addressed(arrived: IncomingMessage, merged: Mapping[SubjectKey, str]) -> IncomingMessage | None:
    """The message for the one who stands for its customer; `None` for an alarm, as a merged customer has none."""
    key = merged.get((arrived.shop, arrived.key), arrived.key)
    if key == arrived.key:
        return arrived
    given = arrived.input
    if isinstance(given, TimerInput) and not given.wakeup.run_id:
        return None
    if isinstance(given, EventInput) and given.event.key == arrived.key:
        given = EventInput(structs.replace(given.event, key=key))
    return IncomingMessage(arrived.inbox_id, arrived.shop, key, given, arrived.record, arrived.traceparent)
