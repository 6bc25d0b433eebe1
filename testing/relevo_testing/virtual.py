"""A workflow in virtual time, told step by step by a test in Python.

It is a test as those in YAML are: what the Python test says is written down as one, and read, run and compared by
`relevo_workflow.testing`. So there is one simulation, and what YAML can say, Python can.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from relevo_testing.definitions import Compiled, WorkflowBroken, compiled, described
from relevo_workflow import Problems, parse_duration
from relevo_workflow.testing import Scenario, read_scenarios, run_scenario

START = "2026-03-10 10:00"
"""Where time begins, in the customer's zone, unless a test says otherwise: a Tuesday."""
LISTS = ("sends", "tasks", "calls", "emits", "starts")
"""What is expected in order, each once."""
FROM_THE_START = "+0m"
_LATER = timedelta(microseconds=1)
"""So much after what was due at that very time happens what a test has happen then."""
NAME = "the test"
Workflows = Callable[[str], "VirtualWorkflow"]
"""Begins a test of the workflow of that name."""


class VirtualWorkflow:
    """One customer and one workflow in virtual time. Its methods return it, so that they can be chained.

    What a test says wrongly (a step that there is not, a field that an event has not) fails it with what was probably
    meant.
    """

    def __init__(self, workflow: Compiled) -> None:
        self._workflow = workflow
        self._given: dict[str, Any] = {"start": START}
        self._events: list[dict[str, Any]] = []
        self._expected: dict[str, list[Mapping[str, Any]]] = {name: [] for name in LISTS}
        self._passed: timedelta | None = None
        self._now: datetime | None = None

    @property
    def now(self) -> datetime:
        """What time it is for the customer."""
        if self._now is None:
            self._now = self._read({"sends": []}, until=FROM_THE_START).start
        return self._now

    def given(self, **fields: Any) -> Self:
        """What the test stands on, as in YAML: `start`, `customer`, `shop`, `products`, `answers`, `choose` …"""
        __tracebackhide__ = True
        if self._events or self._passed is not None:
            raise AssertionError("what is given comes first: before an event, and before time passes")
        self._given |= fields
        self._now = None
        self._read({"sends": []})
        return self

    def event(self, event: str, data: Mapping[str, Any] | None = None, **more: Any) -> Self:
        """An event happens now; `more` are `historical`, `test`, `product`, `customer` as in YAML."""
        __tracebackhide__ = True
        return self.happens(event=event, data=dict(data or {}), **more)

    def happens(self, **entry: Any) -> Self:
        """What else `events` of YAML know, now: `opened="reminder"`, `approve="refund", by="ana@example.com"`."""
        __tracebackhide__ = True
        if self._passed:
            self._now, self._passed = self.now + _LATER, timedelta(0)
        self._events.append({"at": self.now.isoformat(), **entry})
        self._read({"sends": []})
        return self

    def after(self, duration: str) -> Self:
        """So much time passes: `4h`, `2d`."""
        __tracebackhide__ = True
        try:
            self._passed = parse_duration(duration)
        except ValueError as error:
            raise AssertionError(f"after({duration!r}): {error}") from None
        self._now = self.now + self._passed
        return self

    def until(self, moment: str) -> Self:
        """Time passes until this moment, local to the customer: `2026-03-11 09:00`."""
        __tracebackhide__ = True
        scenario = self._read({"sends": []}, until=moment)
        if scenario.until is None or scenario.until < self.now:
            raise AssertionError(f"until({moment!r}): it is {self._local()} already, and time does not go back")
        self._passed, self._now = scenario.until - self.now, scenario.until
        return self

    def expect(self, **expected: Any) -> Self:
        """As `expect` in YAML. `sends`, `tasks`, `calls`, `emits` and `starts` are those that were not expected yet."""
        __tracebackhide__ = True
        so_far = {name: [*self._expected[name], *_listed(name, expected[name])] for name in LISTS if name in expected}
        result = run_scenario(self._workflow.definition, self._read({**expected, **so_far}), self._workflow.previews)
        if result.failures:
            found = "\n".join(described(one) for one in result.failures)
            raise AssertionError(f"{self._workflow.definition.name}, {self._local()}: {found}")
        self._expected |= so_far
        return self

    def expect_send(self, **message: Any) -> Self:
        """One more message by now, and no other: `email="reminder", at="2026-03-10 14:00"`."""
        __tracebackhide__ = True
        return self.expect(sends=[message])

    def expect_task(self, **task: Any) -> Self:
        """One more act on a task by now, and no other: `open="help-the-customer"`."""
        __tracebackhide__ = True
        return self.expect(tasks=[task])

    def expect_call(self, **call: Any) -> Self:
        """One more call by now, and no other: `step="tell-the-erp", body={…}`."""
        __tracebackhide__ = True
        return self.expect(calls=[call])

    def expect_nothing(self) -> Self:
        """No message, task, call, event or start by now that was not expected yet."""
        __tracebackhide__ = True
        return self.expect(**{name: [] for name in LISTS})

    def expect_end(self, reason: str = "", **end: Any) -> Self:
        """The run is over, for this reason."""
        __tracebackhide__ = True
        return self.expect(end={**({"reason": reason} if reason else {}), **end})

    def _local(self) -> str:
        zone = self._read({"sends": []}).zone
        return self.now.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    def _read(self, expect: Mapping[str, Any], until: str = "") -> Scenario:
        """What was said so far, as a test in YAML (JSON is some). Fails with what is wrong with it."""
        __tracebackhide__ = True
        end = until or self.now.isoformat()
        test = {"name": NAME, **self._given, "events": self._events, "until": end, "expect": expect}
        problems = Problems()
        text = json.dumps({"tests": [test]}, ensure_ascii=False, default=str)
        found = read_scenarios("tests/in-python.yaml", text, problems, self._workflow.definition.types)
        if problems.errors or not found:
            name = self._workflow.definition.name
            said = "\n".join(described(one) for one in dict.fromkeys(problems.errors))
            raise AssertionError(f"this can't be a test of {name}: {said}")
        return found[0]


def _listed(name: str, expected: object) -> Sequence[Mapping[str, Any]]:
    if isinstance(expected, list | tuple):
        return expected
    raise AssertionError(f"{name} must be a list: {name}=[{expected!r}], or [] for none")


def workflows_in(library: Path) -> Workflows:
    """Begins tests of the workflows in this folder."""

    def workflow(name: str) -> VirtualWorkflow:
        __tracebackhide__ = True
        try:
            return VirtualWorkflow(compiled(library / name))
        except WorkflowBroken as error:
            raise AssertionError(str(error)) from None

    return workflow
