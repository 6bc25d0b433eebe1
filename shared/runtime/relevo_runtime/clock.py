"""The one place where time is read. Everything else takes a `Clock` or an instant as an argument."""

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from relevo_runtime.settings import RuntimeSettings


class Clock(Protocol):
    """What time it is for the shops. It may run faster than the wall clock (a demonstration of a four-day flow)."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    def span(self, wall: timedelta) -> timedelta:
        """How much clock time passes in `wall` of wall-clock time."""
        ...

    def wall(self, span: timedelta) -> timedelta:
        """How much wall-clock time `span` of clock time takes."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current instant in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock

    def span(self, wall: timedelta) -> timedelta:
        """`wall` itself."""
        return wall

    def wall(self, span: timedelta) -> timedelta:
        """`span` itself."""
        return span


class ScaledClock:
    """A clock that ran from `origin` since the Unix time `anchor`, at `speed` seconds a second.

    Processes that share origin, anchor and speed agree on the time.
    """

    def __init__(self, origin: datetime, anchor: float, speed: float) -> None:
        if speed <= 0:
            raise ValueError(f"clock speed must be above 0, got {speed}")
        self.origin = origin.astimezone(UTC)
        self.anchor = anchor
        self.speed = speed

    def now(self) -> datetime:
        """The current instant in UTC."""
        return self.origin + timedelta(seconds=(time.time() - self.anchor) * self.speed)  # noqa: TID251 - as above

    def span(self, wall: timedelta) -> timedelta:
        """`wall` times the speed."""
        return wall * self.speed

    def wall(self, span: timedelta) -> timedelta:
        """`span` divided by the speed."""
        return span / self.speed


class ManualClock:
    """A clock for tests: it stands still until it is told to move."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The instant that was set last."""
        return self._at

    def set(self, at: datetime) -> None:
        """Jump to `at`."""
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> datetime:
        """Move by `by`; returns the new instant."""
        self._at += by
        return self._at

    def span(self, wall: timedelta) -> timedelta:
        """`wall` itself: a manual clock has no speed."""
        return wall

    def wall(self, span: timedelta) -> timedelta:
        """`span` itself: a manual clock has no speed."""
        return span


def make_clock(settings: "RuntimeSettings") -> Clock:
    """The clock that the settings ask for.

    Without an origin and an anchor a scaled clock starts now, which only suits a single process: whoever starts
    several gives all of them the same origin and anchor.
    """
    if settings.clock_speed == 1.0 and settings.clock_origin is None:
        return SystemClock()
    anchor = settings.clock_anchor if settings.clock_anchor is not None else wall_seconds()
    origin = settings.clock_origin or SystemClock().now()
    return ScaledClock(origin, anchor, settings.clock_speed)


def wall_seconds() -> float:
    """Unix time in seconds by the wall clock, for what must not scale: `clock_anchor`, the age of a batch."""
    return time.time()  # noqa: TID251 - as above
