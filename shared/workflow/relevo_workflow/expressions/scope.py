"""The values that an expression or a template sees at one decision."""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol

from msgspec import Struct

from relevo_contracts.contact import CHANNELS
from relevo_contracts.envelope import Event
from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_contracts.zones import zone_name
from relevo_workflow.model.decision import Check
from relevo_workflow.model.state import Facts, Run, Shop


class CustomerRule(Protocol):
    """A condition about the customer alone."""

    def evaluate(self, scope: "Scope", at: str = "") -> Check:
        """The condition's value in `scope`."""


class Segment(Protocol):
    """A named rule over the customer, as far as a scope looks into it."""

    @property
    def rule(self) -> CustomerRule:
        """Who is in it."""


class Scope(Struct, gc=False, kw_only=True):
    """The variables at one moment. `event` is the event at hand, or nothing; `run_state` may be a run about to start.

    `rules` are the segments that `customer.segments` looks into, `types` the events that the workflow knows.
    """

    run_state: Run
    facts: Facts
    shop_state: Shop
    now: datetime
    event: Event | None = None
    rules: Mapping[str, Segment] = {}
    types: EventTypes = BUILT_IN
    _customer: dict[str, Any] | None = None
    _run: dict[str, Any] | None = None
    _shop: dict[str, Any] | None = None

    @property
    def customer(self) -> dict[str, Any]:
        """Every field of `customer`, made once."""
        if self._customer is None:
            self._customer = {name: read(self) for name, read in CUSTOMER_FIELDS.items()}
        return self._customer

    @property
    def segments(self) -> list[str]:
        """The names of the segments that the customer is in now, in alphabetical order."""
        if not self.rules:
            return []
        # A rule sees the customer, not the segments: none can depend on another.
        bare = Scope(run_state=self.run_state, facts=self.facts, shop_state=self.shop_state, now=self.now)
        return sorted(name for name, one in self.rules.items() if one.rule.evaluate(bare).value is True)

    @property
    def run(self) -> dict[str, Any]:
        """The fields of `run`, made once."""
        if self._run is None:
            self._run = run_view(self.run_state)
        return self._run

    @property
    def shop(self) -> dict[str, Any]:
        """The fields of `shop`, made once."""
        if self._shop is None:
            self._shop = shop_view(self.shop_state)
        return self._shop


CUSTOMER_FIELDS: dict[str, Callable[[Scope], Any]] = {
    "key": attrgetter("run_state.customer"),
    **{name: attrgetter(f"facts.contact.{name}") for name in ("email", "phone", "first_name", "last_name")},
    **{name: attrgetter(f"facts.contact.{name}") for name in ("locale", "country")},
    "timezone": lambda scope: zone_name(scope.facts.contact.timezone),  # unknown if expressions could not use it
    "preferred_channel": attrgetter("facts.contact.preferred"),
    **{f"{name}_consent": attrgetter(f"facts.contact.{name}_consent.state") for name in CHANNELS},
    "birthday": lambda scope: scope.facts.birthday.isoformat() if scope.facts.birthday else "",
    **{name: attrgetter(f"facts.{name}") for name in ("company", "group", "tags", "attributes")},
    **{name: attrgetter(f"facts.{name}") for name in ("orders_count", "total_spent", "currency")},
    **{name: attrgetter(f"facts.{name}") for name in ("first_order_at", "last_order_at")},
    **{name: attrgetter(f"facts.{name}") for name in ("first_seen_at", "last_seen_at", "last_active_at")},
    "segments": attrgetter("segments"),
}
"""How each field of `customer` is read, in the shape `shapes.CUSTOMER`."""


def run_view(run: Run) -> dict[str, Any]:
    """The fields of `run`: its key, its start and what its steps saved."""
    return {**run.saved, "id": run.id, "key": run.key, "started_at": run.started_at, "holdout": run.holdout}


def shop_view(shop: Shop) -> dict[str, Any]:
    """The fields of `shop`."""
    return {
        "id": shop.id,
        "name": shop.name,
        "domain": shop.domain,
        "locale": shop.locale,
        "timezone": zone_name(shop.timezone) or "UTC",
        "currency": shop.currency,
        "postal_address": shop.postal_address,
    }


def event_view(event: Event) -> dict[str, Any]:
    """An event as `as:` saves it: the payload, and `id`, `type` and `time`, plain JSON."""
    return {**event.data, "id": event.id, "type": event.type, "time": event.time.isoformat()}
