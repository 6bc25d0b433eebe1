"""The events that a shop declares: `events/custom.<name>.json` (or `.yaml`) beside its workflows."""

from collections.abc import Iterator, Mapping

from relevo_contracts.declared import DeclarationError, Declared, Fault, declare
from relevo_workflow.syntax.diagnostics import Diagnostic, Position, Problems
from relevo_workflow.syntax.yaml_source import Node, read_yaml

EVENTS_FOLDER = "events/"
EVENT_FILE_SUFFIXES = (".json", ".yaml", ".yml")


def event_files(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each declared event with its file: `("custom.loyalty_reached", "events/custom.loyalty_reached.json")`."""
    for path in sorted(files):
        if path.startswith(EVENTS_FOLDER) and path.endswith(EVENT_FILE_SUFFIXES):
            yield path.removeprefix(EVENTS_FOLDER).rsplit(".", 1)[0], path


def read_declared(files: Mapping[str, str], problems: Problems) -> list[Declared]:
    """The declared events among `files`; what is wrong with the others is noted with its place."""
    found: dict[str, Declared] = {}
    for name, path in event_files(files):
        if name in found:
            problems.error(Position(path), f"'{name}' is declared twice", "keep one of the files")
        root = read_yaml(path, files[path], problems)
        if root is None:
            continue
        try:
            found[name] = declare(name, root.plain())
        except DeclarationError as error:
            for fault in error.faults:
                problems.error(_position(root, fault), fault.message, fault.help)
    return list(found.values())


def diagnose_events(files: Mapping[str, str]) -> tuple[list[Declared], list[Diagnostic]]:
    """The declared events among `files`, and everything that is wrong with the others."""
    problems = Problems()
    return read_declared(files, problems), problems.sorted


def _position(root: Node, fault: Fault) -> Position:
    """Where a fault stands: at the key that it is about, or at the nearest thing around it that is there."""
    node, where = root, root.position
    for part in fault.place:
        inner = _inner(node, part)
        if inner is None:
            return where
        where = node.keys.get(str(part), inner.position) if node.entries is not None else inner.position
        node = inner
    return where


def _inner(node: Node, part: str | int) -> Node | None:
    if isinstance(part, int):
        return node.items[part] if node.items is not None and part < len(node.items) else None
    return (node.entries or {}).get(part)
