"""Working hours as people write them: `mon-fri 09:00-17:00`."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"^([a-z]{3})(?:-([a-z]{3}))? (\d\d:\d\d)-(\d\d:\d\d)$")
_EXAMPLE = "write 'mon-fri 09:00-17:00' or 'sat 10:00-14:00'"


class Shift(Struct, frozen=True):
    """Hours of some weekdays (Monday is 0). One that ends before it starts goes on over midnight; 24:00 is 00:00."""

    days: tuple[int, ...]
    start: time
    end: time

    @classmethod
    def read(cls, text: str) -> "Shift":
        """Of `mon-fri 09:00-17:00`. Raises `ValueError`, which says what is wrong and what would be right."""
        found = _FORM.match(" ".join(text.lower().split()))
        if found is None:
            raise ValueError(f"{text!r} are not working hours: {_EXAMPLE}")
        first, last, start, end = found.groups()
        wrong = next((day for day in (first, last or first) if day not in DAYS), "")
        if wrong:
            raise ValueError(f"{text!r}: {wrong!r} is not a weekday: one of {', '.join(DAYS)}")
        begin, until = DAYS.index(first), DAYS.index(last or first)
        days = tuple((begin + n) % 7 for n in range((until - begin) % 7 + 1))
        try:
            return cls(days, time.fromisoformat(start), time.fromisoformat("00:00" if end == "24:00" else end))
        except ValueError as error:
            raise ValueError(f"{text!r}: {error}: {_EXAMPLE}") from error

    def on(self, day: date, zone: tzinfo) -> tuple[datetime, datetime] | None:
        """When it starts and ends, of the shift that starts on `day`; `None`: there is none that day."""
        if day.weekday() not in self.days:
            return None
        ends = day + timedelta(days=self.end <= self.start)
        return datetime.combine(day, self.start, zone), datetime.combine(ends, self.end, zone)


ALWAYS = (Shift(tuple(range(7)), time(0), time(0)),)
"""The hours of somebody of whom none are known."""


def read_shifts(texts: Iterable[str]) -> tuple[Shift, ...]:
    """The shifts of these texts; `ALWAYS` if there are none. Raises `ValueError`."""
    return _read(tuple(texts)) or ALWAYS


@lru_cache(maxsize=1024)
def _read(texts: tuple[str, ...]) -> tuple[Shift, ...]:
    return tuple(map(Shift.read, texts))
