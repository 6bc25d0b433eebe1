"""What steps read of `run` that no step has saved on some path to them: it is empty there, which is mostly a slip.

Not meant are steps that ask for it: by `has(run.x)`, or by comparing it with `null` or an empty text. What a branch
asks for counts as known in its arms and behind it: each arm has its answer.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from relevo_templates.texts import is_liquid
from relevo_workflow.definition.control_flow import definitely_assigned
from relevo_workflow.definition.program import Program
from relevo_workflow.expressions.field_paths import FieldPath, find_paths
from relevo_workflow.expressions.shapes import DYN
from relevo_workflow.steps.reading import StepNode
from relevo_workflow.steps.registry import block_names, fields_that_hold
from relevo_workflow.syntax.diagnostics import Position
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.liquid_texts import saved_reads
from relevo_workflow.values.reader import is_word

ALWAYS = frozenset(("id", "key", "started_at", "holdout"))
"""What `run` has from its start."""
_EXPRESSIONS, _VALUES, _TEXTS = fields_that_hold("expression"), fields_that_hold("values"), fields_that_hold("text")
_BLOCKS = block_names()
_EMPTY = r"""(?:null|""|'')"""
_COMPARED_AFTER = re.compile(rf"\s*[!=]=\s*{_EMPTY}")
_COMPARED_BEFORE = re.compile(rf"{_EMPTY}\s*[!=]=\s*$")


def uses_before_save(program: Program, step_nodes: Mapping[str, StepNode]) -> Iterator[tuple[str, str, Position]]:
    """The step, the name and the place of each such read; each name once a step."""
    asked = {step_id: frozenset(_asked(step_nodes[step_id])) for step_id in program.steps}
    known = definitely_assigned(
        program, {step_id: asked[step_id] for step_id, one in step_nodes.items() if one.kind == "branch"}
    )
    for step_id in program.steps:
        reported = set(ALWAYS | asked[step_id] | known.get(step_id, frozenset()))
        for name, where in _reads(step_nodes[step_id]):
            if name not in reported and step_id in known:
                reported.add(name)
                yield step_id, name, where


def _asked(step: StepNode) -> Iterator[str]:
    for node in _expressions(step):
        for path in _paths(node):
            after = _COMPARED_AFTER.match(node.text, path.end)
            if path.has or after or _COMPARED_BEFORE.search(node.text, 0, path.start):
                yield path.parts[1]


def _reads(step: StepNode) -> Iterator[tuple[str, Position]]:
    for node in _expressions(step):
        yield from ((path.parts[1], node.at(path.start)) for path in _paths(node))
    for node in _scalars(step.body, _TEXTS | _VALUES):
        if is_liquid(node.text):
            yield from saved_reads(node)


def _paths(node: Node) -> list[FieldPath]:
    return [path for path in find_paths(node.text, {"run": DYN}) if len(path.parts) > 1]


def _expressions(step: StepNode) -> Iterator[Node]:
    """The scalars of a step that are expressions and name `run`."""
    yield from (node for node in _scalars(step.body, _EXPRESSIONS) if "run" in node.text)
    for node in _scalars(step.body, _VALUES):
        if "run" in node.text and node.is_text and not is_liquid(node.text) and not is_word(node.text):
            yield node


def _scalars(node: Node, fields: Collection[str], *, inside: bool = False) -> Iterator[Node]:
    """The scalars at and below these fields; not those of steps inside the step."""
    for name, one in (node.entries or {}).items():
        if inside or name not in _BLOCKS:
            yield from _scalars(one, fields, inside=inside or name in fields)
    for one in node.items or ():
        yield from _scalars(one, fields, inside=inside)
    if inside and node.entries is None and node.items is None:
        yield node
