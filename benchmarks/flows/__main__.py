"""How long it takes to check and test the whole library of workflows.

`make bench NAME=flows` prints a line a workflow and one JSON object as its last line. Goal: under 5 seconds for all
(`seconds`: this process, from reading the files; without starting Python, which is `start_seconds`).
"""

import json
import time
from pathlib import Path

import psutil

LIBRARY = Path(__file__).parents[2] / "workflows"
GOAL = 5.0


def main() -> None:
    """Checks and tests every workflow, once."""
    begun = psutil.Process().create_time()
    from relevo_cli.commands.test import summed, tested  # noqa: PLC0415  # what is imported counts as the start
    from relevo_cli.workflow_files import need_folders, read_folder  # noqa: PLC0415
    from relevo_workflow import diagnose  # noqa: PLC0415

    started, busy = time.time(), time.process_time()
    suites, findings = [], 0
    for folder in need_folders(LIBRARY):
        before = time.perf_counter()
        definition, found = diagnose(read_folder(folder, parse=False))
        findings += len(found)
        checked = time.perf_counter()
        suites.append(tested(folder, definition, found))
        ended = time.perf_counter()
        count = len(suites[-1].results)
        print(f"{folder.name:<16} checked {checked - before:5.2f} s   {count:3} tests {ended - checked:5.2f} s")
    seconds = time.time() - started
    sums = summed(suites, seconds)
    result = {
        "workflows": len(suites),
        "findings": findings,
        "tests": sums.tests,
        "failed": sums.failed,
        "seconds": sums.seconds,
        "cpu_seconds": round(time.process_time() - busy, 2),
        "start_seconds": round(started - begun, 2),
        "goal_seconds": GOAL,
        "met": seconds < GOAL,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
