"""Webhooks that wait for what they name to be fetched: the table `ingest.notification`."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

import asyncpg

from relevo_ingest.adapters.database_away import busy_while_away
from relevo_ingest.app.fetching import Waiting
from relevo_ingest.app.ports import Notification
from relevo_ingest.core.states import Entity
from relevo_runtime.postgres import Pool, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "notifications.sql")
_Key = tuple[str, str, str, str]


class KeptNotifications:
    """Keeps notifications until they were read. Every call raises `Busy` if the database is away."""

    def __init__(self, pool: Pool, lease: timedelta = timedelta(minutes=5)) -> None:
        """`lease` is how long (wall time) one process may take before another one does the same."""
        self._pool = pool
        self._lease = lease

    async def add(self, shop: str, platform: str, entity: Entity, notification: Notification) -> None:
        """Keeps a webhook that names `entity`. When this returns, it is safe."""
        one = notification
        row = (
            shop,
            platform,
            entity.kind,
            entity.id,
            one.delivery,
            one.topic,
            dict(one.headers),
            one.body,
            one.received,
        )
        await self._fetch("add", *([value] for value in row))

    async def claim(self, most: int, busy: Sequence[str]) -> Sequence[Waiting]:
        """At most so many entities of shops other than `busy`, each with all that waits for it, in order of arrival."""
        rows = await self._fetch("claim", most, self._lease, list(busy))
        ordered = sorted(rows, key=lambda row: (*_key(row), row["number"]))
        return list(_grouped(ordered))

    async def end(self, numbers: Sequence[int]) -> None:
        """They were read."""
        await self._fetch("end", list(numbers))

    async def put_off(self, numbers: Sequence[int], pause: timedelta, error: str) -> None:
        """They are tried again after `pause`, and the shop is left alone until then."""
        await self._fetch("put_off", list(numbers), pause, error)

    async def _fetch(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        with busy_while_away():
            return await self._pool.fetch(STATEMENTS[statement], *arguments)


def _key(row: asyncpg.Record) -> _Key:
    return row["shop"], row["platform"], row["kind"], row["entity"]


def _grouped(rows: Sequence[asyncpg.Record]) -> Iterator[Waiting]:
    for (shop, platform, kind, entity), found in groupby(rows, key=_key):
        notifications = [
            Notification(
                number=row["number"],
                delivery=row["delivery"],
                topic=row["topic"],
                headers=row["headers"],
                body=row["body"],
                received=row["received"],
                failures=row["failures"],
            )
            for row in found
        ]
        yield Waiting(shop=shop, platform=platform, entity=Entity(kind, entity), notifications=notifications)
