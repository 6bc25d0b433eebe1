"""The HTTP calls of workflows as a kind of work: one worker pool for all, in which hosts have limits of their own."""

from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from relevo_contracts import topics
from relevo_contracts.messages import CallHttp
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.adapters.coupons import Coupons
from relevo_notifier.adapters.http_calls import HttpCaller
from relevo_notifier.adapters.shop_codes import ShopCodes
from relevo_notifier.adapters.systems import ShopSystems
from relevo_notifier.app.attempt_call import CallAttempt
from relevo_notifier.app.call_system import CallOrSystem, CallRequirements
from relevo_notifier.app.exchanges import Exchanges
from relevo_notifier.app.host_limiter import HostLimiter
from relevo_notifier.app.make_code import MakeCode
from relevo_notifier.app.take_coupon import CallOrCoupon
from relevo_notifier.app.worker_pool import PoolLimits
from relevo_notifier.core.breaker import CircuitRules
from relevo_notifier.core.calls import CHANNEL, CallRules, CallWork, SettledCall
from relevo_notifier.core.network import Allowed
from relevo_notifier.core.policy import Retry
from relevo_notifier.entrypoints.pipeline import Dependencies, Kind, WorkerPoolSpec
from relevo_notifier.settings import NotifierSettings
from relevo_notifier.systems.registry import SYSTEMS
from relevo_runtime.clock import Clock
from relevo_runtime.secret_keys import SecretKeys

_BUSY_PAUSE = timedelta(seconds=1)


def calls_kind(
    stack: AsyncExitStack, calls: Calls, dependencies: Dependencies
) -> Kind[CallHttp, CallWork, SettledCall]:
    """The calls. Their connections are closed when `stack` unwinds."""
    settings, context = dependencies.settings, dependencies.context
    clock = context.clock
    caller = HttpCaller(Allowed.parse(settings.notifier_call_hosts))
    limiter = HostLimiter(
        _circuits(settings, clock), settings.notifier_call_per_host, clock.span(_BUSY_PAUSE), context.metrics
    )
    exchanges = Exchanges(caller, limiter, clock, context.metrics, context.traces)
    rules, longest = _rules(settings, clock), settings.notifier_call_timeout
    attempt = CallAttempt(exchanges, rules, clock, secrets=settings.notifier_call_secrets, longest=longest)
    shops = ShopSystems(dependencies.pool, SecretKeys(settings))
    called = CallOrSystem(attempt, CallRequirements(SYSTEMS, shops, exchanges, rules, clock, longest))
    answered = CallOrCoupon(
        called,
        Coupons(dependencies.pool),
        ShopCodes(dependencies.pool, SecretKeys(settings)),
        MakeCode(exchanges, rules, clock, longest),
        clock,
        metrics=context.metrics,
    )
    return Kind(
        service="notifier-calls",
        prefix="call-",
        command=CallHttp,
        topic=topics.CALLS,
        reports=topics.INPUTS,
        ledger=calls,
        pools=[
            WorkerPoolSpec(CHANNEL, calls, answered, _limits(settings), partial(limiter.pick, place_of=called.place))
        ],
        route=lambda _: CHANNEL,
    )


def _limits(settings: NotifierSettings) -> PoolLimits:
    longest = settings.notifier_call_timeout
    return PoolLimits(
        slots=settings.notifier_call_connections,
        capacity=settings.notifier_capacity,
        lease=timedelta(seconds=max(settings.notifier_lease, 2 * longest)),
        margin=timedelta(seconds=longest),
    )


def _rules(settings: NotifierSettings, clock: Clock) -> CallRules:
    retry = Retry(
        attempts=settings.notifier_call_attempts,
        first=timedelta(seconds=settings.notifier_call_retry_first),
        longest=timedelta(seconds=settings.notifier_call_retry_longest),
    )
    return CallRules(retry=retry, span=clock.span, patience=timedelta(seconds=settings.notifier_call_patience))


def _circuits(settings: NotifierSettings, clock: Clock) -> CircuitRules:
    return CircuitRules(
        failures=settings.notifier_circuit_failures,
        window=clock.span(timedelta(seconds=settings.notifier_circuit_window)),
        pause=clock.span(timedelta(seconds=settings.notifier_circuit_pause)),
        trial=clock.span(timedelta(seconds=2 * settings.notifier_call_timeout)),
    )
