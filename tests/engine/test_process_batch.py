"""One batch, one transaction: what a shop's events cause, however often and in whatever pieces they are delivered."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.messages import WakeUp
from relevo_engine.adapters.batches import Batches
from relevo_engine.adapters.definitions import DefinitionCache
from relevo_engine.app.process_batch import SIDE_BY_SIDE, BatchProcessor
from relevo_engine.core.batch import Definitions
from relevo_engine.core.inputs import read
from relevo_runtime.dead_letters import DeadLetters
from relevo_runtime.errors import PublishError
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Connection
from relevo_runtime.records import Record
from relevo_workflow import Subject
from tests.conftest import SettingsFactory
from tests.engine.conftest import CART, MORNING, Engine, build_engine, changed, checkout, deploy, order, wakeup
from tests.engine.fanout_harness import DyingPublisher

FOUR_HOURS = timedelta(hours=4)


async def test_a_checkout_starts_a_run_that_waits_four_hours_and_then_sends(engine: Engine) -> None:
    await engine.take(checkout("tok"))
    state = await engine.state()
    assert [(step, ended) for _, _, step, ended, _, _ in state["runs"]] == [("wait-4h", None)]
    assert [due for _, _, due, _ in state["timers"]] == [MORNING + FOUR_HOURS]

    await engine.wake(after=FOUR_HOURS)
    state = await engine.state()
    assert [topic for _, _, topic, _ in state["outbox"]] == ["relevo.deliveries"]
    assert state["timers"] == []
    assert [reason for *_, reason, _ in state["runs"]] != [None]


async def test_an_order_ends_the_run_in_the_middle_of_its_wait(engine: Engine) -> None:
    await engine.take(checkout("tok"))
    await engine.take(order("tok"))
    state = await engine.state()
    assert [reason for *_, reason, _ in state["runs"]] == ["bought"]
    assert state["timers"] == []
    assert state["outbox"] == []


async def test_why_nothing_was_started_is_recorded_too(engine: Engine) -> None:
    await engine.take(checkout("free", amount="0.00"))
    rows = await engine.pool.fetch("select kind, reason, trace::text as trace from engine.decision")
    assert [row["kind"] for row in rows] == ["not_started"]
    assert "event.total.amount" in rows[0]["trace"]


@pytest.mark.relevo_containers
async def test_the_same_event_ten_times_is_one_event(engine: Engine) -> None:
    await engine.take(checkout("tok"))
    once = await engine.state()
    await engine.take(*[checkout("tok")] * 5)
    for _ in range(5):
        await engine.take(checkout("tok"))
    assert await engine.state() == once


async def test_a_batch_that_comes_again_after_a_rebalance_changes_nothing(engine: Engine) -> None:
    batch = [checkout("a"), checkout("b", key="cus_2"), order("a")]
    await engine.take(*batch)
    once = await engine.state()
    successor = await build_engine(engine.pool, engine.publisher)
    await successor.take(*batch)
    assert await engine.state() == once


async def test_one_bad_record_costs_only_itself(engine: Engine) -> None:
    await engine.take(b'{"id": "e', b"\xff\xfe", checkout("tok"), b'{"id": "x", "type": "order.placed"}')
    assert len((await engine.state())["runs"]) == 1


async def test_a_record_says_why_it_can_not_be_read(engine: Engine) -> None:
    arrived, rejected = read(engine.records([b'{"id": 5}', checkout("tok")]))
    assert len(arrived) == 1
    assert [refused.reason for refused in rejected] == [
        "the value is not a message of relevo.events: ValidationError: Expected `str`, got `int` - at `$.id`"
    ]


async def test_an_event_that_the_core_can_not_take_is_a_dead_letter_and_counts_as_new_when_redriven(
    engine: Engine,
) -> None:
    good = checkout("good")
    broken = checkout("bad", key="cus_2")
    broken.data["total"] = {"amount": ["no", "text"]}
    await engine.take(broken, good)
    assert len((await engine.state())["runs"]) == 1
    assert await engine.pool.fetchval("select count(*) from engine.inbox") == 1


@pytest.mark.parametrize("after_sending", [False, True])
async def test_what_was_committed_and_not_published_stays_in_the_outbox(
    engine: Engine, settings: SettingsFactory, after_sending: bool
) -> None:
    await engine.take(checkout("tok"))
    async with DyingPublisher(settings()) as publisher:
        publisher.dies, publisher.after_sending = 1, after_sending
        dying = await build_engine(engine.pool, publisher)
        dying.clock.advance(FOUR_HOURS)
        with pytest.raises(PublishError):
            await dying.wake(after=timedelta())
    left = (await engine.state())["outbox"]
    assert len(left) == 1
    await engine.wake(after=FOUR_HOURS)
    assert (await engine.state())["outbox"] == left


async def test_published_messages_leave_the_outbox_with_the_next_batch_or_the_flush(engine: Engine) -> None:
    await engine.take(checkout("a"), checkout("b", key="cus_2"))
    await engine.wake(after=FOUR_HOURS)
    assert await engine.pool.fetchval("select count(*) from engine.outbox") == 2
    await engine.processor.flush()
    assert await engine.pool.fetchval("select count(*) from engine.outbox") == 0


@pytest.mark.parametrize("together", [False, True])
async def test_a_wake_up_that_a_restart_overtook_leaves_the_new_timer_alone(engine: Engine, together: bool) -> None:
    await engine.take(checkout("tok"))
    fired = wakeup(await engine.pool.fetchrow("select * from scheduler.timer"))
    restart = changed("tok", at=MORNING + timedelta(hours=3))
    batches: list[list[Event | WakeUp]] = [[restart, fired]] if together else [[restart], [fired]]
    for batch in batches:
        await engine.take(*batch)
    state = await engine.state()
    assert [due for _, _, due, _ in state["timers"]] == [MORNING + timedelta(hours=7)]
    assert state["outbox"] == []


UNTIL_NOON = CART | {"workflow.yaml": CART["workflow.yaml"].replace("wait: 4h", 'wait: {until: "12:00", zone: shop}')}


@pytest.mark.parametrize("together", [False, True])
async def test_a_timer_that_was_armed_anew_for_the_same_instant_still_fires(engine: Engine, together: bool) -> None:
    await deploy(engine.pool, UNTIL_NOON)
    successor = await build_engine(engine.pool, engine.publisher)
    await successor.take(checkout("tok"))
    fired = wakeup(await engine.pool.fetchrow("select * from scheduler.timer"))
    restart = changed("tok", at=MORNING + timedelta(hours=2))
    batches: list[list[Event | WakeUp]] = [[restart, fired]] if together else [[restart], [fired]]
    for batch in batches:
        await successor.take(*batch)
    assert len((await engine.state())["timers"]) == 1
    await successor.wake(after=FOUR_HOURS)
    state = await engine.state()
    assert len(state["outbox"]) == 1
    assert state["timers"] == []


async def test_the_same_wake_up_ten_times_is_one_wake_up(engine: Engine) -> None:
    """No inbox knows the wake-ups of runs: a run takes each of its timers once."""
    await engine.take(checkout("tok"))
    fired = wakeup(await engine.pool.fetchrow("select * from scheduler.timer"))
    engine.clock.advance(FOUR_HOURS)
    await engine.take(*[fired] * 5)
    once = await engine.state()
    assert len(once["outbox"]) == 1
    for _ in range(5):
        await engine.take(fired)
    assert await engine.state() == once | {"outbox": []}  # what was published leaves with the next batch
    assert await engine.pool.fetchval("select count(*) from engine.inbox") == 1


async def test_a_wake_up_that_can_not_be_handled_does_not_come_back_for_ever(engine: Engine) -> None:
    await engine.take(checkout("tok"))
    await engine.pool.execute(
        "update engine.run set version = 'gone', state = jsonb_set(state, '{version}', '\"gone\"')"
    )
    await engine.wake(after=FOUR_HOURS)
    state = await engine.state()
    assert state["timers"] == []
    assert [ended for _, _, _, ended, _, _ in state["runs"]] == [None]


async def test_an_effect_that_is_too_large_to_travel_costs_only_its_own_input(engine: Engine) -> None:
    large = checkout("large")
    large.data["customer"]["first_name"] = "x" * 950_000
    await engine.take(large, checkout("small", key="cus_2"))
    await engine.wake(after=FOUR_HOURS)
    sent = await engine.pool.fetch("select key from engine.outbox")
    assert [row["key"] for row in sent] == ["cus_2"]


async def test_a_run_goes_on_with_the_version_that_it_started_with(engine: Engine) -> None:
    await engine.take(checkout("old"))
    changed = CART | {"workflow.yaml": CART["workflow.yaml"].replace("wait: 4h", "wait: 9h")}
    await deploy(engine.pool, changed)
    successor = await build_engine(engine.pool, engine.publisher)
    await successor.take(checkout("new", key="cus_2"))
    due = {timer[2] for timer in (await engine.state())["timers"]}
    assert due == {MORNING + FOUR_HOURS, MORNING + timedelta(hours=9)}
    await successor.wake(after=FOUR_HOURS)
    assert len((await engine.state())["outbox"]) == 1


MESSAGES = [
    checkout("a"), checkout("b", key="cus_2"), order("a"), checkout("c", key="cus_2", amount="0.00"),
    checkout("d", key="cus_3"), order("x", key="cus_3"),
]  # fmt: skip
pieces = st.lists(st.integers(1, len(MESSAGES) - 1), max_size=3, unique=True).map(sorted)


@pytest.fixture
async def expected(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    await engine.take(*MESSAGES)
    state = await engine.state()
    await _empty(engine)
    return state


async def _empty(engine: Engine) -> None:
    await engine.pool.execute(
        "truncate engine.customer, engine.run, engine.inbox, engine.decision, engine.outbox, engine.result,"
        " scheduler.timer"
    )


@given(cuts=pieces, again=st.lists(st.integers(0, len(MESSAGES) - 1), max_size=4))
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
async def test_any_cut_into_batches_and_any_redelivery_gives_the_same_state(engine, expected, cuts, again) -> None:  # type: ignore[no-untyped-def]
    edges = [0, *cuts, len(MESSAGES)]
    for start, end in pairwise(edges):
        await engine.take(*MESSAGES[start:end])
        # What was delivered before may come again at any point: a crash before the offsets were committed.
        await engine.take(*(MESSAGES[n] for n in again if n < end))
    state = await engine.state()
    await _empty(engine)
    assert state == expected


async def test_a_run_of_the_shop_itself_holds_up_no_customer(engine: Engine) -> None:
    """Of the shop only its erasure is asked for, with every batch: batches of one shop must not wait for each other."""
    await engine.take(checkout("whole-shop", key=SHOP_KEY), checkout("tok"))
    async with engine.pool.acquire() as conn, conn.transaction():
        await conn.execute("select from engine.run where key = $1 for update", SHOP_KEY)
        async with asyncio.timeout(30):
            await engine.take(order("tok"))
    ended = await engine.pool.fetch("select key from engine.run where ended_at is not null")
    assert [row["key"] for row in ended] == ["cus_1"]


async def test_a_batch_that_takes_too_long_is_done_in_several_transactions(engine: Engine) -> None:
    batch = [*(checkout(f"tok{number}") for number in range(20)), order("tok3"), checkout("tok1")]
    whole = await build_engine(engine.pool, engine.publisher, decide_seconds=0.0)
    await whole.take(*batch)
    state = await engine.state()
    assert len(state["runs"]) == 20
    assert await engine.pool.fetchval("select count(*) from engine.inbox") == 21
    await engine.take(*batch)
    assert await engine.state() == state


@pytest.mark.parametrize("most", [1, 2, 5])
async def test_any_cut_into_transactions_side_by_side_gives_the_same_state(engine, expected, most: int) -> None:  # type: ignore[no-untyped-def]
    cut = await build_engine(engine.pool, engine.publisher, most=most)
    batch = [record for one in MESSAGES for record in engine.records([one], partition=int(one.key[-1]))]
    await cut.processor([*batch, *batch[:3]])
    assert await engine.state() == expected
    await engine.processor(batch)
    assert await engine.state() == expected


async def test_wake_ups_of_a_partition_that_is_cut_stay_behind_what_was_before_them(engine: Engine) -> None:
    await engine.take(checkout("tok"))
    fired = wakeup(await engine.pool.fetchrow("select * from scheduler.timer"))
    cut = await build_engine(engine.pool, engine.publisher, most=1)
    cut.clock.advance(FOUR_HOURS)
    others = [checkout(f"other{n}", key=f"cus_{n}", at=MORNING + timedelta(hours=5)) for n in range(3, 6)]
    await cut.take(fired, *others, order("tok", at=MORNING + timedelta(hours=3)))
    ended = await engine.pool.fetch("select key, end_reason from engine.run where ended_at is not null")
    assert [tuple(row) for row in ended] == [("cus_1", "bought")]
    assert (await engine.state())["outbox"] == []


async def test_an_engine_that_dies_between_transactions_side_by_side_leaves_what_its_successor_completes(
    engine: Engine,
) -> None:
    batch = [record for p in range(5) for record in _of_partition(engine, p, 120)]
    async with engine.pool.acquire() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(1819, 1), pg_advisory_xact_lock(1819, 4)")
        dying = asyncio.create_task(engine.processor(batch))
        async with asyncio.timeout(30):  # three of five are committed, two are under way
            while await engine.pool.fetchval("select count(*) from engine.run") < 360:
                await asyncio.sleep(0.05)
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
    successor = await build_engine(engine.pool, engine.publisher)
    await successor.processor(batch)
    assert await engine.pool.fetchval("select count(*) from engine.run") == 600
    assert await engine.pool.fetchval("select count(*) from engine.decision") == 600
    assert await engine.pool.fetchval("select count(*) from scheduler.timer") == 600


class _NoDatabase:
    """A store whose database is away."""

    asked = 0

    @asynccontextmanager
    async def open(self, wanted: object, now: object) -> AsyncIterator[Any]:
        self.asked += 1
        await asyncio.sleep(0.01)
        raise ConnectionError("away")
        yield

    async def announce(self, due_at: datetime) -> None:
        raise AssertionError

    async def delete_published(self, numbers: Sequence[int]) -> None:
        raise AssertionError


async def test_once_a_transaction_has_failed_no_further_one_of_the_batch_begins(engine: Engine) -> None:
    away = _NoDatabase()
    processor = BatchProcessor(
        store=away,
        publisher=engine.publisher,
        dead_letters=DeadLetters(engine.publisher, service="engine", ratio=0.5, clock=engine.clock),
        clock=engine.clock,
        metrics=Metrics("engine"),
    )
    batch = [record for partition in range(12) for record in _of_partition(engine, partition, 100)]
    with pytest.raises(ConnectionError):
        await processor(batch)
    assert away.asked == SIDE_BY_SIDE


def _of_partition(engine: Engine, partition: int, count: int) -> list[Record]:
    checkouts = [checkout(f"tok{partition}-{n}", key=f"cus_{partition}_{n}") for n in range(count)]
    return engine.records(checkouts, partition)


def _two_partitions(engine: Engine) -> list[Record]:
    """A large batch, half of it on partition 0 and half on partition 1."""
    return [*_of_partition(engine, 0, 150), *_of_partition(engine, 1, 150)]


async def test_one_half_of_a_large_batch_goes_on_while_the_other_waits(engine: Engine) -> None:
    batch = _two_partitions(engine)
    async with engine.pool.acquire() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(1819, 1)")  # as an engine that writes to partition 1
        whole = asyncio.create_task(engine.processor(batch))
        async with asyncio.timeout(30):
            while await engine.pool.fetchval("select count(*) from engine.run") < 150:
                await asyncio.sleep(0.05)
        assert not whole.done()
    await whole
    assert await engine.pool.fetchval("select count(*) from engine.run") == 300


async def test_a_large_batch_fails_when_neither_half_is_at_work_any_more_and_comes_again(engine: Engine) -> None:
    batch = _two_partitions(engine)
    async with engine.pool.acquire() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(1819, 1)")
        impatient = await build_engine(engine.pool, engine.publisher)
        failing = asyncio.create_task(impatient.processor(batch))
        async with asyncio.timeout(30):
            while await conn.fetchval("select count(*) from pg_locks where locktype = 'advisory' and not granted") < 1:
                await asyncio.sleep(0.05)
        await conn.execute("select pg_cancel_backend(pid) from pg_locks where locktype = 'advisory' and not granted")
        with pytest.raises(asyncpg.QueryCanceledError):
            await failing
        assert await engine.pool.fetchval("select count(*) from engine.run") == 150
    await engine.processor(batch)
    assert await engine.pool.fetchval("select count(*) from engine.run") == 300


class _NotedDefinitions(dict[str, Definitions]):
    """What one transaction decides by; notes itself in `asked` for each message that is decided."""

    def __init__(self, known: Mapping[str, Definitions], asked: list[object]) -> None:
        super().__init__(known)
        self._asked = asked

    def __getitem__(self, shop: str) -> Definitions:
        self._asked.append(self)
        return super().__getitem__(shop)


class _NotingCache(DefinitionCache):
    """Hands out definitions that tell which transaction decided when."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []

    async def for_subjects(self, conn: Connection, subjects: Iterable[Subject]) -> Mapping[str, Definitions]:
        return _NotedDefinitions(await super().for_subjects(conn, subjects), self.asked)


async def test_transactions_side_by_side_decide_one_after_the_other(engine: Engine) -> None:
    noting = _NotingCache()
    async with engine.pool.acquire() as conn:
        await noting.refresh(conn)
    processor = BatchProcessor(
        store=Batches(engine.pool, noting),
        publisher=engine.publisher,
        dead_letters=DeadLetters(engine.publisher, service="engine", ratio=0.5, clock=engine.clock),
        clock=engine.clock,
        metrics=Metrics("engine"),
        slice_seconds=0.0,  # others have their turn after each message
    )
    await processor([record for partition in range(6) for record in _of_partition(engine, partition, 100)])
    turns = [transaction for transaction, _ in groupby(noting.asked, key=id)]
    assert (len(noting.asked), len(turns)) == (600, 6)


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=8), number=st.integers(0, 3))
async def test_any_text_that_a_record_can_carry_can_be_kept(engine: Engine, text: str, number: int) -> None:
    odd = f"{text}\0"
    record = checkout(f"tok{number}{odd}", key=f"cus_{odd}")
    record = msgspec.structs.replace(record, source=f"erp{odd}", id=f"e{number}{odd}")
    arrived, rejected = read(engine.records([record]))
    assert (len(arrived), rejected) == (1, [])
    await engine.take(record)
    kept = await engine.pool.fetchval("select count(*) from engine.customer where key = $1", arrived[0].key)
    assert kept == 1
