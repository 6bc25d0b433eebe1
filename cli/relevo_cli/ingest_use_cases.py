"""The use cases of ingest for a command: its dependencies, opened for as long as a block runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from relevo_cli import addresses
from relevo_ingest.adapters.counters import MetricCounters
from relevo_ingest.adapters.erasing_event_log import ErasingEventLog
from relevo_ingest.adapters.erasures import PendingErasures
from relevo_ingest.adapters.event_log import KafkaEventLog
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.adapters.ids import EventIds
from relevo_ingest.adapters.notifications import KeptNotifications
from relevo_ingest.adapters.states import KnownStates
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Publisher
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.sealing import Seals

_BUDGET = 60.0
_MOST_WAITING = 100


def ingest_settings() -> IngestSettings:
    """The settings of ingest with the addresses that apply."""
    found = addresses.of_system(addresses.running(addresses.DATA))
    return IngestSettings(**found)  # type: ignore[arg-type]  # pydantic checks each value


@contextlib.asynccontextmanager
async def dependencies(settings: IngestSettings) -> AsyncIterator[tuple[IngestDependencies, Pool]]:
    """What the use cases work with, and the pool behind it."""
    metrics = Metrics("cli")
    pool = await open_pool(settings.dsn, application_name="relevo-cli", min_size=0, max_size=3)
    log = KafkaEventLog(Publisher(settings, metrics, seals=Seals(pool, settings)), most_waiting=_MOST_WAITING)
    forgetting = ErasingEventLog(log, pool)
    try:
        yield (
            IngestDependencies(
                keys=Identity(pool),
                states=KnownStates(pool, make_clock(settings)),
                log=forgetting,
                erasures=PendingErasures(pool, forgetting.events),
                ids=EventIds(pool),
                notifications=KeptNotifications(pool),
                counters=MetricCounters(metrics),
                limits=settings.limits(),
                budget=_BUDGET,
                erasing_after=settings.ingest_erasing_after,
            ),
            pool,
        )
    finally:
        await log.stop()
        async with asyncio.timeout(_BUDGET):
            await pool.close()
