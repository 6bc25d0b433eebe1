"""Puts the notifier together: two pipelines, and what learns of contacts; starts and stops them in the right order."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from relevo_contracts import topics
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.contacts import ContactTables
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.adapters.places import Places
from relevo_notifier.adapters.turns import QueueCounts
from relevo_notifier.app.judge import Judge
from relevo_notifier.app.poll import Poll
from relevo_notifier.app.update_contacts import update_contacts
from relevo_notifier.app.watch_queues import QueueWatch
from relevo_notifier.core.destinations import Destinations
from relevo_notifier.entrypoints.calling import calls_kind
from relevo_notifier.entrypoints.context import ServiceContext
from relevo_notifier.entrypoints.delivering import deliveries_kind, flows_of, quiet_hours
from relevo_notifier.entrypoints.pipeline import Dependencies, start_pipeline
from relevo_notifier.providers.registry import channels
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.kafka import Publisher
from relevo_runtime.links import unsubscribe_token
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.sealing import Seals

_WINDOWS_OF_CONTACTS = 5
_REROUTE_PAUSE = timedelta(minutes=1)
_REFRESH_PAUSE = timedelta(seconds=5)


class Notifier(Struct, frozen=True):
    """The parts of a running notifier that others need."""

    pool: Pool
    catalog: Catalog
    polls: Sequence[Poll[Any, Any]]
    deliveries: Deliveries
    settings: NotifierSettings
    publisher: Publisher
    watch: QueueWatch

    async def refresh(self, now: datetime) -> datetime:
        """A turn of a loop: what was deployed of shops and their contact policies is followed."""
        await self.catalog.refresh()
        return now + _REFRESH_PAUSE

    async def reroute(self, now: datetime) -> datetime:
        """A turn of a loop: what is open goes to the providers that are chosen by now, whoever took it over."""
        await self.deliveries.reroute(self.settings.routing)
        return now + _REROUTE_PAUSE


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
        publisher = await stack.enter_async_context(Publisher(settings, context.metrics, seals=Seals(pool, settings)))
        context.health.probe("kafka", publisher.check, of="Kafka")
        dependencies = Dependencies(settings, pool, publisher, context)
        catalog = Catalog(pool)
        places = Places(Judge(catalog, quiet_hours(settings)), context.clock)
        deliveries = Deliveries(pool, places, Destinations.naming(settings.limits.destinations()))
        await deliveries.reroute(settings.routing)
        flows = flows_of(settings, context.clock)
        watch = QueueWatch(
            *(QueueCounts(pool, channels()), list(flows.values()), context.health, context.metrics),
            most=settings.notifier_backlog,
        )
        kind = deliveries_kind(stack, deliveries, catalog, dependencies, flows=flows, is_full=watch.is_full)
        sending = await start_pipeline(stack, kind, dependencies)
        calling = await start_pipeline(stack, calls_kind(stack, Calls(pool), dependencies), dependencies)
        # Never paused: a withdrawal that waits unread, while deliveries go out, would be a breach of it. Its window is
        # longer: what the engine decides after a withdrawal is decided by it anyway.
        handler = partial(update_contacts, store=ContactTables(pool), clock=context.clock)
        learning = dependencies.consumer(
            service="notifier-contacts", topic=topics.EVENTS, handler=handler, windows=_WINDOWS_OF_CONTACTS
        )
        for consumer in (learning, sending.consumer, calling.consumer):
            await stack.enter_async_context(consumer)
        yield Notifier(pool, catalog, [*sending.polls, *calling.polls], deliveries, settings, publisher, watch)
