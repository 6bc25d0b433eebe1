"""What traces, tests and coverage call the arms of a step and the exits; each has a name of its own."""

from collections.abc import Sequence

from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.yaml_source import Node


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


def exit_labels(rules: Sequence[Node]) -> list[dict[str, str]]:
    """The label of each exit rule by its events: its reason (else the event); that of a second rule ends in `-2`."""
    taken: set[str] = set()
    found: list[dict[str, str]] = []
    for rule in rules:
        entries = rule.entries or {}
        event, reason = entries.get("event"), entries.get("reason")
        events = [one.text for one in event.items or (event,)] if event is not None else []
        names = {one: reason.text if reason is not None and reason.text else one for one in events}
        free = {name: _free(name, taken) for name in names.values()}
        taken.update(free.values())
        found.append({one: f"exit/{free[name]}" for one, name in names.items()})
    return found


def _free(name: str, taken: set[str]) -> str:
    number, found = 2, name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
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
