"""CEL expressions of a workflow: type-checked against the event schemas, evaluated on a few plain values.

The checker sees protobuf messages; the evaluator sees one variable for each field path. Both come from the same
shapes. An evaluation error makes a condition false and stands in the trace with its text.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_strings
from google.protobuf.timestamp_pb2 import Timestamp

from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_workflow.expressions.cel_messages import Complaint, explain_cel_error
from relevo_workflow.expressions.descriptors import PACKAGE, descriptor_pool
from relevo_workflow.expressions.field_paths import FieldPath, Getter, find_paths, getter
from relevo_workflow.expressions.operands import Operands
from relevo_workflow.expressions.order_windows import OrderWindow, complaint, declarations, find_windows
from relevo_workflow.expressions.plain_conditions import Condition, necessary_equalities, plain_condition
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.expressions.shapes import (
    CUSTOMER,
    DYN,
    OCCASION,
    ORDERS,
    SHOP,
    TIMESTAMP,
    UNKNOWN,
    Shape,
    occasion_shape,
)
from relevo_workflow.model.decision import Check
from relevo_workflow.syntax.diagnostics import Position, Problems
from relevo_workflow.syntax.yaml_source import Node

_BRIEF_FIELDS = 3
_LONGEST_ERROR = 300
_LONG = ("list", "map", "struct", "dyn")


@dataclass(frozen=True, slots=True)
class TypeEnvironment:
    """Which variables an expression may name: the types of `event` (none: no event is at hand), `trigger` and `run`."""

    events: tuple[str, ...]
    triggers: tuple[str, ...]
    run: Shape
    types: EventTypes = field(default_factory=lambda: BUILT_IN, compare=False, repr=False)

    def with_events(self, *events: str) -> "TypeEnvironment":
        """The same with other event types at hand."""
        return replace(self, events=events)

    def without_event(self) -> "TypeEnvironment":
        """The same where no event is at hand."""
        return replace(self, events=())

    def variants(self) -> Iterable[tuple[str, str]]:
        """Each pair of event type and trigger type that can meet."""
        return [(event, trigger) for event in self.events or ("",) for trigger in self.triggers or ("",)]


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
        values = [get(scope) for get in compiled.getters]
        if compiled.plain is not None:
            fields = dict(zip(compiled.paths, values))  # noqa: B905 - both come from the same list
            value = compiled.plain(values)
            failed = self._failed(compiled, values) if value is False else ()
            return Check(at=at, expression=self.text, value=value, fields=fields, failed=failed)
        if compiled.field:
            fields = {compiled.paths[0]: _brief(values[0])}
            return Check(at=at, expression=self.text, value=values[0], fields=fields)
        return self._evaluate(compiled, values, at)

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


def _days(count: int) -> timedelta:
    return timedelta(days=count)


@lru_cache(maxsize=1)
def _library() -> dict[str, Any]:
    days = cel.Overload("days_int", cel.Type.DURATION, [cel.Type.INT], False, _days)
    return {
        "extensions": [ext_strings.ExtStrings(), ext_math.ExtMath()],
        "functions": [cel.FunctionDecl("days", [days])],
    }


@lru_cache(maxsize=1)
def _checked_library() -> dict[str, Any]:
    """What the checker knows besides: phrases that are read before CEL evaluates."""
    return {**_library(), "functions": [*_library()["functions"], *declarations()]}


class Compiler:
    """Checks and compiles the expressions of one workflow; notes every problem with its place."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._envs: dict[tuple[str, str], Any] = {}
        self._pools: dict[tuple[str, str], Any] = {}

    def compile(
        self, text: str, node: Node, names: TypeEnvironment, *, want: tuple[str, ...] = ()
    ) -> Expression | None:
        """The expression of `text`, or `None` with the problem noted. `want` are the CEL types that it may have."""
        variants: dict[tuple[str, str], Compiled] = {}
        used = {path.parts[0] for path in find_paths(text, dict.fromkeys(("event", "trigger"), OCCASION))}
        by_event, by_trigger = "event" in used and bool(names.events), "trigger" in used
        for event, trigger in names.variants():
            key = (event if by_event else "", trigger if by_trigger else "")
            if key in variants:
                continue
            complaint = self._check(text, names, event, trigger, want)
            if complaint is not None:
                self._complain(node, complaint, names, event, trigger)
                return None
            if UNKNOWN in key or names.run.kind == "dyn":
                return None  # never evaluated: what it is about was refused already
            variants[key] = _compile(text, self._roots(names, event, trigger))
        return Expression(text, node.position, variants, by_event, by_trigger)

    def type_name(self, text: str, names: TypeEnvironment) -> str:
        """The CEL type of an expression that compiled."""
        event, trigger = next(iter(names.variants()))
        return str(self._env(names, event, trigger).compile(text).return_type().name())

    def _roots(self, names: TypeEnvironment, event: str, trigger: str) -> dict[str, Shape]:
        roots = {"customer": CUSTOMER, "shop": SHOP, "run": names.run, "now": TIMESTAMP}
        roots["trigger"] = occasion_shape(trigger, names.types)
        if names.events:
            roots["event"] = occasion_shape(event, names.types)
        return roots

    def _env(self, names: TypeEnvironment, event: str, trigger: str) -> Any:
        key = (event if names.events else "-", trigger)
        if key not in self._envs:
            roots = self._roots(names, event, trigger)
            pool = descriptor_pool([*roots.values(), ORDERS])
            types = {name: _checked_type(shape) for name, shape in roots.items()}
            # The environment looks messages up in the pool for as long as it lives.
            self._pools[key] = pool
            self._envs[key] = cel.NewEnv(pool, variables=types, **_checked_library())
        return self._envs[key]

    def _check(
        self, text: str, names: TypeEnvironment, event: str, trigger: str, want: tuple[str, ...]
    ) -> Complaint | None:
        roots = self._roots(names, event, trigger)
        try:
            compiled = self._env(names, event, trigger).compile(text)
        except RuntimeError as error:
            return explain_cel_error(str(error), text, roots)
        found = str(compiled.return_type().name()).split("<")[0]
        if want and found not in (*want, "DYN"):
            wanted = " or ".join(_kind_words(kind) for kind in want)
            return Complaint(f"this is {_kind_words(found)}, but {wanted} is needed here", "", 0, 0)
        wrong = complaint(text, roots)
        if wrong is None:
            return None
        message, advice, start = wrong
        line = text.count("\n", 0, start)
        return Complaint(message, advice, line, start - (text.rfind("\n", 0, start) + 1))

    def _complain(self, node: Node, complaint: Complaint, names: TypeEnvironment, event: str, trigger: str) -> None:
        before = node.text.split("\n")[: complaint.line]
        where = node.at(sum(len(line) + 1 for line in before) + complaint.column)
        message = complaint.message
        if len(names.triggers) > 1 and "trigger" in message:
            message = f"{message} (when {trigger} started the run)"
        elif len(names.events) > 1:
            message = f"{message} (for {event})"
        self._problems.error(where, message, complaint.advice)


_KIND_WORDS = {
    "BOOL": "a condition (true or false)",
    "STRING": "text",
    "DOUBLE": "a number with decimals",
    "INT": "a whole number",
    "TIMESTAMP": "a time",
    "LIST": "a list",
    "MAP": "a mapping",
    "NULL": "null",
    "DURATION": "a length of time",
    "relevo.Money": "an amount of money",
}


def _kind_words(kind: str) -> str:
    """A type of CEL's in words."""
    return _KIND_WORDS.get(kind, "a record" if kind.startswith("relevo.") else kind.lower())


def _checked_type(shape: Shape) -> Any:
    if shape.kind == "dyn":
        return cel.Type.DYN
    return cel.Type.TIMESTAMP if shape.kind == "timestamp" else cel.Type(f"{PACKAGE}.{shape.name}")


_EVALUATED_TYPES = {"bool": "BOOL", "int": "INT", "double": "DOUBLE", "string": "STRING", "timestamp": "TIMESTAMP"}


def _evaluated_type(path: FieldPath | OrderWindow) -> Any:
    if isinstance(path, FieldPath) and path.has:
        return cel.Type.BOOL
    if path.shape.nullable:
        return cel.Type.DYN
    return getattr(cel.Type, _EVALUATED_TYPES.get(path.shape.kind, "DYN"))


def _reads(text: str, roots: Mapping[str, Shape]) -> list[FieldPath | OrderWindow]:
    """What an expression reads, in order: windows over orders, and the field paths outside of them."""
    windows = find_windows(text, roots)
    paths = [path for path in find_paths(text, roots) if not any(one.start <= path.start < one.end for one in windows)]
    return sorted([*windows, *paths], key=lambda one: one.start)


def _compile(text: str, roots: Mapping[str, Shape]) -> Compiled:
    """The evaluated form of a checked text: each path is a variable, and so is each window over orders."""
    reads: dict[tuple[str | tuple[str, ...], bool], tuple[str, FieldPath | OrderWindow]] = {}
    pieces: list[str] = []
    last = 0
    for read in _reads(text, roots):
        key = read.parts if isinstance(read, FieldPath) else read.text
        name, _ = reads.setdefault((key, _asks(read)), (f"field_{len(reads)}", read))
        pieces += (text[last : read.start], name)
        last = read.end
    pieces.append(text[last:])
    known = list(reads.values())
    env = cel.NewEnv(variables={name: _evaluated_type(read) for name, read in known}, **_library())
    rewritten = "".join(pieces)
    kinds = {name: str(_evaluated_type(read).name()) for name, read in known}
    is_field = len(known) == 1 and rewritten.strip() == known[0][0]
    alone = known[0][1] if is_field else None
    getters = tuple(getter(read) if isinstance(read, FieldPath) else read.getter() for _, read in known)
    return Compiled(
        program=env.compile(rewritten),
        names=tuple(name for name, _ in known),
        paths=tuple(f"has({read.text})" if _asks(read) else read.text for _, read in known),
        getters=getters,
        stamps=tuple(index for index, (_, read) in enumerate(known) if _is_stamp(read)),
        plain=plain_condition(rewritten, kinds),
        field=is_field,
        operands=Operands(text, rewritten, kinds, env.compile),
        long=tuple(index for index, (_, read) in enumerate(known) if read.shape.kind in _LONG and not _asks(read)),
        raw=getter(replace(alone, shape=DYN)) if isinstance(alone, FieldPath) and not alone.has else None,
        equalities=tuple(_correlations(rewritten, kinds, [read for _, read in known], getters)),
    )


def _correlations(
    text: str, kinds: Mapping[str, str], reads: list[FieldPath | OrderWindow], getters: tuple[Getter, ...]
) -> Iterator[Equality]:
    for pair in necessary_equalities(text, kinds):
        found = {read.parts[0]: index for index in pair if isinstance(read := reads[index], FieldPath)}
        if found.keys() == {"event", "trigger"}:
            one, other = found["event"], found["trigger"]
            yield Equality((reads[one].text, reads[other].text), getters[one], getters[other])


def _asks(read: FieldPath | OrderWindow) -> bool:
    """Whether it is `has(…)`."""
    return isinstance(read, FieldPath) and read.has


def _is_stamp(read: FieldPath | OrderWindow) -> bool:
    return read.shape.kind == "timestamp" and read.shape.nullable and not _asks(read)
