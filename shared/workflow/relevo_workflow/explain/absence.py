"""Why a customer did not enter a workflow that has nothing recorded about them. Pure."""

from collections.abc import Iterator
from datetime import datetime

from relevo_workflow.definition.workflow import (
    DateTrigger,
    Definition,
    EventTrigger,
    InactivityTrigger,
    ManualTrigger,
    ScheduleTrigger,
    SegmentTrigger,
    Trigger,
)
from relevo_workflow.model.state import Facts
from relevo_workflow.runs.starting import held_out, takes_part
from relevo_workflow.syntax.durations import format_duration


def absence(definition: Definition, customer: str, facts: Facts, since: datetime) -> str:
    """Why nothing started `definition` since `since`, with what would keep the customer out in any case."""
    causes = [_cause(definition, index, trigger, facts, since) for index, trigger in enumerate(definition.triggers)]
    return "; ".join([*dict.fromkeys(causes), *_hindrances(definition, customer, facts)])


def _cause(definition: Definition, index: int, trigger: Trigger, facts: Facts, since: datetime) -> str:
    alarm = facts.alarms.get(f"{definition.name}/{type(trigger).__name__.removesuffix('Trigger').lower()}-{index}")
    due = f"it is due at {alarm.isoformat()}" if alarm else ""
    match trigger:
        case EventTrigger():
            return f"no {trigger.event} has come since {since.isoformat()} (imported events start nothing)"
        case DateTrigger():
            return due or f"the customer has no {trigger.field}, or its day is past"
        case InactivityTrigger():
            return _inactivity(trigger, due, facts)
        case SegmentTrigger():
            return _segment(trigger, facts)
        case ScheduleTrigger():
            of = f" for the segment {trigger.segment}" if trigger.segment else ""
            return due or f"its schedule{of} has not come round for them since {since.isoformat()}"
        case ManualTrigger():
            return f"nobody has started it for them since {since.isoformat()}"


def _inactivity(trigger: InactivityTrigger, due: str, facts: Facts) -> str:
    last = getattr(facts, trigger.since)
    if last is None:
        return f"the customer has no {trigger.since}: there is nothing to count from"
    if due:
        return f"{due}, {format_duration(trigger.after)} after {trigger.since}"
    return (
        f"{trigger.since} was {last.isoformat()}: the {format_duration(trigger.after)} were over before it was deployed"
    )


def _segment(trigger: SegmentTrigger, facts: Facts) -> str:
    member = facts.segments.get(trigger.segment)
    if trigger.change == "left":
        return f"the customer has not left the segment {trigger.segment}"
    if member is None:
        return f"the customer is not in the segment {trigger.segment}"
    return f"the customer was in the segment {trigger.segment} already, since {member.isoformat()}"


def _hindrances(definition: Definition, customer: str, facts: Facts) -> Iterator[str]:
    if not takes_part(definition, customer, facts.contact.email):
        yield f"and they are not among the {definition.enrolment.percent:g}% that take part"
    elif held_out(definition, customer, facts.contact.email):
        yield f"and they would be held out: one of the {definition.holdout:g}% that get nothing"
