"""Time never goes back in a data folder: a system that ran fast goes on from where its clock stood.

The state holds the times of the last run. If the clock went back to the present, timers would lie in the future and a
new consent would be older than the one it replaces. The file that paced the last run's clock says where it stood.
"""

from datetime import datetime
from pathlib import Path

import msgspec

from relevo_runtime.clock import Pace


def clock_file(data: Path) -> Path:
    """What the clocks of a system in this folder follow, if they are not the machine's own."""
    return data / "clock.json"


def last_reading(data: Path) -> datetime | None:
    """How far the clock of the last run was allowed to go; None: there is no such run."""
    try:
        return Pace.read(clock_file(data)).until
    except (FileNotFoundError, msgspec.DecodeError):
        return None
