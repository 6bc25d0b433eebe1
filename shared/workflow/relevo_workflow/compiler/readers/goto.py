"""Reads `goto`: the step alone, or with how often the run goes back there."""

from collections.abc import Collection

from relevo_workflow.compiler.ast import StepNode
from relevo_workflow.steps.step_types import END, Goto
from relevo_workflow.syntax.diagnostics import Problems, suggestion
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node


def read_goto(step: StepNode, after: str, ids: Collection[str], problems: Problems) -> Goto:
    """The compiled step; `ids` are those of all steps, also of those that could not be read."""
    if step.body.entries is None:
        return Goto(step.id, _target(step, step.body, ids, problems))
    fields = Fields(step.body, problems, "goto")
    node = fields.need("step", "goto: {step: pause, repeat: 3}")
    forever = _is_forever(fields)
    times = None if forever or "repeat" not in fields else fields.count("repeat", 1)
    fields.done()
    target = _target(step, node, ids, problems) if node is not None else END
    return Goto(step.id, target, END if times is None else after, times, forever)


def _target(step: StepNode, node: Node, ids: Collection[str], problems: Problems) -> str:
    if node.text not in ids:
        others = [one for one in ids if one != step.id]
        problems.error(node.position, f"there is no step '{node.text}'", suggestion(node.text, others))
    return node.text


def _is_forever(fields: Fields) -> bool:
    node = fields.get("repeat")
    if node is not None and node.is_text and node.text != "forever":
        fields.wrong("repeat", "'repeat' must be a whole number or 'forever'", "how often the run goes back from here")
    return node is not None and node.is_text
