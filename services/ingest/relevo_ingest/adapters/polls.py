"""Which process asks which shop, and how far its lists were read: the table `ingest.poll`.

A lease is fenced by its epoch: every statement names it, so a process that was paused while another one took over
changes nothing when it wakes up.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

from relevo_ingest.adapters.database_away import busy_while_away
from relevo_ingest.app.poll_cursor import Cursor
from relevo_ingest.app.poll_shops import Lease
from relevo_runtime.postgres import Pool, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "polls.sql")


class PollLeases:
    """Leases of shops, each for `lasts` of wall-clock time. Every call raises `Busy` if the database is away."""

    def __init__(self, pool: Pool, lasts: timedelta) -> None:
        self._pool = pool
        self._lasts = lasts

    async def claim(self, shops: Sequence[str], most: int) -> Sequence[Lease]:
        """Leases of at most so many of `shops` that are due and nobody else asks."""
        await self._fetch("enrol", list(shops))
        rows = await self._fetch("claim", list(shops), most, self._lasts)
        return [
            Lease(shop=row["shop"], epoch=row["epoch"], failures=row["failures"], cursors=_cursors(row["cursors"]))
            for row in rows
        ]

    async def renew(self, lease: Lease) -> bool:
        """Keep it for as long again; false if it was lost."""
        return bool(await self._fetch("renew", lease.shop, lease.epoch, self._lasts))

    async def move(self, lease: Lease, resource: str, cursor: Cursor) -> bool:
        """The list was read so far; false if the lease was lost."""
        cursors = msgspec.json.encode({resource: cursor})
        return bool(await self._fetch("move", lease.shop, lease.epoch, self._lasts, cursors))

    async def end(self, lease: Lease, pause: timedelta, failures: int, error: str) -> bool:
        """The turn is over; the next one is due after `pause`."""
        return bool(await self._fetch("end", lease.shop, lease.epoch, pause, failures, error))

    async def lags(self, shops: Sequence[str]) -> Mapping[str, float]:
        """For how many seconds of wall-clock time each of the shops was not read to its end."""
        return {row["shop"]: row["seconds"] for row in await self._fetch("lags", list(shops))}

    async def _fetch(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        with busy_while_away():
            return await self._pool.fetch(STATEMENTS[statement], *arguments)


def _cursors(kept: Mapping[str, Any]) -> dict[str, Cursor]:
    """The cursors that can be read; a list without one is read from the beginning of its last day."""
    return msgspec.convert(kept, dict[str, Cursor])
