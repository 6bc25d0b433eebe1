"""Publish what is due: claim a batch of timers under a lease, then send each as a wake-up.

The timer row stays until the engine consumes it in the transaction that used it. If this process dies between the
claim and the publish, or the engine never gets the wake-up, the lease ends and the timer is claimed again. So a
wake-up may come twice, and the engine ignores the second; none is lost. No timer is published before its time. While
no engine is there, leases get longer, so that Kafka is not filled with the same wake-ups.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from relevo_contracts.topics import WAKEUPS
from relevo_runtime.errors import PublishError
from relevo_runtime.metrics import Metrics
from relevo_runtime.outgoing import Timer
from relevo_runtime.traces import NO_TRACES, Traces
from relevo_scheduler.app.ports import DueTimers, Publisher
from relevo_scheduler.core.pace import next_look
from relevo_scheduler.core.wakeups import wake_up_messages

RunOnce = Callable[[datetime], Awaitable[datetime | None]]


def publish_due(
    timers: DueTimers,
    publisher: Publisher,
    *,
    metrics: Metrics,
    batch: int,
    lease: timedelta,
    longest: timedelta,
    traces: Traces = NO_TRACES,
) -> RunOnce:
    """The loop body of the scheduler: publishes one batch of what is due at `now`, returns when to look again.

    `batch` is the most timers claimed at once. `lease` and `longest` are clock time: how long a claimed timer is
    left to the engine at first, and the longest sleep. The body raises what the database or the broker raised; what it
    had claimed comes back when that lease ends.
    """

    async def run_once(now: datetime) -> datetime:
        due, next_due = await timers.claim(now, now + lease, batch)
        if due:
            span = traces.here("publish wake-ups", "producer", {"messaging.batch.message_count": len(due)})
            try:
                with span:
                    await publisher.publish(WAKEUPS, wake_up_messages(due, span.traceparent))
            except PublishError:
                await timers.unclaim(due, now + lease)
                raise
            _count(metrics, due, now)
        return next_look(now, next_due, full=len(due) >= batch, longest=longest)

    return run_once


def _count(metrics: Metrics, published: Sequence[Timer], now: datetime) -> None:
    metrics.timers_published.inc(len(published))
    for timer in published:
        if not timer.attempts:  # what comes again was not late: no engine took it
            metrics.timer_lateness_seconds.observe((now - timer.due_at).total_seconds())
