"""The workload that every contender runs, so that nobody does other work than the others. Standard library only.

Run n starts at n/rate seconds (all at once in a burst), waits durably for `wait` seconds and then makes one HTTP call
that carries its number. Three in ten are cancelled by an order half-way through the wait.

A peer is a process of its own. It prints `ready`, begins when it reads `go`, prints `due {run: time}` when all was
handed over, and works on until its standard input is closed.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

BUYERS_IN_TEN = 3
Start = Callable[[int, float], Awaitable[object]]
Order = Callable[[int], Awaitable[object]]


@dataclass(frozen=True)
class Workload:
    """`rate` in runs a second; 0 means a burst. `wait` in seconds. `at_once`: calls of the driver under way."""

    runs: int
    rate: float
    wait: float
    sink: str = ""
    dsn: str = ""
    at_once: int = 64

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


async def drive(load: Workload, start: Start, order: Order) -> None:
    """Starts every run at its time and cancels the buyers' half-way; returns when all was handed over."""
    began = time.monotonic()
    limit = asyncio.Semaphore(load.at_once)

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


async def obey(load: Workload, start: Start, order: Order) -> None:
    """A peer's life once its workers run: as the module says."""
    due: dict[int, float] = {}

    async def noted(n: int, at: float) -> None:
        due[n] = at
        await start(n, at)

    print("ready", flush=True)
    if await asyncio.to_thread(sys.stdin.readline):
        await drive(load, noted, order)
        print("due", json.dumps(due), flush=True)
        await asyncio.to_thread(sys.stdin.read)
