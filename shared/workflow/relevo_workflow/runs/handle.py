"""One customer and one input: the facts change, the runs decide, new runs start."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.definition.workflow_index import WorkflowIndex
from relevo_workflow.model.decision import Handled
from relevo_workflow.model.inputs import (
    EventInput,
    Input,
    OutcomeInput,
    ResponseInput,
    StartInput,
    TaskInput,
    TimerInput,
)
from relevo_workflow.model.state import Shop, Subject
from relevo_workflow.runs.alarms import due_starts, unchanged
from relevo_workflow.runs.coupons import expire, redeem, redeems
from relevo_workflow.runs.facts import CUSTOMER_REDACTED, fold_event
from relevo_workflow.runs.redaction import precedes_erasure, redacted
from relevo_workflow.runs.subject_update import SubjectUpdate, ask_runs, begin_update, start_run, start_runs, version_of
from relevo_workflow.runs.timekeeping import catch_up, keep_time


def handle(
    definitions: Sequence[Definition],
    pinned: Mapping[str, Definition],
    subject: Subject,
    arrival: Input,
    now: datetime,
    *,
    shop: Shop | None = None,
) -> Handled:
    """The customer after `arrival`, and every decision that it caused.

    `definitions` are the shop's active versions, which start runs; `pinned` has the versions that runs were started
    with, by version. Decisions that change nothing and concern no trigger are left out. Ended runs leave `subject`.
    What happened before the customer was erased is not heard.

    Raises `MissingVersionError` if a run's version is not in `pinned`, and what `fold` raises for a bad event.
    """
    if isinstance(arrival, EventInput) and _erases(subject, arrival.event):
        return redacted(subject, arrival.event)
    if precedes_erasure(subject.facts, arrival):
        return Handled(subject, (), ())
    index = WorkflowIndex.of(definitions)
    if isinstance(arrival, EventInput):
        return _handle_event(index, pinned, subject, arrival, now=now, shop=shop)
    update = begin_update(index, pinned, subject, shop, now=now, known_at=now)
    return keep_time(_take(catch_up(update), arrival), arrival).handled()


def rearm_alarms(
    definitions: Sequence[Definition], subject: Subject, now: datetime, *, shop: Shop | None = None
) -> Handled:
    """Arms what triggers that depend on time need for this customer, as after a deployment; starts nothing.

    Whoever had no event yet has nothing to catch up with: their first event finds the workflows as they are.
    """
    return catch_up(begin_update(WorkflowIndex.of(definitions), {}, subject, shop, now=now, known_at=now)).handled()


# --- events ------------------------------------------------------------------------------------------------------


def _handle_event(
    index: WorkflowIndex,
    pinned: Mapping[str, Definition],
    subject: Subject,
    arrival: EventInput,
    *,
    now: datetime,
    shop: Shop | None,
) -> Handled:
    heard = _heard(index, pinned, subject, arrival.event.type)
    facts_only = _facts_only(index, subject, arrival.event) if not heard else None
    if facts_only is not None:
        return facts_only
    known_at = max(now, arrival.event.receivedtime)
    update = catch_up(begin_update(index, pinned, subject, shop, now=now, known_at=known_at))
    return keep_time(_take_event(update, arrival, heard=heard), arrival).handled()


def _erases(subject: Subject, event: Event) -> bool:
    return event.type == CUSTOMER_REDACTED and event.key == subject.key and not event.test


def _heard(index: WorkflowIndex, pinned: Mapping[str, Definition], subject: Subject, event_type: str) -> bool:
    """Whether an event of a type can start or end anything, or a run of the customer listens to it."""
    if event_type in index.starts or event_type in index.exit_types:
        return True
    for run in subject.runs:  # noqa: SIM110 - every event comes by here, and a loop costs the least
        if event_type in version_of(index, pinned, run).event_types:
            return True
    return False


def _facts_only(index: WorkflowIndex, subject: Subject, event: Event) -> Handled | None:
    """The customer after an event that nobody listens to; `None` if what changed has to do with time."""
    known = event.key != subject.key or event.test  # nothing is learnt from it
    facts = subject.facts if known else fold_event(subject.facts, event, whole=False, views=index.recommends)
    if not known and redeems(facts, event):
        return None
    if index.timed and (
        index.segments or facts.timed_by != index.fingerprint or not unchanged(index, subject.facts, facts)
    ):
        return None
    return Handled(structs.replace(subject, facts=facts) if facts is not subject.facts else subject)


def _take_event(update: SubjectUpdate, arrival: EventInput, *, heard: bool) -> SubjectUpdate:
    """Folds an event and lets those decide whom it concerns; one about another key tells nothing of the customer."""
    event = arrival.event
    own = event.key == update.subject.key
    if own and not event.test:
        exits = heard and event.type in update.index.exit_types
        facts = fold_event(update.facts, event, whole=heard, latest=exits, views=update.index.recommends)
        update = structs.replace(update, facts=facts)
        if facts.coupons and redeems(facts, event):
            facts, emitted = redeem(update.subject.shop, update.subject.key, facts, event)
            update = structs.replace(update, facts=facts, effects=(*update.effects, *emitted))
    if not heard:
        return update
    update = ask_runs(update, arrival)
    if own and not event.historical:
        for definition in update.index.starts.get(event.type, ()):
            update = start_run(update, definition, arrival)
    return update


# --- timers, answers, starts -------------------------------------------------------------------------------------


def _take(update: SubjectUpdate, arrival: Input) -> SubjectUpdate:
    """Lets the run decide that a timer or an answer is for; starts what an alarm or a person asks for."""
    addressee = _addressee(arrival)
    if addressee:
        return ask_runs(update, arrival, addressee)
    if isinstance(arrival, StartInput):
        return start_runs(update, (arrival,))
    if isinstance(arrival, TimerInput):
        facts, emitted = expire(update.subject.shop, update.subject.key, update.facts, arrival)
        update = structs.replace(update, facts=facts, effects=(*update.effects, *emitted))
    subject = structs.replace(update.subject, facts=update.facts)
    return start_runs(update, due_starts(update.index, subject, arrival, update.now, shop=update.shop))


def _addressee(arrival: Input) -> str:
    """The id of the run that an input is for, if it is for one."""
    match arrival:
        case TimerInput():
            return arrival.wakeup.run_id
        case OutcomeInput():
            return arrival.outcome.run_id
        case ResponseInput() | TaskInput():
            return arrival.run_id
        case _:
            return ""
