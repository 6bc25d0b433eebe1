"""Tell many customers: an event that they wait for, a calendar entry, or that workflows changed. Page by page.

A page is read, published, and then noted, each in a statement of its own under a lease: no transaction is as long as
the walk, none is open while Kafka is spoken to. A crash anywhere tells a page again under the same ids, which the
inbox knows. Several engines may run this at once; a walk belongs to one of them at a time.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_engine.app.ports import DefinitionSource, Publisher, Stores
from relevo_engine.core import fanout
from relevo_engine.core.calendar import find
from relevo_engine.core.erasure import erasures
from relevo_engine.core.fanout import Claimed, Cursor, Message
from relevo_runtime.postgres import Pool

AT_ONCE = 4
"""Walks of which one engine tells a page in a turn."""
CLAIMED = 500
"""Walks that one engine looks at in a turn: most events about products are awaited by nobody."""
_event = msgspec.json.Decoder(Event)


class Page(msgspec.Struct, frozen=True):
    """What one turn of a walk tells, on which topic, and where it stands afterwards; `None`: at its end."""

    messages: Sequence[Message]
    cursor: Cursor | None
    topic: str = topics.INPUTS


class Forwarder:
    """The loop body of the walks. `page` is the most waiters of one turn, `lease` wall time."""

    def __init__(
        self,
        *,
        pool: Pool,
        stores: Stores,
        definitions: DefinitionSource,
        publisher: Publisher,
        page: int = 5000,
        lease: timedelta = timedelta(seconds=30),
    ) -> None:
        self._pool = pool
        self._definitions = definitions
        self._publisher = publisher
        self._page = page
        self._lease = lease
        self._stores = stores

    async def run_once(self, now: datetime) -> datetime | None:
        """Tells one page of each walk that is free. Returns `now` if there may be more, `None` if there is none."""
        async with self._pool.acquire() as conn:
            claimed = await self._stores.fanouts.claim(conn, self._lease, CLAIMED)
        if not claimed:
            return None
        unheard = await self._unheard([walk for walk in claimed if walk.kind == "event" and not walk.cursor_key])
        walks = [walk for walk in claimed if walk.number not in unheard]
        pages = [(walk, await self._read(walk, now)) for walk in walks[:AT_ONCE]]
        await self._tell(pages)
        moved = [(walk, page.cursor) for walk, page in pages if page.cursor is not None]
        ended = [walk for walk, page in pages if page.cursor is None]
        async with self._pool.acquire() as conn, conn.transaction():
            await self._stores.fanouts.advance(conn, [*moved, *((walk, walk.cursor) for walk in walks[AT_ONCE:])])
            await self._stores.fanouts.finish(conn, [*ended, *(walk for walk in claimed if walk.number in unheard)])
        return now

    async def _unheard(self, new: Sequence[Claimed]) -> set[int]:
        """Those of the new walks of events that nobody waits for.

        Looks only when those who were registering have ended: whoever could not see such an event is there then.
        """
        if not new:
            return set()
        async with self._pool.acquire() as conn:
            await self._stores.waiting.wait_for_registering(conn, {(walk.shop, walk.about) for walk in new})
            return await self._stores.fanouts.unheard(conn, new)

    async def _erasing(self, walk: Claimed, keys: Sequence[str], cursor: Cursor | None, now: datetime) -> Page:
        """A page of the customers of a shop that is erased; at the end of them, a page of what is left of the shop."""
        messages = erasures(walk.shop, walk.about, walk.at, keys, now)
        if cursor is None:
            last = keys[-1] if keys else walk.cursor_key
            async with self._pool.acquire() as conn:
                cursor = (last, "") if await self._stores.erasure.erase_rest(conn, walk.shop, walk.began_at) else None
        return Page(messages, cursor, topics.EVENTS)

    async def _tell(self, pages: Sequence[tuple[Claimed, Page]]) -> None:
        for topic in (topics.INPUTS, topics.EVENTS):
            messages = [message for _, page in pages if page.topic == topic for message in page.messages]
            if messages:
                await self._publisher.publish(topic, messages)

    async def _read(self, walk: Claimed, now: datetime) -> Page:
        async with self._pool.acquire() as conn:
            if walk.kind == "event":
                waiters = await self._stores.fanouts.waiters(conn, walk, self._page)
                messages = fanout.forwards(_event.decode(walk.body), (key for key, _ in waiters)) if waiters else []
                return Page(messages, waiters[-1] if len(waiters) == self._page else None)
            wanted = walk.kind == "start"
            customers = await self._stores.fanouts.customers(conn, walk, self._page // 5, facts=wanted)
        full = len(customers) == self._page // 5
        cursor = (customers[-1][0], "") if full else None
        if walk.kind == "erase":
            return await self._erasing(walk, [key for key, _ in customers], cursor, now)
        if not wanted:
            return Page(fanout.refreshes(walk, (key for key, _ in customers), now), cursor)
        shop = self._definitions.of_shop(walk.shop)
        spec = find(shop.active, walk.about)
        if spec is None:  # retired since it was due
            return Page([], None)
        await asyncio.sleep(0)
        return Page(fanout.starts(walk, spec, customers, shop.shop), cursor)
