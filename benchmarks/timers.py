"""Timers: how many a second the scheduler fires when many are due at once, and how late at a steady rate.

`make bench NAME=timers`. The timers are rows of `scheduler.timer`, armed before they are due; the scheduler is the real
service at its defaults, but for the lease: no engine consumes here, so a lease outlasts the benchmark and whatever
comes twice is the scheduler's doing. A bare consumer of `relevo.wakeups`, where the engine reads, notes when each
arrives. The limit, in the same run: `bare_timers.py`, a loop that claims with the scheduler's own statement and
publishes, without anything around it.
"""

import argparse
import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiokafka
import msgspec
from rich.table import Table

from benchmarks.report import Goal, finish
from benchmarks.services import prepared, running
from benchmarks.stage import SERVERS, CpuMeter, Stage, stage, stop
from relevo_contracts import topics
from relevo_contracts.messages import WakeUp
from relevo_runtime import timers
from relevo_runtime.outgoing import Timer
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.settings import RuntimeSettings

SHOP = "bench"
LEASE = 3600.0
PAGE = 5_000
LIMIT = 120.0
"""Seconds for all timers to arrive after they are due."""


class Arrivals:
    """When each wake-up was read, by the wall clock, and when it was due."""

    def __init__(self) -> None:
        self.late: dict[str, float] = {}
        self.last = 0.0
        self.twice = 0
        self._decode = msgspec.json.Decoder(WakeUp).decode

    def note(self, values: Sequence[bytes]) -> None:
        now = time.time()
        for value in values:
            wakeup = self._decode(value)
            if wakeup.timer_id in self.late:
                self.twice += 1
            else:
                self.late[wakeup.timer_id] = now - wakeup.due_at.timestamp()
        if values:
            self.last = now

    @property
    def early(self) -> int:
        return sum(late < 0 for late in self.late.values())

    def percentile(self, share: float) -> float | None:
        late = sorted(self.late.values())
        return round(late[min(len(late) - 1, int(len(late) * share))], 3) if late else None


@asynccontextmanager
async def reading(settings: RuntimeSettings, arrivals: Arrivals) -> AsyncIterator[None]:
    """Notes all that arrives on the topic of wake-ups while the block runs."""
    topic = settings.topic(topics.WAKEUPS)
    consumer = aiokafka.AIOKafkaConsumer(topic, bootstrap_servers=settings.kafka, group_id=None,
                                         auto_offset_reset="earliest", fetch_max_wait_ms=10)  # fmt: skip
    await consumer.start()

    async def read() -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=100, max_records=5000)
            arrivals.note([record.value for batch in batches.values() for record in batch])

    task = asyncio.create_task(read())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()


async def arm(pool: Pool, count: int, first: datetime, apart: timedelta) -> None:
    """Timers of as many customers, due from `first` on."""
    for start in range(0, count, PAGE):
        rows = [
            Timer(SHOP, f"cus_{n:08}", f"run-{n:08}/step", first + n * apart, f"run-{n:08}", 1, "step")
            for n in range(start, min(start + PAGE, count))
        ]
        async with pool.acquire() as conn, conn.transaction():
            await timers.set_timers(conn, rows)
    await pool.execute("vacuum analyze scheduler.timer", timeout=120)


async def arrive(arrivals: Arrivals, count: int, last_due: float) -> None:
    """Waits until all have arrived, or for `LIMIT` seconds after the last was due."""
    while len(arrivals.late) < count and time.time() < last_due + LIMIT:  # noqa: ASYNC110 - what it waits for is time too
        await asyncio.sleep(0.05)


async def fired(on: Stage, name: str, count: int, per_second: float, *, bare: bool = False) -> dict[str, Any]:
    """The scheduler, or the bare loop in its place; `per_second` 0: all are due at once."""
    settings = await prepared(on, name)
    pool = await open_pool(settings.dsn, application_name="benchmark")
    apart = timedelta(seconds=1 / per_second) if per_second else timedelta(0)
    arrivals = Arrivals()
    async with reading(settings, arrivals):
        armed_for = datetime.now(UTC) + timedelta(days=1)
        await arm(pool, count, armed_for, apart)
        async with _firing(on, name, settings, bare=bare) as processes:
            first = await _move(pool, armed_for, timedelta(seconds=8 + count / 10_000))
            await asyncio.sleep(max(0.0, first.timestamp() - time.time()))
            meter = CpuMeter(processes, servers=SERVERS)
            await arrive(arrivals, count, (first + count * apart).timestamp())
            cpu = meter.seconds()
    await pool.close()
    await on.drop(name)
    return summary(arrivals, count, first.timestamp(), cpu)


@asynccontextmanager
async def _firing(
    on: Stage, name: str, settings: RuntimeSettings, *, bare: bool
) -> AsyncIterator[Mapping[str, subprocess.Popen[bytes]]]:
    if not bare:
        async with running(on, name, settings, services=["scheduler"], scheduler_lease=LEASE) as system:
            yield system.processes
        return
    process = on.spawn(name, "-m", "benchmarks.bare_timers", env=on.environment(name, settings.dsn))
    try:
        yield {"bare loop": process}
    finally:
        stop([process])


async def _move(pool: Pool, armed_for: datetime, ahead: timedelta) -> datetime:
    """Moves all timers together, so that the first is due then: how long it took to arm them is of no interest."""
    first = datetime.now(UTC) + ahead
    await pool.execute("update scheduler.timer set due_at = due_at + $1, attempt_at = attempt_at + $1",
                       first - armed_for, timeout=120)  # fmt: skip
    await pool.execute("vacuum analyze scheduler.timer", timeout=120)
    return first


def summary(arrivals: Arrivals, count: int, began: float, cpu: dict[str, float]) -> dict[str, Any]:
    took = arrivals.last - began
    return {
        "timers": count,
        "per_s": round(len(arrivals.late) / took) if took > 0 else None,
        "lost": count - len(arrivals.late),
        "twice": arrivals.twice,
        "early": arrivals.early,
        "late_p50": arrivals.percentile(0.5),
        "late_p99": arrivals.percentile(0.99),
        "cpu_us_a_timer": {name: round(1e6 * seconds / count, 1) for name, seconds in cpu.items()},
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timers", type=int, default=100_000, help="due at once")
    parser.add_argument("--rate", type=float, default=500, help="timers a second of the steady phase")
    parser.add_argument("--seconds", type=float, default=30, help="its length")
    options = parser.parse_args()
    async with asyncio.timeout(900), stage() as on:
        phases = {"steady": await fired(on, "steady", int(options.rate * options.seconds), options.rate)}
        phases["at once"] = await fired(on, "at_once", options.timers, 0.0)
        phases["bare loop"] = await fired(on, "bare", options.timers, 0.0, bare=True)
    names = ("timers", "per_s", "lost", "twice", "early", "late_p50", "late_p99")
    table = Table("phase", *names, "CPU µs a timer: itself", *SERVERS)
    for phase, one in phases.items():
        cpu = [str(used) for used in one["cpu_us_a_timer"].values()]
        table.add_row(phase, *(f"{one[name]:,}" if one[name] is not None else "-" for name in names), *cpu)
    steady, at_once, loop = phases.values()
    ratio = round(at_once["per_s"] / loop["per_s"], 2) if at_once["per_s"] and loop["per_s"] else None
    bad = sum(one[name] for one in (at_once, steady) for name in ("lost", "twice", "early"))
    goals = [
        Goal("due at once: fired/s", at_once["per_s"], 5000, 2000),
        Goal("steady: p99 late, s", steady["late_p99"], 0.25, at_most=True),
        Goal("lost, twice or early", bad, 0, 0, at_most=True),
    ]
    finish({"phases": phases, "ratio_to_bare_loop": ratio}, goals, table)


if __name__ == "__main__":
    asyncio.run(main())
