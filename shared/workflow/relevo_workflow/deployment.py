"""The active workflows of a shop, indexed once, so that an input finds at once what it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from relevo_workflow.definition import DateTrigger, Definition, InactivityTrigger, Segment, SegmentTrigger

AlarmKind = Literal["date", "inactivity"]


@dataclass(frozen=True, slots=True)
class AlarmSpec:
    """A trigger that needs an alarm for each customer: its name, and which facts its time follows from."""

    name: str
    workflow: str
    kind: AlarmKind
    index: int
    trigger: DateTrigger | InactivityTrigger


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


class Deployment(tuple[Definition, ...]):
    """The definitions with their indexes. `Deployment.of` gives one for any sequence; a deployment is its own."""

    starts: dict[str, tuple[Definition, ...]]
    exit_types: frozenset[str]
    alarms: tuple[AlarmSpec, ...]
    alarm_fields: tuple[str, ...]
    segments: tuple[WatchedSegment, ...]

    @classmethod
    def of(cls, definitions: Sequence[Definition]) -> "Deployment":
        """The deployment of `definitions`. Make it once and pass it on: building it costs more than an input."""
        if isinstance(definitions, Deployment):
            return definitions
        found = cls(definitions)
        found.exit_types = frozenset().union(*(one.exit_types for one in definitions))
        found.starts = {}
        for definition in definitions:
            for event_type in definition.trigger_types:
                found.starts[event_type] = (*found.starts.get(event_type, ()), definition)
        found.alarms = tuple(spec for one in definitions if one.timed for spec in _alarms(one))
        found.alarm_fields = tuple(dict.fromkeys(_field(spec.trigger) for spec in found.alarms))
        found.segments = tuple(spec for one in definitions for spec in _segments(one))
        return found

    @property
    def timed(self) -> bool:
        """Whether any trigger depends on time."""
        return bool(self.alarms or self.segments)

    def named(self, workflow: str) -> list[Definition]:
        """The definitions of a workflow (one, or none)."""
        return [one for one in self if one.name == workflow]


def _field(trigger: DateTrigger | InactivityTrigger) -> str:
    """The field of the facts that a trigger's time follows from."""
    return trigger.since if isinstance(trigger, InactivityTrigger) else trigger.field.split(".")[0]


def _alarms(definition: Definition) -> list[AlarmSpec]:
    found: list[AlarmSpec] = []
    for index, trigger in enumerate(definition.triggers):
        if isinstance(trigger, DateTrigger | InactivityTrigger):
            kind: AlarmKind = "date" if isinstance(trigger, DateTrigger) else "inactivity"
            found.append(AlarmSpec(f"{definition.name}/{kind}-{index}", definition.name, kind, index, trigger))
    return found


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
