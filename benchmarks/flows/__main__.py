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
    from relevo_cli.commands.check import findings  # noqa: PLC0415  # what is imported counts as the start
    from relevo_cli.commands.test import suite_of, summed  # noqa: PLC0415
    from relevo_cli.workflow_files import need_folders  # noqa: PLC0415

    started = time.time()
    suites, findings_count = [], 0
    for folder in need_folders(LIBRARY):
        before = time.perf_counter()
        findings_count += len(list(findings(folder)))
        checked = time.perf_counter()
        suites.append(suite_of(folder))
        tested = time.perf_counter()
        count = len(suites[-1].results)
        print(f"{folder.name:<16} checked {checked - before:5.2f} s   {count:3} tests {tested - checked:5.2f} s")
    seconds = time.time() - started
    sums = summed(suites, seconds)
    result = {
        "workflows": len(suites),
        "findings": findings_count,
        "tests": sums.tests,
        "failed": sums.failed,
        "seconds": sums.seconds,
        "start_seconds": round(started - begun, 2),
        "goal_seconds": GOAL,
        "met": seconds < GOAL,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
