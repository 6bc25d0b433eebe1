"""Starts ingest: shops from the catalog, keys from PostgreSQL, events to Kafka, all behind one HTTP server."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from relevo_ingest.adapters.consents import Consents
from relevo_ingest.adapters.ids import KEPT_DAYS
from relevo_ingest.adapters.ids import RETENTION as IDS_RETENTION
from relevo_ingest.adapters.key_server import KeyPolicy, KeyServer
from relevo_ingest.adapters.opt_ins import KEPT_DAYS as OPT_INS_KEPT_DAYS
from relevo_ingest.adapters.opt_ins import RETENTION as OPT_INS_RETENTION
from relevo_ingest.adapters.states import RETENTION
from relevo_ingest.adapters.surveys import Surveys
from relevo_ingest.adapters.unfollowed import Unfollowed
from relevo_ingest.app.record_hits import HitRecorder
from relevo_ingest.app.say_consent import ConsentDependencies
from relevo_ingest.core.rates import Rates
from relevo_ingest.entrypoints.dependencies import stores
from relevo_ingest.entrypoints.gathering import Gathering
from relevo_ingest.entrypoints.http import make_app
from relevo_ingest.entrypoints.serving import Ingest
from relevo_ingest.entrypoints.storefront_wiring import storefront_parts
from relevo_ingest.settings import IngestSettings
from relevo_runtime.environment import start
from relevo_runtime.http import serve
from relevo_runtime.last_deliveries import DeliveryRecorder
from relevo_runtime.links import check_secret
from relevo_runtime.retention import purge_expired
from relevo_runtime.service import Service, run

_log = logging.getLogger(__name__)
_ERASURES_SECONDS = 1.0
_DELIVERIES_SECONDS = 3.0
_HITS_SECONDS = 1.0


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
    async with (
        stores(settings, service, name="relevo-ingest") as opened,
        httpx.AsyncClient(trust_env=False) as key_client,
    ):
        pool, erasures = opened.pool, opened.erasures
        forget_ids = purge_expired(pool, IDS_RETENTION, days=KEPT_DAYS)
        forget_opt_ins = purge_expired(pool, OPT_INS_RETENTION, days=OPT_INS_KEPT_DAYS)
        forget = purge_expired(pool, RETENTION, days=settings.ingest_state_days)
        rates = Rates(settings.ingest_rate, settings.ingest_burst, asyncio.get_running_loop().time)
        deliveries = DeliveryRecorder(pool)
        gathering = Gathering(settings.batch_window / settings.clock_speed)
        keys = KeyServer(key_client, KeyPolicy(), asyncio.get_running_loop().time, mirror=settings.ingest_public_keys)
        front = storefront_parts(settings, pool, opened.deps)
        hits = HitRecorder(opened.deps, Unfollowed(pool), opened.shops, service.clock.span)
        consents = ConsentDependencies(opened.deps, Consents(pool))
        parts = (
            rates,
            service.clock,
            service.metrics,
            gathering,
            keys,
            front,
            deliveries,
            hits,
            consents,
            Surveys(pool),
            service.traces,
        )
        app = make_app(Ingest(settings, opened.shops, opened.deps, *parts))
        host, port = settings.ingest_host, settings.ingest_port
        async with (
            service.running(
                service.loop("retention", forget, longest_pause=3600),
                service.loop("event ids", forget_ids, longest_pause=3600),
                service.loop("sign-ups", forget_opt_ins, longest_pause=3600),
                service.loop("last deliveries", deliveries.run_once, longest_pause=_DELIVERIES_SECONDS),
                service.loop("clicks and openings", hits.run_once, longest_pause=_HITS_SECONDS),
                service.loop("erasures", erasures.run_once, longest_pause=_ERASURES_SECONDS),
            ),
            serve(app, host, port, stop_timeout=settings.stop_timeout, direct=app.direct) as bound,
        ):
            _log.info("ingest listens on %s:%d", host, bound)
            yield bound
        await hits.finish(service.clock.now())
