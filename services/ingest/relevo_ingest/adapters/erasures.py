"""Events that erase, in the table `ingest.pending_erasure`: kept until they are due, published, or taken back."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from relevo_contracts.envelope import Event, partition_key
from relevo_ingest.adapters.database_away import busy_while_away
from relevo_ingest.core.drafts import Finished
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "erasures.sql")
Message = tuple[bytes, bytes]
_PAGE = 100
_KEPT = timedelta(days=90)
_PURGE_PAUSE = timedelta(hours=1)
_LEASE = timedelta(minutes=5)
"""Wall time after which another process publishes what this one claimed and did not end."""


class Erasure(Struct, frozen=True, kw_only=True):
    """An event that erases: it is published at `due`, unless it is taken back before. `ended` is when either was."""

    shop: str
    id: str
    type: str
    key: str
    received: datetime
    due: datetime
    state: str
    ended: datetime | None = None


class PendingErasures:
    """Keeps events that erase, and publishes those that are due."""

    def __init__(self, pool: Pool, publish: Callable[[Sequence[Message]], Awaitable[None]]) -> None:
        self._pool = pool
        self._publish = publish
        self._purge_at: datetime | None = None

    async def postpone(self, finished: Sequence[Finished], due: datetime, request: str) -> None:
        """Keeps the events until `due`; one that was kept before stays as it is. Raises `Busy`.

        So do those of the same `request` that still wait or were taken back, whatever ids they came under.
        """
        rows = [
            (each.event.shop, each.event.id, each.event.type, each.event.key, each.event.receivedtime, due, each.value)
            for each in finished
        ]
        with busy_while_away():
            await self._pool.execute(STATEMENTS["postpone"], *map(list, zip(*rows, strict=True)), request)

    async def run_once(self, now: datetime) -> datetime | None:
        """Publishes what is due at `now` and forgets what was over long ago; says when the next one is due.

        What one process publishes, no other does. A crash in between publishes again later, with the same ids. An event
        erases what is known until it is published, so its time is then, not when it was asked for.
        """
        await self._purge(now)
        next_due = await self._next_due()
        if next_due is None or next_due > now:
            return next_due
        due = await self._pool.fetch(STATEMENTS["claim_due"], now, _PAGE, _LEASE)
        if due:
            await self._publish([_at(row["event"], row["key"], now) for row in due])
            await self._pool.execute(STATEMENTS["end"], [row["shop"] for row in due], [row["id"] for row in due], now)
        return await self._next_due()

    async def _next_due(self) -> datetime | None:
        at: datetime | None = await self._pool.fetchval(STATEMENTS["next_due"])
        return at

    async def _purge(self, now: datetime) -> None:
        """Forgets what was over long ago, a page an hour; sooner again as long as pages are full."""
        if self._purge_at is None or now >= self._purge_at:
            status = await self._pool.execute(STATEMENTS["forget"], now - _KEPT, _PAGE)
            self._purge_at = now if int(status.rpartition(" ")[2]) == _PAGE else now + _PURGE_PAUSE


def _at(value: bytes, key: str, now: datetime) -> Message:
    """The event as it is published. The row's `key` counts: the customer may have been merged while it waited."""
    event = msgspec.structs.replace(msgspec.json.decode(value, type=Event), key=key, time=now, receivedtime=now)
    return partition_key(event.shop, event.key), msgspec.json.encode(event)


async def erasures(connection: Connection, shop: str | None, *, also_over: bool) -> list[Erasure]:
    """Those that wait, the next one first; also those that were published or taken back, while they are known."""
    return [Erasure(**dict(row)) for row in await connection.fetch(STATEMENTS["list"], shop, also_over)]


async def cancel(connection: Connection, shop: str, identifier: str, now: datetime) -> Erasure | None:
    """Takes an erasure back; `None` if there is none of that id that still waits."""
    row = await connection.fetchrow(STATEMENTS["cancel"], shop, identifier, now)
    return Erasure(**dict(row)) if row else None
