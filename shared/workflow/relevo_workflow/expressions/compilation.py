"""Type-checks the CEL expressions of a workflow against the event schemas, and compiles them.

The checker sees protobuf messages; the evaluator sees one variable for each field path. Both come from the same shapes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_strings

from relevo_workflow.expressions.cel_messages import ExpressionProblem, explain_cel_error
from relevo_workflow.expressions.descriptors import PACKAGE, descriptor_pool
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.expression import Compiled, Equality, Expression
from relevo_workflow.expressions.field_paths import FieldPath, Getter, find_paths, getter, tokenize
from relevo_workflow.expressions.known_values import never_equal
from relevo_workflow.expressions.operands import Operands
from relevo_workflow.expressions.order_windows import OrderWindow, declarations, find_windows, window_problem
from relevo_workflow.expressions.plain_conditions import necessary_equalities, plain_condition
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
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.yaml_source import Node

_LONG = ("list", "map", "struct", "dyn")


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


class ExpressionCompiler:
    """Checks and compiles the expressions of one workflow; notes every problem with its place."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._envs: dict[tuple[str, str], Any] = {}
        self._pools: dict[tuple[str, str], Any] = {}

    def compile(
        self, text: str, node: Node, environment: TypeEnvironment, *, want: tuple[str, ...] = ()
    ) -> Expression | None:
        """The expression of `text`, or `None` with the problem noted. `want` are the CEL types that it may have."""
        variants: dict[tuple[str, str], Compiled] = {}
        used = {path.parts[0] for path in find_paths(text, dict.fromkeys(("event", "trigger"), OCCASION))}
        by_event, by_trigger = "event" in used and bool(environment.events), "trigger" in used
        for event, trigger in environment.variants():
            key = (event if by_event else "", trigger if by_trigger else "")
            if key in variants:
                continue
            problem = self._check(text, environment, event, trigger, want)
            if problem is not None:
                self._report(node, problem, environment, event, trigger)
                return None
            if UNKNOWN in key or environment.run.kind == "dyn":
                return None  # never evaluated: what it is about was refused already
            variants[key] = _compile(text, self._roots(environment, event, trigger))
        for never in never_equal(text, environment):
            self._problems.note(never.diagnostic(node.at(never.index)))
        return Expression(text, node.position, variants, by_event, by_trigger)

    def type_name(self, text: str, environment: TypeEnvironment) -> str:
        """The CEL type of an expression that compiled."""
        event, trigger = next(iter(environment.variants()))
        return str(self._env(environment, event, trigger).compile(text).return_type().name())

    def _roots(self, environment: TypeEnvironment, event: str, trigger: str) -> dict[str, Shape]:
        roots = {"customer": CUSTOMER, "shop": SHOP, "run": environment.run, "now": TIMESTAMP}
        roots["trigger"] = occasion_shape(trigger, environment.types)
        if environment.events:
            roots["event"] = occasion_shape(event, environment.types)
        return roots

    def _env(self, environment: TypeEnvironment, event: str, trigger: str) -> Any:
        key = (event if environment.events else "-", trigger)
        if key not in self._envs:
            roots = self._roots(environment, event, trigger)
            pool = descriptor_pool([*roots.values(), ORDERS])
            types = {name: _checked_type(shape) for name, shape in roots.items()}
            # The environment looks messages up in the pool for as long as it lives.
            self._pools[key] = pool
            self._envs[key] = cel.NewEnv(pool, variables=types, **_checked_library())
        return self._envs[key]

    def _check(
        self, text: str, environment: TypeEnvironment, event: str, trigger: str, want: tuple[str, ...]
    ) -> ExpressionProblem | None:
        roots = self._roots(environment, event, trigger)
        try:
            compiled = self._env(environment, event, trigger).compile(text)
        except RuntimeError as error:
            return explain_cel_error(str(error), text, roots)
        found = str(compiled.return_type().name()).split("<")[0]
        if want and found not in (*want, "DYN"):
            wanted = " or ".join(_kind_words(kind) for kind in want)
            return ExpressionProblem(f"this is {_kind_words(found)}, but {wanted} is needed here", "", 0, 0)
        wrong = window_problem(text, roots)
        if wrong is None:
            return None
        message, advice, start = wrong
        line = text.count("\n", 0, start)
        return ExpressionProblem(message, advice, line, start - (text.rfind("\n", 0, start) + 1))

    def _report(
        self, node: Node, problem: ExpressionProblem, environment: TypeEnvironment, event: str, trigger: str
    ) -> None:
        before = node.text.split("\n")[: problem.line]
        where = node.at(sum(len(line) + 1 for line in before) + problem.column)
        message = problem.message
        if len(environment.triggers) > 1 and "trigger" in message:
            message = f"{message} (when {trigger} started the run)"
        elif len(environment.events) > 1:
            message = f"{message} (for {event})"
        self._problems.error(where, message, problem.advice)


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
    kinds = {name: _plain_kind(read) for name, read in known}
    is_field = len(known) == 1 and rewritten.strip() == known[0][0]
    alone = known[0][1] if is_field else None
    plain = plain_condition(rewritten, kinds)
    sized = _only_sized(rewritten, {name for name, kind in kinds.items() if kind == "LIST"})
    getters = tuple(_getter(read, sized=name in sized) for name, read in known)
    return Compiled(
        program=env.compile(rewritten),
        names=tuple(name for name, _ in known),
        paths=tuple(f"has({read.text})" if _asks(read) else read.text for _, read in known),
        getters=getters,
        stamps=tuple(index for index, (_, read) in enumerate(known) if _is_stamp(read)),
        plain=plain,
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


def _getter(read: FieldPath | OrderWindow, *, sized: bool) -> Getter:
    """How a variable is read. A list that is only `sized` is read without its elements, as one of nothing."""
    if isinstance(read, OrderWindow):
        return read.getter()
    if not sized:
        return getter(read)
    raw = getter(replace(read, shape=DYN))
    return lambda scope: [None] * len(raw(scope) or ())


def _only_sized(text: str, lists: set[str]) -> set[str]:
    """Those of the variables of which an expression asks nothing but their size."""
    stream = [token.text for token in tokenize(text)]
    asked_more = {
        name
        for place, name in enumerate(stream)
        if [*stream[max(place - 2, 0) : place], *stream[place + 1 : place + 2]] != ["size", "(", ")"]
        and stream[place + 1 : place + 5] != [".", "size", "(", ")"]
    }
    return lists - asked_more


def _plain_kind(read: FieldPath | OrderWindow) -> str:
    """What `plain_condition` calls the kind of a variable."""
    is_list = isinstance(read, FieldPath) and not read.has and read.shape.kind == "list" and not read.shape.nullable
    return "LIST" if is_list else str(_evaluated_type(read).name())


def _asks(read: FieldPath | OrderWindow) -> bool:
    """Whether it is `has(…)`."""
    return isinstance(read, FieldPath) and read.has


def _is_stamp(read: FieldPath | OrderWindow) -> bool:
    return read.shape.kind == "timestamp" and read.shape.nullable and not _asks(read)
