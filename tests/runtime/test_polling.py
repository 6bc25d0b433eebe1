"""Batch windows and long polls on a real broker."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from relevo_contracts.topics import EVENTS, WAKEUPS
from relevo_runtime.kafka import Publisher, Record
from relevo_runtime.settings import RuntimeSettings
from tests.conftest import SettingsFactory
from tests.runtime.consuming import committed, consumer, publisher

__all__ = ["publisher"]

pytestmark = pytest.mark.usefixtures("topics")


class Batches:
    """A handler that keeps which batches came, and can be waited for."""

    def __init__(self) -> None:
        self.batches: list[list[Record]] = []
        self._more = asyncio.Event()

    async def __call__(self, records: Sequence[Record]) -> None:
        self.batches.append(list(records))
        self._more.set()

    @property
    def records(self) -> list[Record]:
        return [record for batch in self.batches for record in batch]

    @property
    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.batches]

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.records) < count:
                self._more.clear()
                await self._more.wait()


class AnyWindow(RuntimeSettings):
    """Tests want windows that are longer than anybody else may have them."""

    batch_window: float


def numbered(first: int, count: int, customers: int = 7) -> list[tuple[bytes, bytes]]:
    return [(f"acme/{n % customers}".encode(), str(n).encode()) for n in range(first, first + count)]


async def test_what_comes_within_a_window_shares_a_batch(settings: SettingsFactory, publisher: Publisher) -> None:
    seen = Batches()
    async with consumer(settings(AnyWindow, batch_window=3.0), seen, topics=[EVENTS, WAKEUPS]):
        await publisher.publish(EVENTS, numbered(0, 1))
        await seen.until(1)
        for number in range(1, 11):
            await publisher.publish(EVENTS if number % 2 else WAKEUPS, numbered(number, 1))
            await asyncio.sleep(0.02)
        await seen.until(11)
    assert seen.sizes == [1, 10]


async def test_what_gathered_at_the_hop_before_need_not_gather_again(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    seen = Batches()
    async with asyncio.timeout(60), consumer(settings(AnyWindow, batch_window=600.0), seen, windows=0):
        for number in range(3):
            await publisher.publish(EVENTS, numbered(number, 1))
            await seen.until(number + 1)
    assert seen.sizes == [1, 1, 1]


async def test_a_full_batch_is_followed_at_once_and_a_window_holds_up_no_stop(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    seen, chance = Batches(), random.Random(1)
    async with asyncio.timeout(60):
        async with consumer(settings(AnyWindow, batch_window=600.0), seen, max_records=100):
            await publisher.publish(EVENTS, numbered(0, 1))
            await seen.until(1)
            await publisher.publish(EVENTS, [(b"acme/1", chance.randbytes(500)) for _ in range(2000)])
            await seen.until(500)
    assert max(seen.sizes) == 100


async def test_a_window_holds_up_no_rebalance(settings: SettingsFactory, publisher: Publisher) -> None:
    seen, own = Batches(), settings(AnyWindow, batch_window=600.0)
    async with asyncio.timeout(60), consumer(own, seen):
        await publisher.publish(EVENTS, numbered(0, 1))
        await seen.until(1)
        async with consumer(own, seen) as second:
            while not (await second.health.report()).ready:
                await asyncio.sleep(0.05)
    assert await committed(own) == 1


async def test_each_partition_gives_an_even_share_of_a_full_batch(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    seen, own = Batches(), settings()
    await publisher.publish(EVENTS, numbered(0, 3000, customers=60))
    async with consumer(own, seen, max_records=300):
        await seen.until(3000)
    shares = Counter(record.partition for record in seen.batches[0])
    assert seen.sizes[0] == 300
    assert len(shares) == own.partitions
    assert max(shares.values()) - min(shares.values()) <= 2
    places = [(record.partition, record.offset) for record in seen.records]
    assert len(set(places)) == 3000
    assert [place for place in places if place[0] == 0] == sorted(place for place in places if place[0] == 0)


async def test_without_a_window_nothing_waits_for_others(settings: SettingsFactory, publisher: Publisher) -> None:
    seen = Batches()
    async with consumer(settings(), seen):
        for number in range(20):
            await publisher.publish(EVENTS, numbered(number, 1))
            await seen.until(number + 1)
    assert seen.sizes == [1] * 20


async def test_what_is_done_is_committed_soon_without_a_further_batch(
    settings: SettingsFactory, publisher: Publisher
) -> None:
    seen, own = Batches(), settings()
    async with asyncio.timeout(60), consumer(own, seen):
        for number in range(5):
            await publisher.publish(EVENTS, numbered(number, 1))
            await seen.until(number + 1)
        while await committed(own) < 5:
            await asyncio.sleep(0.1)
    assert len(seen.records) == 5


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("window", [0.0, 0.02])
async def test_whatever_the_rhythm_each_key_stays_in_order_and_nothing_comes_twice(
    settings: SettingsFactory, publisher: Publisher, window: float, seed: int
) -> None:
    seen, chance = Batches(), random.Random(seed)
    sent: dict[tuple[str, bytes], list[bytes]] = {}
    total = 0
    options = {"topics": [EVENTS, WAKEUPS], "after": {WAKEUPS: EVENTS}, "max_records": 40}
    async with consumer(settings(batch_window=window), seen, **options):
        for _ in range(40):
            topic, messages = chance.choice([EVENTS, WAKEUPS]), numbered(total, chance.choice([1, 2, 5, 100]))
            await publisher.publish(topic, messages)
            for key, value in messages:
                sent.setdefault((topic, key), []).append(value)
            total += len(messages)
            await asyncio.sleep(chance.choice([0, 0, 0.01, 0.05]))
        await seen.until(total)
    got: dict[tuple[str, bytes], list[bytes]] = {}
    for record in seen.records:
        got.setdefault((record.topic, record.key), []).append(record.value)
    assert got == sent
