"""What is kept of a customer between two inputs: facts and runs. Frozen; stored as JSON; defaults are left out.

Fields are only ever added, with a default, so that what an older version stored can still be read. `gc=False`, here and
in decisions and effects: plain trees can't refer to themselves, so the garbage collector need not walk through them.
"""

from datetime import date, datetime, tzinfo
from typing import Any, Literal

from msgspec import Struct

from relevo_contracts.contact import Contact
from relevo_contracts.payloads import Instant
from relevo_contracts.zones import zone_of

RunState = Literal["active", "watching", "ended"]


class Occurrence(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The newest event of a type: kept where an exit rule may have to know that it came before the trigger."""

    id: str
    at: Instant
    data: dict[str, Any] = {}


class Past(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """That a workflow ran before for a run key: what re-entry looks at.

    `run_ids` are the newest starts, so that the same starting event delivered again starts nothing. `spans` are the
    newest times from a run's start to the end of its steps: what happened within them could start nothing then, and
    starts nothing when it is delivered later.
    """

    started_at: Instant
    run_ids: tuple[str, ...] = ()
    spans: tuple[tuple[Instant, Instant], ...] = ()
    forever: bool = False


class HeldCoupon(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A code that a workflow took for the customer, in the step whose effect key is `id`.

    `hops` tells how many workflows in a row led to it. `order_id` is the order that it was redeemed with; `ended` says
    that its end has been reported.
    """

    id: str
    code: str
    pool: str
    workflow: str
    taken_at: Instant
    expires_at: Instant | None = None
    hops: int = 0
    order_id: str = ""
    ended: bool = False


class OrderLine(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """A line of an order: the product as the shop names it, its categories, what it costs as decimal text."""

    product: str = ""
    categories: tuple[str, ...] = ()
    total: str = "0"


class KnownOrder(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """An order as windows of time see it. `placed` is false while only its cancellation or a refund is known.

    `total` is what was ordered, as decimal text; `refunds` are what was paid back, by the refund's id.
    """

    id: str
    at: Instant
    total: str = "0"
    currency: str = ""
    lines: tuple[OrderLine, ...] = ()
    placed: bool = False
    cancelled: bool = False
    refunds: tuple[tuple[str, str], ...] = ()


class OrderDay(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """Older orders of one day and currency, added up. `at` is when the newest of them was placed."""

    at: Instant
    count: int = 0
    total: str = "0"
    currency: str = ""


class ViewedDay(Struct, frozen=True, gc=False, array_like=True):
    """A day, in UTC, on which a category was looked at in the shop."""

    day: date
    category: str


class Facts(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What the events told about a customer.

    `total_spent` is decimal text in `currency`, the currency of the first order; orders in others don't add to it.
    `orders` are the newest ones by their time, `order_days` older ones added up, and
    `orders_added` digests of their ids (`relevo_workflow.model.order_history`).
    `latest` holds the newest event of each type that an exit rule names. `past` is keyed `workflow/run key`; of
    the older ones whose re-entry is `never` only digests are kept, in `once`.
    `alarms` are the timers of triggers that depend on time (`date`, `inactivity`, …), by name. `segments` tells
    since when the customer is in each segment, as of the last time one changed, `segments_at`. Both follow the triggers
    whose fingerprint is `timed_by`. `redacted_at` is when the customer was erased: what happened before is not heard.
    `profiles_imported` are digests of the newest statements about the customer that an import told. `coupons` are the
    codes that workflows took for the customer, the newest last. `last_heard_at` is when they last gave a sign of
    themselves outside of the shop: opened or followed a message, answered, confirmed that they agree. `viewed` are the
    days on which they looked at categories, the newest ones, in shops that recommend products.
    """

    contact: Contact = Contact()
    group: str = ""
    company: str = ""
    tags: list[str] = []
    attributes: dict[str, Any] = {}
    birthday: date | None = None
    orders_count: int = 0
    total_spent: str = "0"
    currency: str = ""
    first_order_at: Instant | None = None
    last_order_at: Instant | None = None
    first_seen_at: Instant | None = None
    last_seen_at: Instant | None = None
    last_heard_at: Instant | None = None
    profile_at: Instant | None = None
    counts_at: Instant | None = None
    order_ids: tuple[str, ...] = ()
    orders: tuple[KnownOrder, ...] = ()
    order_days: tuple[OrderDay, ...] = ()
    orders_added: tuple[str, ...] = ()
    latest: dict[str, Occurrence] = {}
    past: dict[str, Past] = {}
    once: tuple[str, ...] = ()
    alarms: dict[str, Instant] = {}
    segments: dict[str, Instant] = {}
    segments_at: Instant | None = None
    timed_by: str = ""
    redacted_at: Instant | None = None
    profiles_imported: tuple[str, ...] = ()
    coupons: tuple[HeldCoupon, ...] = ()
    viewed: tuple[ViewedDay, ...] = ()

    @property
    def last_active_at(self) -> datetime | None:
        """When they were last seen in the shop or heard of; where they never were, when they agreed to e-mail."""
        known = [at for at in (self.last_seen_at, self.last_heard_at) if at is not None]
        agreed = self.contact.email_consent
        return max(known, default=agreed.at if agreed.state == "granted" else None)


class GoalReached(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The goal of a run was reached: when, by which event, and its value as decimal text."""

    at: Instant
    event_id: str
    value: str = ""
    currency: str = ""


class Vote(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one person decided on a task that needs an approval."""

    by: str
    approved: bool
    at: Instant
    role: str = ""
    note: str = ""


class Run(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One workflow on its way for one run key.

    `step` is where it waits now (empty once the steps are over) and `turn` how many steps it has entered. `at` is the
    newest input's time: a run's time never goes back. `trigger` is the payload that started or last restarted it.
    `saved` is what steps keep by `as:`. `timers` are armed ones by name. `advanced_by` are the newest inputs that moved
    it: the same delivered again moves nothing. A run is `watching` when its steps are over and only the goal's window
    is open (a holdout run from its start). `waits_since` is set while it waits for events about another key: older
    ones don't concern it. `early` are events that came before the step that waits for them (`since: start`), by arm.
    `hops` tells how many workflows in a row led to where it is: see `steps.step.MAX_HOPS`. `test` is a rehearsal: it
    hears of test events, which other runs don't. `rounds` counts how often each bounded `goto` was taken. A deployment
    that moved the run notes in `did` what its steps had done by then (the contents of `alignment.content`), and in
    `entered_as` the id that the step at hand had when the run entered it. `variants` are the arms that splits gave it
    (`split-1/a`), in the order in which it met them. `entered_at` is when it entered the step at hand. `recallable` are
    messages that may still wait, each with its `not_after`, by what follows the run's id in their effect keys.
    `traceparent` is the context of the trace in which it was started; nothing is decided by it.
    """

    id: str
    workflow: str
    version: str
    key: str
    customer: str
    started_at: Instant
    at: Instant
    state: RunState = "active"
    step: str = ""
    turn: int = 0
    trigger_type: str = ""
    trigger_id: str = ""
    trigger_at: Instant | None = None
    trigger: dict[str, Any] = {}
    saved: dict[str, Any] = {}
    timers: dict[str, Instant] = {}
    waits_since: Instant | None = None
    early: dict[str, Any] = {}
    advanced_by: tuple[str, ...] = ()
    votes: tuple[Vote, ...] = ()
    goal: GoalReached | None = None
    holdout: bool = False
    restarts: int = 0
    ended_at: Instant | None = None
    end_reason: str = ""
    hops: int = 0
    test: bool = False
    rounds: dict[str, int] = {}
    did: tuple[str, ...] = ()
    entered_as: str = ""
    variants: tuple[str, ...] = ()
    entered_at: Instant | None = None
    recallable: dict[str, Instant] = {}
    traceparent: str = ""

    @property
    def effect_key(self) -> str:
        """The key of what the step at hand does: the same step and turn, the same key, whatever it is called now."""
        return f"{self.id}/{self.entered_as or self.step}/{self.turn}"

    def since(self) -> datetime:
        """The time of the event that started or last restarted the run: older events don't concern it."""
        return self.trigger_at or self.started_at


class Shop(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What workflows and templates may say of the shop."""

    id: str
    name: str = ""
    domain: str = ""
    locale: str = ""
    timezone: str = "UTC"
    currency: str = ""
    postal_address: str = ""


def local_zone(name: str, facts: Facts, shop: Shop) -> tzinfo:
    """The zone that `customer`, `shop` or an IANA name means for a customer of the shop."""
    if name == "customer":
        return zone_of(facts.contact.timezone, shop.timezone)
    return zone_of(shop.timezone if name == "shop" else name)


class Subject(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A customer of a shop with everything that decisions about them need: facts and the runs that are not ended."""

    shop: str
    key: str
    facts: Facts = Facts()
    runs: tuple[Run, ...] = ()
