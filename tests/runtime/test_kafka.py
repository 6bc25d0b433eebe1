"""Consuming on a real broker: nothing is lost, whatever fails; what can never work is put aside."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import asyncpg
import msgspec
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.messages import DeadLetter
from relevo_contracts.topics import DEAD_LETTERS, EVENTS, TOPICS, WAKEUPS
from relevo_runtime.errors import PublishError, TooManyDeadLetters
from relevo_runtime.kafka import BatchConsumer, Publisher, Record, TopicError, create_topics
from relevo_runtime.kafka.precedence import Precedence
from relevo_runtime.kafka.publisher import Partitioner
from relevo_runtime.kafka.topics import topic_configs
from relevo_runtime.records import Poison
from relevo_runtime.settings import RuntimeSettings
from tests.conftest import SettingsFactory
from tests.runtime.consuming import committed, consumer, publisher

__all__ = ["publisher"]

pytestmark = pytest.mark.usefixtures("topics")


class Seen:
    """A handler that keeps what it was given and can be waited for."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._more = asyncio.Event()

    async def __call__(self, records: Sequence[Record]) -> None:
        self.records += records
        self._more.set()

    @property
    def values(self) -> list[bytes]:
        return [record.value for record in self.records]

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not done():
                self._more.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._more.wait(), 0.2)


def numbered(count: int, customers: int = 7) -> list[tuple[bytes, bytes]]:
    return [(f"acme/customer-{n % customers}".encode(), str(n).encode()) for n in range(count)]


async def dead_letters(settings: RuntimeSettings, count: int) -> list[DeadLetter]:
    reader = AIOKafkaConsumer(
        settings.topic(DEAD_LETTERS), bootstrap_servers=settings.kafka, auto_offset_reset="earliest"
    )
    await reader.start()
    try:
        async with asyncio.timeout(20):
            return [msgspec.json.decode((await reader.getone()).value, type=DeadLetter) for _ in range(count)]
    finally:
        await reader.stop()


@pytest.mark.relevo_containers
async def test_all_messages_arrive_with_the_order_of_each_key(settings: SettingsFactory, publisher: Publisher) -> None:
    sent = numbered(3000)
    await publisher.publish(EVENTS, sent)
    await publisher.publish(EVENTS, numbered(3))
    seen = Seen()
    async with consumer(settings(), seen):
        await seen.until(lambda: len(seen.records) >= 3003)
    assert {record.topic for record in seen.records} == {EVENTS}
    for customer in {key for key, _ in sent}:
        mine = [record.value for record in seen.records if record.key == customer]
        assert mine[: len(mine) - 1] == [value for key, value in sent if key == customer][: len(mine) - 1]


async def test_a_batch_that_was_not_committed_comes_again(settings: SettingsFactory, publisher: Publisher) -> None:
    await publisher.publish(EVENTS, numbered(50))
    reached = asyncio.Event()

    async def crash(_: Sequence[Record]) -> None:
        reached.set()
        await asyncio.Event().wait()

    # The handler hangs and the drain gives up on it, which is what a crash before the commit looks like to Kafka.
    crashing = consumer(settings(stop_timeout=1), crash)
    await crashing.start()
    await asyncio.wait_for(reached.wait(), 120)
    await crashing.stop()
    assert await committed(settings()) == 0
    seen = Seen()
    async with consumer(settings(), seen):
        await seen.until(lambda: len(seen.records) >= 50)
    assert sorted(seen.values) == sorted(value for _, value in numbered(50))


async def test_what_can_never_work_is_put_aside_and_the_rest_goes_on(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    seen = Seen()

    async def handler(records: Sequence[Record]) -> None:
        for record in records:
            if record.value == b"13":
                raise Poison("thirteen")
            if record.value == b"77":
                raise ZeroDivisionError("a bug")
        await seen(records)

    await publisher.publish(EVENTS, numbered(200))
    async with consumer(settings(), handler):
        await seen.until(lambda: len(seen.records) >= 198)
        letters = await dead_letters(settings(), 2)
    assert sorted(seen.values) == sorted(value for _, value in numbered(200) if value not in {b"13", b"77"})
    assert {letter.reason: letter.value for letter in letters} == {"thirteen": b"13", "ZeroDivisionError: a bug": b"77"}
    assert await committed(settings()) == 200


async def test_a_named_poison_record_costs_one_more_try(settings: SettingsFactory, publisher: Publisher) -> None:
    seen = Seen()
    sizes: list[int] = []

    async def handler(records: Sequence[Record]) -> None:
        sizes.append(len(records))
        for record in records:
            if record.value == b"13":
                raise Poison("thirteen", record)
        await seen(records)

    await publisher.publish(EVENTS, [(b"acme/one", value) for _, value in numbered(100)])
    async with consumer(settings(), handler):
        await seen.until(lambda: len(seen.records) >= 99)
    assert sizes == [100, 99]


async def test_a_temporary_failure_is_tried_again_in_place(settings: SettingsFactory, publisher: Publisher) -> None:
    seen = Seen()
    failures = [ConnectionResetError("gone"), asyncpg.DeadlockDetectedError("deadlock")]

    async def handler(records: Sequence[Record]) -> None:
        if failures:
            raise failures.pop()
        await seen(records)

    await publisher.publish(EVENTS, [(b"acme/one", value) for _, value in numbered(20)])
    running = consumer(settings(), handler)
    async with running:
        await seen.until(lambda: len(seen.records) >= 20)
        report = await running.health.report()
    assert seen.values == [value for _, value in numbered(20)]
    assert report.ready


async def test_health_says_why_while_a_batch_is_tried_again(settings: SettingsFactory, publisher: Publisher) -> None:
    tried = asyncio.Event()

    async def handler(_: Sequence[Record]) -> None:
        tried.set()
        raise ConnectionResetError("the database is away")

    await publisher.publish(EVENTS, numbered(1))
    running = consumer(settings(), handler)
    async with running:
        await asyncio.wait_for(tried.wait(), 120)
        await asyncio.sleep(0)
        report = await running.health.report()
        assert not report.ready
        assert "the database is away" in str(report.parts["test consumer 1"]["why"])
    assert await committed(settings()) == 0


async def until_ready(running: BatchConsumer, *, ready: bool) -> None:
    async with asyncio.timeout(30):
        while (await running.health.report()).ready is not ready:
            await asyncio.sleep(0.02)


async def test_health_recovers_however_a_batch_that_was_tried_again_ends(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    failures: list[Exception] = [ZeroDivisionError("a bug"), ConnectionResetError("the database is away")]

    async def handler(_: Sequence[Record]) -> None:
        raise failures.pop()

    await publisher.publish(EVENTS, numbered(1))
    async with consumer(settings(), handler) as running:
        [letter] = await dead_letters(settings(), 1)
        await until_ready(running, ready=True)
    assert letter.reason == "ZeroDivisionError: a bug"


async def test_health_recovers_when_a_batch_that_is_tried_again_goes_to_another_member(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    async def handler(_: Sequence[Record]) -> None:
        raise ConnectionResetError("the database is away")

    await publisher.publish(EVENTS, numbered(1))
    async with consumer(settings(), handler) as running:
        await until_ready(running, ready=False)
        await running._members[0].on_partitions_revoked([])
        assert (await running.health.report()).ready
    assert await committed(settings()) == 0


async def test_wake_ups_wait_for_the_events_that_came_before_them(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    await publisher.publish(WAKEUPS, numbered(40))
    await publisher.publish(EVENTS, numbered(600))
    seen = Seen()

    async def slowly(records: Sequence[Record]) -> None:
        await asyncio.sleep(0.005)
        await seen(records)

    batches = {"topics": [WAKEUPS, EVENTS], "after": {WAKEUPS: EVENTS}, "max_records": 20}
    async with consumer(settings(), slowly, **batches):
        await seen.until(lambda: len(seen.records) >= 640)
        await publisher.publish(WAKEUPS, numbered(7))  # nothing new goes before these: they don't wait
        await seen.until(lambda: len(seen.records) >= 647)
    for partition in range(settings().partitions):
        here = [record.topic for record in seen.records if record.partition == partition]
        events, wakeups = here.count(EVENTS), here.count(WAKEUPS)
        assert here[:events] == [EVENTS] * events
        assert here[events:] == [WAKEUPS] * wakeups
    assert len(seen.records) == 647


async def test_too_many_dead_letters_of_several_shops_stop_the_service_and_bury_nothing_twice(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    async def handler(_: Sequence[Record]) -> None:
        raise ValueError("a bug that hits everyone")

    ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    shops = [b"acme/1", b"bolt/1", b"cups/1", b"deli/1"]
    await publisher.publish(EVENTS, [(shops[n % 4], value) for n, (_, value) in enumerate(numbered(500))])
    async with consumer(settings(), handler, on_failure=ended.set_result):
        error = await asyncio.wait_for(ended, 120)
    assert isinstance(error, TooManyDeadLetters)
    assert "a bug that hits everyone" in str(error)
    assert 60 < await committed(settings()) < 500


async def test_one_shop_alone_never_stops_a_service(settings: SettingsFactory, publisher: Publisher) -> None:
    async def handler(records: Sequence[Record]) -> None:
        if any(record.key == b"acme/odd" for record in records):
            raise ValueError("a zero byte")

    failed: list[BaseException] = []
    await publisher.publish(EVENTS, [(b"acme/odd", value) for _, value in numbered(200)])
    await publisher.publish(EVENTS, [(b"bolt/1", value) for _, value in numbered(100)])
    async with consumer(settings(), handler, on_failure=failed.append):
        async with asyncio.timeout(60):
            while await committed(settings()) < 300:
                await asyncio.sleep(0.1)
    assert failed == []


async def test_a_schema_that_does_not_fit_stops_the_service_and_buries_nothing(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    async def handler(_: Sequence[Record]) -> None:
        raise asyncpg.UndefinedColumnError("column x does not exist")

    ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    await publisher.publish(EVENTS, numbered(10))
    async with consumer(settings(), handler, on_failure=ended.set_result):
        error = await asyncio.wait_for(ended, 120)
    assert isinstance(error, asyncpg.UndefinedColumnError)
    assert await committed(settings()) == 0


@pytest.mark.relevo_containers
async def test_two_members_share_the_partitions_and_equal_numbers_meet(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    one, other = Seen(), Seen()
    topics = [EVENTS, WAKEUPS]
    async with consumer(settings(), one, topics=topics), consumer(settings(), other, topics=topics):
        async with asyncio.timeout(60):
            while not (one.records and other.records):
                await publisher.publish(EVENTS, numbered(40, customers=40))
                await publisher.publish(WAKEUPS, numbered(40, customers=40))
                await asyncio.sleep(0.2)
        one.records.clear()
        other.records.clear()
        for topic in topics:
            await publisher.publish(topic, numbered(400, customers=100))
        await one.until(lambda: len(one.records) + len(other.records) >= 800)
    mine, theirs = ({record.partition for record in seen.records} for seen in (one, other))
    assert mine
    assert theirs
    assert not mine & theirs
    for seen in (one, other):
        assert {r.partition for r in seen.records if r.topic == EVENTS} == {
            r.partition for r in seen.records if r.topic == WAKEUPS
        }


async def test_a_rebalance_waits_for_the_batch_in_flight(settings: SettingsFactory, publisher: Publisher) -> None:
    counts: dict[bytes, int] = {}
    started = asyncio.Event()

    async def slow(records: Sequence[Record]) -> None:
        started.set()
        await asyncio.sleep(1)
        for record in records:
            counts[record.value] = counts.get(record.value, 0) + 1

    await publisher.publish(EVENTS, numbered(300, customers=100))
    async with consumer(settings(), slow, max_records=100):
        await asyncio.wait_for(started.wait(), 120)
        async with consumer(settings(), slow, max_records=100):
            async with asyncio.timeout(30):
                while len(counts) < 300:
                    await asyncio.sleep(0.1)
    assert set(counts.values()) == {1}


async def test_a_member_with_a_name_keeps_its_partitions_over_a_restart(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    stays, goes = Seen(), Seen()
    here, away = (settings(group_instance_id=name, session_timeout=60) for name in ("engine-0", "engine-1"))
    async with consumer(here, stays) as staying:
        async with consumer(away, goes):
            await _published_until(publisher, lambda: bool(stays.records and goes.records))
        generation = _generation(staying)
        places = {record.partition for record in goes.records[-1:]}
        goes.records.clear()
        async with consumer(away, goes) as back:
            await _published_until(publisher, lambda: places <= {record.partition for record in goes.records})
            assert (_generation(back), _generation(staying)) == (generation, generation)


def _generation(running: BatchConsumer) -> int:
    """How often the group has handed out its partitions, as far as this member knows."""
    [subscriber] = running._subscribers
    return int(subscriber.consumer._coordinator.generation)


async def _published_until(publisher: Publisher, done: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not done():
            await publisher.publish(EVENTS, numbered(40, customers=40))
            await asyncio.sleep(0.2)


async def test_stop_finishes_the_batch_in_flight_and_commits_it(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    started = asyncio.Event()
    finished: list[Record] = []

    async def slow(records: Sequence[Record]) -> None:
        started.set()
        await asyncio.sleep(0.5)
        finished.extend(records)

    await publisher.publish(EVENTS, [(b"acme/one", value) for _, value in numbered(10)])
    running = consumer(settings(), slow)
    await running.start()
    await asyncio.wait_for(started.wait(), 120)
    await running.stop()
    assert len(finished) == 10
    assert await committed(settings()) == 10


async def test_several_members_of_one_process_overlap(settings: SettingsFactory, publisher: Publisher) -> None:
    both = asyncio.Barrier(2)
    done = Seen()

    async def handler(records: Sequence[Record]) -> None:
        if not done.records:
            await both.wait()
        await done(records)

    running = consumer(settings(), handler, consumers=2)
    async with running, asyncio.timeout(30):
        while not (await running.health.report()).ready:
            await asyncio.sleep(0.05)
        await publisher.publish(EVENTS, numbered(200, customers=100))
        await done.until(lambda: len({record.value for record in done.records}) == 200)


@given(st.binary(min_size=1, max_size=60), st.integers(1, 100))
def test_keys_go_where_every_kafka_client_puts_them(key: bytes, partitions: int) -> None:
    everything = list(range(partitions))
    assert Partitioner()(key, everything, everything) == DefaultPartitioner()(key, everything, everything)


async def test_few_and_many_messages_take_the_same_way(settings: SettingsFactory, publisher: Publisher) -> None:
    many = numbered(200, customers=50)
    await publisher.publish(EVENTS, many)
    for message in many[:50]:
        await publisher.publish(EVENTS, [message])
    seen = Seen()
    async with consumer(settings(), seen):
        await seen.until(lambda: len(seen.records) >= 250)
    assert all(len({r.partition for r in seen.records if r.key == key}) == 1 for key, _ in many)


async def test_publishing_what_is_too_large_says_so(publisher: Publisher) -> None:
    with pytest.raises(PublishError, match="larger than 900000 bytes"):
        await publisher.publish(EVENTS, [(b"acme/one", b"x" * 1_000_000)])
    await publisher.publish(EVENTS, numbered(1))


async def test_topics_are_created_once_and_never_with_other_partitions(settings: SettingsFactory) -> None:
    assert await create_topics(settings()) == []
    with pytest.raises(TopicError, match="has 4 partitions, the settings ask for 5"):
        await create_topics(settings(partitions=5))


@pytest.mark.parametrize(("replicas", "in_sync"), [(1, "1"), (2, "1"), (3, "2"), (5, "4")])
def test_one_replica_may_be_away_but_no_more(replicas: int, in_sync: str) -> None:
    assert {topic_configs(topic, replicas)["min.insync.replicas"] for topic in TOPICS} == {in_sync}


@pytest.mark.parametrize("part", ["poll", "fetch", "group"])
async def test_a_consumer_whose_background_task_ends_is_unhealthy_and_the_service_hears_of_it(
    settings: SettingsFactory, publisher: Publisher, part: str
) -> None:
    seen, ended = Seen(), asyncio.get_running_loop().create_future()
    await publisher.publish(EVENTS, numbered(1))
    running = consumer(settings(), seen, on_failure=ended.set_result)
    async with running:
        await seen.until(lambda: len(seen.records) == 1)
        [subscriber] = running._subscribers
        inner = subscriber.consumer
        tasks = {
            "poll": subscriber.tasks[0],
            "fetch": inner._fetcher.error_future,
            "group": inner._coordinator._coordination_task,
        }
        tasks[part].cancel()
        error = await asyncio.wait_for(ended, 120)
        assert "test consumer 1 poll has ended" in str(error)
        assert not (await running.health.report()).ready


async def test_a_record_that_always_takes_too_long_is_put_aside_after_some_tries(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    seen, tries = Seen(), list[int]()

    async def handler(records: Sequence[Record]) -> None:
        if any(record.value == b"7" for record in records):
            tries.append(len(records))
            await asyncio.sleep(0.05)
            raise asyncpg.QueryCanceledError("canceling statement due to statement timeout")
        await seen(records)

    await publisher.publish(EVENTS, [(b"acme/one", value) for _, value in numbered(10)])
    running = consumer(settings(), handler)
    running._members[0]._too_long = 0.01
    async with running:
        await seen.until(lambda: len(seen.records) == 9)
        [letter] = await dead_letters(settings(), 1)
    assert (letter.value, seen.values) == (b"7", [value for _, value in numbered(10) if value != b"7"])
    assert tries[-5:] == [1] * 5
    assert tries.count(1) == 5


async def test_a_member_that_can_not_release_what_it_holds_back_ends_its_service(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    await publisher.publish(WAKEUPS, numbered(40))
    await publisher.publish(EVENTS, numbered(200))
    ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    seen = Seen()
    batches = {"topics": [WAKEUPS, EVENTS], "after": {WAKEUPS: EVENTS}, "max_records": 20}
    running = consumer(settings(), seen, on_failure=ended.set_result, **batches)

    class Broken(Precedence):
        waiting = True  # whatever came: something is held back

        async def release(self, consumer: object) -> None:
            raise ZeroDivisionError("a bug")

    broken = Broken({settings().topic(WAKEUPS): settings().topic(EVENTS)})
    running._members[0]._precedence = broken
    async with running:
        error = await asyncio.wait_for(ended, 120)
        assert "release has ended: ZeroDivisionError: a bug" in str(error)
        assert not (await running.health.report()).ready
