"""`goto`: goes to another step, for ever or so many times in a row."""

from collections.abc import Iterable
from dataclasses import dataclass

from relevo_workflow.steps.reading import StepNode, StepReading
from relevo_workflow.steps.step import END, Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType, text_of
from relevo_workflow.syntax.declared_fields import StepField, node_field, schema_of
from relevo_workflow.syntax.diagnostics import Position, suggestion
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import TEXT
from relevo_workflow.syntax.yaml_source import Node


@dataclass(frozen=True, slots=True)
class Goto(Step):
    """Goes to a step: `times` times in a row and then on to `after`, or (`None`) always; `forever`: that is meant."""

    after: str = END
    times: int | None = None
    forever: bool = False
    noun = "goto"
    box = "choice"

    def targets(self) -> list[str]:
        """The step, and what follows where it is bounded."""
        return [self.next] if self.times is None else [self.next, self.after]

    def cycle_targets(self) -> list[str]:
        """Back there only so often, where it is bounded."""
        return [self.next] if self.times is None else [self.after]

    def labels(self) -> list[str]:
        """`over`: it went back often enough."""
        return ["over"] if self.times is not None else []

    def goes_on_forever(self) -> bool:
        """Whether that is meant."""
        return self.forever

    def enter(self, moment: Moment) -> Transition:
        """Goes back, or on to what follows once it was taken often enough; then it counts anew."""
        if self.times is None:
            return Transition(next=self.next)
        rounds = moment.run.rounds
        taken = rounds.get(self.id, 0) + 1
        left = {name: count for name, count in rounds.items() if name != self.id}
        if taken > self.times:
            return Transition(next=self.after, labels=("over",), rounds=left)
        return Transition(next=self.next, rounds={**left, self.id: taken})

    def in_words(self) -> str:
        """`3 times already?`."""
        return f"{self.times} times already?"

    def paths_in_words(self) -> list[tuple[str, str]]:
        """Once more, or on."""
        return [(self.next, "no: once more"), (self.after, "yes")]


def _times(fields: Fields) -> tuple[int | None, bool]:
    """How often, and whether for ever."""
    node = fields.get("repeat")
    if node is not None and node.is_text:
        if node.text != "forever":
            fields.wrong(
                "repeat", "'repeat' must be a whole number or 'forever'", "how often the run goes back from here"
            )
        return None, True
    return (fields.count("repeat", 1) if node is not None else None), False


STEP = node_field("step", TEXT, "the id of the step", required=True, advice="goto: {step: pause, repeat: 3}")
REPEAT = StepField(
    "repeat",
    _times,
    {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "forever"}]},
    "how often in a row the run goes there before it goes on; `forever`: a cycle without an end is meant",
)
_FIELDS = (STEP, REPEAT)


def _read(reading: StepReading) -> Step | None:
    node = reading.node
    if node.body.entries is None:
        return Goto(node.id, _target(node.body, reading))
    fields = reading.fields("goto")
    step, (times, forever) = STEP.read(fields), REPEAT.read(fields)
    fields.done()
    target = _target(step, reading) if step is not None else END
    return Goto(node.id, target, END if times is None else reading.after, times, forever)


def _target(node: Node, reading: StepReading) -> str:
    if node.text not in reading.ids:
        others = [one for one in reading.ids if one != reading.node.id]
        reading.problems.error(node.position, f"there is no step '{node.text}'", suggestion(node.text, others))
    return node.text


def _positions(node: StepNode) -> Iterable[tuple[str, Position]]:
    return (("over", node.body.position),)


def _stem(body: Node) -> str:
    return body.text or text_of((body.entries or {}).get("step"))


GOTO = StepType(
    keyword="goto",
    summary="goes to another step",
    read=_read,
    fields=_FIELDS,
    body={"anyOf": [{**TEXT, "description": "the id of a step"}, schema_of(_FIELDS)]},
    stem=_stem,
    label_positions=_positions,
)
