"""The table `notifier.coupon`: the codes of pools, and who has taken them. The `relevo` command fills it."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from msgspec import Struct

from relevo_contracts.messages import CouponWanted
from relevo_notifier.core.coupons import Coupon
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "coupons.sql")
ALL = 1_000_000_000
"""More codes than a pool has."""


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

    async def left(self, shop: str, pool: str, now: datetime, most: int) -> int:
        """How many codes are left at `now`, counted up to `most`."""
        count: int = await self._pool.fetchval(STATEMENTS["left"], shop, pool, now, most)
        return count


class PoolOfCodes(Struct, frozen=True, kw_only=True):
    """A pool of a shop, in figures. `expired` are the codes whose end came before anybody took them.

    `made` says what the codes are good for that the shop makes; empty: it makes none.
    """

    pool: str
    left: int = 0
    taken: int = 0
    expired: int = 0
    next_end: datetime | None = None
    made: str = ""


async def add(connection: Connection, shop: str, pool: str, coupons: Sequence[Coupon]) -> int:
    """Add codes to a pool; those that the shop has already are left alone. Returns how many were new."""
    codes, ends = [one.code for one in coupons], [one.expires_at for one in coupons]
    return len(await connection.fetch(STATEMENTS["import"], shop, pool, codes, ends))


async def pools(connection: Connection, shop: str, now: datetime) -> list[PoolOfCodes]:
    """The pools of a shop, by name."""
    return [PoolOfCodes(**dict(row)) for row in await connection.fetch(STATEMENTS["pools"], shop, now)]


async def left(connection: Connection, shop: str, pool: str, now: datetime) -> int:
    """How many codes of a pool can still be taken."""
    count: int = await connection.fetchval(STATEMENTS["left"], shop, pool, now, ALL)
    return count


async def expire(connection: Connection, shop: str, pool: str, codes: Sequence[str], now: datetime) -> int:
    """End what nobody has taken of a pool: these codes, or all. Returns how many that were."""
    return len(await connection.fetch(STATEMENTS["expire"], shop, pool, now, [one.lower() for one in codes]))
