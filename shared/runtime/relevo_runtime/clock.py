"""The one place where time is read. Everything else takes a `Clock` or an instant as an argument."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

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


class Pace(Struct, frozen=True, kw_only=True):
    """How a paced clock runs: from `origin` since the Unix time `anchor`, at `speed` seconds a second, to `until`.

    There it stands until its file has another pace: if whoever paces it stops, so does time.
    """

    origin: datetime
    anchor: float
    speed: float
    until: datetime

    def at(self, wall: float) -> datetime:
        """What the clock shows at the Unix time `wall`; never before `origin`, never after `until`."""
        ran = timedelta(seconds=max(0.0, wall - self.anchor) * self.speed)
        return min(self.origin + ran, self.until)

    def write(self, file: Path) -> None:
        """Make it the pace of all clocks that follow the file, from one instant to the next."""
        draft = file.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(self))
        draft.replace(file)

    @classmethod
    def read(cls, file: Path) -> "Pace":
        """The pace in a file. Raises `OSError`, `msgspec.DecodeError`."""
        return _PACE.decode(_content(file))


_PACE = msgspec.json.Decoder(Pace)
_LARGEST_PACE = 1000


class PacedClock:
    """A clock that follows a file: whoever writes the file decides how far time may go (`Pace`).

    Processes that follow the same file agree on the time, also while it waits for a machine that is busy.
    """

    SHORTEST_WAIT = timedelta(milliseconds=20)
    """For what is not due yet: the clock may stand, and who asks again and again would never let it go on."""

    def __init__(self, file: Path, speed: float) -> None:
        """`speed` is what `span` and `wall` reckon with. Raises `OSError`, `msgspec.DecodeError`."""
        self.file = file
        self.speed = speed
        Pace.read(file)

    def now(self) -> datetime:
        """The current instant in UTC."""
        return Pace.read(self.file).at(wall_seconds())

    def span(self, wall: timedelta) -> timedelta:
        """`wall` times the speed."""
        return wall * self.speed

    def wall(self, span: timedelta) -> timedelta:
        """`span` divided by the speed; for what lies ahead at least SHORTEST_WAIT."""
        return max(span / self.speed, self.SHORTEST_WAIT) if span > timedelta(0) else span / self.speed


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

    A file that paces it comes first. Without an origin and an anchor a scaled clock starts now, which only suits a
    single process: whoever starts several gives all of them the same file, or the same origin and anchor. Raises
    `OSError` if there is no such file.
    """
    if settings.clock_file is not None:
        return PacedClock(settings.clock_file, settings.clock_speed)
    if settings.clock_speed == 1.0 and settings.clock_origin is None:
        return SystemClock()
    anchor = settings.clock_anchor if settings.clock_anchor is not None else wall_seconds()
    origin = settings.clock_origin or SystemClock().now()
    return ScaledClock(origin, anchor, settings.clock_speed)


def _content(file: Path) -> bytes:
    """In three system calls: time is asked for more often than a file is usually read."""
    opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(opened, _LARGEST_PACE)
    finally:
        os.close(opened)


def wall_seconds() -> float:
    """Unix time in seconds by the wall clock, for what must not scale: `clock_anchor`, the age of a batch."""
    return time.time()  # noqa: TID251 - as above
