"""Triggers that depend on time: dates of the customer, inactivity, and segments whose membership runs out.

Each needs at most one timer a customer, its alarm. Alarms follow from the facts: whenever those change, what is
wanted is compared with what is armed, so that no scan over customers is ever needed. A moment that is past already
when it is first known starts nothing: a new workflow does not flood those who lapsed long ago.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo

from msgspec import structs

from relevo_workflow.definition.calendar_rules import next_occurrence
from relevo_workflow.definition.workflow import DateTrigger, ScheduleTrigger
from relevo_workflow.definition.workflow_index import WorkflowIndex
from relevo_workflow.model.effects import ArmTimer, CancelTimer, Effect
from relevo_workflow.model.inputs import Input, StartInput, TimerInput
from relevo_workflow.model.state import Facts, Shop, Subject, local_zone
from relevo_workflow.runs.segments import SEGMENT_ALARM, is_member, next_recheck
from relevo_workflow.syntax.zones import anniversary, instant


def alarm_of(arrival: Input) -> tuple[str, datetime] | None:
    """The alarm that an input is the wake-up of: its name and its due time; `None` for other inputs."""
    if isinstance(arrival, TimerInput) and not arrival.wakeup.run_id:
        return arrival.wakeup.name, arrival.wakeup.due_at
    return None


def due_starts(
    index: WorkflowIndex, subject: Subject, arrival: Input, now: datetime, *, shop: Shop
) -> list[StartInput]:
    """The start that an alarm asks for; none if it is no longer armed, comes early or belongs to no trigger."""
    alarm = alarm_of(arrival)
    facts = subject.facts
    if alarm is None or facts.alarms.get(alarm[0]) != alarm[1] or alarm[1] > now:
        return []
    name, due = alarm
    return [
        StartInput(
            id=f"{name}/{due.isoformat()}",
            workflow=one.workflow,
            at=due,
            cause=one.kind,
            name=f"{one.kind}-{one.index}",
        )
        for one in index.alarms
        if one.name == name and (one.segment is None or is_member(one.segment, facts, subject.key, shop, due))
    ]


def unchanged(index: WorkflowIndex, old: Facts, new: Facts) -> bool:
    """Whether no alarm can have moved between two states of the facts (segments aside)."""
    return old is new or bool(index.alarm_view(old) == index.alarm_view(new))


def rearm(
    index: WorkflowIndex,
    subject: Subject,
    facts: Facts,
    shop: Shop,
    now: datetime,
    *,
    fired: tuple[str, datetime] | None = None,
) -> tuple[Facts, tuple[Effect, ...]]:
    """The facts with their alarms, and the timers to arm and to cancel. `fired` is the alarm of this input.

    Only one that is armed and due makes room for the next; one that comes before its time is armed again as it was.
    """
    zone = local_zone("customer", facts, shop)
    armed = dict(facts.alarms)
    wanted: dict[str, datetime] = {}
    effects: list[Effect] = []
    for name, due in _wanted(index, facts, shop, zone, now):
        known = armed.get(name)
        if known is not None and known <= now and fired != (name, known):
            wanted[name] = known  # its wake-up is on the way
            continue
        if due <= now:
            continue
        wanted[name] = due
        if due != known or fired == (name, due):
            effects.append(ArmTimer(id=f"{subject.key}/{name}", name=name, due_at=due))
    for name, due in armed.items():
        if name not in wanted and due > now:
            effects.append(CancelTimer(id=f"{subject.key}/{name}", name=name))
    if wanted == facts.alarms:
        return facts, tuple(effects)
    return structs.replace(facts, alarms=wanted), tuple(effects)


def _wanted(
    index: WorkflowIndex, facts: Facts, shop: Shop, zone: tzinfo, after: datetime
) -> Iterator[tuple[str, datetime]]:
    for spec in index.alarms:
        trigger = spec.trigger
        if isinstance(trigger, DateTrigger):
            due = _next_date(trigger, facts, local_zone(trigger.zone, facts, shop), after)
        elif isinstance(trigger, ScheduleTrigger):
            due = next_occurrence(trigger.cron, trigger.rrule, after, zone) or _last(facts.alarms.get(spec.name), after)
        else:
            since = getattr(facts, trigger.since)
            due = since + trigger.after if since is not None else None
        if due is not None:
            yield spec.name, due
    for watched in index.segments:
        due = next_recheck(watched.segment, facts, after)
        if due is not None:
            yield f"{SEGMENT_ALARM}/{watched.segment.name}", due


def _last(armed: datetime | None, after: datetime) -> datetime | None:
    """The last time of a rule that has come to its end, as long as its wake-up is on the way."""
    return armed if armed is not None and armed <= after else None


def _next_date(trigger: DateTrigger, facts: Facts, zone: tzinfo, after: datetime) -> datetime | None:
    """The next time of a yearly date; the only time of one that comes once, even when it is past."""
    day = _day(trigger, facts)
    if day is None:
        return None
    if not trigger.yearly:
        return instant(day + timedelta(days=trigger.offset.days), trigger.at, zone)
    year = after.astimezone(zone).year
    for candidate in range(year - 1, year + 3):
        moved = anniversary(day, candidate) + timedelta(days=trigger.offset.days)
        due = instant(moved, trigger.at, zone)
        if due > after:
            return due
    return None


def _day(trigger: DateTrigger, facts: Facts) -> date | None:
    if trigger.field == "birthday":
        return facts.birthday
    try:
        return date.fromisoformat(str(facts.attributes.get(trigger.field.removeprefix("attributes."), ""))[:10])
    except ValueError:
        return None
