"""One attempt to have a shop make a code: a conversation with its API, and how the call is settled by it."""

from relevo_notifier.app.exchanges import Exchanges
from relevo_notifier.app.host_limiter import HostBusy
from relevo_notifier.core.calls import (
    CallRules,
    CallWork,
    SettledCall,
    after_reply,
    given_up,
    interrupted_too_often,
    put_back,
)
from relevo_notifier.core.replies import Replied, Reply
from relevo_notifier.core.requests import Request
from relevo_notifier.core.shop_codes.exchange import CodeMaker, Exchange, ShopApi, conversation
from relevo_notifier.core.shop_codes.rule import CodeWanted
from relevo_runtime.clock import Clock

_MOST_REQUESTS = 6
"""So many requests make a code at most: each has its part of the time that a call may take."""


class MakeCode:
    """Makes attempts. `longest`: wall seconds that one may take."""

    def __init__(self, exchanges: Exchanges, rules: CallRules, clock: Clock, longest: float) -> None:
        self._exchanges = exchanges
        self._rules = rules
        self._clock = clock
        self._longest = longest

    async def __call__(self, work: CallWork, api: ShopApi, maker: CodeMaker, wanted: CodeWanted) -> SettledCall:
        """Have it made, if the shop may be called now. Raises `KeyError` for a credential that is missing."""
        now = self._clock.now()
        if interrupted_too_often(work, self._rules):
            return given_up(work, now)
        exchange = conversation(api, maker, wanted, self._longest / _MOST_REQUESTS)
        try:
            request = next(exchange)
        except StopIteration as end:
            return after_reply(work, end.value, now, self._rules)
        try:
            reply = await self._converse(work, request, exchange)
        except HostBusy as busy:
            return put_back(work, str(busy), busy.at, now, self._rules)
        return after_reply(work, reply, self._clock.now(), self._rules)

    async def _converse(self, work: CallWork, request: Request, exchange: Exchange) -> Reply:
        """What came of all requests; one that has no answer ends it."""
        with self._exchanges.visit(request.place, work.call) as host:
            while True:
                reply = await host.ask(request)
                if not isinstance(reply, Replied):
                    return reply
                try:
                    request = exchange.send(reply)
                except StopIteration as end:
                    result: Reply = end.value
                    return result
