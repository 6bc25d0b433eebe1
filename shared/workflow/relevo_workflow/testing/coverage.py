"""Which paths through a workflow there are, and which of them a set of tests has taken."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from relevo_workflow.definition.workflow import Definition
from relevo_workflow.syntax.diagnostics import Position


class Coverage(Struct, frozen=True):
    """The paths of a workflow by name (`branch-1/when-1`, `exit/bought`), and those not taken.

    `positions` says where each that was not taken stands.
    """

    paths: tuple[str, ...]
    missed: tuple[str, ...]
    positions: dict[str, Position] = {}

    @property
    def covered(self) -> int:
        """How many paths were taken."""
        return len(self.paths) - len(self.missed)


def coverage(definition: Definition, taken_paths: Iterable[Iterable[str]]) -> Coverage:
    """The coverage that decisions that took these paths give."""
    taken = {entry for path in taken_paths for entry in path}
    paths = tuple(dict.fromkeys(_paths(definition)))
    missed = tuple(path for path in paths if path not in taken)
    return Coverage(paths, missed, {path: definition.position_of(path) for path in missed})


def _paths(definition: Definition) -> Iterator[str]:
    for rule in definition.exits:
        yield rule.path_label
    if definition.restarts:
        yield "restart"
    for step in definition.program.steps.values():
        for label in step.labels():
            yield f"{step.id}/{label}"
