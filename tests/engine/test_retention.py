"""Runs that ended and tasks that closed long ago are deleted page by page; what is in flight stays, however old."""

from datetime import UTC, datetime, timedelta

from relevo_engine.adapters.retention import STATEMENTS
from relevo_runtime.postgres import Pool
from relevo_runtime.retention import PAUSE, purge_expired

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
RUNS = """
insert into engine.run
    (shop, run_id, key, workflow, version, run_key, step, started_at, updated_at, ended_at, end_reason, state)
select 'sample', name, 'cus_1', 'cart', 'v', name, 's', $2, $2, $3, case when $4 then 'done' end,
    case when not $4 then '{}'::jsonb end
from unnest($1::text[]) as name
"""
TASKS = """
insert into engine.task (shop, task_id, run_id, key, workflow, step, title, approval, skill, roles, needed, status,
                         opened_at, closed_at)
select 'sample', name, 'r', 'cus_1', 'quote', 's', 't', false, '', '{}', 1, case when $4 then 'done' else 'open' end,
    $2, $3
from unnest($1::text[]) as name
"""


async def fill(pool: Pool, name: str, count: int, *, days: int, over: bool) -> None:
    at = NOW - timedelta(days=days)
    for sql in (RUNS, TASKS):
        await pool.execute(sql, [f"{name}{n}" for n in range(count)], at, at if over else None, over)


async def left(pool: Pool) -> tuple[set[str], set[str]]:
    runs = await pool.fetch("select distinct rtrim(run_id, '0123456789') from engine.run")
    tasks = await pool.fetch("select distinct rtrim(task_id, '0123456789') from engine.task")
    return {row[0] for row in runs}, {row[0] for row in tasks}


async def test_what_was_over_long_ago_is_deleted_page_by_page(pool: Pool) -> None:
    await fill(pool, "old", 25, days=91, over=True)
    await fill(pool, "recent", 3, days=89, over=True)
    await fill(pool, "in-flight", 3, days=900, over=False)
    run_once = purge_expired(pool, STATEMENTS, days=90, page=10)
    assert await run_once(NOW) == NOW
    assert await pool.fetchval("select count(*) from engine.run") == 21
    assert await run_once(NOW) == NOW
    assert await run_once(NOW) == NOW + PAUSE
    kept = {"recent", "in-flight"}
    assert await left(pool) == (kept, kept)
    assert await run_once(NOW + timedelta(days=2)) == NOW + timedelta(days=2) + PAUSE
    assert await left(pool) == ({"in-flight"}, {"in-flight"})


async def test_what_somebody_holds_is_left_for_the_next_time(pool: Pool) -> None:
    await fill(pool, "old", 2, days=91, over=True)
    run_once = purge_expired(pool, STATEMENTS, days=90)
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("select from engine.run where run_id = 'old0' for update")
        await run_once(NOW)
        assert await pool.fetchval("select array_agg(run_id) from engine.run") == ["old0"]
    await run_once(NOW)
    assert await left(pool) == (set(), set())
