"""What people may ask: what is kept of them (GDPR Art. 15), and to be forgotten (Art. 17)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_engine.adapters", "privacy.sql")
IN_TIME = timedelta(days=30)
"""Within one month of receipt (GDPR Art. 12(3)); Shopify asks for the same."""


class DataRequest(Struct, frozen=True, kw_only=True):
    """Somebody asked for their data, and must have them until `due_at`."""

    shop: str
    event_id: str
    key: str
    requested_at: datetime
    due_at: datetime
    answered_at: datetime | None = None
    answered_by: str = ""


async def keep_erasures(connection: Connection, erasures: Sequence[Event]) -> None:
    """That these people were erased: the proof that stays."""
    if erasures:
        columns = zip(*((one.shop, one.key, one.time, one.id, one.source) for one in erasures), strict=True)
        await connection.execute(STATEMENTS["keep_erasures"], *map(list, columns))


async def keep_requests(connection: Connection, requests: Sequence[Event]) -> None:
    """That these people asked for their data."""
    if requests:
        rows = ((one.shop, one.id, one.key, one.time, one.time + IN_TIME) for one in requests)
        await connection.execute(STATEMENTS["keep_requests"], *map(list, zip(*rows, strict=True)))


async def requests(connection: Connection, shop: str, *, also_answered: bool) -> list[DataRequest]:
    """Who asked for their data, in `shop` or anywhere (empty), the most urgent first."""
    return [DataRequest(**dict(row)) for row in await connection.fetch(STATEMENTS["requests"], shop, also_answered)]


async def answer_requests(connection: Connection, shop: str, key: str, now: datetime, by: str) -> int:
    """Note that the customer has their data; returns how many requests that answers."""
    status = await connection.execute(STATEMENTS["answer_requests"], shop, key, now, by)
    return int(status.rpartition(" ")[2])


async def of_customer(connection: Connection, shop: str, key: str) -> dict[str, Any]:
    """All that the engine keeps of a customer."""
    rows = await connection.fetch(STATEMENTS["of_customer"], shop, key)
    return {row["name"]: msgspec.json.decode(row["rows"]) for row in rows if row["rows"] is not None}


async def key_now(connection: Connection, shop: str, key: str) -> str | None:
    """The key of the customer that `key` means now: of whom it was merged into, if it was. `None`: not known here."""
    found: str | None = await connection.fetchval(STATEMENTS["key_now"], shop, key)
    return found
