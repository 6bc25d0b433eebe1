"""What a diagram shows: boxes with words, and arrows between them."""

from collections.abc import Iterator
from typing import assert_never

from msgspec import Struct

from relevo_workflow.definition import workflow as parts
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.diagram.rules import rules_of
from relevo_workflow.steps.goto import Goto
from relevo_workflow.steps.step import END, Step
from relevo_workflow.steps.stop import Stop
from relevo_workflow.steps.words import condition_in_words, duration_in_words, event_in_words, event_with_condition
from relevo_workflow.values.value import text_or_nothing


class Box(Struct, frozen=True):
    """A box: `kind` is start, send, wait, choice, staff, call, change or end; `note` stands small below its words."""

    id: str
    kind: str
    text: str
    note: str = ""


class Arrow(Struct, frozen=True):
    """An arrow, with the words of the path that it takes."""

    source: str
    target: str
    label: str = ""


class Diagram(Struct, frozen=True):
    """A workflow as boxes and arrows; `anytime` is what may end or restart it in between, one line each.

    `rules` are sentences about the whole: re-entry, window, who takes part, goal.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    anytime: tuple[str, ...]
    rules: tuple[str, ...] = ()


def diagram_of(definition: Definition) -> Diagram:
    """The diagram of a workflow. `goto` is an arrow, every end of a path a box of its own."""
    return _Maker(definition).make()


class _Maker:
    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.program = definition.program
        self.boxes: list[Box] = []
        self.arrows: list[Arrow] = []

    def make(self) -> Diagram:
        self.boxes.append(Box("start", "start", "\n".join(_starts(self.definition.triggers))))
        self._arrow("start", self.program.first, "")
        for step in self.program.steps.values():
            if not _is_arrow(step):
                self.boxes.append(Box(step.id, step.box, step.in_words(), step.id))
                for target, label in step.paths_in_words():
                    self._arrow(step.id, target, label)
        title = self.definition.title or self.definition.name
        rules = tuple(rules_of(self.definition))
        return Diagram(title, tuple(self.boxes), tuple(self.arrows), tuple(_anytime(self.definition)), rules)

    def _arrow(self, source: str, target: str, label: str) -> None:
        """An arrow to where a run really comes to: through every `goto`, to an end of its own."""
        step = self.program.steps.get(target)
        while isinstance(step, Goto) and step.times is None:
            target = step.next
            step = self.program.steps.get(target)
        if target == END or isinstance(step, Stop):
            reason = f"ends: {step.reason}" if isinstance(step, Stop) else "ends"
            target = f"end-{sum(box.kind == 'end' for box in self.boxes) + 1}"
            self.boxes.append(Box(target, "end", reason))
        self.arrows.append(Arrow(source, target, label))


def _is_arrow(step: Step) -> bool:
    """Whether a step is drawn as an arrow alone: a `goto` that is bounded asks how often it was taken."""
    return isinstance(step, Stop) or (isinstance(step, Goto) and step.times is None)


def _starts(triggers: tuple[parts.Trigger, ...]) -> Iterator[str]:
    """What starts it; triggers with the same condition share its line."""
    conditions = [one.when.text if one.when is not None else "" for one in triggers]
    for number, (one, condition) in enumerate(zip(triggers, conditions, strict=True)):
        yield _trigger(one)
        if condition and condition not in conditions[number + 1 :]:
            yield f"if {condition_in_words(condition)}"


def _anytime(definition: Definition) -> Iterator[str]:
    """What ends a run, or sends it back, at any time."""
    for exit_rule in definition.exits:
        yield f"{event_with_condition(exit_rule.event, text_or_nothing(exit_rule.where))} → ends: {exit_rule.reason}"
    for restart in definition.restarts:
        yield f"{event_with_condition(restart.event, text_or_nothing(restart.where))} → begins anew"


def _trigger(trigger: parts.Trigger) -> str:
    match trigger:
        case parts.EventTrigger():
            text = f"starts with: {event_in_words(trigger.event)}"
        case parts.DateTrigger():
            days = trigger.offset.days
            moved = f"{abs(days)} days {'before' if days < 0 else 'after'} " if days else ""
            text = f"starts {moved}{trigger.field}, at {trigger.at:%H:%M}"
        case parts.InactivityTrigger():
            since = trigger.since.removesuffix("_at").replace("_", " ")
            text = f"starts {duration_in_words(trigger.after)} after the {since}"
        case parts.SegmentTrigger():
            text = f"starts when the segment “{trigger.segment}” is {trigger.change}"
        case parts.ScheduleTrigger():
            text = f"starts by the calendar: {trigger.cron or trigger.rrule}"
        case parts.ManualTrigger():
            text = "starts by hand"
        case _:
            assert_never(trigger)
    return text
