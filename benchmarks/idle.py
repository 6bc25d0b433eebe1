"""What the whole system takes while nothing happens: % of a core by process, requests to Kafka and PostgreSQL.

`make bench NAME=idle`. All four services as users start them, with one shop and one workflow deployed; after a while to
settle, CPU is measured. The requests are counted in a second pass, in which each service counts its own
(`counting/sitecustomize.py`), so that the first pass is the system as it is.
"""

import argparse
import asyncio
import json
import os
from collections import Counter
from pathlib import Path

from rich.table import Table

from benchmarks.contenders import deploy_relay
from benchmarks.report import Goal, finish
from benchmarks.services import SERVICES, System, prepared, running
from benchmarks.stage import SERVERS, CpuMeter, Stage, rss_mb, stage

COUNTING = Path(__file__).parent / "counting"
WAIT = 20.0
GOALS = {"engine": (1.0, 3.0), "notifier": (1.0, None), "scheduler": (1.0, None), "ingest": (1.0, None),
         "Kafka": (5.0, None)}  # fmt: skip


async def shares(system: System, seconds: float) -> dict[str, float]:
    """Percent of a core by process."""
    meter = CpuMeter(system.processes, servers=SERVERS)
    await asyncio.sleep(seconds)
    return {name: round(100 * used / seconds, 2) for name, used in meter.seconds().items()}


async def requests(on: Stage, system: System, seconds: float) -> dict[str, dict[str, float]]:
    """Requests a second to Kafka, by service and kind; those to PostgreSQL are `statements`."""
    before = _counts(on, system)
    await asyncio.sleep(seconds)
    after = _counts(on, system)
    return {
        service: {
            kind: round(number / seconds, 2) for kind, number in sorted((after[service] - before[service]).items())
        }
        for service in system.processes
    }


def _counts(on: Stage, system: System) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for service, process in system.processes.items():
        file = on.folder / f"counts.{process.pid}"
        found[service] = Counter(json.loads(file.read_text()) if file.exists() else {})
    return found


async def measure(on: Stage, settle: float, seconds: float) -> dict[str, object]:
    """Both passes."""
    settings = await prepared(on, "idle")
    await deploy_relay(settings.dsn, WAIT)
    async with running(on, "idle", settings) as system:
        await asyncio.sleep(settle)
        used = await shares(system, seconds)
        memory = {name: rss_mb(process) for name, process in system.processes.items()}
    counting = {"PYTHONPATH": str(COUNTING), "RELEVO_BENCH_COUNTS": str(on.folder / "counts")}
    os.environ.update(counting)
    try:
        async with running(on, "idle", settings) as system:
            await asyncio.sleep(min(settle, 10))
            asked = await requests(on, system, min(seconds, 20))
    finally:
        for name in counting:
            os.environ.pop(name)
    return {"percent": used, "requests": asked, "rss_mb": memory}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settle", type=float, default=20, help="seconds before the measurement")
    parser.add_argument("--seconds", type=float, default=60, help="its length")
    options = parser.parse_args()
    async with asyncio.timeout(4 * (options.settle + options.seconds) + 240), stage() as on:
        result = await measure(on, options.settle, options.seconds)
    used, asked = result["percent"], result["requests"]
    assert isinstance(used, dict)
    assert isinstance(asked, dict)
    table = Table("process", "% of a core", "fetches/s", "requests/s", "statements/s", "MB")
    for name in (*SERVICES, *SERVERS):
        kinds = dict(asked.get(name, {}))
        statements = kinds.pop("statements", 0.0)
        memory = result["rss_mb"].get(name, "")  # type: ignore[attr-defined]
        table.add_row(name, f"{used[name]:.2f}", f"{kinds.get('FetchRequest', 0):.1f}",
                      f"{sum(kinds.values()):.1f}", f"{statements:.1f}", str(memory))  # fmt: skip
    fetches = sum(kinds.get("FetchRequest", 0.0) for kinds in asked.values())
    goals = [Goal(f"{name}: % of a core", used[name], goal, defect, at_most=True)
             for name, (goal, defect) in GOALS.items()]  # fmt: skip
    finish({**result, "fetches_per_s": round(fetches, 1)}, goals, table)


if __name__ == "__main__":
    asyncio.run(main())
