"""Where a run can get to from each step: steps that none reaches, and cycles that it could go round in for ever."""

from collections.abc import Iterable, Mapping

from relevo_workflow.definition.program import Program


def unreachable(program: Program) -> list[str]:
    """The steps that no run can reach, in the order of the file; those that follow one of them alone are left out."""
    reached = reached_from(program, [program.first])
    heads: list[str] = []
    for step_id in program.steps:
        if step_id not in reached:
            heads.append(step_id)
            reached |= reached_from(program, [step_id])
    return heads


def reached_from(program: Program, starts: Iterable[str]) -> set[str]:
    """The ids of the steps that a run can come to from `starts`, with those themselves."""
    reached: set[str] = set()
    todo = list(starts)
    while todo:
        step = program.steps.get(todo.pop())
        if step is not None and step.id not in reached:
            reached.add(step.id)
            todo.extend(step.targets())
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
        for target, saved in step.saves() if step is not None else ():
            there = known[step.id] | saved | (asked or {}).get(step.id, frozenset()) if step is not None else saved
            met = there & known[target] if target in known else there
            if known.get(target) != met:
                known[target] = met
                todo.append(target)
    return known


def inescapable_cycle(program: Program) -> list[str]:
    """The ids of a cycle of steps that no path leads out of, and that is not meant to go on; empty if there is none."""
    reached = {step_id: reached_from(program, step.targets()) for step_id, step in program.steps.items()}
    for step_id in program.steps:
        cycle = [one for one in program.steps if one in reached[step_id] and step_id in reached[one]]
        members = [program.steps[one] for one in cycle]
        leaves = any(target not in cycle for step in members for target in step.targets())
        meant = any(step.goes_on_forever() for step in members)
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
        if step is None or step_id in done or step.waits_for_certain():
            continue
        if step_id in path:
            return path[path.index(step_id) :]
        path.append(step_id)
        todo.append((step_id, False))
        todo.extend((target, True) for target in step.cycle_targets())
    return []
