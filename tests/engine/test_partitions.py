"""Append-only tables are partitioned ahead of time and dropped whole."""

from datetime import timedelta

from relevo_engine.adapters.partitions import Partitions
from tests.engine.conftest import MORNING, Engine, checkout


async def names(engine: Engine) -> set[str]:
    rows = await engine.pool.fetch(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
        " where i.inhparent in ('engine.inbox'::regclass, 'engine.decision'::regclass) and c.relname !~ 'default'"
    )
    return {row["relname"] for row in rows}


async def test_rows_land_in_the_partition_of_their_day_and_go_with_it(engine: Engine) -> None:
    partitions = Partitions(decision_days=30)
    async with engine.pool.acquire() as conn:
        await partitions.maintain(conn, MORNING)
        await partitions.maintain(conn, MORNING)  # a second engine, or the next hour
    assert {"decision_20260302", "decision_20260303", "decision_20260304"} < await names(engine)
    await engine.take(checkout("tok"))
    assert await engine.pool.fetchval("select count(*) from engine.decision_20260302") == 1
    assert await engine.pool.fetchval("select count(*) from engine.inbox_default") == 0
    async with engine.pool.acquire() as conn:
        await partitions.maintain(conn, MORNING + timedelta(days=40))
    assert await engine.pool.fetchval("select count(*) from engine.decision") == 0
    assert await engine.pool.fetchval("select count(*) from engine.inbox") == 0


async def test_rows_that_came_before_their_partition_stay_readable(engine: Engine) -> None:
    await engine.take(checkout("tok"))
    async with engine.pool.acquire() as conn:
        await Partitions(decision_days=30).maintain(conn, MORNING)
    assert await engine.pool.fetchval("select count(*) from engine.decision") == 1
    await engine.take(checkout("tok"))
    assert await engine.pool.fetchval("select count(*) from engine.decision") == 1
