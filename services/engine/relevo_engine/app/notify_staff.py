"""Tell the staff of tasks and of their day, and give tasks that are about to expire to somebody else.

What is due is claimed, decided and written in one transaction, together with the messages: a crash repeats all of it or
nothing, several engines never have the same notice, and the keys of messages are known to whoever sends them.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Generic, Protocol

from relevo_contracts.envelope import partition_key
from relevo_contracts.staff import Member, TaskRef
from relevo_engine.app.ports import NoticeStore, Publisher, Sessions, SessionT, SessionT_contra, TaskStore
from relevo_engine.core.notices import Notice, StaffNews, first_digests, settle, settle_digest
from relevo_engine.core.staff_messages import StaffMessages
from relevo_engine.core.tasks import Task
from relevo_runtime.outgoing import Outgoing

PAGE = 200
"""Notices of one transaction."""
_DAY = timedelta(days=2)
"""So far ahead is looked for what is due today, wherever today is."""
_LOOK = timedelta(minutes=1)
"""How often somebody is looked for who may take what is nobody's."""


class OutboxStore(Protocol[SessionT_contra]):
    """What a transaction decided to publish."""

    async def put(self, connection: SessionT_contra, messages: Sequence[Outgoing], /) -> list[int]:
        """Keeps messages; their numbers."""
        ...

    async def delete(self, connection: SessionT_contra, numbers: Sequence[int], /) -> None:
        """Kafka has these."""
        ...


async def publish_put(
    session: SessionT,
    outbox: OutboxStore[SessionT],
    publisher: Publisher,
    messages: Sequence[Outgoing],
    numbers: Sequence[int],
) -> None:
    """After the commit, as a batch does; what is left behind is published by the scheduler."""
    by_topic: dict[str, list[tuple[bytes, bytes]]] = {}
    for one in messages:
        by_topic.setdefault(one.topic, []).append((partition_key(one.shop, one.key), one.value))
    for topic, pairs in by_topic.items():
        await publisher.publish(topic, pairs)
    if numbers:
        await outbox.delete(session, numbers)


class StaffNotifier(Generic[SessionT]):
    """The loop body. `messages` makes what leaves the engine; `served` are the shops that are served here now."""

    def __init__(
        self,
        *,
        sessions: Sessions[SessionT],
        notices: NoticeStore[SessionT],
        tasks: TaskStore[SessionT],
        outbox: OutboxStore[SessionT],
        publisher: Publisher,
        messages: StaffMessages,
        served: Callable[[], Collection[str]],
        pause: Callable[[timedelta], timedelta] = lambda wall: wall,
    ) -> None:
        self._sessions = sessions
        self._notices = notices
        self._tasks = tasks
        self._outbox = outbox
        self._publisher = publisher
        self._messages = messages
        self._served = served
        self._pause = pause(_LOOK)
        self._looked_at: datetime | None = None

    async def run_once(self, now: datetime) -> datetime | None:
        """Tells what is due. Returns `now` if there may be more, else when the next is due."""
        if self._looked_at is None or not self._looked_at <= now < self._looked_at + self._pause:
            await self._look(now)
            self._looked_at = now
        async with self._sessions.acquire() as session:
            following = await self._notices.next_due(session)
            if following is not None and following <= now:
                if await self._publish_page(session, now) == PAGE:
                    return now
                following = await self._notices.next_due(session)
        look = self._looked_at + self._pause
        return min(following, look) if following is not None else look

    async def _publish_page(self, session: SessionT, now: datetime) -> int:
        """Publishes a page of what is due; returns how much that was."""
        async with session.transaction():
            due = await self._claim(session, now)
            messages = await self._settle(session, due, now) if due else []
            numbers = await self._outbox.put(session, messages) if messages else []
        await publish_put(session, self._outbox, self._publisher, messages, numbers)
        return len(due)

    async def _claim(self, session: SessionT, now: datetime) -> list[Notice]:
        """What is due at shops that are served here. Whoever gives tasks away holds the staff before their notices."""
        served = self._served()
        shops = [shop for shop in await self._notices.due_shops(session, now) if shop in served]
        if not shops:
            return []
        await self._tasks.hold_staff(session, shops)
        return await self._notices.claim(session, shops, now, PAGE)

    async def _look(self, now: datetime) -> None:
        """Gives away what is nobody's to who is there by now, and notes the next digest of who has none ahead."""
        async with self._sessions.acquire() as session:
            served = self._served()
            for shop in await self._tasks.shops_with_unassigned(session):
                if shop not in served:
                    continue
                async with session.transaction():
                    await self._tasks.give_unassigned(session, shop, now)
            async with session.transaction():
                without = await self._notices.without_digest(session)
                if without:
                    staff = await self._tasks.staff_of(session, sorted({shop for shop, _ in without}))
                    by_name = {(one.shop, one.name): one for one in staff}
                    await self._notices.put(session, first_digests(by_name, without, now))

    async def _settle(self, session: SessionT, due: Sequence[Notice], now: datetime) -> list[Outgoing]:
        news = StaffNews()
        shops = sorted({one.shop for one in due})
        tasks = await self._notices.open_tasks(session, {one.ref for one in due if one.task_id})
        await self._reassign(session, due, tasks, now)
        staff = await self._tasks.staff_of(session, shops)
        for one in due:
            if one.task_id and one.ref in tasks:
                settle(one, tasks[one.ref], staff, now, news)
        await self._settle_digests(session, [one for one in due if one.kind == "digest"], staff, now, news)
        await self._notices.delete(session, due)
        await self._notices.put(session, news.later)
        found = [message for one in news.of_tasks for message in self._messages.of_task(one, now)]
        return [*found, *(message for one in news.digests for message in self._messages.of_day(one, now))]

    async def _reassign(
        self, session: SessionT, due: Sequence[Notice], tasks: dict[TaskRef, Task], now: datetime
    ) -> None:
        """Gives tasks away whose time has come; who gets one hears of it in the next turn."""
        for one in due:
            task = tasks.get(one.ref)
            if one.kind != "reassign" or task is None or task.reassign_at is None or task.reassign_at > now:
                continue
            name = await self._tasks.reassign(session, task, now)
            if name:
                await self._notices.put(session, [Notice.assigned(one.ref, name, now, "reassigned")])

    async def _settle_digests(
        self, session: SessionT, due: Sequence[Notice], staff: Sequence[Member], now: datetime, news: StaffNews
    ) -> None:
        if not due:
            return
        pressing = await self._notices.pressing_tasks(session, sorted({one.shop for one in due}), now + _DAY)
        members = {(one.shop, one.name): one for one in staff if one.active}
        for one in due:
            member = members.get((one.shop, one.member))
            if member is not None:
                settle_digest(one, member, pressing, now, news)
