"""Whether an input starts a run, and if not, why not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition, EventTrigger, Reentry, Trigger
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.bucketing import bucket_point, stable_id
from relevo_workflow.model.decision import Check, Decision
from relevo_workflow.model.inputs import EventInput, Input, StartInput
from relevo_workflow.model.state import Facts, Occurrence, Past, Run, Shop
from relevo_workflow.runs.execution import RunExecution
from relevo_workflow.runs.facts import ran_once
from relevo_workflow.runs.progress import finish, proceed
from relevo_workflow.runs.schema_fit import schema_mismatch
from relevo_workflow.steps.step import MAX_HOPS, WORKFLOW_CYCLE

_RAN_BEFORE = "it ran before, and re-entry is never"
_AGAIN = "this started a run already"
_Considered = tuple[RunExecution, str]
"""The execution with what was asked for a start, and why none follows: empty if nothing speaks against it."""
A_TEST = "this is a test order (or another test event), and the trigger does not say test: true"


class Starter(Struct, frozen=True, gc=False):
    """What may start a run: its id, type, time and payload, and the event itself if it is one."""

    id: str
    type: str
    at: datetime
    data: dict[str, Any]
    event: Event | None = None
    hops: int = 0
    test: bool = False
    traceparent: str = ""


def starter_of(arrival: Input) -> Starter | None:
    """What `arrival` may start a run with; `None` for inputs that start nothing."""
    if isinstance(arrival, EventInput):
        event = arrival.event
        if event.historical:
            return None
        return Starter(event.id, event.type, event.time, event.data, event, event.hops, event.test, event.traceparent)
    if isinstance(arrival, StartInput):
        data = {"name": arrival.name, "data": arrival.data}
        return Starter(arrival.id, arrival.cause, arrival.at, data, hops=arrival.hops, traceparent=arrival.traceparent)
    return None


def past_name(workflow: str, run_key: str, *, test: bool = False) -> str:
    """Under which name `Facts.past` has the runs of a workflow for a run key; rehearsals are apart from the others."""
    return f"{workflow}{'?test' if test else ''}/{run_key}"


def _candidate(definition: Definition, starter: Starter, facts: Facts, shop: Shop, customer: str) -> RunExecution:
    """The execution of a run that is about to start, or not. It has no id yet, and the customer as its key."""
    run = Run(
        id="",
        workflow=definition.name,
        version=definition.version,
        key=customer,
        customer=customer,
        started_at=starter.at,
        at=starter.at,
        trigger_type=starter.type,
        trigger_id=starter.id,
        trigger_at=starter.at,
        trigger=starter.data,
        test=starter.test,
        traceparent=starter.traceparent,
    )
    return RunExecution(
        definition=definition,
        before=run,
        run=run,
        facts=facts,
        shop=shop,
        at=starter.at,
        event=starter.event,
        hops=starter.hops,
    )


def _refused(execution: RunExecution, reason: str) -> Decision:
    return Decision(
        workflow=execution.definition.name,
        version=execution.definition.version,
        kind="not_started",
        reason=reason,
        at=execution.at,
        trace=execution.trace,
        input_id=execution.run.trigger_id,
    )


def _ignored(definition: Definition, arrival: Input, reason: str) -> Decision:
    return Decision(
        workflow=definition.name,
        version=definition.version,
        kind="ignored",
        reason=reason,
        at=arrival.at,
        input_id=arrival.id,
    )


def start(
    definition: Definition, arrival: Input, facts: Facts, *, shop: Shop, customer: str, active: Sequence[Run]
) -> Decision:
    """The decision to start a run of `definition`, or not to; `ignored` where the input is none of its triggers."""
    starter = starter_of(arrival)
    if starter is None:
        return _ignored(definition, arrival, "this starts nothing")
    fitting = [one for index, one in enumerate(definition.triggers) if _fits(one, index, starter, arrival)]
    if not fitting:
        return _ignored(definition, arrival, "this is not one of its triggers")
    execution = _candidate(definition, starter, facts, shop, customer)
    if starter.test:
        fitting = [one for one in fitting if isinstance(one, EventTrigger) and one.test]
    if not fitting:
        return _refused(execution, A_TEST)
    refusal = schema_mismatch(definition, starter.event) if starter.event is not None else ""
    if not refusal:
        execution, refusal = _considered(execution, fitting, active)
    if refusal == _AGAIN:
        return _ignored(definition, arrival, refusal)
    return _refused(execution, refusal) if refusal else _started(execution, starter)


def _considered(execution: RunExecution, triggers: Sequence[Trigger], active: Sequence[Run]) -> _Considered:
    """Asks what may speak against a start, one thing after the other."""
    scope = execution.scope()
    checks, triggered = _triggered(scope, triggers)
    if not triggered or execution.hops > MAX_HOPS:
        refusal = WORKFLOW_CYCLE if triggered else "the trigger's condition does not hold"
        return execution.with_checks(checks), refusal
    execution = _identified(execution, scope, checks)
    if not execution.run.key:
        return execution, "the run's key is empty"
    refusal = _ran_already(execution, active) or _not_enrolled(execution)
    return (execution, refusal) if refusal else _left_already(execution)


def _triggered(scope: Scope, triggers: Sequence[Trigger]) -> tuple[list[Check], bool]:
    """The checks of the triggers' conditions up to the first that holds, and whether one does."""
    checks: list[Check] = []
    for trigger in triggers:
        if trigger.when is None or trigger.when.holds(scope, "trigger", checks):
            return checks, True
    return checks, False


def _identified(execution: RunExecution, scope: Scope, checks: list[Check]) -> RunExecution:
    """The run with its key, which is empty if it fails, and with the id that follows from it."""
    run, expression = execution.run, execution.definition.key
    key = run.customer
    if expression is not None:
        check = expression.evaluate(scope, "key")
        checks.append(check)
        key = check.value if isinstance(check.value, str) else ""
    run_id = stable_id(execution.shop.id, run.customer, run.workflow, key, run.trigger_id)
    return structs.replace(execution, run=structs.replace(run, key=key, id=run_id), trace=tuple(checks))


def _ran_already(execution: RunExecution, active: Sequence[Run]) -> str:
    """Why runs of before, or on their way, keep this one from starting, if so."""
    run, facts, reentry = execution.run, execution.facts, execution.definition.reentry
    name = past_name(run.workflow, run.key, test=run.test)
    past = facts.past.get(name)
    if past is not None and run.id in past.run_ids:
        return _AGAIN
    if reentry.mode == "never" and ran_once(facts, name):
        return _RAN_BEFORE
    return _not_again(run, reentry, past, active)


def _fits(trigger: Trigger, index: int, starter: Starter, arrival: Input) -> bool:
    if isinstance(trigger, EventTrigger):
        return trigger.event == starter.type
    if starter.event is not None or not isinstance(arrival, StartInput):
        return False
    kind = type(trigger).__name__.removesuffix("Trigger").lower()
    return kind == arrival.cause and arrival.name in ("", f"{kind}-{index}")


def _not_again(run: Run, reentry: Reentry, past: Past | None, active: Sequence[Run]) -> str:
    """Why the run may not start again, if so."""
    if reentry.mode == "several":
        return ""
    for one in active:
        same = one.key == run.key and one.workflow == run.workflow and one.test == run.test
        if same and one.state == "active":
            return "a run for this key is on its way"
    return _ran_before(run, reentry, past) if past is not None else ""


def _ran_before(run: Run, reentry: Reentry, past: Past) -> str:
    if any(since <= run.started_at < until for since, until in past.spans):
        return "a run for this key was on its way then"
    if reentry.mode == "never":
        return _RAN_BEFORE
    if reentry.mode == "after" and run.started_at < past.started_at + reentry.after:
        return f"it started at {past.started_at.isoformat()}, and re-entry needs a pause"
    return ""


def takes_part(definition: Definition, customer: str, email: str) -> bool:
    """Whether the enrolment lets a customer in: the test list always, of the others a share."""
    percent = definition.enrolment.percent
    if percent >= 100 or _on_test_list(definition, customer, email):
        return True
    return bucket_point(definition.name, "enrol", customer) * 100 < percent


def _on_test_list(definition: Definition, customer: str, email: str) -> bool:
    listed = definition.enrolment.customers
    return customer in listed or bool(email and any(one.casefold() == email.casefold() for one in listed))


def held_out(definition: Definition, customer: str, email: str) -> bool:
    """Whether a customer gets nothing and only serves to compare with; those of the test list never do."""
    if not definition.holdout or bucket_point(definition.name, "holdout", customer) * 100 >= definition.holdout:
        return False
    return not _on_test_list(definition, customer, email)


def _not_enrolled(execution: RunExecution) -> str:
    definition = execution.definition
    if takes_part(definition, execution.run.customer, execution.facts.contact.email):
        return ""
    return f"the customer is not among the {definition.enrolment.percent:g}% that take part"


def _left_already(execution: RunExecution) -> _Considered:
    """An exit event that overtook the trigger: whoever has left does not come in."""
    run, latest = execution.run, execution.facts.latest
    if not latest:
        return execution, ""  # of most customers none has come
    for rule in execution.definition.exits:
        known = latest.get(rule.event)
        if known is None or known.at < execution.at or (known.id == run.trigger_id and rule.event == run.trigger_type):
            continue
        event = _event_of(known, rule.event, execution)
        if schema_mismatch(execution.definition, event):
            continue
        execution, holds = execution.checked(rule.where, rule.path_label, event)
        if holds:
            return execution, f"{rule.reason}: {rule.event} came before it"
    return execution, ""


def _event_of(known: Occurrence, event_type: str, execution: RunExecution) -> Event:
    """The newest event of a type, as far as the facts have kept it."""
    return Event(
        id=known.id,
        source="",
        type=event_type,
        time=known.at,
        shop=execution.shop.id,
        key=execution.run.customer,
        data=known.data,
        receivedtime=known.at,
    )


def _started(execution: RunExecution, starter: Starter) -> Decision:
    definition, run = execution.definition, execution.run
    if definition.goal is not None:
        execution = execution.with_timer("goal", starter.at + definition.goal.within, turn=0)
    if held_out(definition, run.customer, execution.facts.contact.email):
        reason = f"held out: one of the {definition.holdout:g}% that get nothing"
        execution = finish(execution.with_run(holdout=True), "started", reason)
    else:
        entered = proceed(execution, definition.program.first)
        execution = entered.concluded("started", f"started by {starter.type}; {entered.reason}")
    return execution.decision(starter.id, acted=True)
