"""Whether an input starts a run, and if not, why not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition, EventTrigger, Reentry, Trigger
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.model.bucketing import share, stable_id
from relevo_workflow.model.decision import Decision
from relevo_workflow.model.inputs import EventInput, Input, StartInput
from relevo_workflow.model.state import Facts, Past, Run, Shop
from relevo_workflow.runs.execution import RunExecution
from relevo_workflow.runs.facts import ran_once
from relevo_workflow.runs.schema_fit import misfit
from relevo_workflow.steps.step_effects import IN_CIRCLE, MAX_HOPS

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
    """The walk of a run that is about to start, or not. It has no id yet, and the customer as its key."""
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


def _refused(walk: RunExecution, reason: str) -> Decision:
    return Decision(
        workflow=walk.definition.name,
        version=walk.definition.version,
        kind="not_started",
        reason=reason,
        at=walk.at,
        trace=tuple(walk.trace),
        input_id=walk.run.trigger_id,
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
        return _ignored(definition, arrival, "this is none of its triggers")
    walk = _candidate(definition, starter, facts, shop, customer)
    conditions = [one.when for one in fitting if not starter.test or (isinstance(one, EventTrigger) and one.test)]
    if not conditions:
        return _refused(walk, A_TEST)
    wrong = misfit(definition, starter.event) if starter.event is not None else ""
    refusal = wrong or _refusal(walk, conditions, active)
    if refusal == _AGAIN:
        return _ignored(definition, arrival, refusal)
    return _refused(walk, refusal) if refusal else _started(walk, starter)


def _refusal(walk: RunExecution, conditions: Sequence[Expression | None], active: Sequence[Run]) -> str:
    """Why no run starts; empty if nothing speaks against it."""
    if not any(when is None or when.holds(walk.scope(), "trigger", walk.trace) for when in conditions):
        return "the trigger's condition does not hold"
    if walk.hops > MAX_HOPS:
        return IN_CIRCLE
    if not _identify(walk):
        return "the run's key is empty"
    run, definition = walk.run, walk.definition
    past = walk.facts.past.get(past_name(definition.name, run.key, test=run.test))
    if past is not None and run.id in past.run_ids:
        return _AGAIN
    if definition.reentry.mode == "never" and ran_once(walk.facts, past_name(definition.name, run.key, test=run.test)):
        return _RAN_BEFORE
    return _not_again(run, definition.reentry, past, active) or _not_enrolled(walk) or _left_already(walk)


def _identify(walk: RunExecution) -> bool:
    """Computes the run's key and id; false if the key is empty or fails."""
    run, expression = walk.run, walk.definition.key
    key = run.customer
    if expression is not None:
        check = expression.evaluate(walk.scope(), "key")
        walk.trace.append(check)
        key = check.value if isinstance(check.value, str) else ""
    run_id = stable_id(walk.shop.id, run.customer, run.workflow, key, run.trigger_id)
    walk.run = walk.before = structs.replace(run, key=key, id=run_id)
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
    return share(definition.name, "enrol", customer) * 100 < percent


def _on_test_list(definition: Definition, customer: str, email: str) -> bool:
    listed = definition.enrolment.customers
    return customer in listed or bool(email and any(one.casefold() == email.casefold() for one in listed))


def held_out(definition: Definition, customer: str, email: str) -> bool:
    """Whether a customer gets nothing and only serves to compare with; those of the test list never do."""
    if not definition.holdout or share(definition.name, "holdout", customer) * 100 >= definition.holdout:
        return False
    return not _on_test_list(definition, customer, email)


def _not_enrolled(walk: RunExecution) -> str:
    definition = walk.definition
    if takes_part(definition, walk.run.customer, walk.facts.contact.email):
        return ""
    return f"the customer is not among the {definition.enrolment.percent:g}% that take part"


def _left_already(walk: RunExecution) -> str:
    """An exit event that overtook the trigger: whoever has left does not come in."""
    run, latest = walk.run, walk.facts.latest
    for rule in walk.definition.exits:
        known = latest.get(rule.event)
        if known is None or known.at < walk.at or (known.id == run.trigger_id and rule.event == run.trigger_type):
            continue
        event = Event(
            id=known.id,
            source="",
            type=rule.event,
            time=known.at,
            shop=walk.shop.id,
            key=run.customer,
            data=known.data,
            receivedtime=known.at,
        )
        if misfit(walk.definition, event):
            continue
        if rule.where is None or rule.where.holds(walk.scope_of(event), rule.way, walk.trace):
            return f"{rule.reason}: {rule.event} came before it"
    return ""


def _started(walk: RunExecution, starter: Starter) -> Decision:
    definition = walk.definition
    if definition.goal is not None:
        walk.arm("goal", starter.at + definition.goal.within, turn=0)
    if held_out(definition, walk.run.customer, walk.facts.contact.email):
        walk.run = structs.replace(walk.run, holdout=True)
        walk.finish("started", f"held out: one of the {definition.holdout:g}% that get nothing")
    else:
        walk.go(definition.program.first)
        walk.reason = f"started by {starter.type}; {walk.reason}"
    walk.kind = "started"
    walk.acted_on(starter.id)
    return walk.decision(starter.id)
