"""Sign-ups in two steps, in the table `ingest.opt_in`: what waits for the address's owner, and the proof afterwards."""

from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from relevo_ingest.adapters.database_away import busy_while_away
from relevo_ingest.core.storefront.opt_in import ASKED_WITHIN, MOST_ASKED, OptIn, State
from relevo_runtime.postgres import Pool, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "opt_ins.sql")
RETENTION = Statements.load("relevo_ingest.adapters", "opt_ins_retention.sql")
KEPT_DAYS = 30
"""So long a sign-up is kept that was never confirmed."""


class OptIns:
    """Keeps sign-ups. Each call raises `Busy` if the database can't be asked now."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ask(self, one: OptIn) -> bool:
        """Keeps the sign-up; false if its address was asked too often lately, or its owner wants none."""
        details = msgspec.to_builtins(one.details)
        row = (one.shop, one.id, one.alias, one.address, one.visitor, details, one.asked_at, one.asked_ip)
        kept: bool = await self._value("ask", *row, MOST_ASKED, one.asked_at - ASKED_WITHIN)
        return kept

    async def find(self, shop: str, request: str) -> OptIn | None:
        """The sign-up, or `None` if there is none any more."""
        row = await self._row("find", shop, request)
        return None if row is None else msgspec.convert(dict(row), OptIn)

    async def finish(self, shop: str, request: str, state: State, at: datetime, ip_hash: str) -> None:
        """Its owner confirmed or declined it; what had ended before stays as it is."""
        await self._row("finish", shop, request, state, at, ip_hash)

    async def _value(self, statement: str, *values: object) -> Any:
        row = await self._row(statement, *values)
        return None if row is None else row[0]

    async def _row(self, statement: str, *values: object) -> asyncpg.Record | None:
        with busy_while_away():
            return await self._pool.fetchrow(STATEMENTS[statement], *values)
