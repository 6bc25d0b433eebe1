"""Lets a fast clock wait for the machine: time goes on only as far as the system keeps up with it.

At 3,600 seconds a second, a second for which a busy machine leaves a service waiting is an hour of the shop's time.
So the clock of a system that runs fast is granted in small pieces, and never further than SLACK beyond the oldest
instant whose work is not done. What is slow then takes longer, instead of coming too late.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relevo_cli.backlog import Backlog, backlog_of
from relevo_cli.processes import SHORT_LEASE
from relevo_runtime.clock import Pace, wall_seconds
from relevo_runtime.settings import RuntimeSettings

SLACK = timedelta(minutes=20)
"""How far the clock may be ahead of work that is not done, in clock time: less than between two competing steps."""
GRANT_SECONDS = 0.3
"""How long the clock goes on without being granted more, in wall-clock time."""
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 10.0
"""What has not moved for so long waits for something else than the machine: the clock leaves it behind."""
Oldest = Callable[[], datetime | None]
"""The oldest instant of work that is not done yet, if there is any."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_log = logging.getLogger(__name__)


def granted(pace: Pace, wall: float, oldest: datetime | None) -> Pace:
    """The pace from the Unix time `wall` on, given the `oldest` instant that has work left. It never goes back."""
    now = pace.at(wall)
    until = now + timedelta(seconds=GRANT_SECONDS * pace.speed)
    if oldest is not None:
        until = max(now, min(until, oldest + SLACK))
    return Pace(origin=now, anchor=wall, speed=pace.speed, until=until)


class Patience:
    """Knows what the clock has waited for too long. `excused` is the newest instant that it waits for no more."""

    def __init__(self) -> None:
        self.excused = _NEVER
        self._oldest: datetime | None = None
        self._since = 0.0

    def with_(self, oldest: datetime | None, wall: float) -> datetime | None:
        """`oldest`, unless the clock has waited for it for PATIENCE_SECONDS."""
        if oldest is None or oldest <= self.excused:
            return None
        if oldest != self._oldest:
            self._oldest, self._since = oldest, wall
        elif wall - self._since > PATIENCE_SECONDS:
            self.excused = oldest
            return None
        return oldest


class Pacemaker:
    """Writes the file that the clocks of a system follow. Who feeds the system from outside adds to `feeds`."""

    def __init__(self, file: Path, backlog: Backlog) -> None:
        self.feeds: list[Oldest] = []
        self._file = file
        self._backlog = backlog
        self._pace = Pace.read(file)
        self._patience = Patience()

    async def run(self) -> None:
        """Grant time again and again. While Kafka or PostgreSQL does not answer none is granted."""
        while True:
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001 - whatever is away, the clock waits until it is back
                _log.debug("the clock waits: %r", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _turn(self) -> None:
        now = self._pace.at(wall_seconds())
        behind = await self._backlog.oldest(now, self._patience.excused)
        candidates = [behind, *(feed() for feed in self.feeds)]
        wall = wall_seconds()
        oldest = min((one for one in candidates if one is not None), default=None)
        self._pace = granted(self._pace, wall, self._patience.with_(oldest, wall))
        self._pace.write(self._file)


@contextlib.asynccontextmanager
async def paced(settings: RuntimeSettings, file: Path) -> AsyncIterator[Pacemaker | None]:
    """The clock runs inside the block and stands again after it. None where it does not follow this `file`."""
    if settings.clock_file != file:
        yield None
        return
    lease = timedelta(seconds=SHORT_LEASE * settings.clock_speed)
    async with backlog_of(settings, lease) as backlog:
        pacemaker = Pacemaker(file, backlog)
        task = asyncio.create_task(pacemaker.run(), name="pacemaker")
        try:
            yield pacemaker
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
