"""One attempt to have a shop make a code: a conversation with its API, and how the call is settled by it."""

from relevo_notifier.app.converse import Interrupted, carry
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
from relevo_notifier.core.replies import Reply
from relevo_notifier.core.shop_codes.exchange import CodeMaker, ShopApi, conversation
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
        reply: Reply
        try:
            with self._exchanges.visit(request.place, work.call) as host:
                reply = await carry(exchange, host.ask, request)
        except HostBusy as busy:
            return put_back(work, str(busy), busy.at, now, self._rules)
        except Interrupted as interrupted:
            reply = interrupted.reply
        return after_reply(work, reply, self._clock.now(), self._rules)
