"""What a run would do a second time if it went on in another version of its workflow. Pure.

A run does not keep a list of what it did; what it may have done is what stands before its place. That says too much
where ways part, and never too little.
"""

from collections.abc import Collection

from relevo_workflow.changes.alignment import align
from relevo_workflow.definition.control_flow import reached_from
from relevo_workflow.definition.program import Program
from relevo_workflow.steps.step import Step


def action_of(step: Step) -> str:
    """What a step does, as a run notes it (`Run.did`): the same text, the same deed."""
    return "/".join(step.content())


def actions_before(program: Program, step_id: str, did: Collection[str] = ()) -> tuple[str, ...]:
    """What a run that rests at a step may have done; `did` is what it had done in versions before."""
    found = (action_of(program.steps[one]) for one in _behind(program, step_id))
    return tuple(sorted({*did, *found}))


def repeated(old: Program, new: Program, step_id: str, place: str, did: Collection[str] = ()) -> tuple[str, ...]:
    """The steps of `new` that a run, moved from `step_id` to `place`, would do though it may have done them already.

    What the old version would have done again by itself does not count: a cycle, or the same message in two steps. Each
    step of the old version speaks for one of the new one in that.
    """
    behind, ahead = _behind(old, step_id), _ahead(old, step_id)
    done = set(actions_before(old, step_id, did))
    places = align(old, new).places
    found: list[str] = []
    wanted: set[str] = set()
    for one in _in_order(new, _ahead(new, place)):
        step = new.steps[one]
        was = [old_id for old_id, choices in places.items() if one in choices]
        by_itself = [
            two for two in was if two in ahead and (two in behind or action_of(old.steps[two]) == action_of(step))
        ]
        free = next((two for two in by_itself if two not in wanted), None)
        if free is not None:
            wanted.add(free)
        elif action_of(step) in done or any(two in behind for two in was):
            found.append(one)
    return tuple(found)


def _in_order(program: Program, chosen: Collection[str]) -> list[str]:
    return [one for one in program.steps if one in chosen and program.steps[one].acts]


def _ahead(program: Program, step_id: str) -> set[str]:
    """The doing steps that a run at a step can still come to; a message that waits for its window is one of them."""
    step = program.steps.get(step_id)
    if step is None:
        return set()
    starts = [step_id] if step.acts and not step.acts_at_once else step.targets()
    return {one for one in reached_from(program, starts) if program.steps[one].acts}


def _behind(program: Program, step_id: str) -> set[str]:
    """The doing steps from which a run can have come to a step, with the step itself if it has asked for something."""
    before = {one for one, step in program.steps.items() if step_id in reached_from(program, step.targets())}
    step = program.steps.get(step_id)
    if step is not None and step.acts_at_once:
        before.add(step_id)
    return {one for one in before if program.steps[one].acts}
