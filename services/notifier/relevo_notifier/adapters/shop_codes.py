"""Pools whose codes the shop makes: the table `notifier.coupon_rule`, and how the shop's API is reached."""

import secrets
from datetime import datetime

import msgspec
from msgspec import Struct

from relevo_contracts.messages import CallHttp, CouponWanted
from relevo_notifier.core.shop_codes.exchange import CodeMaker, ShopApi
from relevo_notifier.core.shop_codes.registry import MAKERS
from relevo_notifier.core.shop_codes.rule import CodeWanted, CouponRule, code_of
from relevo_runtime import connections
from relevo_runtime.errors import RuntimeFault
from relevo_runtime.postgres import Connection, Pool, Statements
from relevo_runtime.secret_keys import SecretKeys

STATEMENTS = Statements.load("relevo_notifier.adapters", "shop_codes.sql")


class Making(Struct, frozen=True):
    """How the code of one wish is made."""

    api: ShopApi
    maker: CodeMaker
    wanted: CodeWanted


class ShopCodes:
    """The rules of all shops, for whoever makes codes."""

    def __init__(self, pool: Pool, keys: SecretKeys) -> None:
        self._pool = pool
        self._keys = keys

    async def making(self, call: CallHttp, wanted: CouponWanted) -> Making | str | None:
        """How the code is made, or why it can't be; `None`: the shop makes none for this pool."""
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(STATEMENTS["rule"], call.shop, wanted.pool)
            if row is None:
                return None
            shop = await connections.connection(connection, call.shop)
        if shop is None or shop.platform not in MAKERS:
            return f"the shop's API is not known: `relevo connect {call.shop}` says how it is reached"
        try:
            credentials = self._keys.opened_credentials(call.shop, shop.credentials)
        except RuntimeFault as fault:
            return f"the credentials of the shop's API can't be opened: {fault}"
        code = code_wanted(call, wanted, msgspec.convert(row["rule"], CouponRule), row["secret"])
        return Making(ShopApi(shop.base_url, credentials), MAKERS[shop.platform], code)


def code_wanted(call: CallHttp, wanted: CouponWanted, rule: CouponRule, secret: bytes) -> CodeWanted:
    """The code of an effect: the same one with every try."""
    return CodeWanted(
        code=code_of(call.id, secret, rule.prefix),
        title=f"{wanted.pool} ({call.workflow})",
        rule=rule,
        begins_at=call.decided_at.replace(microsecond=0),
        ends_at=wanted.valid_until.replace(microsecond=0) if wanted.valid_until else None,
        email=wanted.email,
        customer_id=wanted.customer_id,
    )


async def set_rule(connection: Connection, shop: str, pool: str, rule: CouponRule, now: datetime) -> None:
    """From now on the shop makes the codes of this pool; one that it makes already gets another rule."""
    await connection.execute(STATEMENTS["set"], shop, pool, msgspec.to_builtins(rule), secrets.token_bytes(32), now)


async def drop_rule(connection: Connection, shop: str, pool: str) -> bool:
    """From now on the shop makes no more codes for this pool; false if it made none."""
    return await connection.execute(STATEMENTS["drop"], shop, pool) != "DELETE 0"


async def rules(connection: Connection, shop: str) -> dict[str, CouponRule]:
    """The rules of a shop, by pool."""
    rows = await connection.fetch(STATEMENTS["rules"], shop)
    return {row["pool"]: msgspec.convert(row["rule"], CouponRule) for row in rows}
