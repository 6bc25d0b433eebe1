"""Reads what a `wait` waits until: a time, a weekday with a time, a day with a time, or an expression."""

import re
from dataclasses import replace
from datetime import time, timedelta

from relevo_workflow.expressions.expression import TypeEnvironment
from relevo_workflow.steps.step_types import WaitUntil
from relevo_workflow.syntax.fields import parse_day, parse_time, parse_weekday
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.reader import Reading

_LIKE_A_TIME = re.compile(r"^\s*(\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}|[A-Za-z]+ \d{1,2}:\d{2})")
_FORMS = 'write "09:00", mon 09:00, 2026-12-24 09:00, or a field such as trigger.time'


def read_until(until: Node, wait: WaitUntil, reading: Reading, names: TypeEnvironment) -> WaitUntil | None:
    """The step for `until`; `wait` has what stands beside it. `None` with the problem noted if it says no time."""
    head, _, tail = until.text.strip().partition(" ")
    clock = parse_time(until.text) or parse_time(tail)
    weekday, day = parse_weekday(head), parse_day(head)
    if day is not None or wait.at is not None:
        _check_whole_days(until, wait.offset, reading)
    if parse_time(until.text) is None and weekday is None and day is None:
        return _field(until, wait, reading, names)
    if tail and clock is None:
        reading.problems.error(until.position, f"'{tail}' is not a time of day", 'write it like "mon 09:00"')
    if wait.at is not None or (wait.offset and day is None):
        reading.problems.error(until.position, "'at' and 'offset' are for a date or a field")
    return replace(wait, at=clock or time(0), weekday=weekday, day=day)


def _field(until: Node, wait: WaitUntil, reading: Reading, names: TypeEnvironment) -> WaitUntil | None:
    if _LIKE_A_TIME.match(until.text):
        reading.problems.error(until.position, f"'{until.text}' is not a time", _FORMS)
        return None
    moment = reading.expression(until, names, want=("TIMESTAMP", "STRING"))
    return replace(wait, moment=moment) if moment is not None else None


def _check_whole_days(until: Node, offset: timedelta, reading: Reading) -> None:
    """With a time of day the offset moves the day; hours have no meaning then."""
    if offset % timedelta(days=1):
        reading.problems.error(until.position, "with a time of day, 'offset' must be whole days", "offset: -2d")
