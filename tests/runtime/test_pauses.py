"""A shop whose messages fail is paused alone, for as long as it takes, and gets everything in order afterwards."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.messages import DeadLetter
from relevo_contracts.topics import EVENTS, WAKEUPS
from relevo_control.app.dead_letters import in_first_order
from relevo_runtime import pauses
from relevo_runtime.health import Report
from relevo_runtime.kafka import BatchConsumer, Publisher, Record
from relevo_runtime.pauses import Pauses
from relevo_runtime.postgres import Pool
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings
from tests.cli.test_commands import given as given_to
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.runtime.consuming import committed, consumer
from tests.sealed import kept_letters

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ODD, GOOD = b"acme/customer", b"bolt/customer"


class Handler:
    """Fails for every record of one shop until it is mended; keeps what it handled, and which failing ones it saw."""

    def __init__(self, *, mended: bool = False) -> None:
        self.mended = mended
        self.handled: list[Record] = []
        self.odd: set[bytes] = set()

    async def __call__(self, records: Sequence[Record]) -> None:
        odd = [record for record in records if record.key == ODD]
        self.odd |= {record.value for record in odd}
        if odd and not self.mended:
            raise ValueError("a zero byte")
        self.handled += records

    def values(self, key: bytes) -> list[bytes]:
        return [record.value for record in self.handled if record.key == key]


def numbers(start: int, end: int) -> list[bytes]:
    return [b"%d" % n for n in range(start, end)]


async def until_committed(own: RuntimeSettings, count: int, running: BatchConsumer) -> None:
    """Until so many records are done and the pauses were read again."""
    async with asyncio.timeout(60):
        while await committed(own) < count:
            await asyncio.sleep(0.1)
        await running.dead_letters.follow_pauses()


async def until_health(running: BatchConsumer, says: Callable[[Report], bool]) -> None:
    async with asyncio.timeout(30):
        while not says(await running.health.report()):
            await asyncio.sleep(0.1)


@pytest.fixture
async def publisher(settings: SettingsFactory, topics: list[str]) -> AsyncIterator[Publisher]:
    assert topics
    async with Publisher(settings()) as started:
        yield started


async def test_a_paused_shop_waits_alone_and_gets_everything_in_order(
    settings: SettingsFactory, pool: Pool, publisher: Publisher
) -> None:
    own, failed = settings(), list[BaseException]()
    handler = Handler()
    await publisher.publish(EVENTS, [(ODD, value) for value in numbers(0, 100)])
    async with consumer(own, handler, pool=pool, seals=Seals(pool, own), on_failure=failed.append) as running:
        await until_committed(own, 100, running)
        await publisher.publish(EVENTS, [(ODD, value) for value in numbers(100, 200)])
        await publisher.publish(EVENTS, [(GOOD, value) for value in numbers(0, 100)])
        await until_committed(own, 300, running)
        said = "shop acme is paused: ValueError: a zero byte"
        await until_health(running, lambda report: report.parts["test shops"] == {"ok": True, "why": said})
    assert (failed, handler.values(GOOD)) == ([], numbers(0, 100))
    assert not handler.odd & set(numbers(100, 200))

    # A restart knows of the pause, and buries nothing again.
    handler = Handler()
    await publisher.publish(EVENTS, [(ODD, value) for value in numbers(200, 210)])
    async with consumer(own, handler, pool=pool, seals=Seals(pool, own), on_failure=failed.append) as running:
        await until_committed(own, 310, running)
    assert handler.odd == set()
    letters = await kept_letters(own)
    assert [letter.value for letter in letters] == numbers(0, 210)
    assert {letter.reason for letter in letters[100:]} == {"shop paused: ValueError: a zero byte"}

    # What fails again when it is sent again is the same dead letter, and stops nothing.
    environment = given_to(own)
    async with consumer(own, handler, pool=pool, seals=Seals(pool, own), on_failure=failed.append) as running:
        code, out, err = await relevo("dead-letters", "redrive", "--all", **environment)
        assert (code, out) == (0, "210 dead letters were sent to their topics again\n"), err
        await until_committed(own, 520, running)
    assert (failed, handler.odd) == ([], set(numbers(0, 210)))
    assert len({letter.id for letter in await kept_letters(own)}) == 210

    # Mended: it goes on, and what was put aside comes in its order.
    handler = Handler(mended=True)
    async with consumer(own, handler, pool=pool, seals=Seals(pool, own), on_failure=failed.append) as running:
        code, out, err = await relevo("shops", "resume", "acme", "--service", "test", **environment)
        assert code == 0, err
        assert "relevo dead-letters redrive --shop acme" in out
        await running.dead_letters.follow_pauses()
        code, _, err = await relevo("dead-letters", "redrive", "--shop", "acme", "--cause", "zero", **environment)
        assert code == 0, err
        await until_committed(own, 730, running)
        await publisher.publish(EVENTS, [(ODD, value) for value in numbers(210, 220)])
        await until_committed(own, 740, running)
        await until_health(running, lambda report: report.parts["test shops"] == {"ok": True})
    assert (failed, handler.values(ODD)) == ([], numbers(0, 220))


async def test_wake_ups_of_a_paused_shop_are_left_to_their_timers(
    settings: SettingsFactory, pool: Pool, publisher: Publisher
) -> None:
    """A parked one would not consume its timer: it would come again and again, each time as one more dead letter."""
    own, handler = settings(), Handler()
    await publisher.publish(EVENTS, [(ODD, value) for value in numbers(0, 40)])
    async with consumer(own, handler, topics=[EVENTS, WAKEUPS], pool=pool) as running:
        await until_committed(own, 40, running)
        await publisher.publish(WAKEUPS, [(key, value) for value in numbers(40, 43) for key in (ODD, GOOD)])
        async with asyncio.timeout(60):
            while await committed(own, WAKEUPS) < 6:
                await asyncio.sleep(0.1)
    assert handler.values(GOOD) == numbers(40, 43)
    assert not handler.odd & set(numbers(40, 43))
    assert {letter.topic for letter in await kept_letters(own)} == {EVENTS}


async def test_a_service_that_shops_pause_one_after_the_other_stops_once_the_fault_is_its_own(
    settings: SettingsFactory, pool: Pool, publisher: Publisher
) -> None:
    async def broken(_: Sequence[Record]) -> None:
        raise ValueError("a bug")

    own = settings()
    ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    await publisher.publish(EVENTS, [(b"%s/1" % shop, b"x") for shop in (b"acme", b"bolt", b"cups") for _ in range(40)])
    async with consumer(own, broken, pool=pool, on_failure=ended.set_result):
        await asyncio.wait_for(ended, 120)
    async with pool.acquire() as connection:
        assert [one.shop for one in await pauses.paused(connection)] == ["acme", "bolt", "cups"]


async def test_shops_that_are_paused_are_told_and_resumed_for_one_service_or_all(
    settings: SettingsFactory, pool: Pool
) -> None:
    for service in ("engine", "notifier"):
        of_service = Pauses(pool, service)
        of_service.pause("acme", "ValueError: odd")
        of_service.pause("acme", "another cause")
        await of_service.save(NOON)
    environment = given_to(settings())
    code, _, err = await relevo("shops", "add", "acme", "--platform", "custom", **environment)
    assert code == 0, err
    _, out, _ = await relevo("shops", "list", **environment)
    assert "acme: PAUSED by engine since 2026-03-01 12:00 UTC: ValueError: odd" in out
    _, out, _ = await relevo("shops", "list", "--json", **environment)
    assert [one["service"] for one in json.loads(out)[0]["paused"]] == ["engine", "notifier"]
    _, out, _ = await relevo("shops", "resume", "acme", "--service", "engine", **environment)
    assert "engine goes on with shop acme" in out
    assert "notifier" not in out
    _, out, _ = await relevo("shops", "resume", "acme", **environment)
    assert "notifier goes on with shop acme" in out
    code, _, err = await relevo("shops", "resume", "acme", **environment)
    assert (code, "is not paused" in err) == (2, True)


async def test_other_processes_follow_a_pause_and_its_end(pool: Pool) -> None:
    one, other = Pauses(pool, "engine"), Pauses(pool, "engine")
    one.pause("acme", "odd")
    assert await other.refresh(NOON) == set()
    assert (one.unsaved, dict(other.shops)) == (True, {})
    await one.save(NOON)
    await other.refresh(NOON)
    assert (one.unsaved, dict(other.shops)) == (False, {"acme": "odd"})
    async with pool.acquire() as connection:
        await pauses.resume(connection, "acme")
    assert (await one.refresh(NOON), await other.refresh(NOON)) == ({"acme"}, {"acme"})
    assert (dict(one.shops), dict(other.shops)) == ({}, {})


LETTERS = st.lists(
    st.builds(
        lambda topic, partition, offset, at: DeadLetter(
            id="", service="", topic=topic, partition=partition, offset=offset, reason="", at=NOON + timedelta(at)
        ),
        st.sampled_from("ab"),
        st.integers(0, 1),
        st.integers(0, 9),
        st.integers(0, 9),
    )
)


@given(LETTERS)
def test_letters_are_sent_again_in_the_order_of_their_partitions(letters: list[DeadLetter]) -> None:
    ordered = in_first_order(letters)
    assert sorted(map(repr, ordered)) == sorted(map(repr, letters))
    for place in {(letter.topic, letter.partition) for letter in letters}:
        offsets = [letter.offset for letter in ordered if (letter.topic, letter.partition) == place]
        assert offsets == sorted(offsets)


async def test_an_odd_header_says_nothing_of_an_origin(settings: SettingsFactory, publisher: Publisher) -> None:
    handler = Handler(mended=True)
    headers = [("relevo-origin", value) for value in (b"1/2", b"", b"x", b"1/2/3", b"\xff/1", b"9" * 40 + b"/1")]
    await publisher.publish(EVENTS, [(ODD, b"%d" % n) for n in range(len(headers))], headers)
    async with consumer(settings(), handler):
        async with asyncio.timeout(30):
            while len(handler.handled) < len(headers):
                await asyncio.sleep(0.05)
    assert [record.origin for record in handler.handled] == [(1, 2), None, None, None, None, None]
