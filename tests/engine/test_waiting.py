"""A product is back: everybody who waits for it is told, nobody else, and nobody is missed."""

import asyncio
from datetime import timedelta

import pytest

from relevo_contracts.messages import EventForwarded
from relevo_engine.adapters.fanouts import Fanouts
from relevo_engine.adapters.stores import postgres_stores
from relevo_engine.adapters.waiting import WaitingRuns
from relevo_engine.app.fan_out import FanoutWorker
from relevo_engine.core.fanout import event_fanout
from relevo_engine.core.waiting import Waiting
from relevo_runtime.errors import PublishError
from relevo_runtime.postgres import Connection
from tests.conftest import SettingsFactory
from tests.engine.conftest import MORNING, Engine, deploy
from tests.engine.fanout_harness import RESTOCK, DyingPublisher, Recording, Shop, asks, buys, open_shop, restocked

PEOPLE = [f"cus_{n:02}" for n in range(10)]


@pytest.fixture
async def publisher(settings, topics):  # type: ignore[no-untyped-def]
    async with Recording(settings()) as opened:
        yield opened


@pytest.fixture
async def shop(engine: Engine, publisher: Recording) -> Shop:
    await deploy(engine.pool, RESTOCK)
    return await open_shop(engine, publisher, page=3)


async def waiting(shop: Shop) -> list[str]:
    return [row["key"] for row in await shop.engine.pool.fetch("select key from engine.waiting order by key")]


async def test_a_restock_reaches_everybody_who_waits_and_nobody_else(shop: Shop) -> None:
    await shop.engine.take(*(asks(one) for one in PEOPLE))
    await shop.engine.take(asks("cus_other", "v2"), asks("cus_elsewhere", product="p2"))
    assert len(await waiting(shop)) == 12
    await shop.engine.take(restocked())
    await shop.walk()
    assert shop.publisher.addressed() == PEOPLE
    assert await waiting(shop) == ["cus_elsewhere", "cus_other"]
    assert await shop.engine.pool.fetchval("select count(*) from engine.fanout") == 0


async def test_the_event_itself_touches_no_waiter(shop: Shop) -> None:
    await shop.engine.take(*(asks(one) for one in PEOPLE))
    await shop.engine.take(restocked())
    assert await waiting(shop) == PEOPLE
    assert await shop.engine.pool.fetchval("select count(*) from engine.fanout") == 1


async def test_whoever_bought_or_was_forgotten_is_not_woken(shop: Shop) -> None:
    await shop.engine.take(asks("cus_1"), asks("cus_2"))
    await shop.engine.take(buys("cus_1"))
    await shop.engine.take(restocked())
    await shop.walk()
    assert shop.publisher.addressed() == ["cus_2"]


async def test_after_the_time_is_over_nobody_waits(shop: Shop) -> None:
    await shop.engine.take(asks("cus_1"))
    await shop.engine.wake(after=timedelta(days=30))
    assert await waiting(shop) == []
    await shop.engine.take(restocked(after=timedelta(days=31)))
    await shop.walk()
    assert shop.publisher.addressed() == []


async def test_a_restock_that_was_taken_before_the_form_counts_if_it_happened_after_it(shop: Shop) -> None:
    await shop.engine.take(restocked(after=timedelta(minutes=1)))
    await shop.walk()
    await shop.engine.take(asks("cus_1"))
    await shop.walk()
    assert shop.publisher.addressed() == ["cus_1"]


async def test_a_restock_from_before_the_form_does_not_count(shop: Shop) -> None:
    await shop.engine.take(restocked(after=timedelta(minutes=-1)))
    await shop.engine.take(asks("cus_1"))
    await shop.walk()
    assert shop.publisher.addressed() == []
    assert await waiting(shop) == ["cus_1"]


async def test_of_two_variants_each_is_remembered(shop: Shop) -> None:
    await shop.engine.take(restocked("v1"), restocked("v2", after=timedelta(hours=2)))
    await shop.engine.take(asks("cus_1", "v1"))
    await shop.walk()
    assert shop.publisher.addressed() == ["cus_1"]


async def test_a_run_that_registers_while_the_restock_is_not_yet_committed_is_found_by_the_walk(shop: Shop) -> None:
    news = restocked()
    async with shop.engine.pool.acquire() as conn:
        open_event = conn.transaction()
        await open_event.start()
        await WaitingRuns().remember(conn, [news])
        await Fanouts().put(conn, [event_fanout(news)])
        await shop.engine.take(asks("cus_1"))  # it can't see the event
        await open_event.commit()
    await shop.walk()
    assert shop.publisher.addressed() == ["cus_1"]


async def test_the_walk_waits_for_a_run_that_is_just_registering(shop: Shop) -> None:
    async with shop.engine.pool.acquire() as conn:
        registering = conn.transaction()
        await registering.start()
        run = Waiting("sample", "prd_p1", "product.restocked", "cus_1", "run-1", MORNING)
        assert await WaitingRuns().register(conn, [run]) == []
        await shop.engine.take(restocked())  # it can't see the run
        walk = asyncio.create_task(shop.fanout_worker.run_once(shop.engine.clock.now()))
        await _somebody_waits_for_a_lock(shop)
        assert shop.publisher.inputs() == []
        await registering.commit()
    await walk
    assert [message.key for message in shop.publisher.inputs()] == ["cus_1"]


async def _somebody_waits_for_a_lock(shop: Shop) -> None:
    while not await shop.engine.pool.fetchval(
        "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    ):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("after_sending", [False, True])
async def test_a_crash_in_the_middle_of_a_walk_tells_everybody_once(
    shop: Shop, settings: SettingsFactory, after_sending: bool
) -> None:
    await shop.engine.take(*(asks(one) for one in PEOPLE))
    await shop.engine.take(restocked())
    async with DyingPublisher(settings()) as dying:
        dying.dies, dying.after_sending = 2, after_sending
        no_lease = timedelta()
        worker = FanoutWorker[Connection](
            sessions=shop.engine.pool,
            stores=postgres_stores(),
            definitions=shop.engine.definitions,
            publisher=dying,
            page=3,
            lease=no_lease,
        )
        await worker.run_once(MORNING)
        with pytest.raises(PublishError):
            await worker.run_once(MORNING)
        shop.publisher.sent.extend(dying.sent)
    await shop.walk()
    assert shop.publisher.addressed() == PEOPLE


async def test_two_engines_share_the_walks_and_tell_nobody_twice(shop: Shop) -> None:
    await shop.engine.take(*(asks(one, variant) for one in PEOPLE for variant in ("v1", "v2")))
    await shop.engine.take(restocked("v1"), restocked("v2"))
    other = FanoutWorker[Connection](
        sessions=shop.engine.pool,
        stores=postgres_stores(),
        definitions=shop.engine.definitions,
        publisher=shop.publisher,
        page=3,
    )

    async def work(worker: FanoutWorker[Connection]) -> None:
        while await shop.engine.pool.fetchval("select count(*) from engine.fanout"):
            await worker.run_once(MORNING)

    await asyncio.gather(work(shop.fanout_worker), work(other))
    told = shop.publisher.inputs()
    assert {type(message) for message in told} == {EventForwarded}
    assert {message.key for message in told} == set(PEOPLE)
    await shop.engine.take(*told, *told)
    assert shop.publisher.addressed() == sorted(PEOPLE * 2)


async def test_what_happened_before_a_run_began_to_wait_does_not_move_it(shop: Shop) -> None:
    await shop.engine.take(asks("cus_1"))
    await shop.engine.take(restocked())
    await shop.fanout_worker.run_once(MORNING)
    (told,) = shop.publisher.inputs()
    # While the news is on its way, the customer asks once more.
    await shop.engine.take(asks("cus_1", at=MORNING + timedelta(hours=2)))
    await shop.engine.take(told)
    assert shop.publisher.addressed() == ["cus_1"]
    assert await waiting(shop) == ["cus_1"]
