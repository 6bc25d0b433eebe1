"""What an input means for a run, or for a workflow that may start one. Pure: the same arguments, the same decision."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition, Goal
from relevo_workflow.expressions.scope import event_view
from relevo_workflow.model.decision import Check, Decision
from relevo_workflow.model.effects import ArmTimer
from relevo_workflow.model.inputs import (
    EventInput,
    Input,
    OutcomeInput,
    ResponseInput,
    StartInput,
    TaskInput,
    TimerInput,
)
from relevo_workflow.model.state import Facts, GoalReached, Run, Shop
from relevo_workflow.runs.execution import RunExecution
from relevo_workflow.runs.progress import apply, enter, finish, leave, recalled
from relevo_workflow.runs.schema_fit import schema_mismatch
from relevo_workflow.runs.starting import start
from relevo_workflow.steps.step import Step, Transition
from relevo_workflow.values.money import goal_value

_Offered = tuple[RunExecution, bool]
"""The execution after an input was offered to a rule or a step, and whether it was taken."""


def decide(
    definition: Definition,
    run: Run | None,
    arrival: Input,
    facts: Facts,
    now: datetime,
    *,
    shop: Shop | None = None,
    customer: str = "",
    active: Sequence[Run] = (),
) -> Decision:
    """What `arrival` does to `run`, or (without a run) whether it starts one.

    `facts` have the input folded in already. `now` is the clock's time: a wake-up before its due time is put back.
    `customer` is the key of whom it is about (default: the event's), `active` the customer's other active runs.
    """
    place = shop or Shop(id=_shop_of(arrival))
    if run is None:
        about = customer or (arrival.event.key if isinstance(arrival, EventInput) else "")
        return start(definition, arrival, facts, shop=place, customer=about, active=active)
    execution = RunExecution(
        definition=definition,
        before=run,
        run=run,
        facts=facts,
        shop=place,
        at=max(arrival.at, run.at),
        event=arrival.event if isinstance(arrival, EventInput) else None,
        hops=_hops(arrival, run),
    )
    reason = _why_ignored(run, arrival)
    execution = _ignored(execution, reason) if reason else _after(execution, arrival, now)
    return execution.decision(arrival.id, acted=execution.kind != "ignored")


def _hops(arrival: Input, run: Run) -> int:
    """How many workflows in a row led here: none where time passed, or somebody outside acted."""
    if isinstance(arrival, EventInput):
        return arrival.event.hops
    return run.hops if isinstance(arrival, ResponseInput) else 0


def _shop_of(arrival: Input) -> str:
    match arrival:
        case EventInput():
            return arrival.event.shop
        case TimerInput():
            return arrival.wakeup.shop
        case OutcomeInput():
            return arrival.outcome.shop
        case _:
            return ""


def _why_ignored(run: Run, arrival: Input) -> str:
    """Why nothing at all can move the run, or not this input again; empty if it can."""
    if run.state == "ended":
        return "the run has ended"
    return "this was acted on already" if arrival.id in run.advanced_by else ""


def _after(execution: RunExecution, arrival: Input, now: datetime) -> RunExecution:
    """The execution after the input."""
    match arrival:
        case EventInput():
            return _after_event(execution, arrival.event)
        case TimerInput():
            return _after_timer(execution, arrival, now)
        case ResponseInput():
            return _after_response(execution, arrival)
        case TaskInput():
            return _after_task(execution, arrival)
        case OutcomeInput():
            return _ignored(execution, f"{arrival.outcome.step}: {arrival.outcome.status}")
        case StartInput():
            return _ignored(execution, "the run is there already")
        case _:
            assert_never(arrival)


def _ignored(execution: RunExecution, reason: str) -> RunExecution:
    return execution.concluded("ignored", reason)


# --- events ------------------------------------------------------------------------------------------------------


def _after_event(execution: RunExecution, event: Event) -> RunExecution:
    run = execution.run
    if event.id == run.trigger_id and event.type == run.trigger_type:
        return _ignored(execution, "this is the event that started the run")
    if event.time < run.since():
        return _ignored(execution, "this happened before the event that started the run")
    wrong = schema_mismatch(execution.definition, event)
    if wrong:
        # Told where `explain` finds it, and no more: the run waits on for one that it can read.
        return execution.concluded("waiting" if run.state == "active" else "ignored", wrong)
    return _offer(execution, event)


def _offer(execution: RunExecution, event: Event) -> RunExecution:
    """Counts the goal; then the first that takes the event: an exit, a restart, the step at hand, one to come."""
    execution, counted = _count_goal(execution, event)
    if execution.run.state == "watching" and counted:
        reason = f"the goal was reached: {event.type}"
        return _end_watching(recalled(execution, reason), reason)
    if execution.run.state == "active":
        for offer in (_exit,) if event.historical else (_exit, _restart, _move, _keep_early):
            execution, taken = offer(execution, event)
            if taken:
                return execution
    if counted:
        return execution.explained(f"the goal was reached: {event.type}")
    return _ignored(execution, "nothing in the run waits for this")


def _count_goal(execution: RunExecution, event: Event) -> _Offered:
    goal, run = execution.definition.goal, execution.run
    if goal is None or goal.event != event.type or run.goal is not None or not _within(run, goal, event):
        return execution, False
    execution, holds = execution.checked(goal.where, "goal")
    if not holds:
        return execution, False
    trace: list[Check] = []
    value, currency = goal_value(goal.value, execution.scope(), trace)
    reached = GoalReached(at=event.time, event_id=event.id, value=value, currency=currency)
    execution = execution.with_checks(trace).with_run(goal=reached)
    return execution.without_timers("goal"), True


def _within(run: Run, goal: Goal, event: Event) -> bool:
    return event.time <= run.started_at + goal.within


def _end_watching(execution: RunExecution, reason: str) -> RunExecution:
    """Ends a run whose steps are over and whose goal was still watched; a run that is on its way goes on."""
    if execution.run.state != "watching":
        return execution.explained(reason)
    return execution.with_run(state="ended").concluded("ended", reason)


def _exit(execution: RunExecution, event: Event) -> _Offered:
    """Ends the run by the first exit rule that fits."""
    for rule in execution.definition.exits:
        if rule.event != event.type:
            continue
        execution, holds = execution.checked(rule.where, rule.path_label)
        if holds:
            left = leave(execution.with_label(rule.path_label), rule.reason)
            return finish(left, "exited", rule.reason), True
    return execution, False


def _restart(execution: RunExecution, event: Event) -> _Offered:
    """Begins the steps anew, where a restart rule fits."""
    for rule in execution.definition.restarts:
        if rule.event != event.type:
            continue
        execution, holds = execution.checked(rule.where, "restart")
        if holds:
            return _restarted(execution, event), True
    return execution, False


def _restarted(execution: RunExecution, event: Event) -> RunExecution:
    left = leave(execution.with_label("restart"), "the run began anew")
    anew = left.with_run(
        trigger=event.data,
        trigger_type=event.type,
        trigger_id=event.id,
        trigger_at=event.time,
        early={},
        rounds={},
        restarts=left.run.restarts + 1,
    )
    entered = enter(anew, anew.definition.program.first)
    return entered.explained(f"restarted by {event.type}; {entered.reason}")


def _move(execution: RunExecution, event: Event) -> _Offered:
    """The arm of the step at hand that the event fits."""
    step = execution.definition.program.steps.get(execution.run.step)
    return _follow(execution, step.on_event(execution, event) if step is not None else None)


def _follow(execution: RunExecution, transition: Transition | None) -> _Offered:
    """Does what the step at hand says, unless it takes no notice."""
    if transition is None:
        return execution, False
    if transition.ignored:
        return execution.with_checks(transition.trace), False
    return apply(execution, transition), True


def _keep_early(execution: RunExecution, event: Event) -> _Offered:
    """Keeps an event for the steps to come that count it: the first one for each arm."""
    known = execution.run.early
    for name, arm in execution.definition.early:
        if event.type not in arm.events or name in execution.run.early or not arm.concerns(execution.scope(), event):
            continue
        execution, holds = execution.checked(arm.where, name)
        if holds:
            early = {**execution.run.early, name: event_view(event)}
            execution = execution.with_run(early=early).explained(f"kept for {name}")
    return execution, execution.run.early is not known


# --- timers and answers ------------------------------------------------------------------------------------------


def _after_timer(execution: RunExecution, arrival: TimerInput, now: datetime) -> RunExecution:
    wakeup, run = arrival.wakeup, execution.run
    name = wakeup.name or wakeup.timer_id.rpartition("/")[2]
    if run.timers.get(name) != wakeup.due_at or (name != "goal" and wakeup.turn != run.turn):
        return _ignored(execution, f"the timer '{name}' is no longer armed")
    if wakeup.due_at > now:
        # Never early: what comes before its time is armed again, unchanged, and its wake-up counts when it is due.
        timer = ArmTimer(id=wakeup.timer_id, name=name, due_at=wakeup.due_at, run_id=run.id, turn=wakeup.turn)
        return _ignored(structs.replace(execution, effects=(timer,)), "woken before its time")
    return _fire(structs.replace(execution, fired=(name,)).without_timers(name), name)


def _fire(execution: RunExecution, name: str) -> RunExecution:
    """The goal's time is the run's, every other timer is of the step at hand."""
    if name == "goal":
        return _end_watching(execution, "the time for its goal is over")
    step = execution.definition.program.steps.get(execution.run.step)
    if step is None:
        return finish(execution, "ended", f"there is no step '{execution.run.step}' in this version")
    return apply(execution, step.on_timer(execution, name))


def _after_response(execution: RunExecution, arrival: ResponseInput) -> RunExecution:
    step = _asking_step(execution, arrival.call_id)
    execution, taken = _follow(execution, step.on_response(execution, arrival) if step is not None else None)
    return execution if taken else _ignored(execution, "the run no longer waits for this answer")


def _after_task(execution: RunExecution, arrival: TaskInput) -> RunExecution:
    step = _asking_step(execution, arrival.task_id)
    execution, taken = _follow(execution, step.on_task(execution, arrival) if step is not None else None)
    return execution if taken else _ignored(execution, "the run no longer waits for this task")


def _asking_step(execution: RunExecution, effect_key: str) -> Step | None:
    """The step at hand, if it has asked for the effect of this key and the run still waits."""
    if effect_key != execution.run.effect_key or execution.run.state != "active":
        return None
    return execution.definition.program.steps.get(execution.run.step)
