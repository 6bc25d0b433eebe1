"""Keeps alarms and memberships in step with a customer's facts, and starts what segments ask for."""

from msgspec import structs

from relevo_contracts.keys import is_customer
from relevo_workflow.model.inputs import EventInput, Input, StartInput
from relevo_workflow.model.state import Facts
from relevo_workflow.runs.alarms import alarm_of, rearm, unchanged
from relevo_workflow.runs.segments import changed_segments
from relevo_workflow.runs.subject_update import SubjectUpdate, start_runs

_NOTHING_KNOWN = Facts()


def catch_up(update: SubjectUpdate) -> SubjectUpdate:
    """Alarms and memberships as the workflows of today want them, before anything happens: this starts nothing.

    So that a customer who was in a segment before its workflow was deployed does not join it with their next event.
    """
    index = update.index
    if update.facts.timed_by == index.fingerprint or not _may_be_timed(update):
        return update
    facts, _ = _memberships(update)
    facts, effects = rearm(index, update.subject, facts, update.shop, update.known_at)
    facts = structs.replace(facts, timed_by=index.fingerprint)
    return structs.replace(update, facts=facts, timed=facts, effects=(*update.effects, *effects))


def keep_time(update: SubjectUpdate, arrival: Input) -> SubjectUpdate:
    """Starts what segments that changed ask for, and keeps the alarms in step with the facts."""
    index = update.index
    if not index.timed:
        return update
    alarm, new = alarm_of(arrival), update.facts.timed_by != index.fingerprint
    if alarm is None and not (index.segments or new) and unchanged(index, update.timed, update.facts):
        return update
    if not _may_be_timed(update):
        return update
    facts, starts = _memberships(update)
    update = structs.replace(update, facts=facts)
    if not (isinstance(arrival, EventInput) and arrival.event.historical):
        update = start_runs(update, starts)
    facts, effects = rearm(index, update.subject, update.facts, update.shop, update.known_at, fired=alarm)
    if new:
        facts = structs.replace(facts, timed_by=index.fingerprint)
    return structs.replace(update, facts=facts, effects=(*update.effects, *effects))


def _may_be_timed(update: SubjectUpdate) -> bool:
    """Whether what depends on time can concern the subject: no product, and nobody of whom nothing is known."""
    return is_customer(update.subject.key) and update.facts != _NOTHING_KNOWN


def _memberships(update: SubjectUpdate) -> tuple[Facts, list[StartInput]]:
    """Memberships as of when the input became known: whoever has left joins by no event that comes late."""
    known = update.facts.segments_at
    as_of = update.known_at if known is None or known < update.known_at else known
    return changed_segments(
        update.index, update.facts, update.subject.key, update.shop, as_of, happened=min(update.now, as_of)
    )
