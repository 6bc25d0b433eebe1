"""Fan out to many customers: an event that they wait for, a calendar entry, or that workflows changed. Page by page.

A page is read, published, and then noted, each in a statement of its own under a lease: no transaction is as long as
the fan-out, none is open while Kafka is spoken to. A crash anywhere tells a page again under the same ids, which the
inbox knows. Several engines may run this at once; a fan-out belongs to one of them at a time.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Generic, assert_never

import msgspec

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_engine.app.ports import DefinitionSource, Publisher, Sessions, SessionT, Stores
from relevo_engine.core.calendar import find
from relevo_engine.core.erasure import erasures
from relevo_engine.core.fanout import ClaimedFanout, Cursor, Message, event_messages, refresh_messages, start_messages
from relevo_workflow import Facts

AT_ONCE = 4
"""Fan-outs of which one engine tells a page in a turn."""
CLAIMED = 500
"""Fan-outs that one engine looks at in a turn: most events about products are awaited by nobody."""
_event = msgspec.json.Decoder(Event)


class Page(msgspec.Struct, frozen=True):
    """What one turn of a fan-out tells, on which topic, and where it stands afterwards; `None`: at its end."""

    messages: Sequence[Message]
    cursor: Cursor | None
    topic: str = topics.INPUTS


class FanoutWorker(Generic[SessionT]):
    """The loop body of the fan-outs. `page` is the most waiters of one turn, `lease` wall time."""

    def __init__(
        self,
        *,
        sessions: Sessions[SessionT],
        stores: Stores[SessionT],
        definitions: DefinitionSource[SessionT],
        publisher: Publisher,
        page: int = 5000,
        lease: timedelta = timedelta(seconds=30),
    ) -> None:
        self._sessions = sessions
        self._definitions = definitions
        self._publisher = publisher
        self._page = page
        self._lease = lease
        self._stores = stores

    async def run_once(self, now: datetime) -> datetime | None:
        """Tells one page of each fan-out that is free. Returns `now` if there may be more, `None` if there is none."""
        async with self._sessions.acquire() as session:
            claimed = await self._stores.fanouts.claim(session, self._lease, CLAIMED)
        if not claimed:
            return None
        without_waiters = await self._without_waiters(
            [fanout for fanout in claimed if fanout.kind == "event" and not fanout.cursor_key]
        )
        fanouts = [fanout for fanout in claimed if fanout.number not in without_waiters]
        pages = [(fanout, await self._read(fanout, now)) for fanout in fanouts[:AT_ONCE]]
        await self._publish(pages)
        moved = [(fanout, page.cursor) for fanout, page in pages if page.cursor is not None]
        ended = [fanout for fanout, page in pages if page.cursor is None]
        async with self._sessions.acquire() as session, session.transaction():
            await self._stores.fanouts.advance(
                session, [*moved, *((fanout, fanout.cursor) for fanout in fanouts[AT_ONCE:])]
            )
            await self._stores.fanouts.finish(
                session, [*ended, *(fanout for fanout in claimed if fanout.number in without_waiters)]
            )
        return now

    async def _without_waiters(self, new: Sequence[ClaimedFanout]) -> set[int]:
        """Those of the new fan-outs of events that nobody waits for.

        Looks only when those who were registering have ended: whoever could not see such an event is there then.
        """
        if not new:
            return set()
        async with self._sessions.acquire() as session:
            await self._stores.waiting.wait_for_registering(session, {(fanout.shop, fanout.about) for fanout in new})
            return await self._stores.fanouts.without_waiters(session, new)

    async def _publish(self, pages: Sequence[tuple[ClaimedFanout, Page]]) -> None:
        for topic in (topics.INPUTS, topics.EVENTS):
            messages = [message for _, page in pages if page.topic == topic for message in page.messages]
            if messages:
                await self._publisher.publish(topic, messages)

    async def _read(self, fanout: ClaimedFanout, now: datetime) -> Page:
        match fanout.kind:
            case "event":
                return await self._waiters(fanout)
            case "start":
                return await self._starts(fanout)
            case "refresh":
                keys, cursor = await self._keys(fanout)
                return Page(refresh_messages(fanout, keys, now), cursor)
            case "erase":
                return await self._erasures(fanout, now)
            case _:
                assert_never(fanout.kind)

    async def _waiters(self, fanout: ClaimedFanout) -> Page:
        async with self._sessions.acquire() as session:
            waiters = await self._stores.fanouts.waiters(session, fanout, self._page)
        messages = event_messages(_event.decode(fanout.body), (key for key, _ in waiters)) if waiters else []
        return Page(messages, waiters[-1] if len(waiters) == self._page else None)

    async def _starts(self, fanout: ClaimedFanout) -> Page:
        customers, cursor = await self._customers(fanout, facts=True)
        shop = self._definitions.of_shop(fanout.shop)
        spec = find(shop.active, fanout.about)
        if spec is None:  # retired since it was due
            return Page([], None)
        await asyncio.sleep(0)
        return Page(start_messages(fanout, spec, customers, shop.shop), cursor)

    async def _erasures(self, fanout: ClaimedFanout, now: datetime) -> Page:
        """A page of the customers of a shop that is erased; at the end of them, a page of what is left of the shop."""
        keys, cursor = await self._keys(fanout)
        messages = erasures(fanout.shop, fanout.about, fanout.at, keys, now)
        if cursor is None:
            last = keys[-1] if keys else fanout.cursor_key
            async with self._sessions.acquire() as session:
                more = await self._stores.erasure.erase_rest(session, fanout.shop, fanout.began_at)
            cursor = (last, "") if more else None
        return Page(messages, cursor, topics.EVENTS)

    async def _keys(self, fanout: ClaimedFanout) -> tuple[list[str], Cursor | None]:
        customers, cursor = await self._customers(fanout, facts=False)
        return [key for key, _ in customers], cursor

    async def _customers(self, fanout: ClaimedFanout, *, facts: bool) -> tuple[list[tuple[str, Facts]], Cursor | None]:
        """The next page of a shop's customers, and where it ends; None if it is the last one."""
        page = self._page // 5
        async with self._sessions.acquire() as session:
            customers = await self._stores.fanouts.customers(session, fanout, page, facts=facts)
        return customers, (customers[-1][0], "") if len(customers) == page else None
