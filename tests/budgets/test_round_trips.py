"""What a batch of a hundred costs in round trips and requests: the number that decides how cheap a quiet hour is.

The counts are exact and the same on any machine; the figures are those of today. Who makes one smaller lowers the limit
here, who makes one larger says why.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from relevo_contracts.envelope import Event
from relevo_contracts.topics import EVENTS, WAKEUPS
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import BatchConsumer, Publisher, Record
from relevo_runtime.metrics import Metrics
from relevo_runtime.outgoing import Timer
from relevo_runtime.postgres import open_pool
from relevo_runtime.timers import set_timers
from relevo_scheduler.adapters.tables import TimerTable
from relevo_scheduler.app.publish_due import publish_due
from tests.budgets.counting import RoundTrips, counted, kafka_requests
from tests.conftest import SettingsFactory
from tests.engine.conftest import CART, MORNING, Engine, build_engine, checkout, deploy, order

BATCH = 100
FOUR_HOURS = timedelta(hours=4)

STARTING_RUNS = 5
ENDING_RUNS = 4
SENDING = 4
FIRING_TIMERS = 1
AN_IDLE_MEMBER = 10


@pytest.fixture
async def socket_folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rt-") as name:
        yield Path(name)


@pytest.fixture
async def counting(
    database: str, socket_folder: Path, settings: SettingsFactory, topics: list[str]
) -> AsyncIterator[tuple[Engine, RoundTrips]]:
    """An engine whose every round trip is counted, with its statements prepared by a first batch of each kind."""
    assert topics
    async with counted(database, socket_folder) as (dsn, trips):
        pool = await open_pool(dsn, application_name="budget")
        async with pool, Publisher(settings()) as publisher:
            async with pool.acquire() as conn:
                await catalog.add_shop(conn, catalog.Shop(shop="sample", platform="shopify", name="Sample"))
            await deploy(pool, CART)
            engine = await build_engine(pool, publisher)
            await engine.take(*_checkouts("warm"))
            await engine.take(order("warm-0", key="cus_0"))
            await engine.wake(after=FOUR_HOURS)
            await engine.take(*_checkouts("warm again"))
            yield engine, trips


def _checkouts(name: str) -> list[Event]:
    return [checkout(f"{name}-{n}", key=f"cus_{n}", at=MORNING) for n in range(BATCH)]


async def test_starting_a_hundred_runs(counting: tuple[Engine, RoundTrips]) -> None:
    engine, trips = counting
    trips.reset()
    await engine.take(*_checkouts("new"))
    assert trips.count <= STARTING_RUNS


async def test_ending_a_hundred_runs(counting: tuple[Engine, RoundTrips]) -> None:
    engine, trips = counting
    await engine.take(*_checkouts("new"))
    trips.reset()
    await engine.take(*(order(f"new-{n}", key=f"cus_{n}") for n in range(BATCH)))
    assert trips.count <= ENDING_RUNS


async def test_a_hundred_wake_ups_that_send(counting: tuple[Engine, RoundTrips], settings: SettingsFactory) -> None:
    engine, trips = counting
    assert await engine.pool.fetchval("select count(*) from scheduler.timer") == BATCH
    trips.reset()
    with kafka_requests() as requests:
        await engine.wake(after=FOUR_HOURS)
    asked_for_the_timers = 1
    assert trips.count - asked_for_the_timers <= SENDING
    assert requests["Produce"] <= settings().partitions


async def test_firing_a_hundred_timers(
    database: str, socket_folder: Path, settings: SettingsFactory, topics: list[str]
) -> None:
    assert topics
    due = [Timer("sample", f"cus_{n}", f"run-{n}/step", MORNING, f"run-{n}", 1, "step") for n in range(BATCH)]
    async with counted(database, socket_folder) as (dsn, trips):
        pool = await open_pool(dsn, application_name="budget")
        async with pool, Publisher(settings()) as publisher:
            run_once = publish_due(
                TimerTable(pool), publisher, metrics=Metrics("scheduler"), batch=1000,
                lease=timedelta(seconds=30), longest=timedelta(seconds=1),
            )  # fmt: skip
            for warm in (True, False):
                async with pool.acquire() as conn:
                    await set_timers(conn, due)
                trips.reset()
                with kafka_requests() as requests:
                    await run_once(MORNING)
                if not warm:
                    assert trips.count <= FIRING_TIMERS
                    assert requests["Produce"] <= settings().partitions
                await pool.execute("delete from scheduler.timer")


async def test_a_member_that_has_nothing_to_do_asks_rarely(settings: SettingsFactory, topics: list[str]) -> None:
    """However slow the machine is, it asks no more often: the limit is for two seconds on one that is quick."""
    assert topics

    async def nothing(records: Sequence[Record]) -> None:
        assert not records

    async with BatchConsumer(
        settings(), service="budget", topics=[EVENTS, WAKEUPS], handler=nothing, clock=SystemClock()
    ):
        await asyncio.sleep(1)
        with kafka_requests() as requests:
            await asyncio.sleep(2)
    assert requests["Fetch"] <= AN_IDLE_MEMBER
