"""The syntax tree of a workflow's steps: their kinds, their stable ids, what they save, the blocks inside them."""

import re
from collections.abc import Iterator

from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_workflow.expressions.shapes import DYN, Shape, either
from relevo_workflow.steps.reading import Block, StepNode
from relevo_workflow.steps.registry import STEP_TYPES
from relevo_workflow.steps.step_type import Saved
from relevo_workflow.syntax.diagnostics import Problems, suggestion
from relevo_workflow.syntax.fields import NAME_PATTERN, is_identifier
from relevo_workflow.syntax.yaml_source import Node

KINDS = tuple(STEP_TYPES)


def parse_steps(node: Node | None, problems: Problems) -> list[StepNode]:
    """The steps of a list node, with ids; what is not a step is noted and left out."""
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
        message = f"'{beside[0]}' stands beside '{kinds[0]}', not inside it"
        advice = f"indent what belongs to '{kinds[0]}' by two more spaces than '{kinds[0]}' itself"
        problems.error(node.keys[beside[0]], message, advice)
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
    return [Block(arm.node, _steps(arm.steps, problems), arm.label) for arm in STEP_TYPES[kind].arms(body)]


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
            step.id = _free(_readable(step), taken, numbered=STEP_TYPES[step.kind].numbered)
            taken.add(step.id)


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
    slug = _WORDS.sub("-", STEP_TYPES[step.kind].stem(step.body).lower()).strip("-")
    kind = step.kind.replace("_", "-")
    return f"{kind}-{slug}" if slug else kind


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
            else:
                found[name] = either(known, shape)
    return found


def _saves(step: StepNode, types: EventTypes) -> Iterator[Saved]:
    step_type, save = STEP_TYPES[step.kind], (step.body.entries or {}).get("as")
    if save is not None and is_identifier(save.text):
        yield save.text, save, step_type.shape(step.body, save.text)
    yield from step_type.arms_save(step.body, types)
