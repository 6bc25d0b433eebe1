"""What every benchmark says at its end: the goals with what was measured, the Python that ran, one line of JSON."""

import json
import os
import platform
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Goal:
    """One figure, what it should be, and beyond what it is a defect. None: it could not be measured."""

    name: str
    measured: float | None
    goal: float
    defect: float | None = None
    at_most: bool = False

    @property
    def verdict(self) -> str:
        """`met`, `missed`, `defect` or `not measured`."""
        if self.measured is None:
            return "not measured"
        if self._within(self.measured, self.goal):
            return "met"
        return "missed" if self.defect is None or self._within(self.measured, self.defect) else "defect"

    def _within(self, measured: float, limit: float) -> bool:
        return measured <= limit if self.at_most else measured >= limit

    def row(self) -> tuple[str, str, str, str, str]:
        """For the table."""
        sign = "≤" if self.at_most else "≥"
        defect = "" if self.defect is None else f"{'>' if self.at_most else '<'} {self.defect:g}"
        shown = "-" if self.measured is None else f"{self.measured:,.4g}"
        return self.name, shown, f"{sign} {self.goal:g}", defect, self.verdict


def python_build() -> dict[str, Any]:
    """Which Python ran, and how it was built: figures of two builds are not comparable.

    `loop_ms` is a fixed loop of plain Python on this machine now, which tells more than what a build says of itself.
    """
    names = ("CONFIG_ARGS", "PY_CORE_CFLAGS", "PY_CFLAGS_NODIST", "PY_LDFLAGS_NODIST")
    flags = " ".join(str(sysconfig.get_config_var(name) or "") for name in names)
    named = [one for one in ("--enable-optimizations", "--with-lto", "-fprofile-use", "-flto", "-O3", "-O2")
             if one in flags]  # fmt: skip
    return {
        "version": sys.version.replace("\n", " "),
        "implementation": platform.python_implementation(),
        "compiler": platform.python_compiler(),
        "prefix_is_the_system": sys.base_prefix in {"/usr", "/usr/local"},
        "build_flags": named,
        "loop_ms": _loop_ms(),
        "cores": os.cpu_count(),
    }


def _loop_ms() -> float:
    """The quickest of five rounds of dictionary and integer work."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        found: dict[int, int] = {}
        for number in range(200_000):
            found[number & 1023] = found.get(number & 1023, 0) + number % 7
        best = min(best, time.perf_counter() - began)
    return round(best * 1000, 1)


def finish(result: dict[str, Any], goals: Sequence[Goal], *tables: Table) -> None:
    """Prints the tables and the goals, and `result` as the last line, with both and the Python in it."""
    console = Console(width=max(140, Console().width))
    for table in tables:
        console.print(table)
    judged = Table("goal", "measured", "goal is", "a defect is", "verdict")
    for goal in goals:
        judged.add_row(*goal.row())
    console.print(judged)
    build = python_build()
    optimised = ", ".join(build["build_flags"]) or "no flags named"
    load = os.getloadavg()[0]
    console.print(
        f"Python {build['version']}; {optimised}; fixed loop {build['loop_ms']} ms; {build['cores']} cores;"
        f" load {load:.1f}"
    )
    verdicts = {
        goal.name: {"measured": goal.measured, "goal": goal.goal, "defect": goal.defect, "verdict": goal.verdict}
        for goal in goals
    }
    print(json.dumps({**result, "goals": verdicts, "python": build, "load_average": round(load, 1)}))
