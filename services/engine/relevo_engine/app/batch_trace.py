"""What a transaction shows in traces: a span for all of it, and one for each input of a trace.

The span of the whole is linked to all that it took. That of an input goes on with the trace that the input is in, or,
for a wake-up, an answer or an outcome, with the one in which its run was started; what is decided carries its context.
"""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import structs

from relevo_engine.core.batch import Changes
from relevo_engine.core.inputs import IncomingMessage
from relevo_engine.core.merging import SubjectKey
from relevo_runtime.traces import NO_SPAN, Span, Traces
from relevo_workflow import EventInput, OutcomeInput, ResponseInput, Subject, TaskInput, TimerInput


class _Traced(NamedTuple):
    """An input with its span, and as it was before."""

    input: IncomingMessage
    before: IncomingMessage
    span: Span


class BatchTrace:
    """The spans of one transaction, from its making to `end`."""

    def __init__(self, traces: Traces) -> None:
        self._traces = traces
        self._began = time.time_ns() if traces.on else None
        self._batch = NO_SPAN
        self._inputs: list[_Traced] = []

    def take(
        self, fresh: Sequence[IncomingMessage], subjects: Mapping[SubjectKey, Subject]
    ) -> Sequence[IncomingMessage]:
        """The same inputs; those of a trace with the context of their own span."""
        if not self._traces.on:
            return fresh
        parents = [_parent(one, subjects) for one in fresh]
        self._batch = self._traces.batch(
            "engine batch",
            "consumer",
            {"messaging.batch.message_count": len(fresh)},
            links=parents,
            began=self._began,
        )
        if self._batch is NO_SPAN:
            return fresh
        return [self._begin(one, parent) for one, parent in zip(fresh, parents, strict=True)]

    def put_back(self, left: Sequence[IncomingMessage]) -> Sequence[IncomingMessage]:
        """Those that the next transaction takes, as they came: they have no span here."""
        if not left or not self._inputs:
            return left
        untaken = {id(one) for one in left}
        before = {id(one.input): one.before for one in self._inputs}
        self._inputs = [one for one in self._inputs if id(one.input) not in untaken]
        return [before.get(id(one), one) for one in left]

    def end(self, changes: Changes) -> None:
        """All is written and published."""
        decided: dict[str, list[str]] = {}
        if self._inputs:
            for row in changes.decisions:
                said = f"{row.decision.workflow}: {row.decision.kind}"
                decided.setdefault(row.decision.input_id, []).append(said)
        for one in self._inputs:
            one.span.note({"relevo.decisions": decided.get(one.input.input.id, [])})
            one.span.end()
        self._batch.end()

    def fail(self, error: BaseException) -> None:
        """It came to nothing; the batch comes again."""
        for one in self._inputs:
            one.span.end(error)
        self._batch.end(error)

    def _begin(self, one: IncomingMessage, parent: str) -> IncomingMessage:
        given = one.input
        name = given.event.type if isinstance(given, EventInput) else str(given.__struct_config__.tag)
        links = [self._batch.traceparent]
        if isinstance(given, TimerInput):
            links.append(given.wakeup.traceparent)
        span = self._traces.child(
            f"decide {name}", "consumer", {"relevo.shop": one.shop}, parent=parent, links=links, began=self._began
        )
        if span is NO_SPAN:
            return one
        if isinstance(given, EventInput):
            given = EventInput(structs.replace(given.event, traceparent=span.traceparent))
        traced = structs.replace(one, input=given, traceparent=span.traceparent)
        self._inputs.append(_Traced(traced, one, span))
        return traced


def _parent(one: IncomingMessage, subjects: Mapping[SubjectKey, Subject]) -> str:
    """The context that an input goes on with; empty: it is in no trace."""
    run_id = _run_of(one)
    if one.traceparent or not run_id:
        return one.traceparent
    subject = subjects.get((one.shop, one.key))
    runs = () if subject is None else subject.runs
    return next((run.traceparent for run in runs if run.id == run_id), "")


def _run_of(one: IncomingMessage) -> str:
    match one.input:
        case TimerInput(wakeup=wakeup):
            return wakeup.run_id
        case OutcomeInput(outcome=outcome):
            return outcome.run_id
        case ResponseInput(run_id=run_id) | TaskInput(run_id=run_id):
            return run_id
        case _:
            return ""
