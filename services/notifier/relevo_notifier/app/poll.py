"""Looking at the table for what is due: retries, what a dead instance left behind, reports that did not get through."""

from datetime import datetime, timedelta
from typing import Generic

import structlog

from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.ports import Queue, R
from relevo_notifier.app.report import Report
from relevo_notifier.app.worker_pool import WorkerPool
from relevo_notifier.core.work import W
from relevo_runtime.clock import Clock

_log = structlog.get_logger(__name__)
LARGEST = 500
PATIENCE = 5.0
"""Seconds that a look waits for what this process has still to write down."""
KEPT_BACK = timedelta(seconds=0.25)
"""The pause, in wall time, between two looks at what is due and may not go yet."""
LONGEST = timedelta(seconds=1)
"""The longest pause, in wall time, between two looks: what other instances write is found by looking."""


class Poll(Generic[W, R]):
    """The loop of one worker pool."""

    @property
    def name(self) -> str:
        """The pool's."""
        return self._workers.name

    def __init__(
        self,
        workers: WorkerPool[W, R],
        queue: Queue[W],
        settlements: Batcher[R],
        reports: Batcher[Report],
        clock: Clock,
    ) -> None:
        self._workers = workers
        self._queue = queue
        self._settlements = settlements
        self._reports = reports
        self._clock = clock

    async def run_once(self, now: datetime) -> datetime | None:
        """Claim what is due and hand it on; returns when to look again."""
        workers = self._workers
        latest = now + self._clock.span(LONGEST)
        # After a long outage of the database the leases of what this process did are over before it could write down
        # how that ended: nobody knows better, so nothing is in doubt yet.
        if workers.overdue(now) or not await self._settlements.caught_up(PATIENCE):
            return latest
        limit = min(workers.room(), LARGEST)
        if not limit:
            return latest
        due = await self._queue.claim_due(now, workers.lease(), limit)
        for shop, id_, why in due.unreadable:
            _log.error("unreadable", workers=workers.name, shop=shop, id=id_, why=why)
        await self._queue.mark_unreadable(due.unreadable)
        for shop, id_, outcome in due.unreported:
            await self._reports.put(Report.again(shop, id_, outcome))
        workers.hold(due.queued)
        await workers.begin(due.doubtful)
        if len(due) == limit:
            return now
        wake = due.next_at or await self._queue.next_wake()
        if wake is None:
            return latest
        # What is due and was not claimed is kept back: by a limit, or by another instance that has it just now.
        return min(max(wake, now + self._clock.span(KEPT_BACK)), latest)
