"""Puts together what carries out the HTTP calls of workflows: one worker pool, its table, its consumer."""

from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from msgspec import Struct

from relevo_contracts import topics
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.adapters.http_calls import HttpCaller
from relevo_notifier.app.accept import accept_calls
from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.call import CallAttempt
from relevo_notifier.app.host_limiter import HostLimiter
from relevo_notifier.app.poll import Poll
from relevo_notifier.app.report import Publish, Report, Settle
from relevo_notifier.app.worker_pool import PoolLimits, WorkerPool
from relevo_notifier.core.breaker import CircuitRules
from relevo_notifier.core.calls import CHANNEL, CallRules, CallWork, SettledCall
from relevo_notifier.core.network import Allowed
from relevo_notifier.core.policy import Retry
from relevo_notifier.entrypoints.context import ServiceContext, in_background
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.clock import Clock
from relevo_runtime.kafka import BatchConsumer, Publisher
from relevo_runtime.postgres import Pool
from relevo_runtime.sealing import Seals

_BUSY_PAUSE = timedelta(seconds=1)


class Calling(Struct, frozen=True):
    """The parts that the notifier runs with the others; the consumer is not started yet."""

    workers: WorkerPool[CallWork, SettledCall]
    poll: Poll[CallWork, SettledCall]
    consumer: BatchConsumer


async def start_calling(
    stack: AsyncExitStack, settings: NotifierSettings, pool: Pool, publisher: Publisher, context: ServiceContext
) -> Calling:
    """Make calls until `stack` unwinds; what has begun by then ends and is reported."""
    clock, calls = context.clock, Calls(pool)
    publish = Publish(publisher, topics.INPUTS, calls)
    reports: Batcher[Report] = Batcher("call-reports", publish, give_up=publish.give_up)
    settlements: Batcher[SettledCall] = Batcher("call-settle", Settle(calls, reports, clock, context.metrics))
    await in_background(stack, "call-reports", reports.run(), reports.drained, context)
    await in_background(stack, "call-settle", settlements.run(), settlements.drained, context)
    caller = HttpCaller(Allowed.parse(settings.notifier_call_hosts), settings.notifier_call_connections)
    stack.push_async_callback(caller.close)
    limiter = HostLimiter(
        _circuits(settings, clock), settings.notifier_call_per_host, clock.span(_BUSY_PAUSE), context.metrics
    )
    attempt = CallAttempt(
        caller,
        limiter,
        _rules(settings, clock),
        clock,
        context.metrics,
        secrets=settings.notifier_call_secrets,
        longest=settings.notifier_call_timeout,
    )
    workers = WorkerPool(CHANNEL, attempt, calls, settlements, clock, limits=_limits(settings), pick=limiter.pick)
    await in_background(stack, "http-workers", workers.run(), workers.stop, context)
    consumer = BatchConsumer(
        settings,
        service="notifier-calls",
        topics=[topics.CALLS],
        handler=partial(accept_calls, calls=calls, workers=workers, clock=clock),
        clock=clock,
        max_records=settings.notifier_batch,
        health=context.health,
        metrics=context.metrics,
        on_failure=context.on_failure,
        seals=Seals(pool, settings),
        pool=pool,
    )
    return Calling(workers, Poll(workers, calls, settlements, reports, clock), consumer)


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
