"""When it is quiet somewhere, and until when: of the recipient's zone, or of every zone that it may be."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo

from msgspec import Struct

_LONGEST = timedelta(days=9)
"""Whatever is quiet for longer has no end worth waiting for."""


class QuietHours(Struct, frozen=True):
    """The hours of the recipient's day in which marketing is not sent; `start` may lie after `end` (over midnight)."""

    start: time
    end: time

    @classmethod
    def read(cls, text: str) -> "QuietHours | None":
        """Of `21:00-08:00`; `None` for empty text."""
        start, _, end = text.partition("-")
        return cls(time.fromisoformat(start), time.fromisoformat(end)) if text else None

    def ends(self, now: datetime, zone: tzinfo) -> datetime | None:
        """When the quiet hours around `now` end; `None` if it is not quiet."""
        local = now.astimezone(zone)
        clock = local.time()
        over_midnight = self.start > self.end
        quiet = (clock >= self.start or clock < self.end) if over_midnight else self.start <= clock < self.end
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.start else 0)
        return datetime.combine(day, self.end, zone).astimezone(UTC)


class Quiet(Struct, frozen=True):
    """Hours and weekdays (Monday is 0) that are quiet; `why` says it to people."""

    hours: QuietHours | None
    days: tuple[int, ...]
    why: str

    def ends(self, now: datetime, zone: tzinfo) -> datetime | None:
        """When what is quiet around `now` ends; `None` if it is not quiet."""
        local = now.astimezone(zone)
        if local.weekday() in self.days:
            return datetime.combine(local.date() + timedelta(days=1), time(0), zone).astimezone(UTC)
        return self.hours.ends(now, zone) if self.hours is not None else None


def quiet_until(now: datetime, quiet: Sequence[Quiet], zones: Iterable[tzinfo]) -> tuple[datetime, str] | None:
    """When it is quiet in none of `zones` by none of `quiet` again, and why it is now; `None` if it is not quiet.

    If there is no such time, it is told as `_LONGEST` from now.
    """
    zones, why, at = tuple(zones), "", now
    while at - now < _LONGEST:
        ends, reason = _latest(at, quiet, zones)
        if ends is None:
            break
        why, at = why or reason, max(ends, at + timedelta(minutes=1))
    return (at, why) if why else None


def _latest(at: datetime, quiet: Sequence[Quiet], zones: Sequence[tzinfo]) -> tuple[datetime | None, str]:
    ends, why = None, ""
    for one in quiet:
        for zone in zones:
            until = one.ends(at, zone)
            if until is not None and (ends is None or until > ends):
                ends, why = until, one.why
    return ends, why


def spread(at: datetime, over: timedelta, key: str) -> datetime:
    """`at`, and up to `over` later by a hash of `key`: what was put off until the same time comes back bit by bit."""
    if not over:
        return at
    digest = hashlib.blake2b(key.encode(), digest_size=4).digest()
    return at + over * (int.from_bytes(digest, "big") / 2**32)
