"""Runs that are about a product or the shop itself, not about a customer, on the real database."""

from relevo_contracts.keys import SHOP_KEY, product_key
from relevo_contracts.payloads import CouponPoolChanged, StockChanged
from relevo_contracts.staff import Member
from relevo_engine.adapters import tasks
from tests.engine.conftest import MORNING, Engine, deploy, event
from tests.workflow.test_library import workflow_files


def _stock(available: int, *, hours: int = 0, location: str = "") -> tuple[str, StockChanged, int]:
    told = StockChanged(product_id="p1", inventory_item_id="i1", title="Teapot", available=available, location=location)
    return f"{available}@{location}-{hours}", told, hours


async def _tell(engine: Engine, *told: tuple[str, StockChanged, int]) -> None:
    for name, payload, hours in told:
        at = MORNING.replace(hour=MORNING.hour + hours)
        await engine.take(event("product.stock_changed", payload, event_id=name, key=product_key("p1"), at=at))


async def _deployed(engine: Engine, *names: str) -> None:
    for name in names:
        await deploy(engine.pool, workflow_files(name))
    async with engine.pool.acquire() as conn:
        await engine.definitions.refresh(conn)
        await tasks.put_member(conn, Member(shop="sample", name="Pam", skills=["purchasing", "warehouse", "marketing"]))


async def test_low_stock_is_a_task_of_the_staff_until_it_is_filled_up(engine: Engine) -> None:
    await _deployed(engine, "low-stock")
    await _tell(engine, _stock(9), _stock(3, hours=1), _stock(2, hours=2))
    async with engine.pool.acquire() as conn:
        [task] = await tasks.list_tasks(conn)
        assert (task.key, task.skill, task.assignee, task.status) == ("prd_p1", "purchasing", "Pam", "open")
        assert "at its supplier: 3 left" in task.title
    await _tell(engine, _stock(22, hours=3))
    async with engine.pool.acquire() as conn:
        assert [(one.status, one.close_reason) for one in await tasks.list_tasks(conn)] == [
            ("closed", "in stock again")
        ]


async def test_a_warehouse_gets_some_from_another_that_was_told_of_before(engine: Engine) -> None:
    await _deployed(engine, "warehouse-levels", "warehouse-transfer")
    await _tell(engine, _stock(40, location="Madrid"), _stock(1, location="Sevilla", hours=1))
    async with engine.pool.acquire() as conn:
        [task] = await tasks.list_tasks(conn)
    assert "from Madrid to Sevilla, which has 1 left" in task.title


async def test_a_pool_of_codes_that_runs_low_is_one_task_until_it_is_filled(engine: Engine) -> None:
    await _deployed(engine, "coupon-pool")
    for hours, (name, left) in enumerate([("low", 9), ("refilled", 200), ("low", 19)]):
        at = MORNING.replace(hour=MORNING.hour + hours)
        told = CouponPoolChanged(pool="welcome", left=left, warn_below=20)
        one = event(f"coupons.{name}", told, event_id=f"welcome/{name}/{left}", key=SHOP_KEY, at=at)
        await engine.take(one)
        await engine.take(one)
    async with engine.pool.acquire() as conn:
        found = await tasks.list_tasks(conn)
    assert sorted((one.status, one.close_reason, one.key, one.assignee) for one in found) == [
        ("closed", "filled", "shop", "Pam"),
        ("open", "", "shop", "Pam"),
    ]
    assert any("9 left, fewer than 20" in one.title for one in found)
