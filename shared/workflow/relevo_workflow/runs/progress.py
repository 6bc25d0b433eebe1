"""How a run goes from step to step until it waits or ends. Each function gives the execution after it."""

from typing import Any

from msgspec import structs

from relevo_workflow.model.decision import Kind
from relevo_workflow.model.state import Run
from relevo_workflow.runs.execution import RunExecution
from relevo_workflow.runs.facts import with_effects
from relevo_workflow.runs.recalls import recall, with_messages
from relevo_workflow.steps.step import END, Transition

MAX_STEPS = 500
"""More steps than this in one go, without any wait, is a cycle."""


def enter(execution: RunExecution, target: str) -> RunExecution:
    """Enters the step `target` and what follows it, until the run waits or ends: a run that goes on has advanced."""
    entered = proceed(execution, target)
    return structs.replace(entered, kind="advanced") if entered.run.state == "active" else entered


def proceed(execution: RunExecution, target: str) -> RunExecution:
    """As `enter`, for who says what kind of decision it is."""
    first_turn = execution.run.turn
    following: str | None = target
    while following is not None:
        if following == END:
            return finish(execution, "ended", "completed")
        step = execution.definition.program.steps.get(following)
        if step is None:
            return finish(execution, "ended", f"there is no step '{following}' in this version")
        if execution.run.turn - first_turn >= MAX_STEPS:
            return finish(execution, "ended", f"went round {MAX_STEPS} steps without a wait")
        turn = execution.run.turn + 1
        run = structs.replace(execution.run, step=step.id, entered_as="", entered_at=execution.at, turn=turn, votes=())
        execution = structs.replace(execution, run=run, path=(*execution.path, step.id))
        execution, following = _applied(execution, step.enter(execution))
    return execution


def apply(execution: RunExecution, transition: Transition) -> RunExecution:
    """Does what a step says, and goes on where it leads."""
    execution, following = _applied(execution, transition)
    return execution if following is None else enter(execution, following)


def leave(execution: RunExecution, closing: str = "") -> RunExecution:
    """Leaves the step at hand before its time: its timers go; an open task closes, with `closing` as the reason."""
    execution = execution.without_timers("step", "reminder", "escalate")
    step = execution.definition.program.steps.get(execution.run.step)
    effects = step.on_leave(execution, closing) if step is not None else ()
    if effects:
        execution = structs.replace(execution, effects=(*execution.effects, *effects))
    return execution.with_run(waits_since=None) if execution.run.waits_since is not None else execution


def finish(execution: RunExecution, kind: Kind, reason: str) -> RunExecution:
    """Ends the run with a reason. While its goal is open it is still watched.

    One that is left before its last step recalls its messages that still wait.
    """
    state = "watching" if "goal" in execution.run.timers else "ended"
    if kind == "exited":
        execution = recalled(execution, reason)
    ended = execution.with_run(
        state=state, step="", entered_as="", entered_at=None, votes=(), ended_at=execution.at, end_reason=reason
    )
    return ended.concluded(kind, reason)


def recalled(execution: RunExecution, reason: str) -> RunExecution:
    """What still waits of the run's messages is not to be sent any more."""
    effects = recall(execution.run, execution.at, reason)
    if not effects:
        return execution
    return structs.replace(execution, effects=(*execution.effects, *effects)).with_run(recallable={})


def _applied(execution: RunExecution, transition: Transition) -> tuple[RunExecution, str | None]:
    """What a transition makes of a run, and the step that follows: `None` where the run stays or has ended."""
    if transition.leaves is not None:
        execution = leave(execution, transition.leaves)
    changes = _changes(execution, transition)
    if changes:
        execution = structs.replace(execution, **changes)
    if transition.ends is not None:
        return finish(execution, "ended", transition.ends), None
    return execution, transition.next


def _changes(execution: RunExecution, transition: Transition) -> dict[str, Any]:
    """The fields that a transition changes. Most change few: each is asked for by itself."""
    changes: dict[str, Any] = {}
    if transition.effects:
        changes["effects"] = (*execution.effects, *transition.effects)
        changes["facts"] = with_effects(execution.facts, transition.effects)
    if transition.trace:
        changes["trace"] = (*execution.trace, *transition.trace)
    if transition.labels:
        step = execution.run.step
        changes["path"] = (*execution.path, *[f"{step}/{label}" for label in transition.labels])
    if transition.timers:
        turn = execution.run.turn
        changes["armed"] = (*execution.armed, *[(name, turn) for name in transition.timers])
    if transition.reason:
        changes["reason"] = transition.reason
    kept = _kept(execution.run, transition)
    if kept:
        changes["run"] = structs.replace(execution.run, **kept)
    return changes


def _kept(run: Run, transition: Transition) -> dict[str, Any]:
    """What a step keeps in the run itself."""
    kept: dict[str, Any] = {}
    if transition.effects and (messages := with_messages(run, transition.effects)) is not run.recallable:
        kept["recallable"] = messages
    if transition.saved:
        kept["saved"] = {**run.saved, **{name: value for name, value in transition.saved.items() if name}}
    if transition.timers:
        kept["timers"] = {**run.timers, **transition.timers}
    arm = f"{run.step}/{transition.variant}"
    if transition.variant and arm not in run.variants:
        kept["variants"] = (*run.variants, arm)
    if transition.rounds is not None:
        kept["rounds"] = transition.rounds
    if transition.early is not None:
        kept["early"] = transition.early
    if transition.votes is not None:
        kept["votes"] = transition.votes
    if transition.waits_since is not None:
        kept["waits_since"] = transition.waits_since
    return kept
