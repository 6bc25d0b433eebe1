"""The workload that every contender runs, so that nobody does other work than the others. Standard library only.

Run n starts at n/rate seconds (all at once in a burst), waits durably for `wait` seconds and then makes one HTTP call
that carries its number and the time it was due. Three in ten are cancelled by an order half-way through the wait.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

BUYERS_IN_TEN = 3


@dataclass(frozen=True)
class Workload:
    """`rate` in runs a second; 0 means a burst. `wait` in seconds."""

    runs: int
    rate: float
    wait: float
    sink: str
    dsn: str

    def buys(self, n: int) -> bool:
        return n % 10 < BUYERS_IN_TEN

    def reminders(self) -> int:
        return sum(not self.buys(n) for n in range(self.runs))


def arguments() -> Workload:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--wait", type=float, required=True)
    parser.add_argument("--sink", required=True)
    parser.add_argument("--dsn", required=True)
    return Workload(**vars(parser.parse_args()))


async def drive(
    load: Workload, start: Callable[[int, float], Awaitable[object]], order: Callable[[int], Awaitable[object]]
) -> None:
    """Starts every run at its time and cancels the buyers' half-way; returns when all was handed over."""
    began = time.monotonic()
    limit = asyncio.Semaphore(64)

    async def one(n: int) -> None:
        if load.rate:
            await asyncio.sleep(max(0.0, began + n / load.rate - time.monotonic()))
        async with limit:
            await start(n, time.monotonic() + load.wait)
        if load.buys(n):
            await asyncio.sleep(load.wait / 2)
            async with limit:
                await order(n)

    await asyncio.gather(*(one(n) for n in range(load.runs)))
