"""Triggers that are not events: segments joined and left, birthdays, schedules; what a deployment catches up with."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.messages import StartRequested
from relevo_runtime import catalog
from tests.engine.conftest import MORNING, Engine, deploy
from tests.engine.fanout_harness import LAYOUT, Recording, Shop, buys, open_shop, restocked, was_born

SEGMENT = LAYOUT | {
    "workflow.yaml": """
workflow: thanks
title: Thanks
change: ad-hoc
segments:
  big: customer.total_spent >= 100.0
  lately: customer.last_order_at > now - days(30)
trigger:
  - {segment: big, change: joined}
  - {segment: lately, change: left}
reentry: several
steps:
  - send: {channel: email, template: reminder, purpose: transactional}
""",
}
BIRTHDAY = LAYOUT | {
    "workflow.yaml": """
workflow: birthday
title: Birthday
change: ad-hoc
trigger: {date: birthday, at: "09:00", zone: customer}
steps:
  - send: {channel: email, template: reminder, purpose: transactional}
""",
}
WEEKLY = LAYOUT | {
    "workflow.yaml": """
workflow: weekly
title: Weekly
change: ad-hoc
segments:
  buyers: customer.orders_count > 0
trigger:
  - {schedule: {cron: "0 9 * * 1", zone: Europe/Madrid, segment: buyers}}
  - {manual: true}
reentry: several
steps:
  - send: {channel: email, template: reminder, purpose: transactional}
""",
}
DAY = timedelta(days=1)


@pytest.fixture
async def publisher(settings, topics):  # type: ignore[no-untyped-def]
    async with Recording(settings()) as opened:
        yield opened


@pytest.fixture
def open_with(engine: Engine, publisher: Recording):  # type: ignore[no-untyped-def]
    async def opened(*workflows: dict[str, str]) -> Shop:
        for files in workflows:
            await deploy(engine.pool, files)
        shop = await open_shop(engine, publisher, page=10)
        await shop.follow()
        return shop

    return opened


async def timers(shop: Shop) -> list[tuple[str, str, datetime]]:
    rows = await shop.engine.pool.fetch("select key, timer_id, due_at from scheduler.timer order by due_at, key")
    return [(row["key"], row["timer_id"], row["due_at"]) for row in rows]


async def test_joining_a_segment_starts_a_run_once(open_with) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with(SEGMENT)
    await shop.engine.take(buys("cus_1", total="60.00"), buys("cus_2", total="60.00"))
    assert shop.publisher.addressed() == []
    await shop.engine.take(buys("cus_1", after=DAY, total="60.00"))
    await shop.engine.take(buys("cus_1", after=2 * DAY, total="60.00"))
    assert shop.publisher.addressed() == ["cus_1"]


async def test_time_alone_makes_a_customer_leave_a_segment(open_with) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with(SEGMENT)
    await shop.engine.take(buys("cus_1", total="60.00"))
    (armed,) = await timers(shop)
    assert armed[2] == MORNING + timedelta(minutes=30) + 30 * DAY + timedelta(microseconds=1)  # just after its limit
    await shop.engine.wake(after=31 * DAY)
    assert shop.publisher.addressed() == ["cus_1"]
    assert await timers(shop) == []


async def test_whoever_was_in_a_segment_before_its_workflow_came_does_not_join_it(open_with, engine) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with()
    await shop.engine.take(buys("cus_1", total="160.00"), buys("cus_2", total="160.00"))
    await deploy(engine.pool, SEGMENT)
    await shop.follower.run_once(MORNING)
    await shop.engine.take(buys("cus_1", after=DAY, total="1.00"))  # before the walk has come to them
    await shop.walk()
    await shop.engine.take(buys("cus_2", after=DAY, total="1.00"))
    assert shop.publisher.addressed() == []
    assert len(await timers(shop)) == 2


async def test_a_product_joins_no_segment(open_with) -> None:  # type: ignore[no-untyped-def]
    files = SEGMENT | {"workflow.yaml": SEGMENT["workflow.yaml"].replace("total_spent >= 100.0", "orders_count == 0")}
    shop = await open_with(files)
    await shop.engine.take(restocked())
    assert await shop.engine.pool.fetchval("select count(*) from engine.run") == 0
    assert await shop.engine.pool.fetchval("select count(*) from engine.customer") == 0


async def test_a_birthday_is_kept_at_nine_of_the_customers_morning(open_with) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with(BIRTHDAY)
    await shop.engine.take(was_born("cus_1", "1990-06-15", timezone="America/New_York"))
    await shop.engine.take(was_born("cus_2", "2000-02-29", timezone="Europe/Rome"))
    due = {key: at for key, _, at in await timers(shop)}
    assert due == {"cus_1": datetime(2026, 6, 15, 13, tzinfo=UTC), "cus_2": datetime(2027, 2, 28, 8, tzinfo=UTC)}
    await shop.engine.wake(after=due["cus_1"] - MORNING)
    assert shop.publisher.addressed() == ["cus_1"]
    assert {key: at for key, _, at in await timers(shop)}["cus_1"] == datetime(2027, 6, 15, 13, tzinfo=UTC)


async def test_after_a_deployment_customers_without_further_events_have_their_alarms(open_with, engine) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with()
    people = [f"cus_{n}" for n in range(5)]
    await shop.engine.take(*(was_born(one, "1990-06-15", historical=True) for one in people))
    assert await timers(shop) == []
    await deploy(engine.pool, BIRTHDAY)
    await shop.follow()
    assert [key for key, _, _ in await timers(shop)] == people
    before = await shop.engine.state()
    await shop.follow()
    other = await open_shop(engine, shop.publisher)
    await other.follow()
    assert await shop.engine.state() == before
    assert await engine.pool.fetchval("select count(*) from engine.fanout") == 0


async def test_a_workflow_that_is_retired_takes_its_alarms_along(open_with, engine) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with(BIRTHDAY)
    await shop.engine.take(was_born("cus_1", "1990-06-15"))
    async with engine.pool.acquire() as conn:
        await catalog.retire(conn, workflow="birthday", at=MORNING)
    await shop.follow()
    assert await timers(shop) == []


async def test_a_schedule_starts_runs_for_the_members_of_its_segment(open_with) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with(WEEKLY)
    await shop.engine.take(*(buys(f"cus_{n}") for n in range(5)), was_born("cus_9", "1990-06-15"))
    ((key, _, due),) = await timers(shop)
    assert (key, due) == (SHOP_KEY, datetime(2026, 3, 9, 8, tzinfo=UTC))
    await shop.engine.wake(after=due - MORNING)
    await shop.walk()
    assert shop.publisher.addressed() == [f"cus_{n}" for n in range(5)]
    assert [at for _, _, at in await timers(shop)] == [datetime(2026, 3, 16, 8, tzinfo=UTC)]


async def test_after_an_outage_a_schedule_rings_once(open_with, engine) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with(WEEKLY)
    await shop.engine.take(buys("cus_1"))
    await shop.engine.wake(after=24 * DAY)
    await shop.follow()
    await shop.engine.wake(after=timedelta())
    await shop.walk()
    assert shop.publisher.addressed() == ["cus_1"]
    assert [at for _, _, at in await timers(shop)] == [datetime(2026, 3, 30, 7, tzinfo=UTC)]


async def test_a_changed_rule_replaces_the_old_one(open_with, engine) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with(WEEKLY)
    await shop.engine.take(buys("cus_1"))
    await deploy(engine.pool, WEEKLY | {"workflow.yaml": WEEKLY["workflow.yaml"].replace("0 9 * * 1", "0 9 * * 2")})
    await shop.follow()
    await shop.engine.wake(after=8 * DAY)
    await shop.walk()
    assert shop.publisher.addressed() == ["cus_1"]
    assert len(await timers(shop)) == 1


async def test_a_manual_start(open_with) -> None:  # type: ignore[no-untyped-def]
    shop = await open_with(WEEKLY)
    wanted = StartRequested(id="s-1", shop="sample", key="cus_1", workflow="weekly", at=MORNING, data={"why": "a test"})
    await shop.engine.take(wanted, wanted, msgspec.structs.replace(wanted, workflow="unknown", id="s-2"))
    assert shop.publisher.addressed() == ["cus_1"]
