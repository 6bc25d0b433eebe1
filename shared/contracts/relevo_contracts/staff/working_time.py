"""Time as it passes in working hours: nights, weekends and what else lies between shifts do not count. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from relevo_contracts.staff.shifts import Shift

_NONE = timedelta()
_ONE_DAY = timedelta(days=1)


def after_work(at: datetime, length: timedelta, shifts: Sequence[Shift], zone: tzinfo) -> datetime:
    """When `length` of working time has passed since `at`; nothing at all of it is `at` itself."""
    left = length
    if left <= _NONE:
        return at
    for start, end in _shifts(at, 1, shifts, zone):
        begins = max(start, at)
        if end - begins >= left:
            return begins + left
        left -= max(end - begins, _NONE)
    raise ValueError("no working hours")  # pragma: no cover - a shift is on some weekday


def before_work(until: datetime, length: timedelta, shifts: Sequence[Shift], zone: tzinfo) -> datetime:
    """The last instant after which `length` of working time passes until `until`."""
    left = length
    if left <= _NONE:
        return until
    for start, end in _shifts(until, -1, shifts, zone):
        ends = min(end, until)
        if ends - start >= left:
            return ends - left
        left -= max(ends - start, _NONE)
    raise ValueError("no working hours")  # pragma: no cover - a shift is on some weekday


def _shifts(at: datetime, step: int, shifts: Sequence[Shift], zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Times of work in UTC, each instant once, day by day from the one before `at` on, or (`step` -1) after it back."""
    day, seen = at.astimezone(zone).date() - step * _ONE_DAY, at.astimezone(UTC)
    while shifts:
        found = (one.on(day, zone) for one in shifts)
        times = sorted((one[0].astimezone(UTC), one[1].astimezone(UTC)) for one in found if one is not None)
        for start, end in times if step > 0 else sorted(times, key=lambda one: one[1], reverse=True):
            start, end = (max(start, seen), end) if step > 0 else (start, min(end, seen))  # noqa: PLW2901
            if start < end:
                yield start, end
                seen = end if step > 0 else start
        day += step * _ONE_DAY
