"""The deliveries as a kind of work: one worker pool for each provider that some shop uses."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

from msgspec import structs

from relevo_contracts import topics
from relevo_contracts.contact import Channel
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import QuietHours
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.deliveries import Deliveries, ProviderQueue
from relevo_notifier.adapters.storefronts import Storefronts
from relevo_notifier.adapters.taken_texts import TakenTextsTable
from relevo_notifier.adapters.turns import Source
from relevo_notifier.app.accept import Recalls
from relevo_notifier.app.attempt_delivery import Attempt
from relevo_notifier.app.flow import Flow, FlowRules
from relevo_notifier.app.message_links import MessageLinks
from relevo_notifier.app.ports import Provider
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.app.worker_pool import PoolLimits
from relevo_notifier.core.breaker import CircuitRules
from relevo_notifier.core.pace import PaceRules
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.routing import Routing
from relevo_notifier.core.settle import Rules
from relevo_notifier.core.tracking import sent_of
from relevo_notifier.core.turns import Subqueue
from relevo_notifier.core.work import Settled, Work
from relevo_notifier.entrypoints.pipeline import Dependencies, Kind, WorkerPoolSpec
from relevo_notifier.providers.registry import open_providers
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.clock import Clock
from relevo_runtime.links import Asked, Preferences, masked, token_of, unsubscribe_token
from relevo_runtime.postgres import Pool

_STEP = timedelta(seconds=5)
_LONGEST = timedelta(minutes=2)
_LONGEST_SLOW_DOWN = timedelta(hours=1)
_WINDOWS_OF_OUTCOMES = 3
"""They gather longer than what is to be sent and than answers of calls: no run that goes well waits for them."""


def deliveries_kind(
    stack: AsyncExitStack,
    deliveries: Deliveries,
    catalog: Catalog,
    dependencies: Dependencies,
    *,
    flows: Mapping[str, Flow],
    is_full: Callable[[str], bool],
) -> Kind[SendDelivery, Work, Settled]:
    """The deliveries, sent by the providers that the settings choose. They are closed when `stack` unwinds.

    `flows` has how fast those of each go; `is_full` says of which too many wait.
    """
    settings, context = dependencies.settings, dependencies.context
    routing = settings.routing
    prepare = Prepare(
        catalog,
        partial(_unsubscribe_url, settings),
        quiet_hours(settings),
        _links(settings, dependencies.pool),
        partial(_provider_of, routing),
        preferences_url=partial(_preferences_url, settings),
        survey_url=partial(_survey_url, settings),
    )
    pools: list[WorkerPoolSpec[SendDelivery, Work, Settled]] = []
    for name, provider in open_providers(settings, routing).items():
        stack.push_async_callback(provider.close)
        rules = _rules(settings, context.clock)
        attempt = Attempt(
            provider,
            prepare,
            rules,
            context.clock,
            context.metrics,
            texts=TakenTextsTable(dependencies.pool),
            name=name,
            flow=flows[name],
            anew=deliveries.with_contacts,
            prices=settings.prices,
            traces=context.traces,
        )
        relieves = [_relief(routing, name, flows[first], provider.channel) for first in routing.relieved_by(name)]
        rows = ProviderQueue(deliveries, provider.channel, name, flows[name], relieves)
        pools.append(WorkerPoolSpec(name, rows, attempt, _limits(settings, provider), gate=flows[name]))
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
        is_full=is_full,
        report_windows=_WINDOWS_OF_OUTCOMES,
        recalls=Recalls(lambda delivery: delivery.recall is not None, deliveries.recall),
    )


def _provider_of(routing: Routing, delivery: SendDelivery) -> str:
    return routing.provider(delivery.shop, delivery.channel, delivery.purpose)


def flows_of(settings: NotifierSettings, clock: Clock) -> dict[str, Flow]:
    """How fast each provider's messages go."""
    circuit = CircuitRules(
        failures=settings.notifier_circuit_failures,
        window=clock.span(timedelta(seconds=settings.notifier_circuit_window)),
        pause=clock.span(timedelta(seconds=settings.notifier_circuit_pause)),
        trial=clock.span(timedelta(seconds=2 * settings.longest_timeout)),
    )
    slow_down = clock.span(timedelta(seconds=settings.notifier_slow_down))
    step, longest = clock.span(_STEP), clock.span(_LONGEST)
    rules = FlowRules(
        provider=PaceRules(circuit, longest, step),
        destination=PaceRules(structs.replace(circuit, pause=slow_down), clock.span(_LONGEST_SLOW_DOWN), step),
        relieved_after=clock.span(timedelta(seconds=settings.notifier_failover_after)),
    )
    limits = settings.limits
    return {name: Flow(name, limits.of.get(name, ()), rules, clock) for name in settings.routing.providers()}


def _relief(routing: Routing, name: str, first: Flow, channel: Channel) -> Source:
    """What `name` takes over from another provider's queue, while that one certainly does not send it."""

    def wanted(subqueue: Subqueue, now: datetime) -> bool:
        return first.relieved(subqueue, now) and routing.relieves(
            name, first.name, subqueue.shop, channel, subqueue.purpose
        )

    return Source(first.name, first.is_relieved, wanted, fresh=True)


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
    return Rules(retry=retry, span=clock.span, settled_within=timedelta(seconds=settings.notifier_lease))


def quiet_hours(settings: NotifierSettings) -> QuietHours | None:
    """The quiet hours of shops that have none of their own."""
    start, end = settings.notifier_quiet_from, settings.notifier_quiet_until
    return QuietHours(start, end) if start is not None and end is not None else None


def _links(settings: NotifierSettings, pool: Pool) -> MessageLinks:
    secret = settings.link_secret.get_secret_value()
    visits = settings.notifier_visit_links
    return MessageLinks(Storefronts(pool), partial(token_of, secret), f"{settings.public_url}/", visits=visits)


def _preferences_url(settings: NotifierSettings, delivery: SendDelivery, address: str, now: datetime) -> str:
    link = Preferences(delivery.shop, delivery.key, delivery.channel, masked(address), now.replace(microsecond=0))
    return f"{settings.public_url}/preferences/{token_of(settings.link_secret.get_secret_value(), link)}"


def _survey_url(settings: NotifierSettings, delivery: SendDelivery, now: datetime) -> str:
    token = token_of(settings.link_secret.get_secret_value(), Asked(sent_of(delivery, now)))
    return f"{settings.public_url}/survey/{token}"


def _unsubscribe_url(settings: NotifierSettings, delivery: SendDelivery, address: str) -> str:
    secret = settings.link_secret.get_secret_value()
    token = unsubscribe_token(secret, delivery.shop, delivery.key, delivery.channel, address)
    return f"{settings.public_url}/u/{token}"
