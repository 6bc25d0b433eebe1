"""A clock that stands while a system works and leaps over the time in which nothing happens."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from msgspec import Struct

from relevo_cli.backlog import Backlog
from relevo_cli.pacing import Patience
from relevo_cli.processes import SHORT_LEASE
from relevo_runtime.clock import Pace, wall_seconds
from relevo_runtime.postgres import Statements

STATEMENTS = Statements.load("relevo_testing", "leaps.sql")
SPEED = 36_000.0
"""By what processes reckon how long to sleep until something is due: an hour is a tenth of a second."""
_LOOK = 0.02
_LOOKS = 2
"""So often in a row nothing is found to do before time goes on."""
_NEVER = datetime.min.replace(tzinfo=UTC)


def stand(file: Path, at: datetime) -> None:
    """All clocks that follow the file show `at`, until it is written again."""
    Pace(origin=at, anchor=wall_seconds(), speed=SPEED, until=at).write(file)


class Feed(Struct, frozen=True):
    """What happens outside of the system: when the next is to be told, and telling all that is due."""

    next: Callable[[], datetime | None]
    tell: Callable[[datetime], Awaitable[None]]


NOTHING = Feed(lambda: None, lambda _: asyncio.sleep(0))
"""Nothing happens outside."""


class Leaps:
    """Leads the clock in `file` from `at` on. `given_up` are the instants at which something did not end in 10 s."""

    def __init__(self, file: Path, at: datetime, backlog: Backlog, database: "asyncpg.Connection[Any]") -> None:
        self.at = at
        self.given_up = 0
        self._file = file
        self._backlog = backlog
        self._database = database
        self._patience = Patience()

    async def until(self, end: datetime, feed: Feed, *, over: Callable[[], bool]) -> None:
        """Leap from one instant with work to the next, until `end`, or until it is `over`."""
        while not over():
            await feed.tell(self.at)
            await self.quiet()
            following = min((one for one in (feed.next(), await self._due()) if one is not None), default=end)
            if following >= end:
                break
            self.at = following
            stand(self._file, following)

    async def to(self, end: datetime) -> None:
        """Let all that is due until `end` happen, that of `end` included; the clock stands there."""
        await self.until(end, NOTHING, over=lambda: False)
        self.at = end
        stand(self._file, end)
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until everything that is due is done."""
        quiet = 0
        while quiet < _LOOKS:
            wall = wall_seconds()
            busy = await self._busy()
            excused = busy is not None and self._patience.with_(busy, wall) is None
            self.given_up += excused
            quiet = quiet + 1 if busy is None or excused else 0
            await asyncio.sleep(_LOOK)

    async def _busy(self) -> datetime | None:
        """`at`, where something is open: messages that nobody has read, rows that are due or under way."""
        lease = self.at + timedelta(seconds=SHORT_LEASE * SPEED)
        if await self._database.fetchval(STATEMENTS["busy"], self.at, lease):
            return self.at
        return self.at if await self._backlog.oldest(self.at, _NEVER) is not None else None

    async def _due(self) -> datetime | None:
        found: datetime | None = await self._database.fetchval(STATEMENTS["due"], self.at)
        return found
