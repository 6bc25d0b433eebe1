"""Runs that wait for events about another key: what has to be known of them and of those events. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime
from zlib import crc32

import msgspec
from msgspec import Struct

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_contracts.messages import EventForwarded
from relevo_runtime.outgoing import Outgoing
from relevo_workflow import Subscribe

BUCKETS = 64
"""Registering and fanning out meet in so many locks: enough to seldom wait, few enough for any batch."""

_encode = msgspec.json.Encoder().encode


class Waiting(Struct, frozen=True):
    """A run of the customer `key` waits for events of a type about `event_key`, those before `since` not counted."""

    shop: str
    event_key: str
    event_type: str
    key: str
    run_id: str
    since: datetime


def waits(effect: Subscribe, shop: str, key: str) -> list[Waiting]:
    """What a run begins to wait for."""
    return [Waiting(shop, effect.key, event_type, key, effect.run_id, effect.since) for event_type in effect.events]


def buckets(keys: Iterable[tuple[str, str]]) -> list[int]:
    """The locks of these (shop, event key), in the order in which everybody takes them."""
    return sorted({crc32(f"{shop}/{key}".encode()) % BUCKETS for shop, key in keys})


def part_of(event: Event) -> str:
    """Which part of a product an event is about: of each part the newest event is remembered."""
    return str(event.data.get("variant_id") or event.data.get("inventory_item_id") or "")


def newest(events: Iterable[Event]) -> Collection[Event]:
    """The newest of these events for each shop, key, type and part."""
    found: dict[tuple[str, str, str, str], Event] = {}
    for event in events:
        name = (event.shop, event.key, event.type, part_of(event))
        known = found.get(name)
        if known is None or known.time <= event.time:
            found[name] = event
    return found.values()


def forwarded(event: Event, key: str, to: str) -> EventForwarded:
    """The event for the customer `key`. `to` (the customer, or one run of theirs) makes the id: same again, same id."""
    return EventForwarded(id=f"{event.source}/{event.id}/{to}", shop=event.shop, key=key, event=event)


def late_notice(event: Event, key: str, run_id: str) -> Outgoing:
    """The event for a run that began to wait while it happened."""
    message = forwarded(event, key, run_id)
    return Outgoing(event.shop, message.id, topics.INPUTS, key, _encode(message))
