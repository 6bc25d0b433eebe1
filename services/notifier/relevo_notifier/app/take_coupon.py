"""One attempt at one call, where it may be one for a code: that one is taken from its pool, or made in the shop."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from relevo_contracts.messages import CallHttp, CouponWanted
from relevo_notifier.app.make_code import MakeCode
from relevo_notifier.app.ports import Attempting
from relevo_notifier.app.transient import retry_transient
from relevo_notifier.core.calls import CallWork, SettledCall, final
from relevo_notifier.core.coupons import Coupon
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.shop_codes.exchange import CodeMaker, ShopApi
from relevo_notifier.core.shop_codes.rule import CodeWanted
from relevo_runtime.clock import Clock
from relevo_runtime.metrics import Metrics

_log = structlog.get_logger(__name__)


class CouponPools(Protocol):
    """The pools of codes."""

    async def take(self, shop: str, call_id: str, wanted: CouponWanted, now: datetime) -> Coupon | None:
        """Commit that this effect has a code, the same one each time; `None`: the pool has none left."""
        ...

    async def keep(self, shop: str, call_id: str, pool: str, made: Coupon, now: datetime) -> bool:
        """Commit that this effect has a code that the shop has made; false if that is somebody else's."""
        ...


class Made(Protocol):
    """How the code of one wish is made in the shop."""

    @property
    def api(self) -> ShopApi: ...  # noqa: D102 - the class says it
    @property
    def maker(self) -> CodeMaker: ...  # noqa: D102
    @property
    def wanted(self) -> CodeWanted: ...  # noqa: D102


class CodesOfShops(Protocol):
    """The pools whose codes the shop makes."""

    async def making(self, call: CallHttp, wanted: CouponWanted) -> Made | str | None:
        """How the code is made, or why it can't be; `None`: the shop makes none for this pool."""
        ...


class CallOrCoupon:
    """Takes codes, or has the shop make them; other calls are made by `calls`."""

    def __init__(
        self,
        calls: Attempting[CallWork, SettledCall],
        pools: CouponPools,
        shops: CodesOfShops,
        make: MakeCode,
        clock: Clock,
        *,
        metrics: Metrics,
    ) -> None:
        self._calls = calls
        self._pools = pools
        self._shops = shops
        self._make_code = make
        self._clock = clock
        self._taken = metrics.coupons

    async def ready(self, work: CallWork) -> None:
        """What a call needs."""
        await self._calls.ready(work)

    async def __call__(self, work: CallWork) -> SettledCall:
        """Take a code, have one made, or make the call; says how it is settled."""
        wanted = work.call.coupon
        if wanted is None:
            return await self._calls(work)
        now, shop = self._clock.now(), work.call.shop
        coupon = await retry_transient("coupon", partial(self._pools.take, shop, work.call.id, wanted, now))
        made = await retry_transient("coupon", partial(self._shops.making, work.call, wanted))
        if coupon is None and made is not None:
            return self._unmade(work, made) if isinstance(made, str) else await self._make(work, wanted.pool, made)
        self._taken.labels("taken" if coupon is not None else "empty").inc()
        if coupon is None:
            error = f"the pool {wanted.pool} has no code left that is valid for long enough"
            return final(work, "answered", now, error, Replied(404))
        return final(work, "answered", now, "", Replied(200, _answer(coupon)))

    async def _make(self, work: CallWork, pool: str, made: Made) -> SettledCall:
        """Have the shop make it. A second try finds what the first one made: it is the same code."""
        try:
            settled = await self._make_code(work, made.api, made.maker, made.wanted)
        except KeyError as error:
            return self._unmade(work, f"the credential {error} is missing: connect the shop again")
        if settled.state != "answered" or settled.status != 200 or settled.reason:
            if settled.outcome is not None:
                self._taken.labels("refused").inc()
                _log.warning("coupon_not_made", shop=work.call.shop, pool=pool, reason=settled.reason, repeats=pool)
            return settled
        coupon = Coupon(made.wanted.code, made.wanted.ends_at)
        keep = partial(self._pools.keep, work.call.shop, work.call.id, pool, coupon, self._clock.now())
        if not await retry_transient("coupon", keep):
            return self._unmade(work, "the code that belongs to it is another one's")
        self._taken.labels("made").inc()
        return settled

    def _unmade(self, work: CallWork, why: str) -> SettledCall:
        self._taken.labels("refused").inc()
        _log.warning("coupon_not_made", shop=work.call.shop, reason=why, repeats=work.call.shop)
        return final(work, "answered", self._clock.now(), why, Replied(404))

    def put_back(self, work: CallWork, now: datetime) -> SettledCall:
        """Nothing was taken, and nobody called."""
        return self._calls.put_back(work, now)

    def failed(self, work: CallWork, why: str, now: datetime) -> SettledCall:
        """It is over: the notifier fails at it."""
        return self._calls.failed(work, why, now)


def _answer(coupon: Coupon) -> Mapping[str, str | None]:
    return {"code": coupon.code, "expires_at": coupon.expires_at.isoformat() if coupon.expires_at else None}
