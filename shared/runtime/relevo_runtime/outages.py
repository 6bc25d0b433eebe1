"""What a service needs and does not get: one line when it goes away, one a minute, one when it is back."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from relevo_runtime.clock import Clock
from relevo_runtime.health import Health
from relevo_runtime.repeats import Repeats

LOOK_SECONDS = 5.0
"""Between two looks whether everything outside answers."""

_log = logging.getLogger(__name__)
_EVERY = timedelta(minutes=1)
_MINUTE = 60
_SURE = 2


class LogLine(NamedTuple):
    """A line of the log."""

    level: int
    text: str


class Outage(Struct):
    """One system outside. `since` is when it failed first; None while it answers. It is away once it failed twice in
    a row: a single slow answer is not an outage.
    """

    name: str
    since: datetime | None = None
    failures: int = 0
    logged_at: datetime | None = None

    @property
    def away(self) -> bool:
        """Whether it counts as away."""
        return self.failures >= _SURE

    def look(self, why: str | None, now: datetime) -> LogLine | None:
        """Note what came of asking it (`why` it failed, or None) and return what is to be said of it."""
        if why is None:
            back = LogLine(logging.INFO, f"{self.name} is back after {self._lasted(now)}") if self.away else None
            self.since, self.failures, self.logged_at = None, 0, None
            return back
        self.since = self.since or now
        self.failures += 1
        if not self.away or (self.logged_at is not None and now - self.logged_at < _EVERY):
            return None
        self.logged_at = now
        lasted = f" ({self._lasted(now)})" if now - self.since >= _EVERY else ""
        return LogLine(logging.ERROR, f"{self.name} is away since {_moment(self.since, now)}{lasted}: {why}")

    def _lasted(self, now: datetime) -> str:
        seconds = int((now - (self.since or now)).total_seconds())
        return f"{seconds // _MINUTE} min" if seconds >= _MINUTE else f"{seconds} s"


class Outages:
    """Asks what `health` has probes for and says what is away; `repeats` holds what libraries say meanwhile.

    `clock` is the wall clock, whatever the speed of the service's own.
    """

    def __init__(self, health: Health, repeats: Repeats, clock: Clock) -> None:
        self._health = health
        self._repeats = repeats
        self._clock = clock
        self._known: dict[str, Outage] = {}

    async def run_once(self, _: datetime) -> None:
        """One look."""
        answers = await self._health.ask()
        now = self._clock.now()
        for name, why in answers.items():
            outage = self._known.setdefault(name, Outage(name))
            line = outage.look(why, now)
            self._repeats.hold(any(each.away for each in self._known.values()))
            if line is not None:
                left_out = self._repeats.take_left_out()
                _log.log(line.level, "%s%s", line.text, f"; {left_out} lines about it left out" if left_out else "")


def _moment(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%S}"
