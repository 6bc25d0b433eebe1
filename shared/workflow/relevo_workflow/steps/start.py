"""`start`: starts another workflow, once or for each element of a list."""

from dataclasses import dataclass

from relevo_workflow.expressions.expression import Expression
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import StartRun
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.step import Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType, text_at
from relevo_workflow.steps.words import condition_in_words
from relevo_workflow.syntax.declared_fields import name_field, node_field
from relevo_workflow.syntax.json_shapes import EXPRESSION, VALUES
from relevo_workflow.values.reader import read_fields
from relevo_workflow.values.value import Value, plain

MAX_STARTS = 500
"""A list longer than this starts no more workflows than this."""


@dataclass(frozen=True, slots=True)
class StartStep(Step):
    """Starts another workflow, once or for each element of a list."""

    workflow: str
    for_each: Expression | None
    data: tuple[tuple[str, Value], ...]
    noun = "start"
    acts = True

    def enter(self, moment: Moment) -> Transition:
        """One start, or one for each element of a list, which its run then finds as `trigger.data.item`.

        A list counts as more hops the longer it is: 2 elements as 2, 4 as 3, 500 as 9. A cycle through it would double.
        """
        scope, key, hops, trace = moment.scope(), moment.run.effect_key, moment.hops + 1, list[Check]()
        data = {name: value.compute(scope, self.id, trace) for name, value in self.data}
        if self.for_each is None:
            one = StartRun(id=key, workflow=self.workflow, at=scope.now, data=data, hops=hops)
            return Transition(next=self.next, effects=(one,), trace=trace)
        check = self.for_each.evaluate(scope, self.id)
        trace.append(check)
        items = check.value[:MAX_STARTS] if isinstance(check.value, list) else []
        hops += max(0, len(items).bit_length() - 1)
        each = [
            StartRun(
                id=f"{key}/{number}",
                workflow=self.workflow,
                at=scope.now,
                data={**data, "item": plain(item)},
                hops=hops,
            )
            for number, item in enumerate(items)
        ]
        return Transition(next=self.next, effects=each, trace=trace)

    def about(self) -> tuple[str, ...]:
        """The workflow."""
        return (self.workflow,)

    def in_words(self) -> str:
        """`starts the workflow review, for each of order lines`."""
        each = f"\nfor each of {condition_in_words(self.for_each.text)}" if self.for_each is not None else ""
        return f"starts the workflow {self.workflow}{each}"


WORKFLOW = name_field("workflow", "its name; it must have the trigger `manual`")
FOR_EACH = node_field(
    "for_each",
    EXPRESSION,
    "a list: one start an element, found as `trigger.data.item`",
    holds="expression",
)
DATA = node_field("data", VALUES, "values by name, which it finds in `trigger.data`", holds="values")
_FIELDS = (WORKFLOW, FOR_EACH, DATA)


def _read(reading: StepReading) -> Step | None:
    names, workflow = reading.environment, reading.workflow
    fields = reading.fields("start")
    name, node = WORKFLOW.read(fields), FOR_EACH.read(fields)
    each = workflow.expression(node, names, want=("LIST",)) if node is not None else None
    data = read_fields(DATA.read(fields), workflow, names)
    fields.done()
    return StartStep(reading.node.id, reading.after, name, each, data)


START = StepType(
    keyword="start",
    summary="starts another workflow for the customer, once or for each element of a list",
    read=_read,
    fields=_FIELDS,
    stem=text_at("workflow"),
)
