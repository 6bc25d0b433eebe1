"""Starts the scheduler: two loops over one pool and one publisher, which has a connection of its own for keys."""

import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

from relevo_runtime.dead_letters import DeadLetters
from relevo_runtime.environment import start
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import LOOKUPS, NOT_AWAITED, Pool, open_pool
from relevo_runtime.sealing import Seals
from relevo_runtime.service import Loop, Service, run
from relevo_scheduler.adapters.listener import listening
from relevo_scheduler.adapters.tables import OutboxTable, TimerTable
from relevo_scheduler.app.publish_due import publish_due
from relevo_scheduler.app.rescue_outbox import rescue_outbox
from relevo_scheduler.settings import SchedulerSettings

NAME = "scheduler"
_AS = "relevo-scheduler"


def main() -> None:
    """Run until SIGTERM or SIGINT; exits with 1 after a failure."""
    settings = start("scheduler", SchedulerSettings, "Publishes the timers of workflows when they are due.")
    sys.exit(run(NAME, settings, lambda service: scheduling(service, settings)))


@contextlib.asynccontextmanager
async def scheduling(service: Service, settings: SchedulerSettings) -> AsyncIterator[None]:
    """Publishes what is due and rescues what was left behind while the block runs."""
    async with contextlib.AsyncExitStack() as stack:
        # A lease that is forgotten is taken again, and a row of the outbox that is there again is published again.
        pool = await open_pool(settings.dsn, application_name=_AS, max_size=4, session=LOOKUPS | NOT_AWAITED)
        stack.push_async_callback(pool.close)
        service.health.probe("database", lambda: _ask(pool), of="PostgreSQL")
        # A key has to be on disk before a message is sealed with it.
        of_keys = await open_pool(settings.dsn, application_name=_AS, min_size=0, max_size=1, session=LOOKUPS)
        stack.push_async_callback(of_keys.close)
        seals = Seals(of_keys, settings)
        publisher = await stack.enter_async_context(Publisher(settings, service.metrics, seals=seals))
        service.health.probe("kafka", publisher.check, of="Kafka")
        due = _publish_due(service, settings, pool, publisher)
        await stack.enter_async_context(listening(settings.dsn, due.wake, service.fail, service.health))
        await stack.enter_async_context(service.running(due, _rescue_outbox(service, settings, pool, publisher)))
        yield


def _publish_due(service: Service, settings: SchedulerSettings, pool: Pool, publisher: Publisher) -> Loop:
    longest = timedelta(seconds=settings.scheduler_longest_sleep)
    body = publish_due(
        TimerTable(pool),
        publisher,
        metrics=service.metrics,
        batch=settings.scheduler_batch,
        lease=service.clock.span(timedelta(seconds=settings.scheduler_lease)),
        longest=service.clock.span(longest),
        traces=service.traces,
    )
    return service.loop("due timers", body, longest_pause=longest.total_seconds(), gather=settings.window)


def _rescue_outbox(service: Service, settings: SchedulerSettings, pool: Pool, publisher: Publisher) -> Loop:
    pause = timedelta(seconds=settings.scheduler_rescue_pause)
    dead_letters = DeadLetters(
        publisher,
        service=NAME,
        ratio=settings.dead_letter_ratio,
        clock=service.clock,
        metrics=service.metrics,
    )
    body = rescue_outbox(
        OutboxTable(pool),
        publisher,
        dead_letters,
        metrics=service.metrics,
        batch=settings.scheduler_batch,
        older_than=timedelta(seconds=settings.scheduler_rescue_after),
        pause=service.clock.span(pause),
    )
    return service.loop("outbox rescue", body, longest_pause=pause.total_seconds())


async def _ask(pool: Pool) -> None:
    await pool.fetchval("select 1")
