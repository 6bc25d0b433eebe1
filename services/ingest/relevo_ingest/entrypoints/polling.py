"""Starts the process that asks the shops without webhooks what changed: `python -m relevo_ingest poll`."""

import logging
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from relevo_ingest.adapters.counters import MetricCounters
from relevo_ingest.adapters.fetched_shops import CatalogFetchedShops
from relevo_ingest.adapters.notifications import KeptNotifications
from relevo_ingest.adapters.platform_requests import RequestPolicy, platform_requests
from relevo_ingest.adapters.polled_shops import CatalogPolledShops
from relevo_ingest.adapters.polls import PollLeases
from relevo_ingest.app.fetching import Fetcher, Fetching
from relevo_ingest.app.poll_cursor import Pace
from relevo_ingest.app.poll_shops import PolledShop, Poller, Polling, PollPolicy, Receive
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.receive_webhook import Delivery, Webhook, receive_webhooks
from relevo_ingest.connectors.platform_api import Record
from relevo_ingest.entrypoints.dependencies import stores
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import Clock
from relevo_runtime.environment import start
from relevo_runtime.service import Service, run

NAME = "poller"
_REPORT_SECONDS = 15.0
_LONGEST_PAUSE = 1.0
"""Seconds after which it is looked what is due; sooner where shops are asked more often than that."""
_log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> None:
    """Asks until it is told to stop; the process ends with 1 if it failed."""
    settings = start("ingest", IngestSettings, "Asks shops without webhooks what changed.", arguments)

    @asynccontextmanager
    async def build(service: Service) -> AsyncIterator[None]:
        async with polling(settings, service):
            yield

    sys.exit(run(NAME, settings, build))


@asynccontextmanager
async def polling(settings: IngestSettings, service: Service) -> AsyncIterator[Poller]:
    """Polls while the block runs. At the end the turns that run are cut off: the next process goes on from there."""
    requests = RequestPolicy(rate=settings.ingest_api_rate, seconds=settings.ingest_api_timeout)
    async with (
        stores(settings, service, name="relevo-poller") as opened,
        platform_requests(requests, clock=service.clock) as sender,
    ):
        shops = CatalogPolledShops(opened.pool, opened.shops, opened.shops.keys)
        leases = PollLeases(opened.pool, settings.ingest_poll_lease)
        poller = Poller(
            Polling(
                shops=shops,
                leases=leases,
                requests=sender,
                receive=_receiving(opened.deps, service.clock),
                counters=MetricCounters(service.metrics),
                now=service.clock.now,
                jitter=random.SystemRandom().random,
                policy=_policy(settings),
            )
        )

        async def report(now: datetime) -> None:
            del now
            for shop, seconds in (await leases.lags(list(await shops.all()))).items():
                service.metrics.poll_lag_seconds.labels(shop).set(seconds)

        fetcher = Fetcher(
            Fetching(
                kept=KeptNotifications(opened.pool),
                shops=CatalogFetchedShops(opened.pool, opened.shops, opened.shops.keys),
                converse=sender.converse,
                deps=opened.deps,
                now=service.clock.now,
            )
        )
        pause = min(_LONGEST_PAUSE, settings.ingest_poll_interval.total_seconds())
        loops = (
            service.loop("polling", poller.run_once, longest_pause=pause),
            service.loop("fetching", fetcher.run_once, longest_pause=pause),
            service.loop("lag", report, longest_pause=_REPORT_SECONDS),
        )
        async with service.running(*loops):
            _log.info("shops without webhooks are asked every %s", settings.ingest_poll_interval)
            try:
                yield poller
            finally:
                await poller.stop()
                await fetcher.stop()


def _policy(settings: IngestSettings) -> PollPolicy:
    longest = settings.ingest_poll_longest_pause
    interval = settings.ingest_poll_interval
    return PollPolicy(
        pace=Pace(interval=interval, first_pause=min(interval, longest), longest_pause=longest),
        overlap=settings.ingest_poll_overlap,
        shops_at_once=settings.ingest_poll_shops,
        renew_seconds=settings.ingest_poll_lease.total_seconds() / 3,
    )


def _receiving(deps: IngestDependencies, clock: Clock) -> Receive:
    async def receive(shop: PolledShop, records: Sequence[Record]) -> None:
        """As webhooks of the shop, so that identity, known states and ids are the same. Raises the first error."""
        failed: list[Exception] = []

        def report(_: int, outcome: object) -> None:
            if isinstance(outcome, Exception):
                failed.append(outcome)

        told = [Delivery.of(shop.context, _webhook(shop, one, clock.now())) for one in records]
        await receive_webhooks(deps, told, report)
        if failed:
            raise failed[0]

    return receive


def _webhook(shop: PolledShop, record: Record, received: datetime) -> Webhook:
    return Webhook(connector=shop.connector, headers={}, body=record.body, received=received, stored_topic=record.topic)
