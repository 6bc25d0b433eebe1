"""Where the paths through a workflow stand in its file: steps, their arms, exits, the restart; what stands in what."""

from relevo_workflow.steps.arm_labels import exit_labels
from relevo_workflow.steps.reading import StepNode
from relevo_workflow.steps.registry import STEP_TYPES
from relevo_workflow.syntax.diagnostics import Position
from relevo_workflow.syntax.yaml_source import Node


def positions_of(root: Node, syntax_tree: list[StepNode]) -> dict[str, Position]:
    """The position of each step by its id, and of each arm and exit by its name (`branch-1/when-1`, `exit/bought`)."""
    found: dict[str, Position] = {}
    for step in (inner for outer in syntax_tree for inner in outer.walk()):
        found[step.id] = step.node.position
        for label, where in STEP_TYPES[step.kind].label_positions(step):
            found.setdefault(f"{step.id}/{label}", where)
    entries = root.entries or {}
    exits = _each(entries.get("exit"))
    for rule, labels in zip(exits, exit_labels(exits), strict=True):
        found.update(dict.fromkeys(labels.values(), rule.position))
    for rule in _each(entries.get("restart"))[:1]:
        found["restart"] = rule.position
    return found


def enclosing_steps(syntax_tree: list[StepNode]) -> dict[str, tuple[str, str]]:
    """The step and the arm around each step that stands in one."""
    return {
        inner.id: (step.id, block.label)
        for outer in syntax_tree
        for step in outer.walk()
        for block in step.blocks
        for inner in block.steps
    }


def _each(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return list(node.items) if node.items is not None else [node]
