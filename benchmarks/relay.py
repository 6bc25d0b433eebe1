"""The whole relay beside durable-workflow libraries: a shop's event, a durable wait, one HTTP call.

`make bench NAME=relay`. Every contender runs the same workload (`benchmarks/peers/workload.py`) on the same kind of
PostgreSQL against the same HTTP sink, one after the other, each with nothing else running:

- a steady rate that all of them should hold: CPU ms a run over a time in which runs start, are cancelled and call at
  that rate, whatever is idle then included; how late the calls are (p50, p99: event to effect, less the wait);
- a burst: all runs start at once; runs/s = runs ÷ (last call - first start - wait), CPU ms a run over all of it.
  It is large enough to last for some seconds: of a small one most is the delay of its last runs, and the idle system.

Relevo takes signed webhooks over HTTP, with all four services, at their defaults, and Kafka on this machine; the peers
are started inside their own process, which favours them. Calls that should not have been made, were made twice or were
lost are counted. Each phase has a time limit: a contender that fails or takes longer is reported and the next one runs.
"""

import argparse
import asyncio
import contextlib
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.contenders import PEERS, ContenderError, Running, peer, relevo
from benchmarks.peers.workload import Workload
from benchmarks.report import Goal, finish
from benchmarks.stage import CpuMeter, Stage, stage

HERE = Path(__file__).parent
WAIT = 20.0
QUIET = 20.0
"""Seconds without a further call, after all were due, after which no more are expected."""

Enter = Callable[[Stage, str, Workload, str], AbstractAsyncContextManager[Running]]


@dataclass
class Figures:
    """What one contender did in one phase. Times in seconds, CPU in ms a run. `failed` says why there is no more.

    `driver_ms` is what this process took, which sends Relevo's webhooks: on the same cores, and not in `cpu_ms`.
    """

    runs_per_s: float | None = None
    p50: float | None = None
    p99: float | None = None
    cpu_ms: float | None = None
    lost: int = 0
    wrong: int = 0
    twice: int = 0
    calls: int = 0
    cpu_by: dict[str, float] = field(default_factory=dict)
    driver_ms: float = 0.0
    failed: str = ""


class Sink:
    """The sink process and what it saw."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, HERE / "peers" / "sink.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def calls(self) -> list[tuple[int, float]]:
        return [tuple(call) for call in self._get("calls")]

    def count(self) -> int:
        """How many runs have called."""
        return int(self._get("count"))

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=20) as answer:
            return json.load(answer)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


class CpuWatch:
    """CPU by process of a burst as a whole, or of the steady part of a phase: first call to last start."""

    def __init__(self, running: Running, load: Workload) -> None:
        self._running, self._load = running, load
        self._whole = CpuMeter(running.processes, servers=running.servers)
        self._steady: dict[str, float] = {}

    async def watch(self) -> None:
        """Measures the steady part; in a burst there is none."""
        if self._load.rate:
            await asyncio.sleep(self._load.wait)
            meter = CpuMeter(self._running.processes, servers=self._running.servers)
            await asyncio.sleep(self._load.runs / self._load.rate - self._load.wait)
            self._steady = meter.seconds()

    def ms_a_run(self) -> dict[str, float]:
        """By process."""
        load = self._load
        seconds = self._steady if load.rate else self._whole.seconds()
        runs = load.runs - load.rate * load.wait if load.rate else load.runs
        return {name: round(1000 * used / runs, 3) for name, used in seconds.items()}


async def measure(on: Stage, name: str, enter: Enter, load: Workload, limit: float) -> Figures:
    """One contender in one phase. Never raises for what the contender does, and takes `limit` seconds at most."""
    sink, figures, own = Sink(), Figures(), time.process_time()
    try:
        async with asyncio.timeout(limit), enter(on, name, load, sink.url) as running:
            watch = CpuWatch(running, load)
            async with _beside(watch.watch()):
                due = await running.drive()
            await settled(sink, load, max(due.values()), running)
            cpu = watch.ms_a_run()
            await asyncio.sleep(1)  # wrong or second calls would still come
            figures = judge(load, await asyncio.to_thread(sink.calls), due, cpu)
            figures.lost += running.refused()
    except TimeoutError as error:
        figures.failed = str(error) or f"not done within its limit of {limit:.0f} s"
    except ContenderError as error:
        figures.failed = str(error)
    except Exception as error:  # noqa: BLE001 - whatever one contender brings about, the others are still measured
        figures.failed = f"{type(error).__name__}: {error}"
    with contextlib.suppress(OSError):
        figures.calls = await asyncio.to_thread(sink.count)
    figures.driver_ms = round(1000 * (time.process_time() - own) / load.runs, 2)
    sink.close()
    return figures


@asynccontextmanager
async def _beside(watching: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(watching)
    try:
        yield
        await task
    finally:
        task.cancel()


async def settled(sink: Sink, load: Workload, last_due: float, running: Running) -> None:
    """Waits until every expected call came, or nothing came for a while after all were due."""
    seen, since = 0, time.monotonic()
    while True:
        count = await asyncio.to_thread(sink.count)
        if count != seen:
            seen, since = count, time.monotonic()
        if count >= load.reminders() or time.monotonic() - max(since, last_due) > QUIET:
            return
        if ended := [name for name, process in running.processes.items() if process.poll() is not None]:
            raise ContenderError(f"{', '.join(ended)} ended while calls were still due")
        await asyncio.sleep(0.2)


def judge(load: Workload, calls: list[tuple[int, float]], due: dict[int, float], cpu: dict[str, float]) -> Figures:
    """The figures of one phase; `due` is when each call was to be made."""
    first: dict[int, float] = {}
    for n, at in calls:
        first.setdefault(n, at)
    late = sorted(at - due[n] for n, at in first.items() if n in due) or [0.0]
    span = max(first.values(), default=0.0) - min(due.values(), default=0.0)
    return Figures(
        runs_per_s=round(load.runs / span, 1) if span > 0 else None,
        p50=round(statistics.median(late), 3),
        p99=round(late[max(0, int(len(late) * 0.99) - 1)], 3),
        cpu_ms=round(sum(cpu.values()), 2),
        lost=sum(n not in first for n in range(load.runs) if not load.buys(n)),
        wrong=sum(load.buys(n) for n in first),
        twice=len(calls) - len(first),
        cpu_by=cpu,
    )


Results = dict[str, dict[str, Figures]]


def best(results: Results, phase: str, figure: str, *, highest: bool) -> tuple[str, float] | None:
    """The peer that did best, of those that lost nothing."""
    found = {name: getattr(phases[phase], figure) for name, phases in results.items()
             if name != "Relevo" and not phases[phase].failed and not phases[phase].lost}  # fmt: skip
    found = {name: value for name, value in found.items() if value}
    if not found:
        return None
    name = (max if highest else min)(found, key=lambda one: found[one])
    return name, found[name]


def ratio(ours: float | None, theirs: tuple[str, float] | None) -> float | None:
    return None if ours is None or theirs is None else round(ours / theirs[1], 3)


def judged(results: Results) -> tuple[dict[str, Any], list[Goal]]:
    """Relevo against the best peer of each figure, and the goals."""
    if "Relevo" not in results:
        return {}, []
    burst, steady = results["Relevo"]["burst"], results["Relevo"]["steady"]
    quickest = best(results, "burst", "runs_per_s", highest=True)
    cheapest = best(results, "burst", "cpu_ms", highest=False)
    cheapest_steady = best(results, "steady", "cpu_ms", highest=False)
    ratios = {
        "burst_runs_per_s": ratio(burst.runs_per_s, quickest),
        "burst_cpu_ms": ratio(burst.cpu_ms, cheapest),
        "steady_cpu_ms": ratio(steady.cpu_ms, cheapest_steady),
    }
    goals = [
        Goal("burst: runs/s", burst.runs_per_s, 2000),
        Goal("burst: CPU ms a run", burst.cpu_ms, 1, at_most=True),
        Goal("burst: runs/s, times the best peer's", ratios["burst_runs_per_s"], 3, 3),
        Goal("burst: CPU a run, share of the best peer's", ratios["burst_cpu_ms"], 0.5, 0.5, at_most=True),
        Goal("steady: CPU ms a run", steady.cpu_ms, 5, 15, at_most=True),
        Goal("steady: p99 event to effect, s", steady.p99, 0.5, at_most=True),
    ]
    wrong = sum(one.lost + one.wrong + one.twice for one in (burst, steady))
    failed = burst.failed or steady.failed
    goals.append(Goal("lost, wrong or twice", None if failed else float(wrong), 0, 0, at_most=True))
    peers = {"burst_runs_per_s": quickest, "burst_cpu_ms": cheapest, "steady_cpu_ms": cheapest_steady}
    return {"best_peer": {key: one and {"name": one[0], "measured": one[1]} for key, one in peers.items()},
            "ratios": ratios}, goals  # fmt: skip


def overview(results: Results) -> Table:
    table = Table(
        "contender", "phase", "runs/s", "CPU ms/run", "late p50 s", "late p99 s", "lost", "wrong", "twice", ""
    )
    for name, phases in results.items():
        for phase, one in phases.items():
            shown = [one.runs_per_s if phase == "burst" else None, one.cpu_ms, one.p50, one.p99]
            row = ["-" if value is None else f"{value:,.4g}" for value in shown]
            note = one.failed.splitlines()[0][:60] if one.failed else ""
            table.add_row(name, phase, *row, str(one.lost), str(one.wrong), str(one.twice), note)
    return table


def where_it_goes(results: Results) -> Table:
    """Where each CPU millisecond of a run goes, by process."""
    table = Table("CPU ms a run of", "burst", "share", "steady", "share", title="where each CPU millisecond goes")
    phases = results.get("Relevo", {})
    for name in sorted({name for one in phases.values() for name in one.cpu_by}):
        cells = []
        for phase in ("burst", "steady"):
            one = phases[phase]
            used = one.cpu_by.get(name, 0.0)
            cells += [f"{used:.2f}", f"{used / one.cpu_ms:.0%}" if one.cpu_ms else "-"]
        table.add_row(name, *cells)
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20_000, help="runs of the burst")
    parser.add_argument("--rate", type=float, default=40, help="runs a second of the steady phase")
    parser.add_argument("--seconds", type=float, default=60, help="measured length of the steady phase")
    parser.add_argument("--limit", type=float, default=300, help="seconds that a contender may take for a phase")
    parser.add_argument("--only", nargs="*", default=["Relevo", *PEERS], help="which contenders")
    parser.add_argument("--peers-python", default=".venv-peers/bin/python", help="where the peers are installed")
    options = parser.parse_args()
    if shutil.which(options.peers_python) is None:
        parser.error(f"{options.peers_python} is missing: `make bench NAME=relay` installs the peers")
    return options


def loads(options: argparse.Namespace) -> dict[str, Workload]:
    """The phases. The steady one also runs for as long as the first runs wait."""
    at_rate = int(options.rate * (options.seconds + WAIT))
    return {"steady": Workload(at_rate, options.rate, WAIT), "burst": Workload(options.runs, 0.0, WAIT, at_once=128)}


async def main() -> None:
    options = _options()
    contenders: dict[str, Enter] = {"Relevo": relevo} if "Relevo" in options.only else {}
    for name, script in PEERS.items():
        if name in options.only:
            contenders[name] = partial(peer, script=script, python=options.peers_python)
    results: Results = {}
    for name, enter in contenders.items():
        async with stage(with_kafka=name == "Relevo") as on:
            results[name] = {}
            for phase, load in loads(options).items():
                print(f"{name}: {phase}, {load.runs} runs …", flush=True)
                results[name][phase] = await measure(on, f"{name}_{phase}".lower(), enter, load, options.limit)
                if failed := results[name][phase].failed:
                    print(f"  failed: {failed}", flush=True)
    extra, goals = judged(results)
    plain = {re.sub(r"\W", "_", name).lower(): {phase: asdict(one) for phase, one in phases.items()}
             for name, phases in results.items()}  # fmt: skip
    finish({**plain, **extra}, goals, overview(results), where_it_goes(results))


if __name__ == "__main__":
    asyncio.run(main())
