"""`set`: changes the customer's attributes and tags."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import SetAttributes
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.step import Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType
from relevo_workflow.syntax.declared_fields import node_field, schema_of
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import ANYTHING, VALUES
from relevo_workflow.values.reader import read_fields, read_list
from relevo_workflow.values.value import Value, value_in_words, value_text

_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class SetStep(Step):
    """Changes the customer's attributes and tags."""

    attributes: tuple[tuple[str, Value], ...]
    add_tags: tuple[Value, ...]
    remove_tags: tuple[Value, ...]
    noun = "change of the customer"
    acts = True

    def enter(self, moment: Moment) -> Transition:
        """Sets them: attributes are JSON, tags are text."""
        scope, trace = moment.scope(), list[Check]()
        changed = SetAttributes(
            id=moment.run.effect_key,
            attributes={name: _json(value.compute(scope, self.id, trace)) for name, value in self.attributes},
            add_tags=tuple(_text(tag.compute(scope, self.id, trace)) for tag in self.add_tags),
            remove_tags=tuple(_text(tag.compute(scope, self.id, trace)) for tag in self.remove_tags),
        )
        return Transition(next=self.next, effects=(changed,), trace=trace)

    def about(self) -> tuple[str, ...]:
        """What it sets, as it is written."""
        return (
            *(f"{name}={value_text(value)}" for name, value in self.attributes),
            *(f"+{value_text(tag)}" for tag in self.add_tags),
            *(f"-{value_text(tag)}" for tag in self.remove_tags),
        )

    def in_words(self) -> str:
        """`notes level: gold`, `adds the tag vip`."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for name, value in self.attributes:
            yield f"notes {name}: {value_in_words(value)}"
        for sign, tags in (("adds", self.add_tags), ("removes", self.remove_tags)):
            for tag in tags:
                yield f"{sign} the tag {value_in_words(tag)}"


def _json(value: Any) -> Any:
    """A value as an attribute keeps it; what JSON has not, or only some readers of it have, becomes text."""
    whole = not isinstance(value, int) or -_LARGEST <= value < _LARGEST
    return value if isinstance(value, str | int | float | list | dict) and whole else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


ADD = node_field("add", ANYTHING, "tags to add: one or a list", holds="values")
REMOVE = node_field("remove", ANYTHING, "tags to remove: one or a list", holds="values")
ATTRIBUTES = node_field("attributes", VALUES, "attributes by name, each with a value", holds="values")
TAGS = node_field("tags", schema_of((ADD, REMOVE)), "`add` and `remove`: tags", holds="values")
_FIELDS = (ATTRIBUTES, TAGS)


def _read(reading: StepReading) -> Step | None:
    names, workflow = reading.environment, reading.workflow
    fields = reading.fields("set")
    attributes = read_fields(ATTRIBUTES.read(fields), workflow, names)
    node = TAGS.read(fields)
    fields.done()
    add: tuple[Value, ...] = ()
    remove: tuple[Value, ...] = ()
    if node is not None:
        tags = Fields(node, reading.problems, "tags", "tags: {add: [vip], remove: [new]}")
        add, remove = read_list(ADD.read(tags), workflow, names), read_list(REMOVE.read(tags), workflow, names)
        tags.done()
    return SetStep(reading.node.id, reading.after, attributes, add, remove)


SET = StepType(
    keyword="set",
    summary="changes the customer's attributes and tags",
    read=_read,
    fields=_FIELDS,
    numbered=True,
)
