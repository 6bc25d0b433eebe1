"""Whether an input starts a run, and if not, why not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_workflow.decision import Check, Decision
from relevo_workflow.definition import Definition, EventTrigger, Trigger
from relevo_workflow.inputs import EventInput, Input, StartInput
from relevo_workflow.scope import Scope
from relevo_workflow.shares import share, stable_id
from relevo_workflow.state import Facts, Run, Shop
from relevo_workflow.walk import Walk


class Starter(Struct, frozen=True):
    """What may start a run: its id, type, time and payload, and the event itself if it is one."""

    id: str
    type: str
    at: datetime
    data: dict[str, Any]
    event: Event | None = None


def starter_of(arrival: Input) -> Starter | None:
    """What `arrival` may start a run with; `None` for inputs that start nothing."""
    if isinstance(arrival, EventInput):
        event = arrival.event
        return None if event.historical else Starter(event.id, event.type, event.time, event.data, event)
    if isinstance(arrival, StartInput):
        return Starter(arrival.id, arrival.cause, arrival.at, {"name": arrival.name, "data": arrival.data})
    return None


def past_name(workflow: str, run_key: str) -> str:
    """Under which name `Facts.past` has the runs of a workflow for a run key."""
    return f"{workflow}/{run_key}"


class _Candidate:
    """A run that is about to start, or not."""

    def __init__(self, definition: Definition, starter: Starter, facts: Facts, shop: Shop, customer: str) -> None:
        self.definition = definition
        self.starter = starter
        self.facts = facts
        self.shop = shop
        self.trace: list[Check] = []
        self.run = Run(
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
        )

    def scope(self, event: Event | None) -> Scope:
        return Scope(
            event=event,
            run=self.run,
            facts=self.facts,
            shop=self.shop,
            now=self.starter.at,
            segments=self.definition.segments,
        )

    def refused(self, reason: str, *, ignored: bool = False) -> Decision:
        return Decision(
            workflow=self.definition.name,
            version=self.definition.version,
            kind="ignored" if ignored else "not_started",
            reason=reason,
            at=self.starter.at,
            trace=tuple(self.trace),
            input_id=self.starter.id,
        )

    def identify(self) -> bool:
        """Computes the run's key and id; false if the key is empty or fails."""
        key = self.run.customer
        if self.definition.key is not None:
            check = self.definition.key.evaluate(self.scope(None), "key")
            self.trace.append(check)
            key = check.value if isinstance(check.value, str) else ""
        run_id = stable_id(self.shop.id, self.run.customer, self.definition.name, key, self.starter.id)
        self.run = structs.replace(self.run, key=key, id=run_id)
        return bool(key)


def start(
    definition: Definition, arrival: Input, facts: Facts, *, shop: Shop, customer: str, active: Sequence[Run]
) -> Decision:
    """The decision to start a run of `definition`, or not to; `ignored` where the input is none of its triggers."""
    starter = starter_of(arrival)
    if starter is None:
        empty = Starter(arrival.id, "", arrival.at, {})
        return _Candidate(definition, empty, facts, shop, customer).refused("this starts nothing", ignored=True)
    candidate = _Candidate(definition, starter, facts, shop, customer)
    conditions = [
        trigger.when for index, trigger in enumerate(definition.triggers) if _fits(trigger, index, starter, arrival)
    ]
    if not conditions:
        return candidate.refused("this is none of its triggers", ignored=True)
    scope = candidate.scope(starter.event)
    if not any(when is None or when.holds(scope, "trigger", candidate.trace) for when in conditions):
        return candidate.refused("the trigger's condition does not hold")
    refusal = _refusal(candidate, active)
    return refusal if refusal is not None else _started(candidate)


def _fits(trigger: Trigger, index: int, starter: Starter, arrival: Input) -> bool:
    if isinstance(trigger, EventTrigger):
        return trigger.event == starter.type
    if starter.event is not None or not isinstance(arrival, StartInput):
        return False
    kind = type(trigger).__name__.removesuffix("Trigger").lower()
    return kind == arrival.cause and arrival.name in ("", f"{kind}-{index}")


def _refusal(candidate: _Candidate, active: Sequence[Run]) -> Decision | None:
    """Why a run whose trigger holds is not started after all; `None` if nothing speaks against it."""
    if not candidate.identify():
        return candidate.refused("the run's key is empty")
    run, definition = candidate.run, candidate.definition
    past = candidate.facts.past.get(past_name(definition.name, run.key))
    if past is not None and run.id in past.run_ids:
        return candidate.refused("this started a run already", ignored=True)
    reason = _not_again(candidate, active) or _not_enrolled(candidate) or _left_already(candidate)
    return candidate.refused(reason) if reason else None


def _not_again(candidate: _Candidate, active: Sequence[Run]) -> str:
    run, reentry = candidate.run, candidate.definition.reentry
    past = candidate.facts.past.get(past_name(run.workflow, run.key))
    if reentry.mode == "several":
        return ""
    if any(one.workflow == run.workflow and one.key == run.key and one.state == "active" for one in active):
        return "a run for this key is on its way"
    if past is not None and any(since <= run.started_at < until for since, until in past.spans):
        return "a run for this key was on its way then"
    if past is not None and reentry.mode == "never":
        return "it ran before, and re-entry is never"
    if past is not None and reentry.mode == "after" and run.started_at < past.started_at + reentry.after:
        return f"it started at {past.started_at.isoformat()}, and re-entry needs a pause"
    return ""


def takes_part(definition: Definition, customer: str, email: str) -> bool:
    """Whether the enrolment lets a customer in: the test list always, of the others a share."""
    enrolment = definition.enrolment
    if enrolment.percent >= 100 or customer in enrolment.customers or email in enrolment.customers:
        return True
    return share(definition.name, "enrol", customer) * 100 < enrolment.percent


def _not_enrolled(candidate: _Candidate) -> str:
    definition = candidate.definition
    if takes_part(definition, candidate.run.customer, candidate.facts.contact.email):
        return ""
    return f"the customer is not among the {definition.enrolment.percent:g}% that take part"


def _left_already(candidate: _Candidate) -> str:
    """An exit event that overtook the trigger: whoever has left does not come in."""
    starter, facts = candidate.starter, candidate.facts
    for rule in candidate.definition.exits:
        known = facts.latest.get(rule.event)
        if known is None or known.at < starter.at or (known.id == starter.id and rule.event == starter.type):
            continue
        event = Event(
            id=known.id,
            source="",
            type=rule.event,
            time=known.at,
            shop=candidate.shop.id,
            key=candidate.run.customer,
            data=known.data,
            receivedtime=known.at,
        )
        scope = candidate.scope(event)
        if rule.where is None or rule.where.holds(scope, f"exit/{rule.reason}", candidate.trace):
            return f"{rule.reason}: {rule.event} came before it"
    return ""


def _started(candidate: _Candidate) -> Decision:
    definition, starter = candidate.definition, candidate.starter
    walk = Walk(definition, candidate.run, candidate.facts, shop=candidate.shop, at=starter.at, event=starter.event)
    walk.trace = candidate.trace
    if definition.goal is not None:
        walk.arm("goal", starter.at + definition.goal.within, turn=0)
    if definition.holdout and share(definition.name, "holdout", candidate.run.customer) * 100 < definition.holdout:
        walk.run = structs.replace(walk.run, holdout=True)
        walk.finish("started", f"held out: one of the {definition.holdout:g}% that get nothing")
    else:
        walk.go(definition.program.first)
        walk.reason = f"started by {starter.type}; {walk.reason}"
    walk.kind = "started"
    walk.acted_on(starter.id)
    return walk.decision(starter.id)
