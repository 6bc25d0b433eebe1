"""Paused shops: too many of a shop's messages failed for one cause, so a service puts the further ones aside unread.

The other shops go on, and nothing is lost: what is put aside waits on the dead-letter topic, in order, until somebody
has mended the cause, resumes the shop and sends the dead letters again. A pause is a row of the catalog: it outlives
the process, and all processes of the service follow it within about a second.
"""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_runtime", "pauses.sql")
MOVED = "moved to another cell"
"""The cause of a pause that somebody wanted: the shop is elsewhere, and nothing of it is wrong here."""


class Pause(Struct, frozen=True):
    """A shop whose messages `service` puts aside since `at`, because of `cause`."""

    shop: str
    service: str
    cause: str
    at: datetime


class Pauses:
    """The paused shops of one service, as far as this process knows."""

    def __init__(self, pool: Pool, service: str) -> None:
        self._pool = pool
        self._service = service
        self._known: dict[str, str] = {}
        self._unsaved: dict[str, str] = {}
        self._asking = asyncio.Lock()  # what is paused meanwhile must not look like resumed

    @property
    def shops(self) -> Mapping[str, str]:
        """Each paused shop with the cause."""
        return self._known

    @property
    def unsaved(self) -> bool:
        """Whether the database does not know all of them yet."""
        return bool(self._unsaved)

    def pause(self, shop: str, cause: str) -> None:
        """From now on in this process; `save` tells the others and a later start."""
        if shop not in self._known:
            self._known[shop] = self._unsaved[shop] = cause

    async def save(self, now: datetime) -> None:
        """Keep what is not kept yet. Raises what the database raises."""
        async with self._asking:
            await self._save(now)

    async def refresh(self, now: datetime) -> set[str]:
        """Read what is paused now, and return which shops no longer are. Raises what the database raises."""
        async with self._asking:
            await self._save(now)
            rows = await self._pool.fetch(STATEMENTS["of_service"], self._service)
            before, self._known = self._known, dict(map(tuple, rows)) | self._unsaved
            return before.keys() - self._known.keys()

    async def _save(self, now: datetime) -> None:
        new = dict(self._unsaved)
        if new:
            await self._pool.execute(STATEMENTS["pause"], self._service, list(new), list(new.values()), now)
            for shop in new:
                del self._unsaved[shop]


async def paused(connection: Connection, among: Collection[str] | None = None) -> list[Pause]:
    """The pauses by shop and service: all, or those of shops `among` these."""
    return [msgspec.convert(dict(row), Pause) for row in await connection.fetch(STATEMENTS["every"], among)]


async def resume(connection: Connection, shop: str, service: str = "") -> list[Pause]:
    """End the pauses of a shop, those of one service or all; returns those that there were."""
    rows = await connection.fetch(STATEMENTS["resume"], shop, service)
    return [msgspec.convert(dict(row), Pause) for row in rows]
