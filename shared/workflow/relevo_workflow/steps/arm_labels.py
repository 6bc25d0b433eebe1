"""What traces, tests and coverage call the arms of a step and the exits; each has a name of its own."""

from collections.abc import Callable, Sequence

from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.yaml_source import Node


def label_arms(arms: Sequence[Node], word: Callable[[Node, int], str]) -> list[str]:
    """The label of each arm: its name, else `timeout` or `otherwise`, else its `word` (given its number, from 1)."""
    return [_label(arm) or word(arm, number) for number, arm in enumerate(arms, start=1)]


def _label(arm: Node) -> str:
    entries = arm.entries or {}
    if "timeout" in entries:
        return "timeout"
    if "name" in entries:
        return entries["name"].text
    return "otherwise" if "otherwise" in entries else ""


def check_names(labels: Sequence[str], arms: Sequence[Node], problems: Problems) -> None:
    """Two arms of one name could not be told apart."""
    for number, arm in enumerate(arms):
        name = (arm.entries or {}).get("name")
        if name is not None and labels[number] in labels[:number]:
            problems.error(name.position, f"there are two arms '{name.text}'", "another name")


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
