"""What an input means for a run, or for a workflow that may start one. Pure: the same arguments, the same decision."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition, Goal
from relevo_workflow.expressions.scope import event_view
from relevo_workflow.model import effects
from relevo_workflow.model.decision import Decision
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
from relevo_workflow.runs.schema_fit import schema_mismatch
from relevo_workflow.runs.starting import start
from relevo_workflow.steps.step import Step, Transition
from relevo_workflow.values.money import goal_value


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
    _dispatch(execution, arrival, now)
    if execution.kind != "ignored":
        execution.acted_on(arrival.id)
    return execution.decision(arrival.id)


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


def _dispatch(execution: RunExecution, arrival: Input, now: datetime) -> None:
    if arrival.id in execution.run.advanced_by or execution.run.state == "ended":
        _ignore(execution, "this was acted on already" if execution.run.state != "ended" else "the run has ended")
        return
    match arrival:
        case EventInput():
            _on_event(execution, arrival.event)
        case TimerInput():
            _on_timer(execution, arrival, now)
        case ResponseInput():
            _on_response(execution, arrival)
        case TaskInput():
            _on_task(execution, arrival)
        case OutcomeInput():
            _ignore(execution, f"{arrival.outcome.step}: {arrival.outcome.status}")
        case StartInput():
            _ignore(execution, "the run is there already")
        case _:
            assert_never(arrival)


def _ignore(execution: RunExecution, reason: str) -> None:
    execution.conclude("ignored", reason)


# --- events ------------------------------------------------------------------------------------------------------


def _on_event(execution: RunExecution, event: Event) -> None:
    """Exit first, then the goal, then a restart, then what the step at hand waits for."""
    if event.id == execution.run.trigger_id and event.type == execution.run.trigger_type:
        _ignore(execution, "this is the event that started the run")
        return
    if event.time < execution.run.since():
        _ignore(execution, "this happened before the event that started the run")
        return
    wrong = schema_mismatch(execution.definition, event)
    if wrong:
        # Told where `explain` finds it, and no more: the run waits on for one that it can read.
        execution.conclude("waiting" if execution.run.state == "active" else "ignored", wrong)
        return
    counted = _count_goal(execution, event)
    if execution.run.state == "active" and (
        _exit(execution, event) or (not event.historical and _move(execution, event))
    ):
        return
    counted = (not event.historical and _keep_early(execution, event)) or counted
    if not counted:
        _ignore(execution, "nothing in the run waits for this")
    elif execution.run.state == "watching":
        execution.end_watching(f"the goal was reached: {event.type}")
    else:
        execution.explain(execution.reason or f"the goal was reached: {event.type}")


def _keep_early(execution: RunExecution, event: Event) -> bool:
    """Keeps an event for the steps to come that count it: the first one for each arm."""
    if not execution.definition.early or execution.run.state != "active":
        return False
    scope, kept = execution.scope(), dict(execution.run.early)
    for name, arm in execution.definition.early:
        if event.type not in arm.events or name in kept or not arm.concerns(scope, event):
            continue
        if arm.where is None or arm.where.holds(scope, name, execution.trace):
            kept[name] = event_view(event)
            execution.explain(f"kept for {name}")
    changed = len(kept) > len(execution.run.early)
    if changed:
        execution.amend(early=kept)
    return changed


def _count_goal(execution: RunExecution, event: Event) -> bool:
    goal = execution.definition.goal
    if (
        goal is None
        or goal.event != event.type
        or execution.run.goal is not None
        or not _within(execution, goal, event)
    ):
        return False
    if goal.where is not None and not goal.where.holds(execution.scope(), "goal", execution.trace):
        return False
    value, currency = goal_value(goal.value, execution.scope(), execution.trace)
    reached = GoalReached(at=event.time, event_id=event.id, value=value, currency=currency)
    execution.amend(goal=reached)
    execution.disarm("goal")
    return True


def _within(execution: RunExecution, goal: Goal, event: Event) -> bool:
    return event.time <= execution.run.started_at + goal.within


def _exit(execution: RunExecution, event: Event) -> bool:
    for rule in execution.definition.exits:
        if rule.event != event.type:
            continue
        if rule.where is None or rule.where.holds(execution.scope(), rule.path_label, execution.trace):
            execution.path.append(rule.path_label)
            execution.leave(rule.reason)
            execution.finish("exited", rule.reason)
            return True
    return False


def _move(execution: RunExecution, event: Event) -> bool:
    """A restart, or the arm of a `wait_for` that the event fits."""
    for rule in execution.definition.restarts:
        if rule.event != event.type:
            continue
        if rule.where is None or rule.where.holds(execution.scope(), "restart", execution.trace):
            _restart(execution, event)
            return True
    step = execution.definition.program.steps.get(execution.run.step)
    return step is not None and _taken(execution, step.on_event(execution, event))


def _taken(execution: RunExecution, transition: Transition | None) -> bool:
    """Does what the step at hand says; false if it takes no notice."""
    if transition is None:
        return False
    if transition.ignored:
        execution.trace.extend(transition.trace)
        return False
    execution.apply(transition)
    return True


def _restart(execution: RunExecution, event: Event) -> None:
    execution.path.append("restart")
    execution.leave("the run began anew")
    execution.amend(
        trigger=event.data,
        trigger_type=event.type,
        trigger_id=event.id,
        trigger_at=event.time,
        early={},
        rounds={},
        restarts=execution.run.restarts + 1,
    )
    execution.go(execution.definition.program.first)
    execution.explain(f"restarted by {event.type}; {execution.reason}")


# --- timers and answers ------------------------------------------------------------------------------------------


def _on_timer(execution: RunExecution, arrival: TimerInput, now: datetime) -> None:
    wakeup = arrival.wakeup
    name = wakeup.name or wakeup.timer_id.rpartition("/")[2]
    stale = execution.run.timers.get(name) != wakeup.due_at or (name != "goal" and wakeup.turn != execution.run.turn)
    if stale:
        _ignore(execution, f"the timer '{name}' is no longer armed")
    elif wakeup.due_at > now:
        # Never early: what comes before its time is armed again, unchanged, and its wake-up counts when it is due.
        timer = effects.ArmTimer(
            id=wakeup.timer_id, name=name, due_at=wakeup.due_at, run_id=execution.run.id, turn=wakeup.turn
        )
        execution.effects.append(timer)
        _ignore(execution, "woken before its time")
    else:
        execution.fired(name)
        _fire(execution, name)


def _fire(execution: RunExecution, name: str) -> None:
    """The goal's time is the run's, every other timer is of the step at hand."""
    if name == "goal":
        execution.end_watching("the time for its goal is over")
        return
    step = execution.definition.program.steps.get(execution.run.step)
    if step is None:
        execution.finish("ended", f"there is no step '{execution.run.step}' in this version")
        return
    execution.apply(step.on_timer(execution, name))


def _on_response(execution: RunExecution, arrival: ResponseInput) -> None:
    step = _asking_step(execution, arrival.call_id)
    if step is None or not _taken(execution, step.on_response(execution, arrival)):
        _ignore(execution, "the run no longer waits for this answer")


def _on_task(execution: RunExecution, arrival: TaskInput) -> None:
    step = _asking_step(execution, arrival.task_id)
    if step is None or not _taken(execution, step.on_task(execution, arrival)):
        _ignore(execution, "the run no longer waits for this task")


def _asking_step(execution: RunExecution, effect_key: str) -> Step | None:
    """The step at hand, if it has asked for the effect of this key and the run still waits."""
    if effect_key != execution.run.effect_key or execution.run.state != "active":
        return None
    return execution.definition.program.steps.get(execution.run.step)
