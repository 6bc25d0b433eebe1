"""Updates that touch no index: each that does writes an entry more to every index of the table."""

from datetime import timedelta

import msgspec

from benchmarks.mails import delivery
from relevo_contracts.messages import CallHttp
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.core.work import Incoming
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool, open_pool
from tests.conftest import SettingsFactory
from tests.engine.conftest import CART, MORNING, build_engine, checkout, deploy

ROWS = 20
HELD, LONGER = MORNING + timedelta(minutes=5), MORNING + timedelta(minutes=8)
ENOUGH = MORNING + timedelta(minutes=4)


async def _hot(pool: Pool, table: str) -> tuple[int, int]:
    """How many updates of a table were HOT, and how many there were, by the only connection of `pool`."""
    await pool.execute("select pg_stat_force_next_flush()")
    row = await pool.fetchrow(
        "select n_tup_hot_upd, n_tup_upd from pg_stat_user_tables where relid = $1::text::regclass", table
    )
    assert row is not None
    return row[0], row[1]


async def test_a_mail_that_begins_touches_no_index(database: str) -> None:
    async with await open_pool(database, application_name="budget", max_size=1) as pool:
        deliveries, made = Deliveries(pool), [delivery(number, "1", MORNING) for number in range(ROWS)]
        works = await deliveries.accept([Incoming(one, msgspec.json.encode(one), False, HELD) for one in made], MORNING)
        begun = await deliveries.begin(works, LONGER, enough=ENOUGH)
        assert [work.lease for work in begun] == [HELD] * ROWS
        assert await _hot(pool, "notifier.delivery") == (ROWS, ROWS)


async def test_a_call_that_begins_touches_no_index(database: str) -> None:
    async with await open_pool(database, application_name="budget", max_size=1) as pool:
        calls, made = Calls(pool), [_call(number) for number in range(ROWS)]
        works = await calls.accept([Incoming(one, msgspec.json.encode(one), False, HELD) for one in made], MORNING)
        begun = await calls.begin(works, LONGER, enough=ENOUGH)
        assert [work.lease for work in begun] == [HELD] * ROWS
        assert await _hot(pool, "notifier.call") == (ROWS, ROWS)


def _call(number: int) -> CallHttp:
    return CallHttp(
        id=f"run{number}/call/1", shop="bench", key=f"cus_{number}", run_id=f"run{number}", workflow="stock",
        step="call", method="POST", url="https://erp.example.com/stock", timeout_seconds=5, body={"sku": "A-1" * 99},
        decided_at=MORNING,
    )  # fmt: skip


async def test_a_run_that_goes_on_touches_no_index(database: str, settings: SettingsFactory, topics: list[str]) -> None:
    assert topics
    async with (
        await open_pool(database, application_name="budget", max_size=1) as pool,
        Publisher(settings()) as publisher,
    ):
        await deploy(pool, CART)
        engine = await build_engine(pool, publisher)
        await engine.take(*(checkout(f"new-{number}", key=f"cus_{number}") for number in range(ROWS)))
        await pool.execute("update engine.run set step = step || '-2', updated_at = now(), state = state || '{}'")
        assert (await _hot(pool, "engine.run"))[0] > 0
