"""Send the staff the reports that are due.

A report that is due is claimed, made, and moved on to its next time in the transaction that writes its messages to the
outbox: a crash repeats all of it or nothing, several engines never have the same one, and each message has the key of
its report, period and reader.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, tzinfo
from typing import Generic, Protocol

import structlog
from msgspec import structs

from relevo_contracts.staff import Member
from relevo_contracts.zones import zone_of
from relevo_engine.app.notify_staff import OutboxStore, publish_put
from relevo_engine.app.ports import Publisher, Sessions, SessionT, SessionT_contra, TaskStore
from relevo_engine.core.staff_messages import StaffMessages
from relevo_engine.core.staff_reports import (
    Known,
    Period,
    ReportNews,
    StaffReport,
    next_due,
    period_of,
    report_key,
    sections_of,
)
from relevo_runtime.outgoing import Outgoing

_log = structlog.get_logger(__name__)
PAGE = 20
"""Reports of one transaction."""


class ReportStore(Protocol[SessionT_contra]):
    """Which reports are wanted, and what they are made of."""

    async def put(self, connection: SessionT_contra, wanted: StaffReport, /) -> None:
        """Keeps a report."""
        ...

    async def claim(
        self, connection: SessionT_contra, shops: Collection[str], now: datetime, limit: int, /
    ) -> list[StaffReport]:
        """Those that are due, for the transaction that asks."""
        ...

    async def next_due(self, connection: SessionT_contra, shops: Collection[str], /) -> datetime | None:
        """When the next one is due."""
        ...

    async def known(
        self, connection: SessionT_contra, shop: str, period: Period, zone: tzinfo, now: datetime, /
    ) -> Known:
        """What a report of this period is made of."""
        ...


class ReportSender(Generic[SessionT]):
    """The loop body. `messages` makes what leaves the engine; `served` are the shops that are served here now."""

    def __init__(
        self,
        *,
        sessions: Sessions[SessionT],
        reports: ReportStore[SessionT],
        tasks: TaskStore[SessionT],
        outbox: OutboxStore[SessionT],
        publisher: Publisher,
        messages: StaffMessages,
        served: Callable[[], Collection[str]],
    ) -> None:
        self._sessions = sessions
        self._reports = reports
        self._tasks = tasks
        self._outbox = outbox
        self._publisher = publisher
        self._messages = messages
        self._served = served

    async def run_once(self, now: datetime) -> datetime | None:
        """Sends what is due. Returns `now` if there may be more, else when the next is due.

        Whatever was missed while nobody looked, the report is of the newest period that is over.
        """
        served = self._served()
        async with self._sessions.acquire() as session:
            async with session.transaction():
                due = await self._reports.claim(session, served, now, PAGE)
                staff = await self._tasks.staff_of(session, sorted({one.shop for one in due})) if due else []
                found = [message for one in due for message in await self._made_alone(session, one, staff, now)]
                numbers = await self._outbox.put(session, found) if found else []
            await publish_put(session, self._outbox, self._publisher, found, numbers)
            return now if len(due) == PAGE else await self._reports.next_due(session, served)

    async def _made_alone(
        self, session: SessionT, wanted: StaffReport, staff: Sequence[Member], now: datetime
    ) -> list[Outgoing]:
        """The messages of a report, which is moved on. One that can't be made costs itself only: the next is tried."""
        zone = zone_of(self._messages.shop(wanted.shop).timezone)
        await self._reports.put(session, structs.replace(wanted, due_at=next_due(wanted.every, zone, now)))
        try:
            async with session.transaction():
                return await self._made(session, wanted, staff, now)
        except Exception:  # noqa: BLE001 - whatever is odd about one shop's figures, the others get their reports
            _log.exception("report_failed", shop=wanted.shop, report=wanted.name)
            return []

    async def _made(
        self, session: SessionT, wanted: StaffReport, staff: Sequence[Member], now: datetime
    ) -> list[Outgoing]:
        zone = zone_of(self._messages.shop(wanted.shop).timezone)
        period = period_of(wanted.every, zone, now)
        known = await self._reports.known(session, wanted.shop, period, zone, now)
        sections = sections_of(wanted.sections, known, period)
        readers = [one for one in staff if (one.shop, one.active) == (wanted.shop, True) and one.name in wanted.members]
        return [
            message
            for one in readers
            for message in self._messages.of_report(
                ReportNews(
                    id=report_key(wanted, one, period), member=one, every=wanted.every, period=period, sections=sections
                ),
                now,
            )
        ]
