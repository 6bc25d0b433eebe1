"""The whole relay beside two durable-workflow libraries: a shop's event, a durable wait, one HTTP call.

`make bench NAME=relay`. Every contender runs the same workload (`benchmarks/peers/workload.py`) on the same PostgreSQL
against the same HTTP sink, one after the other:

- a burst: all runs start at once; runs/s = runs ÷ (last call - first start - wait);
- a steady rate that all of them can hold: how late the calls are (p50, p99), and CPU ms a run.

Relevo takes signed webhooks over HTTP, with all four services and Kafka on this machine; the peers are started inside
their own process, which favours them. Calls that should not have been made, were made twice or were lost are counted.
"""

import argparse
import asyncio
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.peers.workload import Workload
from benchmarks.stage import MIGRATED, CpuMeter, Stage, stage, stop
from benchmarks.webhooks import Webhooks
from relevo_cli.workflow_files import load_folder
from relevo_engine.settings import EngineSettings
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import create_topics
from relevo_runtime.migrations import migrate
from relevo_runtime.postgres import open_pool

HERE = Path(__file__).parent
PEERS = {"procrastinate": "procrastinate_peer.py", "DBOS": "dbos_peer.py"}
SECRET = "a-secret-of-the-benchmark"


@dataclass
class Figures:
    """What one contender did in one phase. Times in seconds, CPU in ms a run."""

    runs_per_s: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    cpu_ms: float = 0.0
    lost: int = 0
    wrong: int = 0
    twice: int = 0
    cpu_by: dict[str, float] = field(default_factory=dict)


class Sink:
    """The sink process and what it saw."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, HERE / "peers" / "sink.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def calls(self) -> list[tuple[int, float]]:
        with urllib.request.urlopen(f"{self.url}/calls") as answer:
            return [tuple(call) for call in json.load(answer)]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def judge(load: Workload, calls: list[tuple[int, float]], due: dict[int, float], cpu: dict[str, float]) -> Figures:
    """The figures of one phase; `due` is when each call was to be made."""
    first: dict[int, float] = {}
    for n, at in calls:
        first.setdefault(n, at)
    late = sorted(at - due[n] for n, at in first.items() if n in due) or [0.0]
    span = max(first.values(), default=0.0) - min(due.values(), default=0.0)
    return Figures(
        runs_per_s=round(load.runs / span, 1) if span > 0 else 0.0,
        p50=round(statistics.median(late), 3),
        p99=round(late[int(len(late) * 0.99) - 1], 3),
        cpu_ms=round(1000 * sum(cpu.values()) / load.runs, 2),
        lost=sum(n not in first for n in range(load.runs) if not load.buys(n)),
        wrong=sum(load.buys(n) for n in first),
        twice=len(calls) - len(first),
        cpu_by={name: round(1000 * seconds / load.runs, 2) for name, seconds in cpu.items()},
    )


async def run_peer(on: Stage, peer: str, python: str, load: Workload) -> Figures:
    """One phase on a peer, with a database of its own."""
    sink = Sink()
    dsn = await on.database(f"{peer.lower()}_{int(load.rate)}")
    due: dict[int, float] = {}
    with (on.folder / f"{peer}.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs on this loop yet
            [python, HERE / "peers" / PEERS[peer], "--runs", str(load.runs), "--rate", str(load.rate),
             "--wait", str(load.wait), "--sink", f"{sink.url}/call", "--dsn", dsn],
            stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    assert process.stdout is not None
    meter: CpuMeter | None = None
    cpu: dict[str, float] = {}
    try:
        while line := await asyncio.to_thread(process.stdout.readline):
            if line.startswith(b"ready"):
                meter = CpuMeter([process], servers=["postgres"])
            elif line.startswith(b"due "):
                due = {int(n): at for n, at in json.loads(line[4:]).items()}
                cpu = meter.seconds() if meter else {}
        await asyncio.to_thread(process.wait, 30)
        return judge(load, sink.calls(), due, cpu)
    finally:
        stop([process])
        sink.close()


async def run_relevo(on: Stage, load: Workload, consumers: int) -> Figures:
    """One phase on Relevo: webhooks in, all four services, the SMS API's place taken by the sink."""
    sink, name = Sink(), f"relevo_{int(load.rate)}"
    dsn = await on.database(name)
    port = 18080 + int(load.rate) % 500
    env = on.environment(
        name, dsn, partitions=6, log_level="warning", ingest_port=port, engine_consumers=consumers,
        notifier_twilio_url=sink.url, notifier_twilio_account="AC0123", notifier_twilio_token="0123",
        link_secret="0123456789abcdef",
    )  # fmt: skip
    settings = EngineSettings(kafka=on.kafka, postgres=dsn, topic_prefix=f"{name}.", partitions=6)
    await migrate(dsn, MIGRATED)
    await create_topics(settings)
    await _catalog(dsn, load.wait)
    services = [
        on.spawn(f"{name}-{s}", "-m", f"relevo_{s}", env=env) for s in ("ingest", "engine", "scheduler", "notifier")
    ]
    try:
        await _listening(port)
        await asyncio.sleep(5)  # the groups settle
        meter = CpuMeter(services, servers=["postgres", "java"])
        webhooks = Webhooks(f"http://127.0.0.1:{port}", "bench", SECRET, connections=64)
        await webhooks.run(load)
        await _settled(sink, load, webhooks)
        cpu = meter.seconds()
        names = dict(
            zip([f"process-{i}" for i in range(4)], ("ingest", "engine", "scheduler", "notifier"), strict=True)
        )
        figures = judge(load, sink.calls(), webhooks.started, {names.get(k, k): v for k, v in cpu.items()})
        figures.lost += webhooks.refused
        return figures
    finally:
        stop(services)
        sink.close()


async def _catalog(dsn: str, wait: float) -> None:
    """The shop, and the workload's workflow with the wait of this phase."""
    loaded = load_folder(HERE / "flows" / "relay")
    if f"wait: {wait:g}s" not in loaded.files["workflow.yaml"]:
        raise SystemExit(f"benchmarks/flows/relay waits another time than {wait:g} s")
    pool = await open_pool(dsn, application_name="benchmark")
    async with pool.acquire() as conn, conn.transaction():
        shop = catalog.Shop(shop="bench", platform="shopify", secrets=[catalog.Secret(SECRET)], sms_from="+12025550100")
        await catalog.add_shop(conn, shop)
        await catalog.deploy(
            conn, workflow=loaded.definition.name, version=loaded.definition.version, files=loaded.files,
            at=SystemClock().now(),
        )  # fmt: skip
    await pool.close()


async def _listening(port: int) -> None:
    for _ in range(300):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise SystemExit("ingest did not start to listen within 30 s: see its log")


async def _settled(sink: Sink, load: Workload, webhooks: Webhooks) -> None:
    """Waits until every expected call came, or nothing came for a while after all were due; then for late doubles."""
    last_due = max(webhooks.started.values())
    seen, since = 0, time.monotonic()
    while True:
        calls = await asyncio.to_thread(sink.calls)
        if len(calls) != seen:
            seen, since = len(calls), time.monotonic()
        if len({n for n, _ in calls}) >= load.reminders() or time.monotonic() - max(since, last_due) > 20:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(1)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000, help="runs of Relevo's burst")
    parser.add_argument("--peer-runs", type=int, default=1_000, help="runs of each peer's burst")
    parser.add_argument("--rate", type=float, default=40, help="runs a second of the steady phase")
    parser.add_argument("--seconds", type=float, default=25, help="length of the steady phase")
    parser.add_argument("--wait", type=float, default=20)
    parser.add_argument("--peers-python", default=".venv-peers/bin/python", help="where the peers are installed")
    options = parser.parse_args()
    if shutil.which(options.peers_python) is None:
        parser.error(f"{options.peers_python} is missing: `make bench NAME=relay` installs the peers")
    table = Table("contender", "runs/s (burst)", "late p50 s", "late p99 s", "CPU ms/run", "lost", "wrong", "twice")
    results: dict[str, dict[str, Figures]] = {}
    async with stage() as on:
        for contender in ("relevo", *PEERS):
            peer = contender in PEERS
            phases: dict[str, Figures] = {}
            for phase, runs, rate in (
                ("burst", options.peer_runs if peer else options.runs, 0.0),
                ("steady", int(options.rate * options.seconds), options.rate),
            ):
                load = Workload(runs, rate, options.wait, "", "")
                phases[phase] = await (
                    run_peer(on, contender, options.peers_python, load) if peer else run_relevo(on, load, 2)
                )
            results[contender] = phases
            burst, steady = phases["burst"], phases["steady"]
            table.add_row(
                contender, f"{burst.runs_per_s:,.0f}", f"{steady.p50:.3f}", f"{steady.p99:.3f}", f"{burst.cpu_ms:.2f}",
                *(str(getattr(burst, n) + getattr(steady, n)) for n in ("lost", "wrong", "twice")),
            )  # fmt: skip
    console = Console()
    console.print(table)
    for phase, figures in results["relevo"].items():
        console.print(f"relevo's CPU ms a run, {phase}: " + ", ".join(f"{k} {v}" for k, v in figures.cpu_by.items()))
    print(
        json.dumps({re.sub(r"\W", "_", c).lower(): {p: asdict(f) for p, f in ph.items()} for c, ph in results.items()})
    )


if __name__ == "__main__":
    asyncio.run(main())
