"""One attempt at one call, from the row to what came back. No transaction is open meanwhile."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import structlog
from pydantic import SecretStr

from relevo_notifier.app.host_limiter import HostBusy, HostLimiter
from relevo_notifier.core.calls import (
    CHANNEL,
    CallRules,
    CallWork,
    SettledCall,
    after_reply,
    final,
    given_up,
    interrupted_too_often,
    put_back,
)
from relevo_notifier.core.replies import ConnectionLost, Replied, Reply, Unreachable
from relevo_notifier.core.requests import InvalidCall, Request, request_of
from relevo_runtime.clock import Clock
from relevo_runtime.metrics import Metrics
from relevo_runtime.supervision import contained

_log = structlog.get_logger(__name__)


class Caller(Protocol):
    """Whoever carries requests to other systems."""

    async def ask(self, request: Request, now: datetime) -> Reply:
        """Make the request and say what came of it; never raises for what a network or another system does."""
        ...


class CallAttempt:
    """Makes attempts over one caller. `longest`: wall seconds that a call may take, whatever its step says."""

    def __init__(
        self,
        caller: Caller,
        limiter: HostLimiter,
        rules: CallRules,
        clock: Clock,
        metrics: Metrics,
        *,
        secrets: Mapping[str, SecretStr],
        longest: float,
    ) -> None:
        self._caller = caller
        self._limiter = limiter
        self._rules = rules
        self._clock = clock
        self._seconds = metrics.provider_seconds.labels(CHANNEL)
        self._secrets = secrets
        self._longest = longest

    async def ready(self, work: CallWork) -> None:
        """A call has with it all that it needs."""

    async def __call__(self, work: CallWork) -> SettledCall:
        """Make the call, if its host may be called now; says how it is settled."""
        now = self._clock.now()
        if interrupted_too_often(work, self._rules):
            return given_up(work, now)
        request = request_of(work.call, self._secrets, self._longest)
        if isinstance(request, InvalidCall):
            return final(work, "in_doubt" if work.doubts else "failed", now, request.reason)
        try:
            self._limiter.enter(request.place, now)
        except HostBusy as busy:
            return put_back(work, str(busy), busy.at, now, self._rules)
        reply: Reply = ConnectionLost("the attempt was cut off")
        try:
            reply = await self._ask(request, work)
        finally:
            self._limiter.leave(request.place, _is_healthy(reply), self._clock.now())
        return self._after(work, reply)

    def put_back(self, work: CallWork, now: datetime) -> SettledCall:
        """Back into the queue: nobody was called."""
        return put_back(work, "no worker was free", now, now, self._rules)

    def failed(self, work: CallWork, why: str, now: datetime) -> SettledCall:
        """It is over: the notifier fails at it. In doubt if an earlier attempt may have been carried out."""
        return final(work, "in_doubt" if work.doubts else "failed", now, f"the notifier failed at it: {why}")

    def _after(self, work: CallWork, reply: Reply) -> SettledCall:
        now = self._clock.now()
        try:
            return after_reply(work, reply, now, self._rules)
        except Exception as error:  # noqa: BLE001 - an answer that nobody thought of: the call may have been carried out
            _log.error("answer_not_understood", call=work.call.id, error=type(error).__name__)
            return final(work, "in_doubt", now, f"the answer was not understood ({type(error).__name__})")

    async def _ask(self, request: Request, work: CallWork) -> Reply:
        try:
            with self._seconds.time():
                return await contained(self._caller.ask(request, self._clock.now()))
        except Exception as error:  # noqa: BLE001 - a bug in the adapter: the request may have gone out before it
            # The error's text is left out: a library may put a header's value into it.
            _log.error("caller_failed", host=request.place, call=work.call.id, error=type(error).__name__)
            return ConnectionLost(f"the notifier failed at it ({type(error).__name__})")


def _is_healthy(reply: Reply) -> bool:
    """Whether the host works: it answered, if only that it will not, or not so fast."""
    return not isinstance(reply, Unreachable | ConnectionLost) and not (
        isinstance(reply, Replied) and reply.status >= 500
    )
