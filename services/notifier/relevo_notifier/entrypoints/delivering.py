"""The deliveries as a kind of work: one worker pool for each provider that some shop uses."""

from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from relevo_contracts import topics
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import QuietHours
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.deliveries import Deliveries, ProviderQueue
from relevo_notifier.adapters.storefronts import Storefronts
from relevo_notifier.app.attempt_delivery import Attempt
from relevo_notifier.app.ports import Provider
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.app.visit_links import VisitLinks
from relevo_notifier.app.worker_pool import PoolLimits
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.routing import Routing
from relevo_notifier.core.settle import Rules
from relevo_notifier.core.work import Settled, Work
from relevo_notifier.entrypoints.pipeline import Dependencies, Kind, WorkerPoolSpec
from relevo_notifier.providers.registry import open_providers
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.clock import Clock
from relevo_runtime.links import token_of, unsubscribe_token
from relevo_runtime.postgres import Pool


def deliveries_kind(
    stack: AsyncExitStack, deliveries: Deliveries, catalog: Catalog, dependencies: Dependencies
) -> Kind[SendDelivery, Work, Settled]:
    """The deliveries, sent by the providers that the settings choose. They are closed when `stack` unwinds."""
    settings, context = dependencies.settings, dependencies.context
    routing = settings.routing
    prepare = Prepare(
        catalog,
        partial(_unsubscribe_url, settings),
        quiet_hours(settings),
        _visits(settings, dependencies.pool),
        partial(_provider_of, routing),
    )
    pools: list[WorkerPoolSpec[SendDelivery, Work, Settled]] = []
    for name, provider in open_providers(settings, routing).items():
        stack.push_async_callback(provider.close)
        rules = _rules(settings, context.clock)
        attempt = Attempt(provider, prepare, rules, context.clock, context.metrics, name=name)
        rows = ProviderQueue(deliveries, provider.channel, name)
        pools.append(WorkerPoolSpec(name, rows, attempt, _limits(settings, provider)))
    return Kind(
        service="notifier",
        prefix="",
        command=SendDelivery,
        topic=topics.DELIVERIES,
        reports=topics.OUTCOMES,
        ledger=deliveries,
        pools=pools,
        route=partial(_provider_of, routing),
        consumers=settings.notifier_consumers,
    )


def _provider_of(routing: Routing, delivery: SendDelivery) -> str:
    return routing.provider(delivery.shop, delivery.channel, delivery.purpose)


def _limits(settings: NotifierSettings, provider: Provider) -> PoolLimits:
    return PoolLimits(
        slots=provider.slots,
        capacity=settings.notifier_capacity,
        lease=timedelta(seconds=settings.notifier_lease),
        margin=timedelta(seconds=settings.longest_timeout),
    )


def _rules(settings: NotifierSettings, clock: Clock) -> Rules:
    retry = Retry(
        attempts=settings.notifier_attempts,
        first=timedelta(seconds=settings.notifier_retry_first),
        longest=timedelta(seconds=settings.notifier_retry_longest),
    )
    return Rules(retry=retry, span=clock.span)


def quiet_hours(settings: NotifierSettings) -> QuietHours | None:
    """The quiet hours of shops that have none of their own."""
    start, end = settings.notifier_quiet_from, settings.notifier_quiet_until
    return QuietHours(start, end) if start is not None and end is not None else None


def _visits(settings: NotifierSettings, pool: Pool) -> VisitLinks | None:
    if not settings.notifier_visit_links:
        return None
    secret = settings.link_secret.get_secret_value()
    return VisitLinks(Storefronts(pool), partial(token_of, secret), f"{settings.public_url}/")


def _unsubscribe_url(settings: NotifierSettings, delivery: SendDelivery, address: str) -> str:
    secret = settings.link_secret.get_secret_value()
    token = unsubscribe_token(secret, delivery.shop, delivery.key, delivery.channel, address)
    return f"{settings.public_url}/u/{token}"
