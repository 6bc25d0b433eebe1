"""The last known state of orders, parcels, refunds, products: what makes "it has changed" of "it is now".

Most platforms tell only how something is. Whether that is news depends on how it was, so a connector says in a
`Pending` what its message tells of which entities, and concludes once it is known how they were.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

State = Mapping[str, Any]
"""A small flat object of JSON values. What a later message does not name keeps its value."""


class Entity(Struct, frozen=True):
    """Something of a shop that has a state: `kind` is `order`, `shipment`, `refund`, …; `id` is the platform's."""

    kind: str
    id: str


class Observation(Struct, frozen=True, kw_only=True):
    """What a message tells of an entity. `at` is the platform's time of that state (default: that of the message)."""

    entity: Entity
    state: State
    at: datetime | None = None


class StateView(Struct, frozen=True, kw_only=True):
    """What is known of an entity.

    `before` is its state before this message (`None`: nothing was known), `now` that after it, with all that is known.
    `fresh` says that the message is the newest of it; what an older one tells changes nothing. The same message again
    sees the same `before` and `fresh`. Of an entity that a message only looks at, `before` and `now` are the same.
    """

    before: State | None = None
    now: State = {}
    fresh: bool = False


UNKNOWN = StateView()
StateViews = Mapping[Entity, StateView]


class StateQuery(Struct, frozen=True, kw_only=True):
    """One entity of one message, as the store is asked: `state` is `None` if the message only looks at it."""

    shop: str
    entity: Entity
    delivery: str = ""
    at: datetime | None = None
    state: State | None = None
