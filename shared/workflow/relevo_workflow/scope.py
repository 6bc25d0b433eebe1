"""The values that an expression or a template sees at one decision."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from relevo_contracts.envelope import Event
from relevo_workflow.state import Facts, Run, Shop

if TYPE_CHECKING:
    from relevo_workflow.definition import Segment


class Scope:
    """The variables at one moment. `event` is the event at hand, or nothing; `run` may be one about to start.

    `in_texts` says whether any Liquid text names the customer's segments: they are looked up only then.
    """

    __slots__ = ("_customer", "_rules", "_run", "_shop", "event", "facts", "in_texts", "now", "run_state", "shop_state")

    def __init__(
        self,
        *,
        event: Event | None,
        run: Run,
        facts: Facts,
        shop: Shop,
        now: datetime,
        segments: "Mapping[str, Segment] | None" = None,
        in_texts: bool = True,
    ) -> None:
        self.event = event
        self.run_state = run
        self.facts = facts
        self.shop_state = shop
        self.now = now
        self._rules = segments or {}
        self.in_texts = in_texts
        self._customer: dict[str, Any] | None = None
        self._run: dict[str, Any] | None = None
        self._shop: dict[str, Any] | None = None

    @property
    def customer(self) -> dict[str, Any]:
        """The fields of `customer`, made once."""
        if self._customer is None:
            self._customer = customer_view(self.facts, self.run_state.customer)
        return self._customer

    @property
    def segments(self) -> list[str]:
        """The names of the segments that the customer is in now, in alphabetical order."""
        if not self._rules:
            return []
        # A rule sees the customer, not the segments: none can depend on another.
        bare = Scope(event=None, run=self.run_state, facts=self.facts, shop=self.shop_state, now=self.now)
        return sorted(name for name, one in self._rules.items() if one.rule.evaluate(bare).value is True)

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


def customer_view(facts: Facts, key: str) -> dict[str, Any]:
    """The fields of `customer`, in the shape `shapes.CUSTOMER`, except for `segments`, which `Scope` knows."""
    contact = facts.contact
    return {
        "key": key,
        "email": contact.email,
        "phone": contact.phone,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "company": facts.company,
        "group": facts.group,
        "locale": contact.locale,
        "timezone": contact.timezone,
        "country": contact.country,
        "email_consent": contact.email_consent.state,
        "sms_consent": contact.sms_consent.state,
        "birthday": facts.birthday.isoformat() if facts.birthday else "",
        "tags": facts.tags,
        "attributes": facts.attributes,
        "orders_count": facts.orders_count,
        "total_spent": facts.total_spent,
        "currency": facts.currency,
        "first_order_at": facts.first_order_at,
        "last_order_at": facts.last_order_at,
        "first_seen_at": facts.first_seen_at,
        "last_seen_at": facts.last_seen_at,
    }


def run_view(run: Run) -> dict[str, Any]:
    """The fields of `run`: its key, its start and what its steps saved."""
    return {**run.saved, "id": run.id, "key": run.key, "started_at": run.started_at, "holdout": run.holdout}


def trigger_view(run: Run) -> dict[str, Any]:
    """The fields of `trigger`: the payload, and `id`, `type` and `time`."""
    return {**run.trigger, "id": run.trigger_id, "type": run.trigger_type, "time": run.trigger_at}


def shop_view(shop: Shop) -> dict[str, Any]:
    """The fields of `shop`."""
    return {
        "id": shop.id,
        "name": shop.name,
        "domain": shop.domain,
        "locale": shop.locale,
        "timezone": shop.timezone,
        "currency": shop.currency,
    }


def event_view(event: Event) -> dict[str, Any]:
    """An event as `as:` saves it: the payload, and `id`, `type` and `time`, plain JSON."""
    return {**event.data, "id": event.id, "type": event.type, "time": event.time.isoformat()}
