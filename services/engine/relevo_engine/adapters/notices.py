"""The table `engine.notice`. Every function works inside the caller's transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from relevo_contracts.staff import TaskRef
from relevo_engine.core.notices import Notice
from relevo_engine.core.tasks import Task
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_engine.adapters", "notices.sql")


async def put(conn: Connection, notices: Sequence[Notice]) -> None:
    """Notes what the staff is to hear."""
    rows = {(one.shop, one.id): one for one in notices}
    if rows:
        columns = zip(*(msgspec.structs.astuple(one) for one in rows.values()), strict=True)
        await conn.execute(STATEMENTS["put"], *map(list, columns))


async def due_shops(conn: Connection, now: datetime) -> list[str]:
    """The shops of which something is due at `now`."""
    return [row["shop"] for row in await conn.fetch(STATEMENTS["due_shops"], now)]


async def claim(conn: Connection, shops: Sequence[str], now: datetime, limit: int) -> list[Notice]:
    """Up to `limit` of these shops that are due at `now`: nobody else gets them before the transaction ends."""
    return [Notice(*row) for row in await conn.fetch(STATEMENTS["claim"], shops, now, limit)]


async def delete(conn: Connection, notices: Collection[Notice]) -> None:
    """These are over."""
    await conn.execute(STATEMENTS["delete"], [one.shop for one in notices], [one.id for one in notices])


async def drop_of_tasks(conn: Connection, refs: Sequence[TaskRef]) -> None:
    """Nobody needs to hear of these tasks any more."""
    if refs:
        await conn.execute(STATEMENTS["drop_of_tasks"], [shop for shop, _ in refs], [id_ for _, id_ in refs])


async def drop_digest(conn: Connection, shop: str, name: str) -> None:
    """The next digest of somebody is made anew, by what is known of them now."""
    await conn.execute(STATEMENTS["drop_digest"], shop, name)


async def without_digest(conn: Connection) -> list[tuple[str, str]]:
    """Those of the staff (shop, name) who have no digest ahead."""
    return [(row["shop"], row["name"]) for row in await conn.fetch(STATEMENTS["without_digest"])]


async def next_due(conn: Connection) -> datetime | None:
    """When the next one is due."""
    found: datetime | None = await conn.fetchval(STATEMENTS["next_due"])
    return found


async def open_tasks(conn: Connection, refs: Collection[TaskRef]) -> dict[TaskRef, Task]:
    """These tasks, as far as they are open."""
    rows = await conn.fetch(STATEMENTS["open_tasks_of"], [shop for shop, _ in refs], [id_ for _, id_ in refs])
    return {(row["shop"], row["task_id"]): msgspec.convert(dict(row), Task) for row in rows}


async def pressing_tasks(conn: Connection, shops: Sequence[str], before: datetime) -> list[Task]:
    """The open tasks of these shops that are due before then or never, or nobody's; the most urgent first."""
    rows = await conn.fetch(STATEMENTS["open_tasks_of_shops"], shops, before)
    return [msgspec.convert(dict(row), Task) for row in rows]
