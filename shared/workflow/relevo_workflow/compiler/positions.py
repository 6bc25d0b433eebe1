"""Where the paths through a workflow stand in its file: steps, their arms, exits, the restart; what stands in what."""

from collections.abc import Iterator

from relevo_workflow.compiler.arm_labels import arm_labels, exit_labels
from relevo_workflow.compiler.ast import StepNode
from relevo_workflow.syntax.diagnostics import Position
from relevo_workflow.syntax.yaml_source import Node


def positions_of(root: Node, syntax_tree: list[StepNode]) -> dict[str, Position]:
    """The position of each step by its id, and of each arm and exit by its name (`branch-1/when-1`, `exit/bought`)."""
    found: dict[str, Position] = {}
    for step in (inner for outer in syntax_tree for inner in outer.walk()):
        found[step.id] = step.node.position
        for label, where in _arms(step):
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
        inner.id: (step.id, label)
        for outer in syntax_tree
        for step in outer.walk()
        for label, block in zip(_blocks(step), step.blocks, strict=True)
        for inner in block.steps
    }


def _blocks(step: StepNode) -> list[str]:
    if step.kind == "approve":
        return [block.label for block in step.blocks]
    return arm_labels(step.kind, [block.node for block in step.blocks])


def _arms(step: StepNode) -> Iterator[tuple[str, Position]]:
    """The labels that coverage and traces use, with the place of each."""
    if step.kind == "approve":
        yield from ((block.label, step.body.keys.get(block.label, block.node.position)) for block in step.blocks)
        return
    if step.kind == "goto":
        yield "over", step.body.position
        return
    rules = (step.body.entries or {}).get("rules") if step.kind == "decide" else None
    arms = [block.node for block in step.blocks] if rules is None else list(rules.items or ())
    for label, arm in zip(arm_labels(step.kind, arms), arms, strict=True):
        yield label, arm.position


def _each(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return list(node.items) if node.items is not None else [node]
