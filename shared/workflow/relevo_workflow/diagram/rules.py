"""What holds for the whole workflow, in sentences: who comes in again, when it sends, who takes part, its goal."""

from collections.abc import Iterator
from datetime import time

from relevo_workflow.definition.workflow import Definition, Goal, Reentry
from relevo_workflow.steps.words import condition_in_words, correlated, duration_in_words, event_in_words
from relevo_workflow.syntax.zones import TimeWindow

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ZONES = {"customer": "customer's time", "shop": "shop's time"}


def rules_of(definition: Definition) -> Iterator[str]:
    """One sentence a rule."""
    key = definition.key.text if definition.key is not None else ""
    yield _reentry(definition.reentry, condition_in_words(key) if key else "customer")
    if definition.window is not None:
        yield _window(definition.window)
    if definition.enrolment.percent < 100:
        count = len(definition.enrolment.customers)
        named = f" and {count} named {'one' if count == 1 else 'ones'}" if count else ""
        yield f"{definition.enrolment.percent:g} % of the customers{named} take part"
    if definition.holdout:
        yield f"{definition.holdout:g} % are held out: they get nothing, to compare with"
    if definition.goal is not None:
        yield _goal(definition.goal)


def _reentry(reentry: Reentry, about: str) -> str:
    match reentry.mode:
        case "never":
            return f"One run for each {about}, once and for all"
        case "several":
            return f"Any number of runs for each {about}, also at a time"
        case "after":
            again = duration_in_words(reentry.after)
            return f"One run for each {about}, again {again} after the last start at the soonest"
        case _:
            return f"One run for each {about} at a time, again when it has ended"


def _window(window: TimeWindow) -> str:
    hours = "all day" if window.opens == window.closes else f"from {_clock(window.opens)} to {_clock(window.closes)}"
    zone = _ZONES.get(window.zone, window.zone)
    days = "" if len(window.days) == len(_DAYS) else f", {_weekdays(window.days)}"
    return f"Sends {hours} ({zone}){days}; outside of that it waits"


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _weekdays(days: tuple[int, ...]) -> str:
    """`Monday to Friday` where they follow one another, else each."""
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{_DAYS[days[0]]} to {_DAYS[days[-1]]}"
    return " and ".join(_DAYS[day] for day in days)


def _goal(goal: Goal) -> str:
    where = correlated(goal.where.text) if goal.where is not None else ""
    condition = f" ({where})" if where else ""
    worth = f", worth its {condition_in_words(goal.value.text)}" if goal.value is not None else ""
    return f"Goal: {event_in_words(goal.event)}{condition} within {duration_in_words(goal.within)} of the start{worth}"
