"""Puts the notifier together: providers, worker pools, consumers; starts and stops them in the right order."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from relevo_contracts import topics
from relevo_contracts.contact import Channel
from relevo_contracts.messages import SendDelivery
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.deliveries import ChannelQueue, Deliveries
from relevo_notifier.app.accept import accept_deliveries
from relevo_notifier.app.attempt import Attempt
from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.learn import learn_contacts
from relevo_notifier.app.poll import Poll
from relevo_notifier.app.ports import Provider
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.app.report import Publish, Report, Settle
from relevo_notifier.app.worker_pool import PoolLimits, WorkerPool
from relevo_notifier.core.policy import QuietHours, Retry
from relevo_notifier.core.settle import Rules
from relevo_notifier.core.work import Settled, Work
from relevo_notifier.entrypoints.calling import start_calling
from relevo_notifier.entrypoints.context import ServiceContext, in_background
from relevo_notifier.providers.smtp.client import SmtpOptions, SmtpProvider
from relevo_notifier.providers.twilio.client import TwilioOptions, TwilioProvider
from relevo_notifier.providers.unconfigured import NoProvider
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.clock import Clock
from relevo_runtime.kafka import BatchConsumer, Publisher
from relevo_runtime.links import unsubscribe_token
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.sealing import Seals


class Notifier(Struct, frozen=True):
    """The parts of a running notifier that others need."""

    pool: Pool
    catalog: Catalog
    worker_pools: Sequence[WorkerPool[Any, Any]]
    polls: Sequence[Poll[Any, Any]]
    consumers: Sequence[BatchConsumer]


@asynccontextmanager
async def run_notifier(settings: NotifierSettings, context: ServiceContext) -> AsyncIterator[Notifier]:
    """Send for as long as the block lasts; `Poll.run_once` of each worker pool has to be called by the caller's loop.

    At the end no further deliveries are taken, what has begun ends and is reported, what was only held is given back.
    Raises `ValueError` if the secret of the links is too short.
    """
    unsubscribe_token(settings.link_secret.get_secret_value(), "any", "any", "email")
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.dsn, application_name="relevo-notifier", max_size=6)
        stack.push_async_callback(pool.close)
        seals = Seals(pool, settings)
        publisher = await stack.enter_async_context(Publisher(settings, context.metrics, seals=seals))
        context.health.probe("kafka", publisher.check, of="Kafka")
        deliveries, catalog = Deliveries(pool), Catalog(pool)
        publish = Publish(publisher, topics.OUTCOMES, deliveries)
        reports: Batcher[Report] = Batcher("reports", publish, give_up=publish.give_up)
        settlements: Batcher[Settled] = Batcher("settle", Settle(deliveries, reports, context.clock, context.metrics))
        await in_background(stack, "reports", reports.run(), reports.drained, context)
        await in_background(stack, "settle", settlements.run(), settlements.drained, context)
        prepare = Prepare(catalog, partial(_unsubscribe_url, settings), _quiet(settings))
        worker_pools: dict[Channel, WorkerPool[Work, Settled]] = {}
        polls: list[Poll[Any, Any]] = []
        for provider in providers(settings):
            stack.push_async_callback(provider.close)
            attempt = Attempt(provider, prepare, _rules(settings, context.clock), context.clock, context.metrics)
            queue, limits = ChannelQueue(deliveries, provider.channel), _limits(settings, provider)
            workers = WorkerPool(provider.channel, attempt, queue, settlements, context.clock, limits=limits)
            await in_background(stack, f"{workers.name}-workers", workers.run(), workers.stop, context)
            worker_pools[provider.channel] = workers
            polls.append(Poll(workers, queue, settlements, reports, context.clock))
        calling = await start_calling(stack, settings, pool, publisher, context)
        polls.append(calling.poll)
        consumers = [*_consumers(settings, pool, deliveries, worker_pools, context), calling.consumer]
        for consumer in consumers:
            await stack.enter_async_context(consumer)
        yield Notifier(pool, catalog, [*worker_pools.values(), calling.workers], polls, consumers)


def providers(settings: NotifierSettings) -> list[Provider]:
    """The ways out that the settings name."""
    smtp = SmtpOptions(
        host=settings.notifier_smtp_host,
        port=settings.notifier_smtp_port,
        user=settings.notifier_smtp_user,
        password=settings.notifier_smtp_password.get_secret_value(),
        tls=settings.notifier_smtp_tls,
        ca_file=settings.notifier_smtp_ca_file,
        connections=settings.notifier_smtp_connections,
        timeout=settings.notifier_smtp_timeout,
    )
    if not settings.notifier_twilio_account:
        return [SmtpProvider(smtp), NoProvider("sms", "set RELEVO_NOTIFIER_TWILIO_ACCOUNT and _TOKEN")]
    twilio = TwilioOptions(
        base_url=settings.notifier_twilio_url,
        account=settings.notifier_twilio_account,
        token=settings.notifier_twilio_token.get_secret_value(),
        connections=settings.notifier_twilio_connections,
        timeout=settings.notifier_twilio_timeout,
    )
    return [SmtpProvider(smtp), TwilioProvider(twilio)]


def _limits(settings: NotifierSettings, provider: Provider) -> PoolLimits:
    longest = max(settings.notifier_smtp_timeout, settings.notifier_twilio_timeout)
    return PoolLimits(
        slots=provider.slots,
        capacity=settings.notifier_capacity,
        lease=timedelta(seconds=settings.notifier_lease),
        margin=timedelta(seconds=longest),
    )


def _consumers(
    settings: NotifierSettings,
    pool: Pool,
    deliveries: Deliveries,
    worker_pools: Mapping[Channel, WorkerPool[Work, Settled]],
    context: ServiceContext,
) -> list[BatchConsumer]:
    """Two groups: one takes the deliveries, one learns of contacts; neither waits for the other."""
    accept = partial(accept_deliveries, deliveries=deliveries, worker_pools=worker_pools, clock=context.clock)
    consumer = partial(
        BatchConsumer,
        settings,
        clock=context.clock,
        health=context.health,
        metrics=context.metrics,
        on_failure=context.on_failure,
        seals=Seals(pool, settings),
    )
    learn = partial(learn_contacts, pool=pool, clock=context.clock)
    return [
        # Never paused: a withdrawal that waits unread, while deliveries go out, would be a breach of it.
        consumer(service="notifier-contacts", topics=[topics.EVENTS], handler=learn),
        consumer(
            service="notifier",
            topics=[topics.DELIVERIES],
            handler=accept,
            consumers=settings.notifier_consumers,
            max_records=settings.notifier_batch,
            pool=pool,
        ),
    ]


def _rules(settings: NotifierSettings, clock: Clock) -> Rules:
    retry = Retry(
        attempts=settings.notifier_attempts,
        first=timedelta(seconds=settings.notifier_retry_first),
        longest=timedelta(seconds=settings.notifier_retry_longest),
    )
    return Rules(retry=retry, span=clock.span)


def _quiet(settings: NotifierSettings) -> QuietHours | None:
    start, end = settings.notifier_quiet_from, settings.notifier_quiet_until
    return QuietHours(start, end) if start is not None and end is not None else None


def _unsubscribe_url(settings: NotifierSettings, delivery: SendDelivery, address: str) -> str:
    secret = settings.link_secret.get_secret_value()
    token = unsubscribe_token(secret, delivery.shop, delivery.key, delivery.channel, address)
    return f"{settings.public_url}/u/{token}"
