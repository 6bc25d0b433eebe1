"""Starts ingest: shops from the catalog, keys from PostgreSQL, events to Kafka, all behind one HTTP server."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relevo_ingest.adapters.counters import MetricCounters
from relevo_ingest.adapters.erasing_event_log import ErasingEventLog
from relevo_ingest.adapters.erasures import PendingErasures
from relevo_ingest.adapters.event_log import KafkaEventLog
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.adapters.ids import KEPT_DAYS, EventIds
from relevo_ingest.adapters.ids import RETENTION as IDS_RETENTION
from relevo_ingest.adapters.shops import Shops
from relevo_ingest.adapters.states import RETENTION, KnownStates
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.rates import Rates
from relevo_ingest.entrypoints.gathering import Gathering
from relevo_ingest.entrypoints.http import Ingest, make_app
from relevo_ingest.settings import IngestSettings
from relevo_runtime.environment import start
from relevo_runtime.http import serve
from relevo_runtime.kafka import Publisher
from relevo_runtime.links import check_secret
from relevo_runtime.postgres import open_pool
from relevo_runtime.retention import purge_expired
from relevo_runtime.sealing import Seals
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.service import Service, run

_log = logging.getLogger(__name__)
_COMMAND_SECONDS = 10.0
_ERASURES_SECONDS = 1.0


def main() -> None:
    """Runs ingest until it is told to stop; the process ends with 1 if it failed."""
    settings = start("ingest", IngestSettings, "Receives the webhooks and events of shops, and puts them on Kafka.")

    @asynccontextmanager
    async def build(service: Service) -> AsyncIterator[None]:
        async with running(settings, service):
            yield

    sys.exit(run("ingest", settings, build))


@asynccontextmanager
async def running(settings: IngestSettings, service: Service) -> AsyncIterator[int]:
    """Serves while the block runs; gives the port. At the end requests in flight are answered, then it disconnects.

    Neither Kafka nor PostgreSQL has to be there at the start: until they are, the answer is "try again".
    Raises `SecretTooShort`: without the secret of the links nobody could unsubscribe.
    """
    check_secret(settings.link_secret.get_secret_value())
    pool = await open_pool(
        settings.dsn,
        application_name="relevo-ingest",
        min_size=0,
        max_size=settings.ingest_pool,
        command_timeout=_COMMAND_SECONDS,
    )
    publisher = Publisher(settings, service.metrics, seals=Seals(pool, settings))
    log = KafkaEventLog(publisher, most_waiting=settings.ingest_most_waiting)
    try:
        await _connect(log)
        shops = Shops(
            pool,
            SecretKeys(settings),
            interval=settings.ingest_shops_interval,
            forced=settings.ingest_shops_forced,
            monotonic=asyncio.get_running_loop().time,
        )
        forgetting = ErasingEventLog(log, pool)
        erasures = PendingErasures(pool, forgetting.events)
        deps = IngestDependencies(
            keys=Identity(pool),
            states=KnownStates(pool, service.clock),
            log=forgetting,
            erasures=erasures,
            ids=EventIds(pool),
            counters=MetricCounters(service.metrics),
            limits=settings.limits(),
            budget=settings.ingest_budget,
            erasing_after=settings.ingest_erasing_after,
        )
        forget_ids = purge_expired(pool, IDS_RETENTION, days=KEPT_DAYS)
        forget = purge_expired(pool, RETENTION, days=settings.ingest_state_days)
        service.health.probe("database", lambda: pool.fetchval("select 1"), of="PostgreSQL")
        service.health.probe("kafka", log.check, of="Kafka")
        rates = Rates(settings.ingest_rate, settings.ingest_burst, asyncio.get_running_loop().time)
        gathering = Gathering(settings.batch_window / settings.clock_speed)
        app = make_app(Ingest(settings, shops, deps, rates, service.clock, service.metrics, gathering))
        async with (
            service.running(
                service.loop("retention", forget, longest_pause=3600),
                service.loop("event ids", forget_ids, longest_pause=3600),
                service.loop("erasures", erasures.run_once, longest_pause=_ERASURES_SECONDS),
            ),
            serve(app, settings.ingest_host, settings.ingest_port, stop_timeout=settings.stop_timeout) as port,
        ):
            _log.info("ingest listens on %s:%d", settings.ingest_host, port)
            yield port
    finally:
        await log.stop()
        pool.terminate()


async def _connect(log: KafkaEventLog) -> None:
    """Connects now rather than at the first webhook; Kafka may still be starting."""
    try:
        await log.start()
    except Busy as error:
        _log.warning("%s; webhooks are answered with 503 until it is there", error)
