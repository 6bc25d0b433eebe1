"""How well a worker pool uses its process while its statements wait for the disk, in virtual time: the same anywhere.

A mail takes the process 0.4 ms and the server's two answers 0.15 ms each, a statement 0.2 ms and the time that the disk
takes for it: what `python -m benchmarks.mails` showed, whose 1,670 mails a second this comes to if statements come
one after the other.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.worker_pool import PoolLimits, WorkerPool
from relevo_notifier.core.settle import final
from relevo_notifier.core.work import Settled, Work
from relevo_runtime.clock import ManualClock
from tests.notifier.support import NOON, delivery, work
from tests.notifier.test_batches import Provider

MAILS, CONNECTIONS = 1000, 8
ANSWER, STATEMENT = 0.000_15, 0.000_2
STEPS = (0.000_24, 0.000_1, 0.000_06)
"""Preparing a mail with its commands, handing it over, settling it."""


class _NoWaiting(selectors.DefaultSelector):
    """Time passes as soon as nothing is left to do."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        self.passed += 0 if found or timeout is None else timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers are due at once, in their order."""

    def __init__(self) -> None:
        self._virtual = _NoWaiting()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.passed


class Sender(Provider):
    """A table and a mail server, and the one process that both wait for."""

    def __init__(self, disk: float) -> None:
        super().__init__()
        self._disk = disk
        self._process = asyncio.Lock()
        self.statements = 0
        self.done = asyncio.Event()

    async def _busy(self, seconds: float) -> None:
        async with self._process:
            await asyncio.sleep(seconds)

    async def begin(
        self, works: Sequence[Work], lease: datetime, tried: Sequence[datetime] = (), enough: datetime | None = None
    ) -> list[Work]:
        self.statements += 1
        await self._busy(STATEMENT / 2)
        await asyncio.sleep(self._disk)
        await self._busy(STATEMENT / 2)
        return [msgspec.structs.replace(one, lease=lease, attempts=1) for one in works]

    async def __call__(self, item: Work) -> Settled:
        for step in STEPS:
            await self._busy(step)
            await asyncio.sleep(ANSWER if step is not STEPS[-1] else 0)
        self.ended += 1
        if self.ended == MAILS:
            self.done.set()
        return final(item, "sent", NOON)


async def _sent(disk: float) -> tuple[float, float]:
    """Mails a second, and mails a statement."""
    sender = Sender(disk)
    limits = PoolLimits(CONNECTIONS, MAILS, timedelta(minutes=2), timedelta(seconds=30))
    settlements: Batcher[Settled] = Batcher("settle", _nothing, capacity=MAILS)
    workers = WorkerPool("email", sender, sender, settlements, ManualClock(NOON), limits=limits)
    running = asyncio.create_task(workers.run())
    workers.hold(work(delivery(number), attempts=0) for number in range(MAILS))
    await sender.done.wait()
    took = asyncio.get_running_loop().time()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return MAILS / took, MAILS / sender.statements


async def _nothing(_: list[Settled]) -> None:
    return None


def _in_virtual_time(course: Coroutine[Any, Any, tuple[float, float]]) -> tuple[float, float]:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(course)


@pytest.mark.parametrize(("disk", "mails"), [(0.001, 1_750), (0.005, 900), (0.010, 570)])
def test_workers_are_not_idle_while_the_next_are_begun(disk: float, mails: int) -> None:
    per_second, per_statement = _in_virtual_time(_sent(disk))
    assert per_second >= mails
    assert per_statement >= CONNECTIONS / 2 - 0.1
