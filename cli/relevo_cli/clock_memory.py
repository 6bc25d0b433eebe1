"""Time never goes back in a data folder: a system that ran fast goes on from where its clock stood.

The state holds the times of the last run. If the clock went back to the present, timers would lie in the future and a
new consent would be older than the one it replaces.
"""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from relevo_runtime.settings import RuntimeSettings

_FILE = "clock.json"


class SavedClock(Struct, frozen=True):
    """The clock of the last run."""

    origin: datetime
    anchor: float
    speed: float


def remember(data: Path, settings: RuntimeSettings) -> None:
    """Keep the clock of this run, if it is not the machine's own."""
    if settings.clock_origin is not None and settings.clock_anchor is not None:
        saved = SavedClock(settings.clock_origin, settings.clock_anchor, settings.clock_speed)
        (data / _FILE).write_bytes(msgspec.json.encode(saved))


def last_reading(data: Path) -> datetime | None:
    """What the clock of the last run showed when the newest line of its logs was written; None: no such run."""
    try:
        saved = msgspec.json.decode((data / _FILE).read_bytes(), type=SavedClock)
    except FileNotFoundError:
        return None
    last = max((log.stat().st_mtime for log in (data / "logs").glob("*.log")), default=saved.anchor)
    return saved.origin + timedelta(seconds=max(0.0, last - saved.anchor) * saved.speed)
