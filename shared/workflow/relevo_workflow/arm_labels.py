"""What traces, tests and coverage call the arms of a step; every arm of a step has a label of its own."""

from collections.abc import Sequence

from relevo_workflow.diagnostics import Problems
from relevo_workflow.yaml_source import Node


def arm_labels(kind: str, arms: Sequence[Node]) -> list[str]:
    """The label of each arm: its name, else what it is; a second arm for the same event ends in `-2`."""
    found: list[str] = []
    for number, arm in enumerate(arms, start=1):
        label = _label(kind, arm, number)
        again = 2
        while kind == "wait_for" and label in found and "name" not in (arm.entries or {}):
            label, again = f"{_label(kind, arm, number)}-{again}", again + 1
        found.append(label)
    return found


def check_names(kind: str, arms: Sequence[Node], problems: Problems) -> None:
    """Two arms of one name could not be told apart."""
    labels = arm_labels(kind, arms)
    for number, arm in enumerate(arms):
        name = (arm.entries or {}).get("name")
        if name is not None and labels[number] in labels[:number]:
            problems.error(name.position, f"there are two arms '{name.text}'", "another name")


def _label(kind: str, arm: Node, number: int) -> str:
    entries = arm.entries or {}
    if "timeout" in entries:
        return "timeout"
    if "name" in entries:
        return entries["name"].text
    if "otherwise" in entries:
        return "otherwise"
    if kind == "wait_for":
        event = entries.get("event")
        first = event.items[0] if event is not None and event.items else event
        return first.text if first is not None and first.text else "event"
    return f"rule-{number}" if kind == "decide" else f"when-{number}"
