"""What reading a workflow needs everywhere: its names, its compiler, its problems; and values in value positions.

In a value position (the data of `emit`, the body of `http`, attributes, decision tables) numbers and booleans mean
themselves, plain words are text (`gold`, `free shipping`), text with `{{ }}` is Liquid, and all other text is an
expression, checked like every other.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from relevo_contracts.policy import Policy
from relevo_templates import staff
from relevo_templates.texts import is_liquid
from relevo_workflow.expressions.compilation import ExpressionCompiler
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.expressions.shapes import UNKNOWN
from relevo_workflow.syntax.diagnostics import Position, Problems, suggestion
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.liquid_texts import read_liquid
from relevo_workflow.values.value import Computed, ListValue, Literal, ObjectValue, Value

_WORD = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_ \-]*$")
_CEL_WORDS = frozenset(("true", "false", "null", "now", "event", "trigger", "customer", "run", "shop"))


@dataclass(slots=True)
class Reading:
    """One workflow while it is read.

    `channels` are the templates and their channels, `used` those that steps send; `paths` are those that each template
    names, `reads` is what it takes of what steps saved, with its first place.
    `unapproved` are those for WhatsApp that only answer who has just written.
    `policy` is the contact policy beside the workflow, if there is one.
    `broken` names what is there though it could not be read: events, segments, steps, templates.
    """

    problems: Problems
    compiler: ExpressionCompiler
    environment: TypeEnvironment
    channels: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    unapproved: set[str] = field(default_factory=set)
    paths: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    reads: dict[str, dict[str, Position]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    policy: Policy | None = None

    def expression(self, node: Node, environment: TypeEnvironment, *, want: tuple[str, ...] = ()) -> Expression | None:
        """The expression of a scalar; `None` with the problem noted if it is none."""
        if node.entries is not None or node.items is not None or node.value is None:
            self.problems.error(node.position, f"an expression is needed, but this is {node.kind}", "quote the text")
            return None
        return self.compiler.compile(node.text, node, environment, want=want)

    def condition(self, node: Node, environment: TypeEnvironment) -> Expression | None:
        """An expression that is true or false."""
        return self.expression(node, environment, want=("BOOL",))

    def about(self, *events: str) -> TypeEnvironment:
        """The names where one of `events` is at hand; without any that could be read, anything may be said of it."""
        return self.environment.with_events(*(events or (UNKNOWN,)))

    def event_types(self, fields: Fields, name: str, *, one: bool = False) -> tuple[str, ...]:
        """The canonical event types of a field (one, or a list unless `one`); unknown ones are noted and left out."""
        node = fields.need(name)
        if node is None:
            return ()
        given = node.items if node.items is not None else (node,)
        if not given or (one and len(given) > 1):
            self.problems.error(node.position, f"'{name}' must be {'one event' if one else 'at least one event'}")
        for event in given:
            if event.text not in self.environment.types and event.text not in self.broken:
                message = (
                    f"there is no event '{event.text}'"
                    if event.text
                    else f"an event is needed, but this is {event.kind}"
                )
                self.problems.error(event.position, message, suggestion(event.text, self.environment.types))
        return tuple(event.text for event in given if event.text in self.environment.types)

    def uses_template(self, fields: Fields, template: str, channel: str, at: str = "template") -> None:
        """Notes that a step sends a template (named by the field `at`); it must exist and be made for the channel."""
        if not template:
            return
        self.used.add(template)
        if template not in self.channels and template not in self.broken:
            advice = suggestion(template, self.channels) or f"add templates/{template}.yaml"
            fields.wrong(at, f"there is no template '{template}'", advice)
        elif channel and self.channels.get(template, "") not in ("", channel):
            fields.wrong(at, f"the template '{template}' is for {self.channels[template]}, not for {channel}")

    def warn_unused_templates(self, templates: Iterable[str]) -> None:
        """A template that no step sends is most likely forgotten; while there are errors, one may be the reason."""
        for template in templates if not self.problems.errors else ():
            if template not in self.used and template not in staff.NAMES:
                self.problems.warning(Position(f"templates/{template}.yaml"), f"no step sends '{template}'")


def is_word(text: str) -> bool:
    """Whether text in a value position is plain words rather than an expression."""
    return bool(_WORD.match(text)) and text not in _CEL_WORDS


def read_value(node: Node, reading: Reading, environment: TypeEnvironment) -> Value:
    """The value of a node in a value position."""
    if node.entries is not None:
        return ObjectValue(read_fields(node, reading, environment))
    if node.items is not None:
        return ListValue(read_list(node, reading, environment))
    if not node.is_text or is_word(node.text):
        return Literal(node.value)
    if is_liquid(node.text):
        return read_liquid(node, environment, reading.problems)
    expression = reading.expression(node, environment)
    return Computed(expression) if expression is not None else Literal(None)


def read_fields(node: Node | None, reading: Reading, environment: TypeEnvironment) -> tuple[tuple[str, Value], ...]:
    """The values of a mapping, by name."""
    if node is None:
        return ()
    if node.entries is None:
        reading.problems.error(node.position, f"a mapping of names to values is needed, but this is {node.kind}")
        return ()
    return tuple((name, read_value(one, reading, environment)) for name, one in node.entries.items())


def read_list(node: Node | None, reading: Reading, environment: TypeEnvironment) -> tuple[Value, ...]:
    """The values of a list (one alone is a list too)."""
    if node is None:
        return ()
    return tuple(read_value(one, reading, environment) for one in (node.items if node.items is not None else (node,)))
