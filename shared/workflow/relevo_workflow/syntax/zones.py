"""Local times as instants, right where clocks change, and the time windows in which a workflow may act.

A local time that does not exist (clocks go forward) means the first instant after the gap; one that exists twice
(clocks go back) means the first of the two.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from msgspec import Struct

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@lru_cache(maxsize=4096)
def instant(day: date, at: time, zone: tzinfo) -> datetime:
    """The instant (UTC) at which the clocks of `zone` show `at` on `day`."""
    local = datetime.combine(day, at, tzinfo=zone)
    late = local.astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return late
    early = local.replace(fold=1).astimezone(UTC)
    return _first_after_gap(early, late, zone)


def _first_after_gap(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    """The instant between the two readings of a time that does not exist, at which the offset changes."""
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def next_time_of_day(after: datetime, at: time, zone: tzinfo, weekday: int | None = None) -> datetime:
    """The first instant strictly after `after` with the local time `at` (on `weekday`, Monday is 0)."""
    day = after.astimezone(zone).date()
    for ahead in range(16):
        candidate = day + timedelta(days=ahead)
        if weekday is not None and candidate.weekday() != weekday:
            continue
        found = instant(candidate, at, zone)
        if found > after:
            return found
    raise ValueError(f"no {at} after {after}")  # pragma: no cover - every zone has each weekday within 16 days


class TimeWindow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The local times in which a workflow may send: from `opens` until `closes`, on `days` (Monday is 0).

    A window that closes earlier than it opens goes past midnight; its day is that of the opening.
    `zone` is `customer`, `shop` or an IANA name.
    """

    opens: time = time(0)
    closes: time = time(0)
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    zone: str = "customer"

    def next_open(self, at: datetime, zone: tzinfo) -> datetime:
        """`at` itself if the window is open then, else the next instant at which it opens."""
        today, overnight = at.astimezone(zone).date(), self.closes <= self.opens
        for ahead in range(-1 if overnight else 0, 16):
            day = today + timedelta(days=ahead)
            if day.weekday() not in self.days:
                continue
            opens = instant(day, self.opens, zone)
            last = day + timedelta(days=1) if overnight else day
            if at < opens:
                return opens
            if at < instant(last, self.closes, zone):
                return at
        raise ValueError("a window without days never opens")  # pragma: no cover - the language refuses it


def anniversary(day: date, year: int) -> date:
    """`day` in `year`; 29 February is kept on 28 February in years that have no 29th."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
