"""What every process of ingest works with: shops of the catalog, keys and states in PostgreSQL, events on Kafka."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from relevo_ingest.adapters.counters import MetricCounters
from relevo_ingest.adapters.erasing_event_log import ErasingEventLog
from relevo_ingest.adapters.erasures import PendingErasures
from relevo_ingest.adapters.event_log import KafkaEventLog
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.adapters.ids import EventIds
from relevo_ingest.adapters.notifications import KeptNotifications
from relevo_ingest.adapters.shops import Shops
from relevo_ingest.adapters.states import KnownStates
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.core.errors import Busy
from relevo_ingest.settings import IngestSettings
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.sealing import Seals
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.service import Service

_log = logging.getLogger(__name__)
_COMMAND_SECONDS = 10.0


class Stores(Struct, frozen=True, kw_only=True):
    """What was opened."""

    pool: Pool
    shops: Shops
    deps: IngestDependencies
    erasures: PendingErasures


@asynccontextmanager
async def stores(settings: IngestSettings, service: Service, *, name: str) -> AsyncIterator[Stores]:
    """Connected while the block runs, and watched by the service's health. `name` is what the database knows it as.

    Neither Kafka nor PostgreSQL has to be there at the start.
    """
    pool = await open_pool(
        settings.dsn,
        application_name=name,
        min_size=0,
        max_size=settings.ingest_pool,
        command_timeout=_COMMAND_SECONDS,
    )
    publisher = Publisher(settings, service.metrics, seals=Seals(pool, settings))
    log = KafkaEventLog(publisher, most_waiting=settings.ingest_most_waiting)
    try:
        await _connect(log)
        service.health.probe("database", lambda: pool.fetchval("select 1"), of="PostgreSQL")
        service.health.probe("kafka", log.check, of="Kafka")
        yield _opened(settings, service, pool, log)
    finally:
        await log.stop()
        pool.terminate()


def _opened(settings: IngestSettings, service: Service, pool: Pool, log: KafkaEventLog) -> Stores:
    forgetting = ErasingEventLog(log, pool)
    erasures = PendingErasures(pool, forgetting.events)
    shops = Shops(
        pool,
        SecretKeys(settings),
        interval=settings.ingest_shops_interval,
        forced=settings.ingest_shops_forced,
        monotonic=asyncio.get_running_loop().time,
    )
    deps = IngestDependencies(
        keys=Identity(pool),
        states=KnownStates(pool, service.clock),
        log=forgetting,
        erasures=erasures,
        ids=EventIds(pool),
        notifications=KeptNotifications(pool),
        counters=MetricCounters(service.metrics),
        limits=settings.limits(),
        budget=settings.ingest_budget,
        erasing_after=settings.ingest_erasing_after,
    )
    return Stores(pool=pool, shops=shops, deps=deps, erasures=erasures)


async def _connect(log: KafkaEventLog) -> None:
    """Connects now rather than at the first webhook; Kafka may still be starting."""
    try:
        await log.start()
    except Busy as error:
        _log.warning("%s; what comes is to be sent again until it is there", error)
