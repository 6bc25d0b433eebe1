"""`wait`: a length of time, or until a local time."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from relevo_workflow.expressions.expression import Expression
from relevo_workflow.model.decision import Check
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.step import Moment, MovedRun, Step, Transition
from relevo_workflow.steps.step_type import StepType, text_of
from relevo_workflow.steps.words import condition_in_words, duration_in_words, offset_in_words
from relevo_workflow.syntax.declared_fields import node_field, offset_field, schema_of, time_field, zone_field
from relevo_workflow.syntax.fields import parse_day, parse_time, parse_weekday, read_duration
from relevo_workflow.syntax.json_shapes import DURATION, TEXT
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.syntax.zones import WEEKDAYS, instant, next_time_of_day
from relevo_workflow.values.text_context import instant_text
from relevo_workflow.values.value import text_or_nothing

_LIKE_A_TIME = re.compile(
    r"^\s*(\d{1,2}[:.]\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2}|[A-Za-z]+ \d{1,2}:\d{2})"
)
_FORMS = 'write "09:00", mon 09:00, 2026-12-24 09:00, or a field such as trigger.time'
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _rest(step: Step, due: datetime | None, moment: Moment, trace: tuple[Check, ...] = ()) -> Transition:
    """Waits until `due`; what is over, or names no time, is not a wait."""
    if due is None or due <= moment.at:
        return Transition(next=step.next, trace=trace)
    return Transition(timers={"step": due}, trace=trace, reason=f"waits until {instant_text(due)}")


@dataclass(frozen=True, slots=True)
class Wait(Step):
    """Waits a duration of elapsed time."""

    length: timedelta
    noun = "wait"
    box = "wait"
    rests = True
    often_edited = True

    def enter(self, moment: Moment) -> Transition:
        """Waits."""
        return _rest(self, moment.at + self.length, moment)

    def waits_for_certain(self) -> bool:
        """It does."""
        return True

    def about(self) -> tuple[str, ...]:
        """How long."""
        return (str(self.length),)

    def timers_when_moved(self, was: Step, moved: MovedRun) -> dict[str, datetime | None]:
        """The new length, counted from when the step was entered."""
        if not isinstance(was, Wait):
            return Step.timers_when_moved(self, was, moved)
        due = moved.run.timers.get("step")
        return {"step": (due - was.length if due else moved.run.at) + self.length}

    def in_words(self) -> str:
        """`waits 1 day`."""
        return f"waits {duration_in_words(self.length)}"


@dataclass(frozen=True, slots=True)
class WaitUntil(Step):
    """Waits until a local time: the next `at_time` (on `weekday`), that on `day`, or `moment` moved by `offset`.

    With a `moment` and an `at_time`, the offset counts calendar days in the zone; without, elapsed time.
    """

    zone: str
    at: time | None = None
    weekday: int | None = None
    day: date | None = None
    moment: Expression | None = None
    offset: timedelta = timedelta()
    noun = "wait until a time"
    box = "wait"
    rests = True
    often_edited = True

    def enter(self, moment: Moment) -> Transition:
        """Waits; a day or a field may lie in the past, or name no time: then the run goes on at once."""
        due, trace = self.due(moment)
        return _rest(self, due, moment, trace)

    def due(self, moment: Moment) -> tuple[datetime | None, tuple[Check, ...]]:
        """When the wait is over (UTC; `None` where a field names no time), and what was looked at for it."""
        zone = moment.zone(self.zone)
        if self.moment is not None:
            check = self.moment.evaluate(moment.scope(), self.id)
            return self._moved(_as_instant(check.value, zone), zone), (check,)
        clock = self.at or time(0)
        if self.day is not None:
            return instant(self.day + self.offset, clock, zone), ()
        return next_time_of_day(moment.at, clock, zone, self.weekday), ()

    def _moved(self, moment: datetime | None, zone: tzinfo) -> datetime | None:
        if moment is None:
            return None
        if self.at is None:
            return moment + self.offset
        day = moment.astimezone(zone).date() + timedelta(days=self.offset.days)
        return instant(day, self.at, zone)

    def waits_for_certain(self) -> bool:
        """The next 9 o'clock is always to come; a day or a field may lie in the past."""
        return self.moment is None and self.day is None

    def about(self) -> tuple[str, ...]:
        """Until when."""
        day = (self.at, self.weekday, self.day, text_or_nothing(self.moment), self.offset)
        return (self.zone, *map(str, day))

    def timers_when_moved(self, was: Step, moved: MovedRun) -> dict[str, datetime | None]:
        """As if the run had come here when it came to its old step: of all else, only a reached goal moves its time."""
        del was
        return {"step": self.due(moved)[0] or moved.now}

    def in_words(self) -> str:
        """`waits until Monday 09:00 (customer's time)`."""
        return f"waits until {self._until_in_words()}"

    def _until_in_words(self) -> str:
        clock = self.at.strftime("%H:%M") if self.at is not None else ""
        zone = {"customer": "customer's time", "shop": "shop's time"}.get(self.zone, self.zone)
        if self.moment is not None:
            started = self.moment.text == "trigger.time"
            moment = "the start" if started else condition_in_words(self.moment.text)
            return " ".join(
                filter(None, (offset_in_words(self.offset), moment, f"at {clock} ({zone})" if clock else ""))
            )
        if self.day is not None:
            return f"{self.day.isoformat()} {clock} ({zone})"
        weekday = f"{_DAYS[self.weekday]} " if self.weekday is not None and self.weekday < len(WEEKDAYS) else ""
        return f"{weekday}{clock} ({zone})"


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


UNTIL = node_field(
    "until",
    TEXT,
    'a local time (`"09:00"`, `mon 09:00`, `2026-12-24 09:00`), or a field that holds a time',
    required=True,
    advice='write wait: 4h, or wait: {until: "09:00"}',
    holds="expression",
)
ZONE = zone_field()
OFFSET = offset_field("offset", "moves it: `-2d` is two days before")
AT = time_field("at", "the time of day, for a date or a field")


def _read(reading: StepReading) -> Step | None:
    node, after = reading.node, reading.after
    if node.body.entries is None:
        length = read_duration(node.body, reading.problems)
        if length is not None and length <= timedelta():
            reading.problems.error(node.body.position, "a wait must be longer than nothing")
        return Wait(node.id, after, length) if length is not None else None
    fields = reading.fields("wait")
    until, zone, offset, at = UNTIL.read(fields), ZONE.read(fields), OFFSET.read(fields) or timedelta(), AT.read(fields)
    fields.done()
    wait = WaitUntil(node.id, after, zone, at, None, None, None, offset)
    return _read_until(until, wait, reading) if until is not None else None


def _read_until(until: Node, wait: WaitUntil, reading: StepReading) -> WaitUntil | None:
    """The step for `until`; `wait` has what stands beside it. `None` with the problem noted if it says no time."""
    head, _, tail = until.text.strip().partition(" ")
    clock = parse_time(until.text) or parse_time(tail)
    weekday, day = parse_weekday(head), parse_day(head)
    if day is not None or wait.at is not None:
        _check_whole_days(until, wait.offset, reading)
    if parse_time(until.text) is None and weekday is None and day is None:
        return _read_field(until, wait, reading)
    if tail and clock is None:
        reading.problems.error(until.position, f"'{tail}' is not a time of day", 'write it like "mon 09:00"')
    if wait.at is not None or (wait.offset and day is None):
        reading.problems.error(until.position, "'at' and 'offset' are for a date or a field")
    return replace(wait, at=clock or time(0), weekday=weekday, day=day)


def _read_field(until: Node, wait: WaitUntil, reading: StepReading) -> WaitUntil | None:
    if _LIKE_A_TIME.match(until.text):
        reading.problems.error(until.position, f"'{until.text}' is not a time", _FORMS)
        return None
    moment = reading.workflow.expression(until, reading.environment, want=("TIMESTAMP", "STRING"))
    return replace(wait, moment=moment) if moment is not None else None


def _check_whole_days(until: Node, offset: timedelta, reading: StepReading) -> None:
    """With a time of day the offset moves the day; hours have no meaning then."""
    if offset % timedelta(days=1):
        reading.problems.error(until.position, "with a time of day, 'offset' must be whole days", "offset: -2d")


def _stem(body: Node) -> str:
    return text_of((body.entries or {}).get("until")) or body.text


_FIELDS = (UNTIL, ZONE, OFFSET, AT)
WAIT = StepType(
    keyword="wait",
    summary="waits a duration (`4h`, `1d12h`), or until a local time",
    read=_read,
    fields=_FIELDS,
    body={"anyOf": [DURATION, schema_of(_FIELDS)]},
    stem=_stem,
)
