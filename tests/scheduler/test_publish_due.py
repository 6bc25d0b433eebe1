"""Due timers become wake-ups: none early, none lost, shared between instances, published again when a lease ends."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from relevo_contracts.messages import wake_up_id
from relevo_runtime.errors import PublishError
from relevo_runtime.kafka import Publisher
from relevo_runtime.metrics import Metrics
from relevo_runtime.outgoing import Timer
from relevo_runtime.postgres import Pool
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.timers import cancel_timers, set_timers
from relevo_scheduler.adapters.tables import TimerTable
from relevo_scheduler.app.publish_due import RunOnce, publish_due
from tests.conftest import SettingsFactory
from tests.scheduler.reading import wake_ups
from tests.timer_table import claim_due, next_due

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)
LONGEST = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def own(settings: SettingsFactory, topics: list[str]) -> RuntimeSettings:
    """The test's settings, with its topics there."""
    assert topics
    return settings()


@pytest.fixture
async def publisher(own: RuntimeSettings) -> AsyncIterator[Publisher]:
    async with Publisher(own) as started:
        yield started


def body(pool: Pool, publisher: Publisher, batch: int = 1000) -> RunOnce:
    return publish_due(TimerTable(pool), publisher, metrics=Metrics("test"), batch=batch, lease=LEASE, longest=LONGEST)


def timer(name: str, due_at: datetime = NOON, key: str = "cus_1") -> Timer:
    return Timer("acme", key, name, due_at, run_id=f"run-{name}", turn=2, name="step")


async def arm(pool: Pool, timers: Sequence[Timer]) -> None:
    async with pool.acquire() as connection:
        await set_timers(connection, timers)


async def run_until_quiet(run_once: RunOnce, now: datetime) -> None:
    """What the loop does at one moment: look again as long as there may be more."""
    while (next_look := await run_once(now)) is not None and next_look <= now:
        pass


async def test_a_wake_up_says_which_timer_of_which_run(pool: Pool, publisher: Publisher, own: RuntimeSettings) -> None:
    await arm(pool, [timer("a")])
    await body(pool, publisher)(NOON)
    [found] = await wake_ups(own)
    assert (found.shop, found.key, found.timer_id, found.run_id, found.turn, found.name) == (
        *("acme", "cus_1", "a", "run-a", 2),
        "step",
    )
    assert found.due_at == NOON
    assert found.id == wake_up_id("a", NOON, 2)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_timer_is_early_and_none_is_lost(
    pool: Pool, publisher: Publisher, own: RuntimeSettings, seed: int
) -> None:
    random = Random(seed)
    due = {f"t{n}": NOON + timedelta(microseconds=random.randint(0, 3_600_000_000)) for n in range(2000)}
    await arm(pool, [timer(name, at, key=f"cus_{random.randint(1, 50)}") for name, at in due.items()])
    run_once = body(pool, publisher, batch=random.choice([7, 100, 1000]))
    now = NOON - MINUTE
    while now < NOON + timedelta(hours=1):
        await run_until_quiet(run_once, now)
        published = Counter(wake_up.timer_id for wake_up in await wake_ups(own))
        assert set(published) == {name for name, at in due.items() if at <= now}
        async with pool.acquire() as connection:  # the engine consumes them
            await cancel_timers(connection, [("acme", name) for name in published])
        now += timedelta(seconds=random.randint(400, 1200))
    await run_until_quiet(run_once, now)
    everything = Counter(wake_up.timer_id for wake_up in await wake_ups(own))
    assert everything == Counter(due.keys())


async def test_it_says_when_to_look_again(pool: Pool, publisher: Publisher, own: RuntimeSettings) -> None:
    assert own.partitions
    run_once = body(pool, publisher, batch=2)
    assert await run_once(NOON) == NOON + LONGEST
    await arm(pool, [timer("soon", NOON + timedelta(seconds=3)), timer("late", NOON + timedelta(days=1))])
    assert await run_once(NOON) == NOON + timedelta(seconds=3)
    await arm(pool, [timer("a"), timer("b"), timer("c")])
    assert await run_once(NOON) == NOON


async def test_two_instances_share_the_work_and_repeat_nothing_within_the_lease(
    pool: Pool, publisher: Publisher, own: RuntimeSettings
) -> None:
    names = {f"t{n}" for n in range(3000)}
    await arm(pool, [timer(name, key=f"cus_{name}") for name in names])
    async with Publisher(own) as other:
        instances = [body(pool, publisher, batch=100), body(pool, other, batch=100)]
        await asyncio.gather(*(run_until_quiet(run_once, NOON) for run_once in instances))
    # One of them may have found nothing to lock while the other still held rows: the next look takes the rest.
    await run_until_quiet(instances[0], NOON)
    assert Counter(wake_up.timer_id for wake_up in await wake_ups(own)) == Counter(names)


async def test_what_a_dead_instance_had_claimed_is_published_when_its_lease_ends(
    pool: Pool, publisher: Publisher, own: RuntimeSettings
) -> None:
    await arm(pool, [timer("a")])
    async with pool.acquire() as connection:  # claimed, and then the process died
        assert await claim_due(connection, NOON, NOON + LEASE, 10)
    run_once = body(pool, publisher)
    await run_once(NOON + LEASE - MINUTE)
    assert await wake_ups(own) == []
    await run_once(NOON + LEASE)
    assert [found.due_at for found in await wake_ups(own)] == [NOON]


async def test_a_wake_up_that_nobody_consumed_comes_again_with_the_same_id(
    pool: Pool, publisher: Publisher, own: RuntimeSettings
) -> None:
    await arm(pool, [timer("a"), timer("b")])
    run_once = body(pool, publisher)
    await run_once(NOON)
    async with pool.acquire() as connection:
        await cancel_timers(connection, [("acme", "b")])
    await run_once(NOON + LEASE)
    ids = Counter(found.id for found in await wake_ups(own))
    assert ids == {wake_up_id("a", NOON, 2): 2, wake_up_id("b", NOON, 2): 1}


async def test_wake_ups_do_not_multiply_while_no_engine_is_there(
    pool: Pool, publisher: Publisher, own: RuntimeSettings
) -> None:
    await arm(pool, [timer("a")])
    run_once = body(pool, publisher)
    times: list[tuple[int, datetime]] = []
    now = NOON
    while now < NOON + timedelta(days=1):
        before = len(await wake_ups(own)) if not times else times[-1][0]
        await run_once(now)
        found = len(await wake_ups(own))
        if found > before or not times:
            times.append((found, now))
        async with pool.acquire() as connection:
            next_look = await next_due(connection)
        assert next_look is not None
        now = max(next_look, now + MINUTE)
    pauses = [(later - earlier) / LEASE for (_, earlier), (_, later) in pairwise(times)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 64, 64][: len(pauses)]
    assert len(pauses) >= 7


async def test_what_kafka_did_not_take_comes_again_after_the_first_lease(pool: Pool, own: RuntimeSettings) -> None:
    await arm(pool, [timer("a")])
    run_once = body(pool, Publisher(own))  # not connected
    now = NOON
    for _ in range(5):
        with pytest.raises(PublishError):
            await run_once(now)
        async with pool.acquire() as connection:
            assert await next_due(connection) == now + LEASE
        now += LEASE


async def test_it_counts_wake_ups_and_how_late_each_was(pool: Pool, publisher: Publisher, own: RuntimeSettings) -> None:
    assert own.partitions
    await arm(pool, [timer("a"), timer("b", NOON - MINUTE)])
    metrics = Metrics("scheduler")
    run_once = publish_due(TimerTable(pool), publisher, metrics=metrics, batch=10, lease=LEASE, longest=LONGEST)
    await run_once(NOON)
    await run_once(NOON + LEASE)
    value = metrics.registry.get_sample_value
    assert value("relevo_timers_published_total") == 4
    assert value("relevo_timer_lateness_seconds_count") == 2
    assert value("relevo_timer_lateness_seconds_sum") == 60
