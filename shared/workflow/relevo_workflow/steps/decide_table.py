"""`decide`: finds values by the rules of a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from relevo_workflow.expressions.expression import Expression
from relevo_workflow.expressions.shapes import BOOL, DOUBLE, DYN, INT, Shape, either, one_of, struct
from relevo_workflow.model.decision import Check
from relevo_workflow.steps.arm_labels import check_names, label_arms
from relevo_workflow.steps.branch import WHEN
from relevo_workflow.steps.reading import StepNode, StepReading
from relevo_workflow.steps.step import Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType, text_of
from relevo_workflow.syntax.declared_fields import (
    choice_field,
    flag_field,
    node_field,
    save_field,
    schema_of,
    text_field,
)
from relevo_workflow.syntax.diagnostics import Position
from relevo_workflow.syntax.fields import SAVE_NAME, Fields
from relevo_workflow.syntax.json_shapes import VALUES
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.reader import is_word, read_fields
from relevo_workflow.values.value import Value


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of a decision table."""

    label: str
    condition: Expression | None
    values: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class DecideTable(Step):
    """Finds values by rules. `hit`: `first` rule that holds, the `unique` one, or `collect` lists of all."""

    hit: str
    rules: tuple[Rule, ...]
    save: str
    noun = "table"
    often_edited = True

    def labels(self) -> list[str]:
        """Those of the rules."""
        return [rule.label for rule in self.rules]

    def saves(self) -> list[tuple[str, frozenset[str]]]:
        """The values."""
        return [(self.next, frozenset((self.save,)))]

    def enter(self, moment: Moment) -> Transition:
        """The values of the rules that hold: of the first, of the one (`unique`), or of all as lists (`collect`)."""
        scope, trace, hits = moment.scope(), list[Check](), list[Rule]()
        for rule in self.rules:
            where = f"{self.id}/{rule.label}"
            if not hits if rule.condition is None else rule.condition.holds(scope, where, trace):
                hits.append(rule)
                if self.hit == "first":
                    break
        if self.hit == "unique" and len(hits) > 1:
            labels = ", ".join(rule.label for rule in hits)
            message = f"several rules hold: {labels}; the first counts"
            trace.append(Check(at=self.id, expression="hit: unique", error=message))
        values: dict[str, Any]
        if self.hit == "collect":
            names = dict.fromkeys(name for rule in self.rules for name, _ in rule.values)
            found = {name: [value for rule in hits for known, value in rule.values if known == name] for name in names}
            values = {name: [one.compute(scope, self.id, trace) for one in several] for name, several in found.items()}
        else:
            values = {name: value.compute(scope, self.id, trace) for rule in hits[:1] for name, value in rule.values}
        labels_taken = tuple(rule.label for rule in hits)
        return Transition(next=self.next, saved={self.save: values}, labels=labels_taken, trace=trace)

    def about(self) -> tuple[str, ...]:
        """Its name."""
        return (self.save,)

    def in_words(self) -> str:
        """`finds discount in a table of 3 rules`."""
        names = dict.fromkeys(name for rule in self.rules for name, _ in rule.values)
        count = f"{len(self.rules)} {'rule' if len(self.rules) == 1 else 'rules'}"
        return f"finds {' and '.join(names)} in a table\nof {count}"


HIT = choice_field("hit", ("first", "unique", "collect"), "which rules count: see below", default="first")
SAVE = save_field("keeps the values as `run.<name>`", required=True)
OTHERWISE = flag_field("otherwise", "its values stand under 'set'", "the last rule: where no condition holds")
NAME = text_field("name", "what paths and tests call the rule; default: `rule-1`, `rule-2`, …")
SET = node_field("set", VALUES, "the values by name", required=True, holds="values")
_RULE = (WHEN, OTHERWISE, NAME, SET)
RULES = node_field(
    "rules",
    {"type": "array", "items": schema_of(_RULE)},
    "the rules: `when` or `otherwise`, and `set`: names with values",
    required=True,
)
_FIELDS = (HIT, RULES, SAVE)


def _read(reading: StepReading) -> Step | None:
    node, problems = reading.node, reading.problems
    fields = reading.fields("decide")
    hit, save = HIT.read(fields), SAVE.read(fields)
    if not save and "as" not in fields:
        problems.error(node.body.position, "decide needs 'as'", "the name by which 'run' has the result")
    given = RULES.read(fields)
    nodes = given.items if given is not None and given.items else ()
    if given is not None and not nodes:
        problems.error(given.position, "'rules' must be a list of 'when' or 'otherwise', each with 'set'")
    labels = label_arms(nodes, _word)
    check_names(labels, nodes, problems)
    rules = [_rule(label, one, reading) for label, one in zip(labels, nodes, strict=True)]
    for one in nodes[:-1]:
        if "otherwise" in one.keys:
            problems.error(one.keys["otherwise"], "'otherwise' must be the last rule")
    fields.done()
    return DecideTable(node.id, reading.after, hit, tuple(rules), save)


def _rule(label: str, node: Node, reading: StepReading) -> Rule:
    fields = Fields(node, reading.problems, "a rule of decide")
    otherwise = OTHERWISE.read(fields)
    condition = reading.condition(WHEN.read(fields))
    if otherwise == ("when" in fields):
        reading.problems.error(node.position, "a rule of decide needs either 'when' or 'otherwise'")
    NAME.read(fields)
    given = SET.read(fields)
    for key, where in (given.keys if given is not None else {}).items():
        if not SAVE_NAME.match(key):
            advice = "a lower-case letter, then letters, digits, '_'"
            reading.problems.error(where, f"'{key}' can't be used in expressions", advice)
    values = read_fields(given, reading.workflow, reading.environment)
    fields.done()
    return Rule(label, condition, values)


def _word(rule: Node, number: int) -> str:
    del rule
    return f"rule-{number}"


def _positions(node: StepNode) -> Iterable[tuple[str, Position]]:
    rules = (node.body.entries or {}).get("rules")
    nodes = (rules.items if rules is not None else None) or ()
    return ((label, rule.position) for label, rule in zip(label_arms(nodes, _word), nodes, strict=True))


def _shape(body: Node, name: str) -> Shape:
    """What the table gives: its names, each with the shape of its values where all rules agree."""
    entries = body.entries or {}
    fields: dict[str, Shape] = {}
    rules = entries.get("rules")
    if rules is None or not rules.items:
        return DYN
    for rule in rules.items:
        values = (rule.entries or {}).get("set")
        for key, value in ((values.entries if values is not None else None) or {}).items():
            if not SAVE_NAME.match(key):
                return DYN
            shape = _literal_shape(value)
            known = fields.get(key, shape)
            fields[key] = either(known, shape) if known == shape else DYN
    if text_of(entries.get("hit")) == "collect":
        fields = {key: Shape("list", item=shape) for key, shape in fields.items()}
    return struct("Table_" + name, fields)


def _literal_shape(node: Node) -> Shape:
    if isinstance(node.value, bool):
        return BOOL
    if isinstance(node.value, int):
        return INT
    if isinstance(node.value, float):
        return DOUBLE
    return one_of(node.text) if node.is_text and is_word(node.text) else DYN


DECIDE = StepType(
    keyword="decide",
    summary="finds values by the rules of a table",
    read=_read,
    fields=_FIELDS,
    arm_fields=_RULE,
    shape=_shape,
    numbered=True,
    always_saves=True,
    label_positions=_positions,
)
