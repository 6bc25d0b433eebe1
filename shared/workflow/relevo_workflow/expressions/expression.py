"""CEL expressions, checked already: evaluated on a few plain values, one variable for each field path.

An evaluation error makes a condition false and stands in the trace with its text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cel_expr_python import cel
from google.protobuf.timestamp_pb2 import Timestamp

from relevo_workflow.expressions.field_paths import Getter
from relevo_workflow.expressions.operands import Operands
from relevo_workflow.expressions.plain_conditions import Condition
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.decision import Check
from relevo_workflow.syntax.diagnostics import Position

_BRIEF_FIELDS = 3
_LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression for one pair of event and trigger type: its variables, their paths and how each is read.

    `stamps` are the variables that may be an absent time, `long` those that the trace tells by their size. `plain`
    answers a plain condition without CEL; `operands` tell which part of it was not true. `field` says that the
    expression is a field alone, which `raw` reads as it travels. `equalities` hold wherever the condition does.
    """

    program: Any
    names: tuple[str, ...]
    paths: tuple[str, ...]
    getters: tuple[Getter, ...]
    stamps: tuple[int, ...]
    long: tuple[int, ...]
    plain: Condition | None
    field: bool
    operands: Operands
    raw: Getter | None = None
    equalities: "tuple[Equality, ...]" = ()


@dataclass(frozen=True, slots=True)
class Equality:
    """A field of the event and one of what started the run (their `paths`), and how each is read."""

    paths: tuple[str, str]
    of_event: Getter = field(compare=False)
    of_trigger: Getter = field(compare=False)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression. `evaluate` gives a value with its trace; `holds` is a condition's answer."""

    text: str
    position: Position
    variants: Mapping[tuple[str, str], Compiled] = field(repr=False)
    by_event: bool
    by_trigger: bool

    def evaluate(self, scope: Scope, at: str = "") -> Check:
        """The value in `scope`, with the fields that were read. Never raises: a failure is in `Check.error`."""
        compiled = self._variant(scope)
        if compiled is None:
            kind = scope.event.type if scope.event else scope.run_state.trigger_type
            return Check(at=at, expression=self.text, error=f"not made for {kind}")
        try:
            return self._value(compiled, scope, at)
        except Exception as error:  # noqa: BLE001 - such as CEL's limit on what one expression may cost
            return Check(at=at, expression=self.text, error=f"it could not be evaluated: {error}"[:_LONGEST_ERROR])

    def _value(self, compiled: Compiled, scope: Scope, at: str) -> Check:
        if compiled.field and compiled.plain is None:
            only = compiled.getters[0](scope)
            return Check(at=at, expression=self.text, value=only, fields={compiled.paths[0]: _brief(only)})
        values = [get(scope) for get in compiled.getters]
        if compiled.plain is None:
            return self._evaluate(compiled, values, at)
        fields = dict(zip(compiled.paths, values))  # noqa: B905 - both come from the same list
        for index in compiled.long:
            fields[compiled.paths[index]] = _brief(values[index])
        value = compiled.plain(values)
        failed = self._failed(compiled, values) if value is False else ()
        return Check(at=at, expression=self.text, value=value, fields=fields, failed=failed)

    @property
    def is_field(self) -> bool:
        """Whether it is a field alone, for every kind of event and trigger."""
        return all(one.raw is not None for one in self.variants.values())

    def raw(self, scope: Scope) -> Any:
        """The field that it is as it travels: an amount is decimal text. `None` if it is absent or no field."""
        compiled = self._variant(scope)
        return compiled.raw(scope) if compiled is not None and compiled.raw is not None else None

    def _failed(self, compiled: Compiled, values: list[Any]) -> tuple[str, ...]:
        """The operands that were not true, where there are several."""
        return compiled.operands.not_true(values, lambda: _given(compiled, values)) if compiled.operands else ()

    def _evaluate(self, compiled: Compiled, values: list[Any], at: str) -> Check:
        """The value that CEL gives."""
        result = compiled.program.eval(data=_given(compiled, values))
        fields = dict(zip(compiled.paths, values, strict=True))
        for index in compiled.long:
            fields[compiled.paths[index]] = _brief(values[index])
        value = result.value()
        if value is True or value is False:
            failed = () if value else self._failed(compiled, values)
            return Check(at=at, expression=self.text, value=value, fields=fields, failed=failed)
        if result.type() == cel.Type.ERROR:
            return Check(at=at, expression=self.text, fields=fields, error=str(value))
        return Check(at=at, expression=self.text, value=result.plain_value(), fields=fields)

    def holds(self, scope: Scope, at: str, trace: list[Check]) -> bool:
        """Whether the condition is true; notes the check in `trace`."""
        check = self.evaluate(scope, at)
        trace.append(check)
        return check.value is True

    def equalities(self, event_type: str, trigger_type: str) -> tuple[Equality, ...]:
        """Which fields of an event and of what started the run are equal wherever the condition holds."""
        key = (event_type if self.by_event else "", trigger_type if self.by_trigger else "")
        compiled = self.variants.get(key)
        return compiled.equalities if compiled is not None else ()

    def _variant(self, scope: Scope) -> Compiled | None:
        event = scope.event.type if self.by_event and scope.event is not None else ""
        trigger = scope.run_state.trigger_type if self.by_trigger else ""
        return self.variants.get((event, trigger))


def _given(compiled: Compiled, values: list[Any]) -> dict[str, Any]:
    """The variables of CEL."""
    given = dict(zip(compiled.names, values, strict=True))
    for index in compiled.stamps:
        given[compiled.names[index]] = _stamp(values[index])
    return given


def _brief(value: Any) -> Any:
    """A value as the trace keeps it: what is long is told by its size."""
    if type(value) is list:
        return f"{len(value)} items"
    if type(value) is dict and len(value) > _BRIEF_FIELDS:
        return f"{len(value)} fields"
    return value


def _stamp(value: datetime | None) -> Timestamp | None:
    if value is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(value)
    return stamp
