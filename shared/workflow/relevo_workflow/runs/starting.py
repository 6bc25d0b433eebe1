"""Whether an input starts a run, and if not, why not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition, EventTrigger, Reentry, Trigger
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.model.bucketing import bucket_point, stable_id
from relevo_workflow.model.decision import Decision
from relevo_workflow.model.inputs import EventInput, Input, StartInput
from relevo_workflow.model.state import Facts, Past, Run, Shop
from relevo_workflow.runs.execution import RunExecution
from relevo_workflow.runs.facts import ran_once
from relevo_workflow.runs.schema_fit import schema_mismatch
from relevo_workflow.steps.emit import MAX_HOPS, WORKFLOW_CYCLE

_RAN_BEFORE = "it ran before, and re-entry is never"
_AGAIN = "this started a run already"
A_TEST = "this is a test order (or another test event), and the trigger does not say test: true"


class Starter(Struct, frozen=True):
    """What may start a run: its id, type, time and payload, and the event itself if it is one."""

    id: str
    type: str
    at: datetime
    data: dict[str, Any]
    event: Event | None = None
    hops: int = 0
    test: bool = False


def starter_of(arrival: Input) -> Starter | None:
    """What `arrival` may start a run with; `None` for inputs that start nothing."""
    if isinstance(arrival, EventInput):
        event = arrival.event
        if event.historical:
            return None
        return Starter(event.id, event.type, event.time, event.data, event, event.hops, event.test)
    if isinstance(arrival, StartInput):
        data = {"name": arrival.name, "data": arrival.data}
        return Starter(arrival.id, arrival.cause, arrival.at, data, hops=arrival.hops)
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
        trace=tuple(execution.trace),
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
    conditions = [one.when for one in fitting if not starter.test or (isinstance(one, EventTrigger) and one.test)]
    if not conditions:
        return _refused(execution, A_TEST)
    wrong = schema_mismatch(definition, starter.event) if starter.event is not None else ""
    refusal = wrong or _refusal(execution, conditions, active)
    if refusal == _AGAIN:
        return _ignored(definition, arrival, refusal)
    return _refused(execution, refusal) if refusal else _started(execution, starter)


def _refusal(execution: RunExecution, conditions: Sequence[Expression | None], active: Sequence[Run]) -> str:
    """Why no run starts; empty if nothing speaks against it."""
    if not any(when is None or when.holds(execution.scope(), "trigger", execution.trace) for when in conditions):
        return "the trigger's condition does not hold"
    if execution.hops > MAX_HOPS:
        return WORKFLOW_CYCLE
    if not _identify(execution):
        return "the run's key is empty"
    run, definition = execution.run, execution.definition
    past = execution.facts.past.get(past_name(definition.name, run.key, test=run.test))
    if past is not None and run.id in past.run_ids:
        return _AGAIN
    if definition.reentry.mode == "never" and ran_once(
        execution.facts, past_name(definition.name, run.key, test=run.test)
    ):
        return _RAN_BEFORE
    return _not_again(run, definition.reentry, past, active) or _not_enrolled(execution) or _left_already(execution)


def _identify(execution: RunExecution) -> bool:
    """Computes the run's key and id; false if the key is empty or fails."""
    run, expression = execution.run, execution.definition.key
    key = run.customer
    if expression is not None:
        check = expression.evaluate(execution.scope(), "key")
        execution.trace.append(check)
        key = check.value if isinstance(check.value, str) else ""
    run_id = stable_id(execution.shop.id, run.customer, run.workflow, key, run.trigger_id)
    execution.identify(key, run_id)
    return bool(key)


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


def _left_already(execution: RunExecution) -> str:
    """An exit event that overtook the trigger: whoever has left does not come in."""
    run, latest = execution.run, execution.facts.latest
    for rule in execution.definition.exits:
        known = latest.get(rule.event)
        if known is None or known.at < execution.at or (known.id == run.trigger_id and rule.event == run.trigger_type):
            continue
        event = Event(
            id=known.id,
            source="",
            type=rule.event,
            time=known.at,
            shop=execution.shop.id,
            key=run.customer,
            data=known.data,
            receivedtime=known.at,
        )
        if schema_mismatch(execution.definition, event):
            continue
        if rule.where is None or rule.where.holds(execution.scope_of(event), rule.path_label, execution.trace):
            return f"{rule.reason}: {rule.event} came before it"
    return ""


def _started(execution: RunExecution, starter: Starter) -> Decision:
    definition = execution.definition
    if definition.goal is not None:
        execution.arm("goal", starter.at + definition.goal.within, turn=0)
    if held_out(definition, execution.run.customer, execution.facts.contact.email):
        execution.amend(holdout=True)
        execution.finish("started", f"held out: one of the {definition.holdout:g}% that get nothing")
    else:
        execution.go(definition.program.first)
        execution.explain(f"started by {starter.type}; {execution.reason}")
    execution.conclude("started", execution.reason)
    execution.acted_on(starter.id)
    return execution.decision(starter.id)
