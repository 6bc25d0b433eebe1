"""The instant that a `wait` until a local time means."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.decision import Check
from relevo_workflow.steps.step_types import WaitUntil
from relevo_workflow.syntax.zones import instant, next_time_of_day


def wait_until(step: WaitUntil, at: datetime, zone: tzinfo, scope: Scope, trace: list[Check]) -> datetime | None:
    """When the wait is over (UTC); `None` where a field names no time: then there is nothing to wait for.

    A date or a field may lie in the past: the run goes on at once.
    """
    if step.moment is not None:
        check = step.moment.evaluate(scope, step.id)
        trace.append(check)
        return _moved(_as_instant(check.value, zone), step, zone)
    clock = step.at or time(0)
    if step.day is not None:
        return instant(step.day + step.offset, clock, zone)
    return next_time_of_day(at, clock, zone, step.weekday)


def _moved(moment: datetime | None, step: WaitUntil, zone: tzinfo) -> datetime | None:
    if moment is None:
        return None
    if step.at is None:
        return moment + step.offset
    day = moment.astimezone(zone).date() + timedelta(days=step.offset.days)
    return instant(day, step.at, zone)


def _as_instant(value: object, zone: tzinfo) -> datetime | None:
    """A time, or text that says one (`2026-12-24`, RFC 3339); a day alone begins at local midnight."""
    if isinstance(value, str) and value:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None:
        return instant(value.date(), value.time(), zone)
    return value.astimezone(UTC)
