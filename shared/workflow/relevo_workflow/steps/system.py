"""`system`: has another system of the shop do something (its helpdesk, its ERP …), and waits for the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec

from relevo_contracts.systems import OPERATIONS
from relevo_workflow.expressions.shapes import BOOL, DYN, STRING, Shape, one_of, shape_of, struct
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import CallSystem
from relevo_workflow.model.inputs import ResponseInput
from relevo_workflow.steps.calling import LONGEST_TIMEOUT, ON_ERROR, CallStep
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.step import Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType
from relevo_workflow.steps.typed_values import check_values
from relevo_workflow.syntax.declared_fields import StepField, duration_or, node_field, save_field
from relevo_workflow.syntax.diagnostics import suggestion
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import VALUES
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.money import with_amounts
from relevo_workflow.values.reader import read_fields
from relevo_workflow.values.value import Value

REFUSED, NOT_FOUND, UNAVAILABLE = "refused", "not_found", "unavailable"
_FAILURES = (REFUSED, NOT_FOUND, UNAVAILABLE)
_BUSY = 429
"""What a system still answered when it was given up: it did not refuse, another time it may do it."""


@dataclass(frozen=True, slots=True)
class SystemStep(CallStep):
    """Asks the system that serves a port of the shop, and waits for its answer.

    What it is given is checked before anything leaves: what does not fit is as if the system had refused it.
    """

    operation: str
    given: tuple[tuple[str, Value], ...]

    def enter(self, moment: Moment) -> Transition:
        """Asks the system, if what it is given fits."""
        scope, trace = moment.scope(), list[Check]()
        operation = OPERATIONS[self.operation]
        fields = shape_of(operation.given).fields
        computed = [(name, value, value.compute(scope, self.id, trace)) for name, value in self.given]
        given = {
            name: with_amounts(one, fields.get(name, DYN), value, scope)
            for name, value, one in computed
            if one is not None
        }
        try:
            msgspec.convert(given, operation.given)
        except msgspec.ValidationError as error:
            return self._failed(REFUSED, f"what {self.operation} is given does not fit: {error}", trace)
        call = CallSystem(
            id=moment.run.effect_key,
            step=self.id,
            operation=self.operation,
            given=given,
            timeout_seconds=self.timeout.total_seconds(),
        )
        return self.asked(call, moment, trace)

    def on_response(self, moment: Moment, answer: ResponseInput) -> Transition:
        """Keeps what was answered, and goes on, or ends where the author wants that of a failure."""
        del moment
        if not answer.error and answer.status == 200:
            given = answer.body if isinstance(answer.body, Mapping) else {}
            return self.succeeded({**given, "ok": True, "failure": "", "error": ""})
        why = answer.error or f"it was answered with status {answer.status}"
        return self._failed(_failure(answer.status), why)

    def on_timer(self, moment: Moment, name: str) -> Transition:
        """Nobody has answered."""
        del moment, name
        return self._failed(UNAVAILABLE, "no answer in a day")

    def _failed(self, failure: str, error: str, trace: Sequence[Check] = ()) -> Transition:
        kept = {"ok": False, "failure": failure, "error": error}
        return self.failed(kept, f"{self.operation} failed: {error}", error, trace)

    def about(self) -> tuple[str, ...]:
        """What it has done."""
        return (self.operation,)

    def in_words(self) -> str:
        """`helpdesk: opens a ticket for a customer`."""
        operation = OPERATIONS[self.operation]
        return f"{operation.port}: {operation.summary}"


def _failure(status: int) -> str:
    """What kind of failure a status is, as `SystemWanted` has them."""
    if status == 404:
        return NOT_FOUND
    return REFUSED if 400 <= status < 500 and status != _BUSY else UNAVAILABLE


def _read_call(fields: Fields) -> str:
    """The name of an operation; empty if there is none of this name."""
    name = fields.text("call", required=True)
    if name and name not in OPERATIONS:
        fields.wrong("call", f"there is no '{name}'", suggestion(name, OPERATIONS))
        return ""
    return name


CALL = StepField(
    "call",
    _read_call,
    {"enum": list(OPERATIONS)},
    "what is to be done: the kind of system, and what it is to do there ([adapters](adapters.md))",
    required=True,
)
WITH = node_field("with", VALUES, "what it is given: values by name, which must fit", holds="values")
TIMEOUT = duration_or("timeout", timedelta(seconds=30), "how long one try may take, 60 seconds at most")
SAVE = save_field("keeps the answer as `run.<name>`: its fields, and `ok`, `failure`, `error`")
_FIELDS = (CALL, WITH, TIMEOUT, SAVE, ON_ERROR)


def _read(reading: StepReading) -> Step | None:
    fields = reading.fields("system")
    name = CALL.read(fields)
    given = read_fields(WITH.read(fields), reading.workflow, reading.environment)
    timeout, save, on_error = TIMEOUT.read(fields), SAVE.read(fields), ON_ERROR.read(fields)
    if timeout > LONGEST_TIMEOUT:
        fields.wrong("timeout", "a call may take 60 seconds at most")
    fields.done()
    if not name:
        return None
    check_values(name, "with", given, OPERATIONS[name].given, reading)
    return SystemStep(
        id=reading.node.id,
        next=reading.after,
        operation=name,
        given=given,
        timeout=timeout,
        save=save,
        stop_on_error=on_error == "stop",
    )


@lru_cache(maxsize=128)
def answer_shape(operation: str) -> Shape:
    """What `run.<as>` is after an operation: the fields of its answer, empty if it failed, and what became of it."""
    answered = shape_of(OPERATIONS[operation].answer)
    outcome: dict[str, Any] = {"ok": BOOL, "failure": one_of(*_FAILURES), "error": STRING}
    return struct(f"{answered.name}Answer", {**answered.fields, **outcome})


def _shape(body: Node, name: str) -> Shape:
    del name
    call = (body.entries or {}).get("call")
    return answer_shape(call.text) if call is not None and call.text in OPERATIONS else DYN


SYSTEM = StepType(
    keyword="system",
    summary="has another system of the shop do something (helpdesk, ERP …) and waits for the answer",
    read=_read,
    fields=_FIELDS,
    shape=_shape,
    numbered=True,
)
