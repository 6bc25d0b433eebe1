"""The tables `notifier.coupon` and `.coupon_pool`: the codes of pools, who has taken them, and which pools run low.

The `relevo` command fills them.
"""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from msgspec import Struct

from relevo_contracts.messages import CouponWanted
from relevo_notifier.core.coupons import Coupon, Turned
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "coupons.sql")


class Coupons:
    """The pools of all shops, for whoever takes codes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, shop: str, call_id: str, wanted: CouponWanted, now: datetime) -> Coupon | None:
        """Commit that this effect has a code, the same one each time; `None`: the pool has none left."""
        least = max(now, wanted.valid_until or now)
        arguments = (shop, call_id, wanted.pool, least, now)
        try:
            rows = await self._pool.fetch(STATEMENTS["take"], *arguments)
        except asyncpg.UniqueViolationError:  # the same effect asked twice at once: the other one has it a code by now
            rows = await self._pool.fetch(STATEMENTS["take"], *arguments)
        return Coupon(rows[0]["code"], rows[0]["expires_at"]) if rows else None

    async def keep(self, shop: str, call_id: str, pool: str, made: Coupon, now: datetime) -> bool:
        """Commit that this effect has a code that the shop has made; false if that is somebody else's."""
        await self._pool.execute(STATEMENTS["keep"], shop, pool, made.code, made.expires_at, call_id, now)
        code: str | None = await self._pool.fetchval(STATEMENTS["code_of"], shop, call_id)
        return code == made.code

    async def look(self, now: datetime, before: datetime, limit: int) -> list[Turned]:
        """Take up to `limit` pools that nobody has looked at since `before`; those of which the shop is to be told."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(STATEMENTS["look"], now, before, limit)
            return [Turned(**dict(row), left=await left(connection, row["shop"], row["pool"], now)) for row in rows]

    async def told(self, turned: Turned, now: datetime) -> None:
        """Commit that the shop was told."""
        low_since = now if turned.low else None
        await self._pool.execute(STATEMENTS["told"], turned.shop, turned.pool, turned.lows, low_since)


class PoolOfCodes(Struct, frozen=True, kw_only=True):
    """A pool of a shop, in figures. `expired` are the codes whose end came before anybody took them.

    With fewer than `warn_below` left it is low, and `low_since` says since when the shop knows. `made` says what the
    codes are good for that the shop makes; empty: it makes none.
    """

    pool: str
    left: int = 0
    taken: int = 0
    expired: int = 0
    next_end: datetime | None = None
    warn_below: int = 0
    low_since: datetime | None = None
    made: str = ""


async def add(connection: Connection, shop: str, pool: str, coupons: Sequence[Coupon], now: datetime) -> int:
    """Add codes to a pool; those that the shop has already are left alone. Returns how many were new."""
    codes, ends = [one.code for one in coupons], [one.expires_at for one in coupons]
    new = len(await connection.fetch(STATEMENTS["import"], shop, pool, codes, ends))
    if new:
        await connection.execute(STATEMENTS["fill"], shop, pool, now)
    return new


async def warn_below(connection: Connection, shop: str, pool: str, codes: int | None) -> bool:
    """The pool is low with fewer `codes`; `None`: with a tenth of what it was filled with. False if there is none."""
    return await connection.fetchval(STATEMENTS["warn_below"], shop, pool, codes) is not None


async def pools(connection: Connection, shop: str, now: datetime) -> list[PoolOfCodes]:
    """The pools of a shop, by name."""
    return [PoolOfCodes(**dict(row)) for row in await connection.fetch(STATEMENTS["pools"], shop, now)]


async def left(connection: Connection, shop: str, pool: str, now: datetime) -> int:
    """How many codes of a pool can still be taken."""
    count: int = await connection.fetchval(STATEMENTS["left"], shop, pool, now)
    return count


async def expire(connection: Connection, shop: str, pool: str, codes: Sequence[str], now: datetime) -> int:
    """End what nobody has taken of a pool: these codes, or all. Returns how many that were."""
    return len(await connection.fetch(STATEMENTS["expire"], shop, pool, now, [one.lower() for one in codes]))
