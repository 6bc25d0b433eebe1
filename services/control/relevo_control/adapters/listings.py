"""Lists of what other services keep, page by page."""

from datetime import datetime

import msgspec
from msgspec import Struct

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_control.adapters", "listings.sql")


class RunView(Struct, frozen=True, kw_only=True):
    """A run: of which workflow, for which customer (`key`), where it rests and how it ended."""

    shop: str
    run_id: str
    key: str
    workflow: str
    version: str
    step: str
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    end_reason: str | None


class ImportView(Struct, frozen=True, kw_only=True):
    """How far the import of a file has come; `reasons` say why rows were rejected, and how many."""

    shop: str
    kind: str
    path: str
    digest: str
    records: int
    imported: int
    events: int
    reasons: dict[str, int]
    began_at: datetime
    moved_at: datetime
    ended_at: datetime | None


async def runs(
    connection: Connection, shop: str, workflow: str, *, active: bool, after: str, limit: int, most: int
) -> list[RunView]:
    """Runs of a shop in the order of their ids, among the next `most`; for an index by time every run would pay."""
    rows = await connection.fetch(STATEMENTS["runs"], shop, workflow, after, active, limit, most)
    return [msgspec.convert(dict(row), RunView) for row in rows]


async def last_looked_at(connection: Connection, shop: str, *, after: str, most: int) -> str | None:
    """The id of the last of the next `most` runs; `None`: there are fewer, and all were looked at."""
    found: str | None = await connection.fetchval(STATEMENTS["last_looked_at"], shop, after, most)
    return found


async def imports(
    connection: Connection, shop: str, *, after: tuple[datetime, str] | None, limit: int
) -> list[ImportView]:
    """Imports of a shop, the newest first."""
    at, digest = after or (None, "")
    rows = await connection.fetch(STATEMENTS["imports"], shop, at, digest, limit)
    return [msgspec.convert(dict(row), ImportView) for row in rows]
