"""Triggers that depend on time: dates of the customer, inactivity, and segments whose membership runs out.

Each needs at most one timer a customer, its alarm. Alarms follow from the facts: whenever those change, what is
wanted is compared with what is armed, so that no scan over customers is ever needed. A moment that is past already
when it is first known starts nothing: a new workflow does not flood those who lapsed long ago.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Literal

from msgspec import structs

from relevo_workflow.definition import DateTrigger, Definition, InactivityTrigger
from relevo_workflow.effects import ArmTimer, CancelTimer, Effect
from relevo_workflow.inputs import StartInput, TimerInput
from relevo_workflow.segments import SEGMENT_ALARM, next_recheck
from relevo_workflow.state import Facts, Shop, Subject
from relevo_workflow.zones import anniversary, instant, zone_of


def alarm_of(arrival: object) -> tuple[str, datetime] | None:
    """The alarm that an input is the wake-up of: its name and its due time; `None` for other inputs."""
    if isinstance(arrival, TimerInput) and not arrival.wakeup.run_id:
        return arrival.wakeup.name, arrival.wakeup.due_at
    return None


def due_starts(definitions: Sequence[Definition], facts: Facts, arrival: object, now: datetime) -> list[StartInput]:
    """The start that an alarm asks for; none if it is no longer armed, comes early or belongs to no trigger."""
    alarm = alarm_of(arrival)
    if alarm is None or facts.alarms.get(alarm[0]) != alarm[1] or alarm[1] > now:
        return []
    name, due = alarm
    for definition in definitions:
        for index, trigger in enumerate(definition.triggers):
            kind = _kind(trigger)
            if kind and name == f"{definition.name}/{kind}-{index}":
                start_id = f"{name}/{due.isoformat()}"
                return [StartInput(id=start_id, workflow=definition.name, at=due, cause=kind, name=f"{kind}-{index}")]
    return []


def _kind(trigger: object) -> Literal["date", "inactivity"] | None:
    if isinstance(trigger, DateTrigger):
        return "date"
    return "inactivity" if isinstance(trigger, InactivityTrigger) else None


def rearm(
    definitions: Sequence[Definition], subject: Subject, facts: Facts, shop: Shop, now: datetime, *, fired: str = ""
) -> tuple[Facts, tuple[Effect, ...]]:
    """The facts with their alarms, and the timers to arm and to cancel. `fired` names the alarm of this input."""
    zone = zone_of(facts.contact.timezone, shop.timezone)
    armed = dict(facts.alarms)
    wanted: dict[str, datetime] = {}
    effects: list[Effect] = []
    for name, due in _wanted(definitions, facts, shop, zone, _after(armed, fired, now)):
        known = armed.get(name)
        pending = known is not None and known <= now and name != fired
        wanted[name] = known if pending and known is not None else due
        early = name == fired and known is not None and known > now
        if wanted[name] != known or early:
            if wanted[name] <= now:
                del wanted[name]
                continue
            effects.append(ArmTimer(id=f"{subject.key}/{name}", name=name, due_at=wanted[name]))
    for name, due in armed.items():
        if name not in wanted and due > now:
            effects.append(CancelTimer(id=f"{subject.key}/{name}", name=name))
    if wanted == facts.alarms:
        return facts, tuple(effects)
    return structs.replace(facts, alarms=wanted), tuple(effects)


def _after(armed: dict[str, datetime], fired: str, now: datetime) -> datetime:
    """From when on the next occurrence counts: never again the one that fired."""
    return max(now, armed.get(fired, now))


def _wanted(
    definitions: Sequence[Definition], facts: Facts, shop: Shop, zone: tzinfo, after: datetime
) -> Iterator[tuple[str, datetime]]:
    for definition in definitions:
        for index, trigger in enumerate(definition.triggers):
            due = None
            if isinstance(trigger, DateTrigger):
                local = zone if trigger.zone == "customer" else zone_of(shop.timezone)
                due = _next_date(trigger, facts, local, after)
            elif isinstance(trigger, InactivityTrigger):
                since = getattr(facts, trigger.since)
                due = since + trigger.after if since is not None else None
            if due is not None:
                yield f"{definition.name}/{_kind(trigger)}-{index}", due
        for name in sorted(definition.watched_segments):
            due = next_recheck(definition.segments[name], facts, after)
            if due is not None:
                yield f"{SEGMENT_ALARM}/{name}", due


def _next_date(trigger: DateTrigger, facts: Facts, zone: tzinfo, after: datetime) -> datetime | None:
    day = _day(trigger, facts)
    if day is None:
        return None
    if not trigger.yearly:
        due = instant(day + timedelta(days=trigger.offset.days), trigger.at, zone)
        return due if due > after else None
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
        return date.fromisoformat(facts.attributes.get(trigger.field.removeprefix("attributes."), "")[:10])
    except ValueError:
        return None
