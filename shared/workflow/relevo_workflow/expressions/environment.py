"""Which variables an expression may name, and their types."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_workflow.expressions.shapes import Shape


@dataclass(frozen=True, slots=True)
class TypeEnvironment:
    """Which variables an expression may name: the types of `event` (none: no event is at hand), `trigger` and `run`."""

    events: tuple[str, ...]
    triggers: tuple[str, ...]
    run: Shape
    types: EventTypes = field(default_factory=lambda: BUILT_IN, compare=False, repr=False)

    def with_events(self, *events: str) -> "TypeEnvironment":
        """The same with other event types at hand."""
        return replace(self, events=events)

    def without_event(self) -> "TypeEnvironment":
        """The same where no event is at hand."""
        return replace(self, events=())

    def variants(self) -> Iterable[tuple[str, str]]:
        """Each pair of event type and trigger type that can meet."""
        return [(event, trigger) for event in self.events or ("",) for trigger in self.triggers or ("",)]
