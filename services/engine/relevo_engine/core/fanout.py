"""A fanout over many customers, and the messages of its pages. Pure: a page that is told twice has the same ids."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from relevo_contracts.envelope import Event, partition_key
from relevo_contracts.messages import RefreshRequested, StartRequested
from relevo_engine.core.waiting import forwarded
from relevo_workflow import CalendarSpec, Facts, Shop, is_member

Kind = Literal["event", "start", "refresh", "erase"]
Message = tuple[bytes, bytes]
Cursor = tuple[str, str]
"""The customer and the run that were told last."""

_encode = msgspec.json.Encoder().encode


class Fanout(Struct, frozen=True):
    """What many customers are told: an event about `about`, a calendar entry, that workflows changed, an erasure."""

    shop: str
    kind: Kind
    about: str
    at: datetime
    event_type: str = ""
    body: dict[str, Any] = {}


class ClaimedFanout(Struct, frozen=True):
    """A fanout that this process works on, as far as it has come. `body` is its JSON text.

    `began_at` and `lease_until` are wall time of the database.
    """

    number: int
    shop: str
    kind: Kind
    about: str
    event_type: str
    at: datetime
    body: str
    cursor_key: str
    cursor_run: str
    lease_until: datetime
    began_at: datetime

    @property
    def cursor(self) -> Cursor:
        """How far it has come."""
        return self.cursor_key, self.cursor_run


def event_fanout(event: Event) -> Fanout:
    """The fanout to everybody who waits for this event."""
    return Fanout(event.shop, "event", event.key, event.time, event.type, msgspec.to_builtins(event))


def event_messages(event: Event, keys: Iterable[str]) -> list[Message]:
    """The event for each of these customers, once for each."""
    return [(partition_key(event.shop, key), _encode(forwarded(event, key, key))) for key in dict.fromkeys(keys)]


def refresh_messages(fanout: ClaimedFanout, keys: Iterable[str], now: datetime) -> list[Message]:
    """For each customer: look anew at what workflows want."""
    return [
        (
            partition_key(fanout.shop, key),
            _encode(RefreshRequested(id=f"refresh/{fanout.number}/{key}", shop=fanout.shop, key=key, at=now)),
        )
        for key in keys
    ]


def start_messages(
    fanout: ClaimedFanout, spec: CalendarSpec, customers: Sequence[tuple[str, Facts]], shop: Shop
) -> list[Message]:
    """The start that a calendar entry asks for, for each of these customers who is in its segment at that time."""
    members = [
        key for key, facts in customers if spec.segment is None or is_member(spec.segment, facts, key, shop, fanout.at)
    ]
    return [(partition_key(fanout.shop, key), _encode(_start(fanout, spec, key))) for key in members]


def _start(fanout: ClaimedFanout, spec: CalendarSpec, key: str) -> StartRequested:
    return StartRequested(
        id=f"{spec.name}/{fanout.at.isoformat()}/{key}",
        shop=fanout.shop,
        key=key,
        workflow=spec.workflow,
        at=fanout.at,
        cause="schedule",
        name=f"schedule-{spec.index}",
    )
