"""Starts the engine: overlapping batch consumers, and loops for the catalog, fanouts, the outbox and the partitions."""

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta

from relevo_contracts import topics
from relevo_engine.adapters import notices, reports, results, retention, tasks
from relevo_engine.adapters.batches import Batches
from relevo_engine.adapters.definitions import DefinitionCache
from relevo_engine.adapters.partitions import Partitions
from relevo_engine.adapters.stores import postgres_stores
from relevo_engine.app.choose_winners import WinnerChooser
from relevo_engine.app.fan_out import FanoutWorker
from relevo_engine.app.follow_catalog import CatalogFollower
from relevo_engine.app.notify_staff import StaffNotifier
from relevo_engine.app.ports import DefinitionSource
from relevo_engine.app.process_batch import SIDE_BY_SIDE, BatchProcessor
from relevo_engine.app.send_reports import ReportSender
from relevo_engine.core.staff_messages import StaffMessages
from relevo_engine.entrypoints.tasks_http import make_app
from relevo_engine.settings import EngineSettings
from relevo_runtime import catalog, outbox
from relevo_runtime.environment import start
from relevo_runtime.http import serve
from relevo_runtime.kafka import BatchConsumer, Handler, Publisher
from relevo_runtime.postgres import LOOKUPS, Connection, Pool, open_pool
from relevo_runtime.retention import purge_expired
from relevo_runtime.sealing import Seals
from relevo_runtime.service import Build, Loop, Service, run

_TRANSACTIONS = 8
"""Whole transactions that a batch may be worth: the more, the less often nobody decides while the last one of a batch
is written and the first one of the next is opened, and the longer a rebalance or a stop may have to wait.
"""
_WINDOWS = 2
"""Events, wake-ups and outcomes come together here. What is decided is sent on without a further one."""
TOPICS = (topics.EVENTS, topics.WAKEUPS, topics.OUTCOMES, topics.INPUTS)


def main() -> None:
    """Runs one engine until it is told to stop."""
    settings = start(
        "engine", EngineSettings, "Runs workflows: takes events from Kafka, decides, keeps state in PostgreSQL."
    )
    sys.exit(run("engine", settings, engine(settings)))


def engine(settings: EngineSettings) -> Build:
    """Wires the engine's parts; entering starts them, leaving drains and stops them."""

    def build(service: Service) -> AbstractAsyncContextManager[None]:
        return _running(settings, service)

    return build


@asynccontextmanager
async def _running(settings: EngineSettings, service: Service) -> AsyncIterator[None]:
    # Those of the batches, one for the fan-outs, one for the other loops, one to spare for a notification.
    connections = SIDE_BY_SIDE * settings.engine_consumers + 3
    pool = await open_pool(settings.dsn, application_name="relevo-engine", max_size=connections, session=LOOKUPS)
    service.health.probe("database", lambda: pool.fetchval("select 1"), of="PostgreSQL")
    definitions, stores = DefinitionCache(), postgres_stores()
    async with pool, Publisher(settings, service.metrics, seals=Seals(pool, settings)) as publisher:
        service.health.probe("kafka", publisher.check, of="Kafka")
        fanout_worker = FanoutWorker[Connection](
            sessions=pool, stores=stores, definitions=definitions, publisher=publisher
        )
        fanouts = service.loop("fan-out", fanout_worker.run_once, longest_pause=0.5)
        consumer = _consumer(settings, service, pool, lambda records: processor(records))  # noqa: PLW0108 - made below
        processor = BatchProcessor(
            store=Batches(pool, definitions),
            publisher=publisher,
            dead_letters=consumer.dead_letters,
            clock=service.clock,
            metrics=service.metrics,
            on_fanouts=fanouts.wake,
            most=settings.engine_batch,
            traces=service.traces,
        )
        follower = CatalogFollower[Connection](
            pool, definitions, stores=stores, report=lambda source: _report_definitions(service, source)
        )
        partitions = Partitions(settings.engine_decision_days)
        # Before the first batch: it must find the workflows and its partitions.
        await follower.run_once(service.clock.now())
        async with pool.acquire() as conn:
            await partitions.maintain(conn, service.clock.now())
        messages = StaffMessages(
            settings.engine_task_url, lambda shop: definitions.of_shop(shop).shop, definitions.compiled
        )
        staff = _staff(service, pool, definitions, publisher, messages)
        report_sender = ReportSender[Connection](
            sessions=pool,
            reports=reports,
            tasks=tasks,
            outbox=outbox,
            publisher=publisher,
            messages=messages,
            served=lambda: definitions.shops,
        )
        forget = purge_expired(pool, retention.STATEMENTS, days=settings.engine_run_days)
        winners = WinnerChooser[Connection](sessions=pool, results=results, catalog=catalog, definitions=definitions)
        loops = (
            *_loops(service, pool, follower, partitions, processor),
            service.loop("staff", staff.run_once, longest_pause=1),
            service.loop("reports", report_sender.run_once, longest_pause=60),
            service.loop("retention", forget, longest_pause=3600),
            service.loop("winners", winners.run_once, longest_pause=60),
        )
        async with (
            _tasks_served(settings, service, publisher),
            service.running(fanouts, *loops),
            consumer,
        ):
            yield


def _staff(
    service: Service, pool: Pool, definitions: DefinitionCache, publisher: Publisher, messages: StaffMessages
) -> StaffNotifier[Connection]:
    """Who tells the staff of tasks."""
    return StaffNotifier[Connection](
        sessions=pool,
        notices=notices,
        tasks=tasks,
        outbox=outbox,
        publisher=publisher,
        messages=messages,
        served=lambda: definitions.shops,
        pause=service.clock.span,
    )


@asynccontextmanager
async def _tasks_served(settings: EngineSettings, service: Service, publisher: Publisher) -> AsyncIterator[None]:
    """Serves the tasks while the block runs, if a port is set, from connections of their own: batches never wait."""
    if not settings.engine_http_port:
        yield
        return
    pool = await open_pool(settings.dsn, application_name="relevo-engine-tasks", min_size=0, max_size=4)
    app = make_app(pool, publisher, service.clock)
    async with pool, serve(app, settings.engine_http_host, settings.engine_http_port, stop_timeout=2):
        yield


def _report_definitions(service: Service, definitions: DefinitionSource[Connection]) -> None:
    """A part of /readyz that says so without being bad: the other workflows go on, so this engine keeps its work."""
    unreadable, refused = sorted(definitions.unreadable.items()), sorted(definitions.refused.items())
    service.metrics.definitions_unreadable.set(len(unreadable))
    why = [f"version {version} can't be read: {reason}" for version, reason in unreadable]
    why += [f"version {version} runs, and could not be deployed any more: {reason}" for version, reason in refused]
    service.health.set("definitions", True, "; ".join(why))


def _consumer(settings: EngineSettings, service: Service, pool: Pool, handler: Handler) -> BatchConsumer:
    return BatchConsumer(
        settings,
        service="engine",
        topics=TOPICS,
        after={topics.WAKEUPS: topics.EVENTS},
        handler=handler,
        clock=service.clock,
        consumers=settings.engine_consumers,
        max_records=settings.engine_batch * _TRANSACTIONS,
        windows=_WINDOWS,
        health=service.health,
        metrics=service.metrics,
        on_failure=service.fail,
        seals=Seals(pool, settings),
        pool=pool,
    )


def _loops(
    service: Service,
    pool: Pool,
    follower: CatalogFollower[Connection],
    partitions: Partitions,
    processor: BatchProcessor,
) -> tuple[Loop, ...]:
    async def flush_outbox(now: datetime) -> datetime | None:
        await processor.flush()
        return None

    async def keep_partitions(now: datetime) -> datetime | None:
        async with pool.acquire() as conn:
            await partitions.maintain(conn, now)
        return now + timedelta(hours=6)

    return (
        service.loop("catalog", follower.run_once),
        service.loop("outbox", flush_outbox),
        service.loop("partitions", keep_partitions, longest_pause=3600),
    )
