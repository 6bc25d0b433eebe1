"""Where a run can get to from each step: steps that none reaches, and cycles that it could go round in for ever."""

from collections.abc import Iterable, Mapping

from relevo_workflow.definition.program import Program
from relevo_workflow.steps import step_types as steps
from relevo_workflow.steps.step_types import END


def targets(step: steps.Step) -> list[str]:  # noqa: PLR0911  # one line a kind of step
    """The steps that may come after `step`."""
    match step:
        case steps.WaitFor():
            return [*(arm.target for arm in step.arms), step.timeout_target]
        case steps.Branch():
            open_end = [] if any(arm.condition is None for arm in step.arms) else [step.next]
            return [*(arm.target for arm in step.arms), *open_end]
        case steps.Split():
            return [arm.target for arm in step.arms]
        case steps.ApproveStep():
            return [step.approved, step.rejected, step.expired]
        case steps.Stop():
            return [END]
        case steps.Goto():
            return [step.next] if step.times is None else [step.next, step.after]
        case _:
            return [step.next]


def unreachable(program: Program) -> list[str]:
    """The ids of the steps that no run can reach, in the order of the file."""
    reached = reached_from(program, [program.first])
    return [step_id for step_id in program.steps if step_id not in reached]


def reached_from(program: Program, starts: Iterable[str]) -> set[str]:
    """The ids of the steps that a run can come to from `starts`, with those themselves."""
    reached: set[str] = set()
    todo = list(starts)
    while todo:
        step = program.steps.get(todo.pop())
        if step is not None and step.id not in reached:
            reached.add(step.id)
            todo.extend(targets(step))
    return reached


def definitely_assigned(
    program: Program, asked: Mapping[str, frozenset[str]] | None = None
) -> dict[str, frozenset[str]]:
    """For each step that a run can reach: the names that steps have saved on every path to it.

    `asked` are further names that count as saved behind a step.
    """
    known: dict[str, frozenset[str]] = {program.first: frozenset()}
    todo = [program.first]
    while todo:
        step = program.steps.get(todo.pop())
        for target, saved in _saves(step) if step is not None else ():
            there = known[step.id] | saved | (asked or {}).get(step.id, frozenset()) if step is not None else saved
            met = there & known[target] if target in known else there
            if known.get(target) != met:
                known[target] = met
                todo.append(target)
    return known


def _saves(step: steps.Step) -> list[tuple[str, frozenset[str]]]:
    """The steps that may come after `step`, each with what is saved on the path there."""
    match step:
        case steps.WaitFor():
            arms = [(arm.target, frozenset((arm.save,))) for arm in step.arms]
            return [*arms, (step.timeout_target, frozenset())]
        case steps.HttpStep() | steps.TaskStep() | steps.DecideTable():
            saved = frozenset((step.save,))
        case steps.ApproveStep():
            saved = frozenset((step.task.save,))
        case _:
            saved = frozenset()
    return [(target, saved) for target in targets(step)]


def inescapable_cycle(program: Program) -> list[str]:
    """The ids of a cycle of steps that no path leads out of, and that is not meant to go on; empty if there is none."""
    reached = {step_id: reached_from(program, targets(step)) for step_id, step in program.steps.items()}
    for step_id in program.steps:
        cycle = [one for one in program.steps if one in reached[step_id] and step_id in reached[one]]
        members = [program.steps[one] for one in cycle]
        leaves = any(target not in cycle for step in members for target in targets(step))
        meant = any(isinstance(step, steps.Goto) and step.forever for step in members)
        if cycle and not leaves and not meant:
            return cycle
    return []


def cycle_without_wait(program: Program) -> list[str]:
    """The ids of a cycle of steps without any wait in it; empty if there is none."""
    done: set[str] = set()
    for start in program.steps:
        found = _cycle_from(program, start, done)
        if found:
            return found
    return []


def _cycle_from(program: Program, start: str, done: set[str]) -> list[str]:
    path: list[str] = []
    todo: list[tuple[str, bool]] = [(start, True)]
    while todo:
        step_id, entering = todo.pop()
        if not entering:
            done.add(path.pop())
            continue
        step = program.steps.get(step_id)
        if step is None or step_id in done or waits_for_certain(step):
            continue
        if step_id in path:
            return path[path.index(step_id) :]
        path.append(step_id)
        todo.append((step_id, False))
        bounded = isinstance(step, steps.Goto) and step.times is not None
        todo.extend((target, True) for target in (targets(step)[1:] if bounded else targets(step)))
    return []


def waits_for_certain(step: steps.Step) -> bool:
    """Whether time passes at a step for certain, or somebody has to answer."""
    return isinstance(step, steps.Wait | steps.WaitFor | steps.TaskStep | steps.ApproveStep) or (
        # The next 9 o'clock is always to come; a day or a field may lie in the past.
        isinstance(step, steps.WaitUntil) and step.moment is None and step.day is None
    )
