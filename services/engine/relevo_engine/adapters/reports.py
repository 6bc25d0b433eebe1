"""The table `engine.report`, and what reports are made of."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, tzinfo

import msgspec

from relevo_engine.adapters import results
from relevo_engine.core.shop_figures import THE_SHOP
from relevo_engine.core.staff_reports import LOOK_BACK, MOST_LISTED, Known, Period, StaffReport, Tasks
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_engine.adapters", "reports.sql")


async def put(connection: Connection, wanted: StaffReport) -> None:
    """Keeps a report; one of that name is replaced."""
    await connection.execute(STATEMENTS["put"], *msgspec.structs.astuple(wanted))


async def remove(connection: Connection, shop: str, name: str) -> bool:
    """A report is wanted no more; whether there was one."""
    return bool(await connection.fetchval(STATEMENTS["remove"], shop, name))


async def of_shop(connection: Connection, shop: str) -> list[StaffReport]:
    """The reports that a shop wants."""
    return [msgspec.convert(dict(row), StaffReport) for row in await connection.fetch(STATEMENTS["list"], shop)]


async def claim(connection: Connection, shops: Collection[str], now: datetime, limit: int) -> list[StaffReport]:
    """Up to `limit` of these shops that are due at `now`: nobody else gets them before the transaction ends."""
    rows = await connection.fetch(STATEMENTS["claim"], list(shops), now, limit)
    return [msgspec.convert(dict(row), StaffReport) for row in rows]


async def next_due(connection: Connection, shops: Collection[str]) -> datetime | None:
    """When the next one of these shops is due."""
    found: datetime | None = await connection.fetchval(STATEMENTS["next_due"], list(shops))
    return found


async def known(connection: Connection, shop: str, period: Period, zone: tzinfo, now: datetime) -> Known:
    """What a report of this period is made of: counts as far back as figures are compared."""
    first = period.before(LOOK_BACK).first
    counts = await results.read(connection, shop, THE_SHOP, first, period.until)
    names = await results.workflows(connection, shop)
    of_workflows = {name: await results.read(connection, shop, name, period.first, period.until) for name in names}
    began, ended = (_midnight(day, zone) for day in (period.first, period.until))
    tasks = await connection.fetchrow(STATEMENTS["tasks"], shop, began, ended, now)
    sold_out = await connection.fetch(STATEMENTS["sold_out"], shop, MOST_LISTED)
    return Known(
        counts=counts,
        workflows=of_workflows,
        tasks=msgspec.convert(dict(tasks), Tasks) if tasks is not None else Tasks(),
        sold_out=[row["name"] for row in sold_out],
        sold_out_count=sold_out[0]["count"] if sold_out else 0,
    )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
