"""The syntax tree of a workflow's steps: their kinds, their stable ids, what they save, the blocks inside them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_workflow.expressions.shapes import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    RESPONSE,
    STRING,
    TASK_RESULT,
    Shape,
    event_shape,
    struct,
)
from relevo_workflow.syntax.diagnostics import Problems, suggestion
from relevo_workflow.syntax.fields import NAME_PATTERN, SAVE_NAME
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.reader import is_word

KINDS = (
    "wait",
    "wait_for",
    "branch",
    "split",
    "send",
    "http",
    "task",
    "approve",
    "decide",
    "set",
    "emit",
    "start",
    "goto",
    "stop",
)
_ARMED = ("branch", "wait_for", "split")
APPROVE_BLOCKS = ("approved", "rejected", "expired")


@dataclass(slots=True)
class Block:
    """A list of steps: the workflow's own, or an arm's. `node` is the arm it belongs to."""

    node: Node
    steps: "list[StepNode]"
    label: str = ""


@dataclass(slots=True)
class StepNode:
    """One step before it is compiled. `body` is the value of its keyword, `given` whether somebody wrote its id."""

    kind: str
    id: str
    node: Node
    body: Node
    blocks: list[Block]
    given: bool = False

    def walk(self) -> "Iterator[StepNode]":
        """This step and every step inside it, in the order of the file."""
        yield self
        for block in self.blocks:
            for step in block.steps:
                yield from step.walk()


def parse_steps(node: Node | None, problems: Problems) -> list[StepNode]:
    """The steps of a list node, with ids; what is no step is noted and left out."""
    steps = _steps(node, problems)
    _name_all(steps, problems)
    return steps


def _steps(node: Node | None, problems: Problems) -> list[StepNode]:
    if node is None:
        return []
    if node.items is None:
        problems.error(node.position, f"steps must be a list, but this is {node.kind}", "begin each step with '- '")
        return []
    found = [_step(item, problems) for item in node.items]
    return [step for step in found if step is not None]


_NO_SPACE = re.compile(r"([a-z_]+)[:=](\S.*)", re.DOTALL)


def _step(node: Node, problems: Problems) -> StepNode | None:
    if node.entries is None:
        advice = "a step is a mapping such as 'wait: 4h' or 'send: {…}'"
        if match := _NO_SPACE.match(node.text):
            advice = f"a space stands after the colon: {match[1]}: {match[2]}"
        problems.error(node.position, f"a step must be a mapping, but this is {node.kind}", advice)
        return None
    kinds = [key for key in node.entries if key in KINDS]
    beside = [key for key in node.entries if key not in KINDS and key != "id"]
    if len(kinds) == 1 and beside and node.entries[kinds[0]].kind == "nothing":
        said = f"'{beside[0]}' stands beside '{kinds[0]}', not inside it"
        advice = f"indent what belongs to '{kinds[0]}' by two more spaces than '{kinds[0]}' itself"
        problems.error(node.keys[beside[0]], said, advice)
        return None
    for key in node.entries:
        if key not in KINDS and key != "id":
            problems.error(node.keys[key], f"there is no step '{key}'", suggestion(key, (*KINDS, "id")))
    if len(kinds) != 1:
        if kinds:
            problems.error(node.keys[kinds[1]], "this step does two things", "begin another step with '- '")
        elif "id" in node.entries and len(node.entries) == 1:
            problems.error(node.position, "this step does nothing", suggestion("", KINDS))
        return None
    body = node.entries[kinds[0]]
    step_id = _given_id(node, problems)
    return StepNode(kinds[0], step_id, node, body, _blocks(kinds[0], body, problems), given=bool(step_id))


def _given_id(node: Node, problems: Problems) -> str:
    given = (node.entries or {}).get("id")
    if given is None:
        return ""
    if not NAME_PATTERN.match(given.text):
        problems.error(
            given.position, f"'{given.text}' is not a valid step id", "lower-case letters and digits, joined by '-'"
        )
        return ""
    return given.text


def _blocks(kind: str, body: Node, problems: Problems) -> list[Block]:
    if kind in _ARMED:
        arms = body.items or ()
        return [Block(arm, _steps((arm.entries or {}).get("steps"), problems)) for arm in arms]
    if kind == "approve" and body.entries is not None:
        entries = body.entries
        present = [name for name in APPROVE_BLOCKS if name in entries]
        return [Block(entries[name], _steps(entries[name], problems), name) for name in present]
    return []


def _name_all(steps: list[StepNode], problems: Problems) -> None:
    every = [inner for step in steps for inner in step.walk()]
    taken: set[str] = set()
    for step in every:
        if step.id and step.id in taken:
            where = (step.node.entries or {})["id"].position
            problems.error(where, f"the step id '{step.id}' is used twice", "each id once in a workflow")
        if step.id:
            taken.add(step.id)
    for step in every:
        if not step.id:
            step.id = _free(_readable(step), taken, numbered=step.kind in _NUMBERED)
            taken.add(step.id)


_NUMBERED = ("branch", "split", "set", "task", "approve", "decide", "http")
_WORDS = re.compile(r"[^a-z0-9]+")


def _free(stem: str, taken: set[str], *, numbered: bool) -> str:
    if not numbered and stem not in taken:
        return stem
    number = 1 if numbered else 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def _readable(step: StepNode) -> str:
    """A stem for the id that says what the step does, so that ids stay the same when others come and go."""
    body, entries = step.body, step.body.entries or {}
    word = {
        "wait": _text(entries.get("until")) or body.text,
        "send": _text(entries.get("template")),
        "emit": _text(entries.get("event")),
        "start": _text(entries.get("workflow")),
        "goto": body.text or _text(entries.get("step")),
        "wait_for": next((_text((arm.entries or {}).get("event")) for arm in body.items or ()), ""),
    }.get(step.kind, "")
    slug = _WORDS.sub("-", word.lower()).strip("-")
    kind = step.kind.replace("_", "-")
    return f"{kind}-{slug}" if slug else kind


def _text(node: Node | None) -> str:
    if node is None:
        return ""
    return node.text or next((one.text for one in node.items or ()), "")


def saved_shapes(steps: list[StepNode], problems: Problems, types: EventTypes = BUILT_IN) -> dict[str, Shape]:
    """What the steps keep by `as:`, with the shape of each. One name with two shapes is a problem.

    What can't be read (an unknown event, an `as` where there is none) may be anything: it has its error already.
    """
    found: dict[str, Shape] = {}
    for step in (inner for outer in steps for inner in outer.walk()):
        for name, where, shape in _saves(step, types):
            known = found.setdefault(name, shape)
            if shape.kind == "dyn" or known.kind == "dyn":
                found[name] = DYN
            elif known.name != shape.name or known.kind != shape.kind:
                problems.error(where.position, f"'run.{name}' is saved elsewhere as something else", "another name")
    return found


def _saves(step: StepNode, types: EventTypes) -> Iterator[tuple[str, Node, Shape]]:
    entries = step.body.entries or {}
    save = entries.get("as")
    if save is not None and _IDENTIFIER.match(save.text):
        shape = {"http": RESPONSE, "task": TASK_RESULT, "approve": TASK_RESULT}.get(step.kind, DYN)
        yield save.text, save, _table_shape(step, save.text) if step.kind == "decide" else shape
    for arm in step.body.items or () if step.kind == "wait_for" else ():
        save, event = (arm.entries or {}).get("as"), (arm.entries or {}).get("event")
        named = () if event is None else event.items if event.items is not None else (event,)
        for one in named if save is not None and _IDENTIFIER.match(save.text) else ():
            assert save is not None
            yield save.text, save, event_shape(one.text, types) if one.text in types else DYN


def _table_shape(step: StepNode, name: str) -> Shape:
    entries = step.body.entries or {}
    collect = _text(entries.get("hit")) == "collect"
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
            fields[key] = shape if fields.get(key, shape) == shape else DYN
    if collect:
        fields = {key: Shape("list", item=shape) for key, shape in fields.items()}
    return struct("Table_" + name, fields)


def _literal_shape(node: Node) -> Shape:
    if isinstance(node.value, bool):
        return BOOL
    if isinstance(node.value, int):
        return INT
    if isinstance(node.value, float):
        return DOUBLE
    return STRING if node.is_text and is_word(node.text) else DYN


_IDENTIFIER = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
