"""A workflow, loaded and checked: all that decisions need of it. Immutable; made by `load_workflow`."""

from dataclasses import dataclass, field
from datetime import time, timedelta

from relevo_contracts.content import Block
from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_contracts.policy import Policy
from relevo_contracts.template import Template
from relevo_workflow.definition.program import Program
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.steps.step import EventArm
from relevo_workflow.syntax.diagnostics import Diagnostic, Position
from relevo_workflow.syntax.zones import TimeWindow

DEFAULT_NOT_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EventTrigger:
    """An event that starts a run when `when` holds. `test`: so do those of a rehearsal (a test order)."""

    event: str
    when: Expression | None
    test: bool = False


@dataclass(frozen=True, slots=True)
class DateTrigger:
    """A date of the customer starts a run, moved by `offset` days, at a local time.

    `field` is `birthday` or `attributes.<name>`.
    """

    field: str
    offset: timedelta
    at: time
    yearly: bool
    zone: str
    when: Expression | None


@dataclass(frozen=True, slots=True)
class InactivityTrigger:
    """Nothing happened for `after` since the customer's `since` (`last_order_at`, `last_active_at`, …)."""

    since: str
    after: timedelta
    when: Expression | None


@dataclass(frozen=True, slots=True)
class SegmentTrigger:
    """The customer joined (or left) a segment."""

    segment: str
    change: str
    when: Expression | None


@dataclass(frozen=True, slots=True)
class ScheduleTrigger:
    """A calendar rule (`cron` or `rrule`) over the customers of a segment (empty: all)."""

    cron: str
    rrule: str
    segment: str
    zone: str
    when: Expression | None


@dataclass(frozen=True, slots=True)
class ManualTrigger:
    """A person or another workflow starts it."""

    when: Expression | None


Trigger = EventTrigger | DateTrigger | InactivityTrigger | SegmentTrigger | ScheduleTrigger | ManualTrigger
"""Everything that can start a run."""


@dataclass(frozen=True, slots=True)
class Restart:
    """An event that replaces the trigger and sends the run back to its first step."""

    event: str
    where: Expression | None


@dataclass(frozen=True, slots=True)
class Exit:
    """An event that ends the run at once. Paths and coverage call it `path_label`: `exit/bought`, `exit/bought-2`."""

    event: str
    where: Expression | None
    reason: str
    path_label: str


@dataclass(frozen=True, slots=True)
class Goal:
    """What the workflow is for: an event within a time after the start, and its value."""

    event: str
    where: Expression | None
    within: timedelta
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Reentry:
    """When a customer may come in again: `once_ended`, `never`, `several`, or `after` a time since the last start."""

    mode: str = "once_ended"
    after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Who takes part: the customers of a test list (key or e-mail) and a percentage of the others."""

    customers: frozenset[str] = frozenset()
    percent: float = 100.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A named rule over the customer. `ages` are its time limits, after which it has to be looked at again; so are
    `windows`, the lengths of time in which it counts orders.
    """

    name: str
    rule: Expression
    ages: tuple[tuple[str, timedelta], ...] = ()
    windows: tuple[timedelta, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A workflow. `version` is the hash of its files; `event_types` are all that it reacts to.

    `types` are the payloads of the events that it may name: the built-in ones, and those that its files declare.
    `early` are the arms that count what came before their step. `timed` says that a trigger depends on time;
    `watched_segments` are those that a trigger waits to be joined or left. `policy` is the contact policy beside it,
    for its tests; what is sent goes by the one that is deployed. `blocks` is the content that its templates show.
    """

    name: str
    version: str = ""
    title: str = ""
    description: str = ""
    change: str = "ad-hoc"
    program: Program = field(default_factory=lambda: Program({}, ""))
    key: Expression | None = None
    triggers: tuple[Trigger, ...] = ()
    restarts: tuple[Restart, ...] = ()
    exits: tuple[Exit, ...] = ()
    goal: Goal | None = None
    reentry: Reentry = Reentry()
    holdout: float = 0.0
    enrolment: Enrolment = Enrolment()
    window: TimeWindow | None = None
    templates: dict[str, Template] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    layouts: dict[str, str] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    types: EventTypes = field(default_factory=lambda: BUILT_IN, repr=False)
    policy: Policy | None = None
    event_types: frozenset[str] = frozenset()
    exit_types: frozenset[str] = frozenset()
    trigger_types: frozenset[str] = frozenset()
    timed: bool = False
    watched_segments: frozenset[str] = frozenset()
    early: tuple[tuple[str, EventArm], ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    positions: dict[str, Position] = field(default_factory=dict, compare=False, repr=False)

    def position_of(self, label: str) -> Position:
        """Where a step (`send-reminder`) or an arm (`branch-1/when-1`, `exit/bought`) stands in the file."""
        return self.positions.get(label) or self.positions.get(label.partition("/")[0]) or Position("workflow.yaml")
