"""How many calls the pure core makes for a fixed course of a shop: what it costs, without a clock.

The calls of Python and C functions are counted, which is the same on any machine with the same Python and libraries. A
tenth more is allowed for other versions of both; who makes it cheaper lowers the number.
"""

import sys
from types import FrameType
from typing import Any

from benchmarks.decide import Core, events, library

EVENTS = 1_500
WARM = 500
CALLS_AN_INPUT = 125.0
TOLERANCE = 1.1


class Calls:
    """Counts calls while the block runs."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = None

    def __enter__(self) -> "Calls":
        self._before = sys.getprofile()
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    def _note(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event in {"call", "c_call"}:
            self.count += 1


def test_the_pure_core_makes_no_more_calls_than_before() -> None:
    core, course = Core(library()), events(seed=7)[: WARM + EVENTS]
    core.lap(course[:WARM])
    inputs = core.inputs
    with Calls() as calls:
        core.lap(course[WARM:])
    per_input = calls.count / (core.inputs - inputs)
    assert per_input <= CALLS_AN_INPUT * TOLERANCE
