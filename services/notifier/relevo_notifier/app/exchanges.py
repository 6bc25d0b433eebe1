"""Requests to other systems and what came of them, within the limits of hosts. No transaction is open meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

import structlog

from relevo_contracts.messages import CallHttp
from relevo_notifier.app.host_limiter import HostLimiter
from relevo_notifier.core.calls import CHANNEL
from relevo_notifier.core.replies import ConnectionLost, Replied, Reply, Unreachable
from relevo_notifier.core.requests import Request
from relevo_runtime.clock import Clock
from relevo_runtime.metrics import Metrics
from relevo_runtime.supervision import contained
from relevo_runtime.traces import NO_TRACES, Traces

_log = structlog.get_logger(__name__)


class Caller(Protocol):
    """Whoever carries requests to other systems."""

    async def ask(self, request: Request, now: datetime) -> Reply:
        """Make the request and say what came of it; never raises for what a network or another system does."""
        ...


class Visit:
    """A host that was entered: its requests, and what the last one says of how the host is."""

    def __init__(self, exchanges: "Exchanges", call: CallHttp) -> None:
        self._exchanges = exchanges
        self._call = call
        self.last: Reply = ConnectionLost("the attempt was cut off")

    async def ask(self, request: Request) -> Reply:
        """Make the request and say what came of it; a bug in the caller counts as a connection that broke."""
        self.last = ConnectionLost("the attempt was cut off")
        self.last = await self._exchanges.ask(request, self._call)
        return self.last


class Exchanges:
    """What carries requests, and the hosts that they go to."""

    def __init__(
        self, caller: Caller, limiter: HostLimiter, clock: Clock, metrics: Metrics, traces: Traces = NO_TRACES
    ) -> None:
        self._caller = caller
        self._limiter = limiter
        self._clock = clock
        self._traces = traces
        self._seconds = metrics.provider_seconds.labels(CHANNEL)

    @contextmanager
    def visit(self, place: str, call: CallHttp) -> Iterator[Visit]:
        """While the block runs this host is called. Raises `HostBusy` if it may not be, before anything is asked."""
        self._limiter.enter(place, self._clock.now())
        visit = Visit(self, call)
        try:
            yield visit
        finally:
            self._limiter.leave(place, _is_healthy(visit.last), self._clock.now())

    async def ask(self, request: Request, call: CallHttp) -> Reply:
        """See `Visit.ask`."""
        with self._traces.child(
            "call",
            "client",
            {"relevo.shop": call.shop, "relevo.workflow": call.workflow, "relevo.step": call.step},
            parent=call.traceparent,
        ) as span:
            reply = await self._asked(request, call)
            span.note({"relevo.outcome": type(reply).__name__})
            return reply

    async def _asked(self, request: Request, call: CallHttp) -> Reply:
        try:
            with self._seconds.time():
                return await contained(self._caller.ask(request, self._clock.now()))
        except Exception as error:  # noqa: BLE001 - a bug in the adapter: the request may have gone out before it
            # The error's text is left out: a library may put a header's value into it.
            _log.error("caller_failed", host=request.place, call=call.id, error=type(error).__name__)
            return ConnectionLost(f"the notifier failed at it ({type(error).__name__})")


def _is_healthy(reply: Reply) -> bool:
    """Whether the host works: it answered, if only that it will not, or not so fast."""
    return not isinstance(reply, Unreachable | ConnectionLost) and not (
        isinstance(reply, Replied) and reply.status >= 500
    )
