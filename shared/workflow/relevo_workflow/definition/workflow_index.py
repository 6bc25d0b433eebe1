"""The active workflows of a shop, indexed once, so that an input finds at once what it concerns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any, Literal

from relevo_workflow.definition.workflow import (
    DateTrigger,
    Definition,
    InactivityTrigger,
    ScheduleTrigger,
    Segment,
    SegmentTrigger,
)
from relevo_workflow.model.bucketing import stable_id
from relevo_workflow.model.state import Facts

AlarmKind = Literal["date", "inactivity", "schedule"]
CALENDAR_TIMERS = "calendar"
"""Timers of a shop's calendar are named `calendar/<workflow>/<rule>`."""


@dataclass(frozen=True, slots=True)
class AlarmSpec:
    """A trigger that needs an alarm for each customer; it starts runs for members of `segment` (`None`: for all)."""

    name: str
    workflow: str
    kind: AlarmKind
    index: int
    trigger: DateTrigger | InactivityTrigger | ScheduleTrigger
    segment: Segment | None = None


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """A schedule at one time for the whole shop. The name changes with the rule: another rule, another entry."""

    name: str
    workflow: str
    index: int
    trigger: ScheduleTrigger
    segment: Segment | None


@dataclass(frozen=True, slots=True)
class WatchedSegment:
    """A segment that a trigger waits to be joined or left."""

    workflow: str
    segment: Segment
    triggers: tuple[tuple[int, str], ...]

    @property
    def ages(self) -> tuple[tuple[str, timedelta], ...]:
        """The time limits of its rule."""
        return self.segment.ages


class WorkflowIndex(tuple[Definition, ...]):
    """The definitions with their indexes. `WorkflowIndex.of` gives one for any sequence; an index is its own.

    `starts` are the definitions by the event types that start them, `by_version` by their versions. `alarm_view` reads
    from facts what alarms follow from. `timed` says whether any trigger depends on time, `recommends` whether any
    message recommends products.
    """

    starts: dict[str, tuple[Definition, ...]]
    by_version: dict[str, Definition]
    exit_types: frozenset[str]
    alarms: tuple[AlarmSpec, ...]
    alarm_view: Callable[[Facts], Any]
    segments: tuple[WatchedSegment, ...]
    calendar: tuple[CalendarSpec, ...]
    fingerprint: str
    timed: bool
    recommends: bool

    @classmethod
    def of(cls, definitions: Sequence[Definition]) -> "WorkflowIndex":
        """The index of `definitions`. Make it once and pass it on: building it costs more than an input."""
        if isinstance(definitions, WorkflowIndex):
            return definitions
        found = cls(definitions)
        found.by_version = {one.version: one for one in definitions}
        found.exit_types = frozenset().union(*(one.exit_types for one in definitions))
        found.starts = {}
        for definition in definitions:
            for event_type in definition.trigger_types:
                found.starts[event_type] = (*found.starts.get(event_type, ()), definition)
        found.alarms = tuple(spec for one in definitions for spec in _alarms(one))
        found.alarm_view = attrgetter("contact", *(n for spec in found.alarms for n in _fields(spec.trigger)))
        found.segments = tuple(spec for one in definitions for spec in _segments(one))
        found.calendar = tuple(spec for one in definitions for spec in _calendar(one))
        found.timed = bool(found.alarms or found.segments)
        found.recommends = any(step.recommends() for one in definitions for step in one.program.steps.values())
        found.fingerprint = _fingerprint(found)
        return found

    def named(self, workflow: str) -> list[Definition]:
        """The definitions of a workflow (one, or none)."""
        return [one for one in self if one.name == workflow]


def _fields(trigger: DateTrigger | InactivityTrigger | ScheduleTrigger) -> list[str]:
    """The field of the facts that a trigger's time follows from; none for a schedule."""
    if isinstance(trigger, ScheduleTrigger):
        return []
    return [trigger.since if isinstance(trigger, InactivityTrigger) else trigger.field.split(".")[0]]


def _alarms(definition: Definition) -> list[AlarmSpec]:
    found: list[AlarmSpec] = []
    for index, trigger in enumerate(definition.triggers):
        if isinstance(trigger, DateTrigger | InactivityTrigger):
            kind: AlarmKind = "date" if isinstance(trigger, DateTrigger) else "inactivity"
            found.append(AlarmSpec(f"{definition.name}/{kind}-{index}", definition.name, kind, index, trigger))
        elif isinstance(trigger, ScheduleTrigger) and trigger.zone == "customer":
            name, segment = f"{definition.name}/schedule-{index}", definition.segments.get(trigger.segment)
            found.append(AlarmSpec(name, definition.name, "schedule", index, trigger, segment))
    return found


def _calendar(definition: Definition) -> list[CalendarSpec]:
    found: list[CalendarSpec] = []
    for index, trigger in enumerate(definition.triggers):
        if isinstance(trigger, ScheduleTrigger) and trigger.zone != "customer":
            rule = stable_id(trigger.cron, trigger.rrule, trigger.zone, str(index))
            segment = definition.segments.get(trigger.segment)
            found.append(
                CalendarSpec(f"{CALENDAR_TIMERS}/{definition.name}/{rule}", definition.name, index, trigger, segment)
            )
    return found


def _fingerprint(index: WorkflowIndex) -> str:
    """Changes with whatever alarms and memberships follow from; empty if nothing depends on time."""
    if not index.timed:
        return ""
    alarms = [f"{one.name} {_fingerprint_of_trigger(one.trigger)}" for one in index.alarms]
    segments = [f"{one.workflow} {one.segment.name} {one.segment.rule.text}" for one in index.segments]
    return stable_id(*sorted(alarms), *sorted(segments))[:12]


def _fingerprint_of_trigger(trigger: DateTrigger | InactivityTrigger | ScheduleTrigger) -> str:
    match trigger:
        case DateTrigger():
            return f"{trigger.field} {trigger.offset} {trigger.at} {trigger.yearly} {trigger.zone}"
        case InactivityTrigger():
            return f"{trigger.since} {trigger.after}"
        case _:
            return f"{trigger.cron} {trigger.rrule}"


def _segments(definition: Definition) -> list[WatchedSegment]:
    found: list[WatchedSegment] = []
    for name in sorted(definition.watched_segments):
        triggers = tuple(
            (index, trigger.change)
            for index, trigger in enumerate(definition.triggers)
            if isinstance(trigger, SegmentTrigger) and trigger.segment == name
        )
        found.append(WatchedSegment(definition.name, definition.segments[name], triggers))
    return found
