"""Deliveries and calls that were over long ago are deleted page by page; what is open or unreported stays."""

from datetime import UTC, datetime, timedelta

from relevo_notifier.adapters.retention import STATEMENTS
from relevo_runtime.postgres import Pool
from relevo_runtime.retention import PAUSE, purge_expired

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DELIVERIES = """
insert into notifier.delivery (shop, id, key, channel, state, attempts, accepted_at, settled_at, wake_at, body)
select 'tea', name, 'cus_1', 'email', $5, 1, $2::timestamptz, $3::timestamptz, $4::timestamptz,
    case when $4 is null then null else '{}'::bytea end
from unnest($1::text[]) as name
"""
CALLS = """
insert into notifier.call (shop, id, key, state, attempts, accepted_at, settled_at, wake_at, body)
select 'tea', name, 'cus_1', case $5::text when 'sent' then 'answered' else 'queued' end, 1, $2::timestamptz,
    $3::timestamptz, $4::timestamptz, case when $4 is null then null else '{}'::bytea end
from unnest($1::text[]) as name
"""


async def fill(pool: Pool, name: str, count: int, accepted: int, settled: int | None, *, wakes: bool = False) -> None:
    """Days before `NOW`; `wakes`: somebody still has to look at it."""
    ids = [f"{name}{n}" for n in range(count)]
    at = NOW - timedelta(days=accepted)
    settled_at = None if settled is None else NOW - timedelta(days=settled)
    state = "queued" if settled is None else "sent"
    for sql in (DELIVERIES, CALLS):
        await pool.execute(sql, ids, at, settled_at, at if wakes else None, state)


async def left(pool: Pool, table: str) -> set[str]:
    rows = await pool.fetch(f"select distinct rtrim(id, '0123456789') from notifier.{table}")
    return {row[0] for row in rows}


async def test_what_was_over_long_ago_is_deleted_page_by_page(pool: Pool) -> None:
    await fill(pool, "old", 25, 92, 91)
    await fill(pool, "settled-lately", 2, 92, 89)
    await fill(pool, "recent", 2, 80, 80)
    await fill(pool, "unreported", 2, 92, 91, wakes=True)
    await fill(pool, "open", 2, 92, None, wakes=True)
    run_once = purge_expired(pool, STATEMENTS, days=90, page=10)
    assert await run_once(NOW) == NOW
    assert await pool.fetchval("select count(*) from notifier.delivery") == 23
    assert await run_once(NOW) == NOW
    assert await run_once(NOW) == NOW + PAUSE
    for table in ("delivery", "call"):
        assert await left(pool, table) == {"settled-lately", "recent", "unreported", "open"}


async def test_what_providers_reported_is_kept_as_long(pool: Pool) -> None:
    told = """
        insert into notifier.feedback (shop, id, event_id, provider, kind, at, told_at, permanent, status, reason)
        select 'acme', 'd', n::text, 'ses', 'delivered', $2, $2, false, '', ''
        from generate_series($1::int, $1 + 4) n"""
    await pool.execute(told, 0, NOW - timedelta(days=91))
    await pool.execute(told, 10, NOW - timedelta(days=89))
    assert await purge_expired(pool, STATEMENTS, days=90, page=10)(NOW) == NOW + PAUSE
    assert await pool.fetchval("select array_agg(event_id::int order by 1) from notifier.feedback") == [
        10,
        11,
        12,
        13,
        14,
    ]
