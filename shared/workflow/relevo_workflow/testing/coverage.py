"""Which paths through a workflow there are, and which of them a set of tests has taken."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from relevo_workflow.definition.workflow import Definition
from relevo_workflow.steps import step_types as steps
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
        for label in _labels(step):
            yield f"{step.id}/{label}"


def _labels(step: steps.Step) -> list[str]:  # noqa: PLR0911  # one line a kind of step
    match step:
        case steps.Branch():
            closed = any(arm.condition is None for arm in step.arms)
            return [arm.label for arm in step.arms] + ([] if closed else ["none"])
        case steps.Split():
            return [arm.label for arm in step.arms if arm.weight]
        case steps.WaitFor():
            return [arm.label for arm in step.arms] + (["timeout"] if step.timeout is not None else [])
        case steps.ApproveStep():
            return ["approved", "rejected", "expired"]
        case steps.Goto():
            return ["over"] if step.times is not None else []
        case steps.DecideTable():
            return [rule.label for rule in step.rules]
        case _:
            return []
