"""Batch windows and long polls on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from relevo_contracts.topics import EVENTS, WAKEUPS
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import BatchConsumer, Publisher, Record
from relevo_runtime.settings import RuntimeSettings
from tests.conftest import SettingsFactory

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


def consumer(settings: RuntimeSettings, handler: Batches, **changes: object) -> BatchConsumer:
    options: dict[str, object] = {"service": "test", "topics": [EVENTS], "clock": SystemClock()}
    return BatchConsumer(settings, handler=handler, **(options | changes))  # type: ignore[arg-type]


@pytest.fixture
async def publisher(settings: SettingsFactory) -> AsyncIterator[Publisher]:
    async with Publisher(settings()) as started:
        yield started


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
