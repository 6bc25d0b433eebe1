"""What an input means for a run, or for a workflow that may start one. Pure: the same arguments, the same decision."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition, Goal
from relevo_workflow.expressions.scope import event_view
from relevo_workflow.model import effects
from relevo_workflow.model.decision import Check, Decision
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
from relevo_workflow.runs.approvals import on_task
from relevo_workflow.runs.execution import RunExecution
from relevo_workflow.runs.schema_fit import misfit
from relevo_workflow.runs.starting import start
from relevo_workflow.steps import step_types as steps
from relevo_workflow.steps.step_effects import concerns
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
    walk = RunExecution(
        definition=definition,
        before=run,
        run=run,
        facts=facts,
        shop=place,
        at=max(arrival.at, run.at),
        event=arrival.event if isinstance(arrival, EventInput) else None,
        hops=_hops(arrival, run),
    )
    _dispatch(walk, arrival, now)
    if walk.kind != "ignored":
        walk.acted_on(arrival.id)
    return walk.decision(arrival.id)


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


def _dispatch(walk: RunExecution, arrival: Input, now: datetime) -> None:
    if arrival.id in walk.run.advanced_by or walk.run.state == "ended":
        _ignore(walk, "this was acted on already" if walk.run.state != "ended" else "the run has ended")
        return
    match arrival:
        case EventInput():
            _on_event(walk, arrival.event)
        case TimerInput():
            _on_timer(walk, arrival, now)
        case ResponseInput():
            _on_response(walk, arrival)
        case TaskInput():
            if not on_task(walk, arrival):
                _ignore(walk, "the run no longer waits for this task")
        case OutcomeInput():
            _ignore(walk, f"{arrival.outcome.step}: {arrival.outcome.status}")
        case StartInput():
            _ignore(walk, "the run is there already")
        case _:
            assert_never(arrival)


def _ignore(walk: RunExecution, reason: str) -> None:
    walk.kind, walk.reason = "ignored", reason


# --- events ------------------------------------------------------------------------------------------------------


def _on_event(walk: RunExecution, event: Event) -> None:
    """Exit first, then the goal, then a restart, then what the step at hand waits for."""
    if event.id == walk.run.trigger_id and event.type == walk.run.trigger_type:
        _ignore(walk, "this is the event that started the run")
        return
    if event.time < walk.run.since():
        _ignore(walk, "this happened before the event that started the run")
        return
    wrong = misfit(walk.definition, event)
    if wrong:
        # Told where `explain` finds it, and no more: the run waits on for one that it can read.
        walk.kind, walk.reason = "waiting" if walk.run.state == "active" else "ignored", wrong
        return
    counted = _count_goal(walk, event)
    if walk.run.state == "active" and (_exit(walk, event) or (not event.historical and _move(walk, event))):
        return
    counted = (not event.historical and _keep_early(walk, event)) or counted
    if not counted:
        _ignore(walk, "nothing in the run waits for this")
    elif walk.run.state == "watching":
        walk.run = structs.replace(walk.run, state="ended")
        walk.kind, walk.reason = "ended", f"the goal was reached: {event.type}"
    else:
        walk.reason = walk.reason or f"the goal was reached: {event.type}"


def _keep_early(walk: RunExecution, event: Event) -> bool:
    """Keeps an event for the steps to come that count it: the first one for each arm."""
    if not walk.definition.early or walk.run.state != "active":
        return False
    scope, kept = walk.scope(), dict(walk.run.early)
    for name, arm in walk.definition.early:
        if event.type not in arm.events or name in kept or not concerns(arm, scope, event):
            continue
        if arm.where is None or arm.where.holds(scope, name, walk.trace):
            kept[name] = event_view(event)
            walk.reason = f"kept for {name}"
    changed = len(kept) > len(walk.run.early)
    walk.run = structs.replace(walk.run, early=kept) if changed else walk.run
    return changed


def _count_goal(walk: RunExecution, event: Event) -> bool:
    goal = walk.definition.goal
    if goal is None or goal.event != event.type or walk.run.goal is not None or not _within(walk, goal, event):
        return False
    if goal.where is not None and not goal.where.holds(walk.scope(), "goal", walk.trace):
        return False
    value, currency = goal_value(goal.value, walk.scope(), walk.trace)
    reached = GoalReached(at=event.time, event_id=event.id, value=value, currency=currency)
    walk.run = structs.replace(walk.run, goal=reached)
    walk.disarm("goal")
    return True


def _within(walk: RunExecution, goal: Goal, event: Event) -> bool:
    return event.time <= walk.run.started_at + goal.within


def _exit(walk: RunExecution, event: Event) -> bool:
    for rule in walk.definition.exits:
        if rule.event != event.type:
            continue
        if rule.where is None or rule.where.holds(walk.scope(), rule.way, walk.trace):
            walk.path.append(rule.way)
            walk.leave(rule.reason)
            walk.finish("exited", rule.reason)
            return True
    return False


def _move(walk: RunExecution, event: Event) -> bool:
    """A restart, or the arm of a `wait_for` that the event fits."""
    for rule in walk.definition.restarts:
        if rule.event != event.type:
            continue
        if rule.where is None or rule.where.holds(walk.scope(), "restart", walk.trace):
            _restart(walk, event)
            return True
    step = walk.definition.program.steps.get(walk.run.step)
    return isinstance(step, steps.WaitFor) and _arrive(walk, step, event)


def _restart(walk: RunExecution, event: Event) -> None:
    walk.path.append("restart")
    walk.leave("the run began anew")
    walk.run = structs.replace(
        walk.run,
        trigger=event.data,
        trigger_type=event.type,
        trigger_id=event.id,
        trigger_at=event.time,
        early={},
        rounds={},
        restarts=walk.run.restarts + 1,
    )
    walk.go(walk.definition.program.first)
    walk.reason = f"restarted by {event.type}; {walk.reason}"


def _arrive(walk: RunExecution, step: steps.WaitFor, event: Event) -> bool:
    scope = walk.scope()
    for arm in step.arms:
        if event.type not in arm.events or not concerns(arm, scope, event):
            continue
        if arm.where is None or arm.where.holds(scope, f"{step.id}/{arm.label}", walk.trace):
            walk.leave()
            walk.save(arm.save, event_view(event))
            walk.arm_label(step.id, arm.label)
            walk.go(arm.target)
            return True
    return False


# --- timers and answers ------------------------------------------------------------------------------------------


def _on_timer(walk: RunExecution, arrival: TimerInput, now: datetime) -> None:
    wakeup = arrival.wakeup
    name = wakeup.name or wakeup.timer_id.rpartition("/")[2]
    stale = walk.run.timers.get(name) != wakeup.due_at or (name != "goal" and wakeup.turn != walk.run.turn)
    if stale:
        _ignore(walk, f"the timer '{name}' is no longer armed")
    elif wakeup.due_at > now:
        # Never early: what comes before its time is armed again, unchanged, and its wake-up counts when it is due.
        timer = effects.ArmTimer(
            id=wakeup.timer_id, name=name, due_at=wakeup.due_at, run_id=walk.run.id, turn=wakeup.turn
        )
        walk.effects.append(timer)
        _ignore(walk, "woken before its time")
    else:
        walk.fired(name)
        _TIMERS.get(name, _on_step_timer)(walk)


def _on_goal_timer(walk: RunExecution) -> None:
    if walk.run.state == "watching":
        walk.run = structs.replace(walk.run, state="ended")
        walk.kind = "ended"
    walk.reason = "the time for its goal is over"


def _on_reminder(walk: RunExecution) -> None:
    walk.effects.append(effects.RemindTask(id=walk.effect_key()))
    walk.reason = "the staff was reminded"


def _on_escalation(walk: RunExecution) -> None:
    step = walk.definition.program.steps.get(walk.run.step)
    task = step.task if isinstance(step, steps.ApproveStep) else step
    if isinstance(task, steps.TaskStep) and task.escalation is not None:
        to = task.escalation
        walk.effects.append(effects.EscalateTask(id=walk.effect_key(), skill=to.skill, roles=to.roles))
        walk.reason = f"escalated to {to.skill or ', '.join(to.roles)}"


def _on_step_timer(walk: RunExecution) -> None:
    """The time of the step at hand has come."""
    step = walk.definition.program.steps.get(walk.run.step)
    if step is None:
        walk.finish("ended", f"there is no step '{walk.run.step}' in this version")
        return
    match step:
        case steps.WaitFor():
            walk.leave()
            walk.arm_label(step.id, "timeout")
            walk.go(step.timeout_target)
        case steps.SendStep():
            following = walk.enter_send(step)
            if following is not None:
                walk.go(following)
        case steps.HttpStep():
            _answered(walk, step, ResponseInput(id="", call_id="", run_id="", at=walk.at, error="no answer in a day"))
        case steps.TaskStep() | steps.ApproveStep():
            _expired(walk, step)
        case _:
            walk.go(step.next)


_TIMERS = {"goal": _on_goal_timer, "reminder": _on_reminder, "escalate": _on_escalation, "step": _on_step_timer}


def _expired(walk: RunExecution, step: steps.TaskStep | steps.ApproveStep) -> None:
    walk.leave("the deadline is over")
    task = step.task if isinstance(step, steps.ApproveStep) else step
    walk.save(task.save, {"status": "expired", "at": walk.at.isoformat()})
    walk.arm_label(step.id, "expired")
    walk.go(step.expired if isinstance(step, steps.ApproveStep) else step.next)


def _on_response(walk: RunExecution, arrival: ResponseInput) -> None:
    step = walk.definition.program.steps.get(walk.run.step)
    if not isinstance(step, steps.HttpStep) or arrival.call_id != walk.effect_key() or walk.run.state != "active":
        _ignore(walk, "the run no longer waits for this answer")
        return
    walk.leave()
    _answered(walk, step, arrival)


def _answered(walk: RunExecution, step: steps.HttpStep, answer: ResponseInput) -> None:
    ok = not answer.error and 200 <= answer.status < 300
    saved = {"ok": ok, "status": answer.status, "body": answer.body, "error": answer.error}
    walk.save(step.save, saved)
    walk.arm_label(step.id, "ok" if ok else "error")
    if not ok:
        why = answer.error or f"it was answered with status {answer.status}"
        walk.trace.append(Check(at=f"{step.id}/error", expression="", error=f"the call failed: {why}"))
    if not ok and step.stop_on_error:
        walk.finish("ended", f"{step.id} failed: {answer.error or f'status {answer.status}'}")
        return
    walk.go(step.next)
