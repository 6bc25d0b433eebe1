"""One attempt at one call, from the row to what came back. No transaction is open meanwhile."""

from collections.abc import Mapping
from datetime import datetime

import structlog
from pydantic import SecretStr

from relevo_notifier.app.exchanges import Exchanges
from relevo_notifier.app.host_limiter import HostBusy
from relevo_notifier.core.calls import (
    CallRules,
    CallWork,
    SettledCall,
    after_reply,
    final,
    given_up,
    interrupted_too_often,
    put_back,
)
from relevo_notifier.core.replies import Reply
from relevo_notifier.core.requests import InvalidCall, request_of
from relevo_runtime.clock import Clock

_log = structlog.get_logger(__name__)


class CallAttempt:
    """Makes attempts at HTTP calls. `longest`: wall seconds that a call may take, whatever its step says."""

    def __init__(
        self,
        exchanges: Exchanges,
        rules: CallRules,
        clock: Clock,
        *,
        secrets: Mapping[str, SecretStr],
        longest: float,
    ) -> None:
        self._exchanges = exchanges
        self._rules = rules
        self._clock = clock
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
            with self._exchanges.visit(request.place, work.call) as host:
                reply = await host.ask(request)
        except HostBusy as busy:
            return put_back(work, str(busy), busy.at, now, self._rules)
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
