"""Flame graphs of services under the load of the relay benchmark.

`make profile SERVICE=engine`, or `SERVICE="engine notifier"` for several in one run. py-spy, from the peers'
environment, watches them for as long as the load lasts and writes an SVG each into `.profiles`, which git ignores.
Reading another process needs the right to do so: root, or `kernel.yama.ptrace_scope` 0.
"""

import argparse
import asyncio
import shutil
import subprocess
from pathlib import Path

from benchmarks.contenders import relevo
from benchmarks.peers.workload import Workload
from benchmarks.relay import WAIT, Sink, settled
from benchmarks.report import python_build
from benchmarks.services import SERVICES
from benchmarks.stage import stage

LIMIT = 300.0


def watch(py_spy: str, pid: int, target: Path, *, rate: int) -> subprocess.Popen[bytes]:
    """Starts py-spy on a process; SIGINT ends it, and it writes the file then."""
    return subprocess.Popen(
        [py_spy, "record", "--pid", str(pid), "--output", str(target), "--rate", str(rate), "--duration", "unlimited",
         "--format", "flamegraph", "--nonblocking"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def finished(recorder: subprocess.Popen[bytes], target: Path) -> None:
    """Ends the recording. Raises `SystemExit` with what py-spy said if there is no graph."""
    recorder.send_signal(2)
    try:
        _, said = recorder.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        recorder.kill()
        _, said = recorder.communicate()
    if not target.exists():
        raise SystemExit(f"py-spy wrote no graph: {said.decode(errors='replace')[-1000:]}")


async def record(options: argparse.Namespace) -> list[Path]:
    """Runs the load and returns the files of the graphs."""
    load = Workload(options.runs, options.rate, WAIT, at_once=128)
    kind = f"{options.rate:g}-a-second" if options.rate else "burst"
    targets = {service: Path(options.output) / f"{service}-{kind}.svg" for service in options.service}
    for target in targets.values():
        target.parent.mkdir(exist_ok=True)
        target.unlink(missing_ok=True)
    sink = Sink()
    try:
        async with asyncio.timeout(LIMIT), stage() as on, relevo(on, "profiled", load, sink.url) as running:
            recorders = [
                (watch(options.py_spy, running.processes[service].pid, target, rate=options.frequency), target)
                for service, target in targets.items()
            ]
            try:
                due = await running.drive()
                await settled(sink, load, max(due.values()), running)
            finally:
                for recorder, target in recorders:
                    finished(recorder, target)
    finally:
        sink.close()
    return list(targets.values())


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--service", nargs="+", choices=SERVICES, default=["engine"])
    parser.add_argument("--runs", type=int, default=5_000)
    parser.add_argument("--rate", type=float, default=0.0, help="runs a second; 0: a burst")
    parser.add_argument("--frequency", type=int, default=200, help="samples a second")
    parser.add_argument("--output", default=".profiles")
    parser.add_argument("--py-spy", default=".venv-peers/bin/py-spy")
    options = parser.parse_args()
    if shutil.which(options.py_spy) is None:
        parser.error(f"{options.py_spy} is missing: `make profile` installs it")
    for target in await record(options):
        print(f"{target} (Python {python_build()['version']})")


if __name__ == "__main__":
    asyncio.run(main())
