"""What happened to a customer and why, in sentences: from recorded decisions, deliveries and calls. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_workflow.definition.workflow import Definition
from relevo_workflow.explain.absence import absence
from relevo_workflow.explain.records import (
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Engagement,
    Feedback,
    RecordedDecision,
    RetiredWorkflow,
)
from relevo_workflow.model.decision import Check
from relevo_workflow.model.state import Facts, Run

_CALLED: dict[CallState, str] = {
    "queued": "is not made yet",
    "calling": "is being made",
    "answered": "was answered",
    "failed": "failed",
    "in_doubt": "may have been made or not",
}
_REPORTED = {
    "delivered": "arrived",
    "bounced": "could not be delivered",
    "complained": "was reported as spam: nothing more is sent there",
    "unsubscribed": "was answered by unsubscribing: no more marketing is sent there",
}
_DELIVERED: dict[DeliveryState, str] = {
    "queued": "is not sent yet",
    "sending": "is being sent",
    "sent": "was sent",
    "failed": "could not be delivered",
    "skipped": "was not sent",
    "in_doubt": "may have arrived or not",
}
_TIMER = "timer"
_LONGEST_KEY = 24
_SHORT_ID = 8


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened (or did not), and the conditions behind it. `run`: see `labels`."""

    at: datetime
    workflow: str
    what: str
    text: str
    run_id: str = ""
    run: str = ""
    conditions: list[str] = []


class Absence(Struct, frozen=True, kw_only=True):
    """A workflow that the customer did not enter, and why."""

    workflow: str
    text: str


class RunInProgress(Struct, frozen=True, kw_only=True):
    """A run that is on its way: where it rests and until when. `run`: see `labels`."""

    workflow: str
    run_id: str
    text: str
    run: str = ""


class Explanation(Struct, frozen=True, kw_only=True):
    """All of it: what happened in order of time, where runs rest now, and which workflows were never entered."""

    lines: list[Line]
    underway: list[RunInProgress]
    absences: list[Absence]


def explain(
    definitions: Sequence[Definition],
    decisions: Iterable[RecordedDecision],
    deliveries: Iterable[Delivery],
    *,
    customer: str,
    facts: Facts,
    runs: Iterable[Run],
    since: datetime,
    calls: Iterable[Call] = (),
    retired: Iterable[RetiredWorkflow] = (),
) -> Explanation:
    """What the records of one customer since `since` say.

    `definitions` are those that start runs for them now, `retired` those that did and were taken out of service.
    """
    recorded, on_their_way = list(decisions), list(runs)
    of_runs = {one.run_id: one for one in (*recorded, *_as_recorded(on_their_way)) if one.run_id}
    named = labels(of_runs.values(), customer)
    lines = [_decided(one, named) for one in recorded]
    lines += [_delivered(one, of_runs, named) for one in deliveries]
    lines += [_reported(one, report, of_runs, named) for one in deliveries for report in one.feedback]
    lines += [_engaged(one, action, of_runs, named) for one in deliveries for action in one.engagement]
    lines += [_called(one, of_runs, named) for one in calls]
    entered = {one.workflow for one in recorded if one.kind == "started"} | {run.workflow for run in on_their_way}
    absences = [
        Absence(workflow=one.name, text=_refused(one, recorded) or absence(one, customer, facts, since))
        for one in definitions
        if one.name not in entered
    ]
    absences += [Absence(workflow=one.workflow, text=_out_of_service(one)) for one in retired]
    return Explanation(
        lines=sorted(lines, key=lambda line: line.at),
        underway=[structs.replace(_underway(run), run=named.get(run.id, "")) for run in on_their_way],
        absences=absences,
    )


def labels(runs: Iterable[RecordedDecision], customer: str) -> dict[str, str]:
    """What to call each run of a workflow that has several among `runs`, by run id.

    Its key, if that is short and no other run has it; otherwise the beginning of its id.
    """
    by_workflow: dict[str, dict[str, str]] = {}
    for one in runs:
        by_workflow.setdefault(one.workflow, {})[one.run_id] = one.run_key
    named: dict[str, str] = {}
    for keys in by_workflow.values():
        if len(keys) > 1:
            times = Counter(keys.values())
            for run_id, key in keys.items():
                tells = 0 < len(key) <= _LONGEST_KEY and times[key] == 1 and key != customer
                named[run_id] = key if tells else run_id[:_SHORT_ID]
    return named


def condition(check: Check) -> str:
    """`branch-1/when-1: customer.orders_count == 0 is true (customer.orders_count = 0)`.

    Of a condition joined by `&&` that is false: which of its operands were not true, and what those read.
    """
    fields = ", ".join(f"{name} = {_value(value)}" for name, value in check.fields.items())
    read = f" ({fields})" if fields else ""
    if check.error and not check.expression:
        return f"{check.at}: {check.error}{read}"
    if check.error:
        return f"{check.at}: {check.expression} can't be answered: {check.error}{read}"
    if check.failed:
        return f"{check.at}: {check.expression} is false, for {_not_true(check)}{_others(check)}"
    return f"{check.at}: {check.expression} is {_value(check.value)}{read}"


def _not_true(check: Check) -> str:
    """The operands that were not true, each with what it read."""
    return ", and ".join(
        f"{one} is not{_fields_read(check, [name for name in check.fields if name in one])}" for one in check.failed
    )


def _others(check: Check) -> str:
    """What the operands that held have read."""
    return _fields_read(check, [name for name in check.fields if not any(name in one for one in check.failed)])


def _fields_read(check: Check, names: Sequence[str]) -> str:
    fields = ", ".join(f"{name} = {_value(check.fields[name])}" for name in names)
    return f" ({fields})" if fields else ""


def _decided(one: RecordedDecision, named: Mapping[str, str]) -> Line:
    return Line(
        at=one.at,
        workflow=one.workflow,
        what=one.kind,
        text=_sentence(one),
        run_id=one.run_id,
        run=named.get(one.run_id, ""),
        conditions=[condition(check) for check in one.trace],
    )


def _sentence(one: RecordedDecision) -> str:
    cause = _cause(one)
    match one.kind:
        case "started":
            # The reason tells what started it; a run that is held out says so instead.
            return one.reason if one.reason.startswith("started") else f"started by {one.input}, but {one.reason}"
        case "not_started":
            return f"not started by {one.input}: {one.reason}"
        case "exited":
            return f"left early because of {cause}: {one.reason}"
        case "ended":
            return f"ended after {_path(one)}: {one.reason}" if one.path else f"ended: {one.reason}"
        case "migrated":
            return one.reason
        case _:
            course = f"went on ({cause}) to {_path(one)}" if one.path else f"stayed where it was ({cause})"
            return f"{course}: {one.reason}" if one.reason else course


def _cause(one: RecordedDecision) -> str:
    if one.said is not None:
        role = f" as {one.said.role}" if one.said.role else ""
        note = f": {one.said.note}" if one.said.note else ""
        return f"{one.said.by} {one.said.done}{role}{note}"
    return "its time had come" if one.input == _TIMER else one.input


def _path(one: RecordedDecision) -> str:
    return ", ".join(one.path)


def _delivered(one: Delivery, runs: Mapping[str, RecordedDecision], named: Mapping[str, str]) -> Line:
    run_id, step, _ = (*one.id.split("/"), "", "")[:3]
    attempts = f" after {one.attempts} attempts" if one.attempts > 1 else ""
    reason = f": {one.reason}" if one.reason else ""
    return Line(
        at=one.at,
        workflow=runs[run_id].workflow if run_id in runs else "",
        what=one.state,
        text=f"the {one.channel} of {step} {_DELIVERED[one.state]}{attempts}{reason}{_waited(one)}",
        run_id=run_id,
        run=named.get(run_id, ""),
    )


def _reported(one: Delivery, report: Feedback, runs: Mapping[str, RecordedDecision], named: Mapping[str, str]) -> Line:
    run_id, step, _ = (*one.id.split("/"), "", "")[:3]
    status = f" ({report.status})" if report.status else ""
    reason = f": {report.reason}" if report.reason and report.kind != "delivered" else ""
    never = ", and never will be" if report.permanent else ""
    return Line(
        at=report.at,
        workflow=runs[run_id].workflow if run_id in runs else "",
        what=report.kind,
        text=f"{report.provider} told that the {one.channel} of {step} {_REPORTED[report.kind]}{never}{status}{reason}",
        run_id=run_id,
        run=named.get(run_id, ""),
    )


def _engaged(one: Delivery, action: Engagement, runs: Mapping[str, RecordedDecision], named: Mapping[str, str]) -> Line:
    run_id, step, _ = (*one.id.split("/"), "", "")[:3]
    message = f"the {one.channel} of {step}"
    done = f"followed a link of {message}: {action.url}" if action.url else f"opened {message}"
    who = f"a machine, not the customer ({action.machine}), " if action.machine else "the customer "
    return Line(
        at=action.at,
        workflow=runs[run_id].workflow if run_id in runs else "",
        what=action.kind,
        text=who + done,
        run_id=run_id,
        run=named.get(run_id, ""),
    )


def _called(one: Call, runs: Mapping[str, RecordedDecision], named: Mapping[str, str]) -> Line:
    run_id, step, _ = (*one.id.split("/"), "", "")[:3]
    status = f" with status {one.status}" if one.status else ""
    times = "1 attempt" if one.attempts == 1 else f"{one.attempts} attempts"
    attempts = f" after {times}" if one.attempts > 1 or (one.attempts and one.state != "answered") else ""
    reason = f": {one.reason}" if one.reason else ""
    return Line(
        at=one.at,
        workflow=runs[run_id].workflow if run_id in runs else "",
        what=f"call_{one.state}",
        text=f"the call of {step} {_CALLED[one.state]}{status}{attempts}{reason}",
        run_id=run_id,
        run=named.get(run_id, ""),
    )


def _out_of_service(one: RetiredWorkflow) -> str:
    events = " or ".join(one.events)
    taken = f": {events} is not taken until it is deployed again" if events else ": it starts nothing until then"
    remark = ": ".join(part for part in (one.by, one.note) if part)
    return f"out of service since {one.at.isoformat()}{taken}" + (f" ({remark})" if remark else "")


def _waited(one: Delivery) -> str:
    """That a message was put off, since when and why; or until when it still is."""
    if one.again_at is not None:
        return f"; it goes on at {one.again_at.isoformat()}"
    if not one.put_off or one.accepted_at is None:
        return ""
    return f"; it waited since {one.accepted_at.isoformat()}: {', then '.join(one.put_off)}"


def _underway(run: Run) -> RunInProgress:
    due = run.timers.get("step")
    if run.state == "watching":
        until = run.timers.get("goal")
        when = f" until {until.isoformat()}" if until else ""
        held = "held out" if run.holdout else "its steps are over"
        return RunInProgress(workflow=run.workflow, run_id=run.id, text=f"{held}; its goal is watched{when}")
    when = f", until {due.isoformat()} at the latest" if due else ""
    return RunInProgress(workflow=run.workflow, run_id=run.id, text=f"rests at {run.step}{when}")


def _as_recorded(runs: Iterable[Run]) -> Iterator[RecordedDecision]:
    """The runs in the shape of what started them: they may have been started before the records begin."""
    for run in runs:
        yield RecordedDecision(
            at=run.started_at,
            workflow=run.workflow,
            version=run.version,
            run_id=run.id,
            input=run.trigger_type,
            kind="started",
            reason="",
            run_key=run.key,
        )


def _refused(definition: Definition, recorded: Sequence[RecordedDecision]) -> str:
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
