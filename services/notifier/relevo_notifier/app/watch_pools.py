"""Which pools of codes run low, or are full again? The shop is told once each time, by an event."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from relevo_contracts import topics
from relevo_contracts.envelope import partition_key
from relevo_notifier.app.ports import ReportPublisher
from relevo_notifier.core.coupons import Turned, event_of_pool
from relevo_runtime.clock import Clock

_log = structlog.get_logger(__name__)
_PAUSE = timedelta(minutes=1)
_AT_ONCE = 200
_encode = msgspec.json.Encoder().encode


class WatchedPools(Protocol):
    """The pools of all shops."""

    async def look(self, now: datetime, before: datetime, limit: int) -> Sequence[Turned]:
        """Take up to `limit` pools that nobody has looked at since `before`; those of which the shop is to be told."""
        ...

    async def told(self, turned: Turned, now: datetime) -> None:
        """Commit that the shop was told."""
        ...


class WatchPools:
    """A loop: each pool is looked at once in a minute, by one of all notifiers."""

    def __init__(self, pools: WatchedPools, publisher: ReportPublisher, clock: Clock) -> None:
        self._pools = pools
        self._publisher = publisher
        self._pause = clock.span(_PAUSE)

    async def run_once(self, now: datetime) -> datetime:
        """Tell the shops what has changed of their pools; says when to look again.

        The event goes out before it is noted, and has the same id if it goes out again. Raises `PublishError`.
        """
        for one in await self._pools.look(now, now - self._pause, _AT_ONCE):
            event = event_of_pool(one, now)
            await self._publisher.publish(topics.EVENTS, [(partition_key(event.shop, event.key), _encode(event))])
            await self._pools.told(one, now)
            if one.low:
                _log.warning("coupon_pool_low", shop=one.shop, pool=one.pool, left=one.left)
        return now + self._pause
