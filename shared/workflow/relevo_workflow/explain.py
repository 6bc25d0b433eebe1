"""What happened to a customer and why, in sentences: from recorded decisions and deliveries. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from relevo_workflow.absence import absence
from relevo_workflow.decision import Check, Kind
from relevo_workflow.definition import Definition
from relevo_workflow.state import Facts, Run

DeliveryState = Literal["queued", "sending", "sent", "failed", "skipped", "in_doubt"]
_DELIVERED: dict[DeliveryState, str] = {
    "queued": "is not sent yet",
    "sending": "is being sent",
    "sent": "was sent",
    "failed": "could not be delivered",
    "skipped": "was not sent",
    "in_doubt": "may have arrived or not",
}
_TIMER = "timer"


class Recorded(Struct, frozen=True, kw_only=True):
    """A decision as the engine recorded it. `input` is an event type, `timer`, `start`, … or `deployment`."""

    at: datetime
    workflow: str
    version: str
    run_id: str
    input: str
    kind: Kind
    reason: str
    path: list[str] = []
    trace: list[Check] = []


class Delivery(Struct, frozen=True, kw_only=True):
    """What became of a message; `id` is its effect key `run/step/turn`, `at` when that was known."""

    id: str
    channel: str
    state: DeliveryState
    at: datetime
    reason: str = ""
    attempts: int = 0


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened (or did not), and the conditions behind it."""

    at: datetime
    workflow: str
    what: str
    text: str
    run_id: str = ""
    conditions: list[str] = []


class Absence(Struct, frozen=True, kw_only=True):
    """A workflow that the customer did not enter, and why."""

    workflow: str
    text: str


class Underway(Struct, frozen=True, kw_only=True):
    """A run that is on its way: where it rests and until when."""

    workflow: str
    run_id: str
    text: str


class Explanation(Struct, frozen=True, kw_only=True):
    """All of it: what happened in order of time, where runs rest now, and which workflows were never entered."""

    lines: list[Line]
    underway: list[Underway]
    absences: list[Absence]


def explain(
    definitions: Sequence[Definition],
    decisions: Iterable[Recorded],
    deliveries: Iterable[Delivery],
    *,
    customer: str,
    facts: Facts,
    runs: Iterable[Run],
    since: datetime,
) -> Explanation:
    """What the records of one customer since `since` say. `definitions` are those that start runs for them now."""
    recorded, on_their_way = list(decisions), list(runs)
    workflows = {one.run_id: one.workflow for one in (*recorded, *_as_recorded(on_their_way)) if one.run_id}
    lines = [_decided(one) for one in recorded]
    lines += [_delivered(one, workflows) for one in deliveries]
    entered = {one.workflow for one in recorded if one.kind == "started"} | {run.workflow for run in on_their_way}
    absences = [
        Absence(workflow=one.name, text=_refused(one, recorded) or absence(one, customer, facts, since))
        for one in definitions
        if one.name not in entered
    ]
    return Explanation(
        lines=sorted(lines, key=lambda line: line.at),
        underway=[_underway(run) for run in on_their_way],
        absences=absences,
    )


def condition(check: Check) -> str:
    """`branch-1/when-1: customer.orders_count == 0 is true (customer.orders_count = 0)`."""
    fields = ", ".join(f"{name} = {_value(value)}" for name, value in check.fields.items())
    read = f" ({fields})" if fields else ""
    if check.error:
        return f"{check.at}: {check.expression} can't be answered: {check.error}{read}"
    return f"{check.at}: {check.expression} is {_value(check.value)}{read}"


def _decided(one: Recorded) -> Line:
    return Line(
        at=one.at,
        workflow=one.workflow,
        what=one.kind,
        text=_sentence(one),
        run_id=one.run_id,
        conditions=[condition(check) for check in one.trace],
    )


def _sentence(one: Recorded) -> str:
    cause = "its time had come" if one.input == _TIMER else one.input
    match one.kind:
        case "started":
            # The reason tells what started it; a run that is held out says so instead.
            return one.reason if one.reason.startswith("started") else f"started by {one.input}, but {one.reason}"
        case "not_started":
            return f"not started by {one.input}: {one.reason}"
        case "exited":
            return f"left early because of {cause}: {one.reason}"
        case "ended":
            return f"ended after {_way(one)}: {one.reason}" if one.path else f"ended: {one.reason}"
        case "migrated":
            return one.reason
        case _:
            way = f"went on ({cause}) to {_way(one)}" if one.path else f"stayed where it was ({cause})"
            return f"{way}: {one.reason}" if one.reason else way


def _way(one: Recorded) -> str:
    return ", ".join(one.path)


def _delivered(one: Delivery, workflows: dict[str, str]) -> Line:
    run_id, step, _ = (*one.id.split("/"), "", "")[:3]
    attempts = f" after {one.attempts} attempts" if one.attempts > 1 else ""
    reason = f": {one.reason}" if one.reason else ""
    return Line(
        at=one.at,
        workflow=workflows.get(run_id, ""),
        what=one.state,
        text=f"the {one.channel} of {step} {_DELIVERED[one.state]}{attempts}{reason}",
        run_id=run_id,
    )


def _underway(run: Run) -> Underway:
    due = run.timers.get("step")
    if run.state == "watching":
        until = run.timers.get("goal")
        when = f" until {until.isoformat()}" if until else ""
        held = "held out" if run.holdout else "its steps are over"
        return Underway(workflow=run.workflow, run_id=run.id, text=f"{held}; its goal is watched{when}")
    when = f", until {due.isoformat()} at the latest" if due else ""
    return Underway(workflow=run.workflow, run_id=run.id, text=f"rests at {run.step}{when}")


def _as_recorded(runs: Iterable[Run]) -> Iterator[Recorded]:
    """The runs in the shape of what started them: they may have been started before the records begin."""
    for run in runs:
        yield Recorded(
            at=run.started_at,
            workflow=run.workflow,
            version=run.version,
            run_id=run.id,
            input=run.trigger_type,
            kind="started",
            reason="",
        )


def _refused(definition: Definition, recorded: Sequence[Recorded]) -> str:
    refusals = [one for one in recorded if one.workflow == definition.name and one.kind == "not_started"]
    if not refusals:
        return ""
    last = max(refusals, key=lambda one: one.at)
    times = "once" if len(refusals) == 1 else f"{len(refusals)} times, the last time"
    return f"it could have started {times} at {last.at.isoformat()} by {last.input}, but {last.reason}"


def _value(value: Any) -> str:
    if value is True or value is False:
        return str(value).lower()
    return "nothing" if value is None else msgspec.json.encode(value).decode()
