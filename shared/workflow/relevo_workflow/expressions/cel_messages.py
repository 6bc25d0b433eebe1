"""CEL's own error texts, said so that someone who writes a workflow knows what to change."""

import re
from collections.abc import Mapping

from msgspec import Struct

from relevo_workflow.expressions.cel_advice import other_name, overload_advice, select_advice, syntax_advice
from relevo_workflow.expressions.shapes import ORDERS, Shape, structs_in
from relevo_workflow.syntax.diagnostics import suggestion

_FIRST = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_FIELD = re.compile(r"undefined field '(\w+)' not found in struct 'relevo\.(\w+)'")
_NAME = re.compile(r"undeclared reference to '([\w.]+)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']+)' applied to '(.*)'")
_OWNER = re.compile(r"[A-Za-z_][\w.]*$")
_SELECT = re.compile(r"expression of type '([^']+)' cannot be the operand of a select")
_IDENTIFIER = re.compile(r"[A-Za-z]\w*")
_COMMA = re.compile(r",(?![^()]*\))")
_FUNCTIONS = (
    "size",
    "has",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "exists",
    "all",
    "filter",
    "map",
    "days",
    "orders",
    "of_product",
    "of_category",
)


class ExpressionProblem(Struct, frozen=True):
    """What is wrong with an expression, what would help, and where: `line` and `column` count from 0 in its text."""

    message: str
    advice: str
    line: int
    column: int


def explain_cel_error(error: str, text: str, roots: Mapping[str, Shape]) -> ExpressionProblem:
    """CEL's error as a complaint about `text`, whose variables are `roots`."""
    first = _FIRST.search(error)
    if first is None:
        return ExpressionProblem(f"this is not a valid expression: {error.strip()}", "", 0, 0)
    line, column, detail = int(first[1]) - 1, int(first[2]) - 1, first[3].replace(" [INVALID_ARGUMENT]", "").strip()
    written = text.split("\n")[line] if line < text.count("\n") + 1 else ""
    message, advice = _explain(detail, roots, written[:column], written[column:])
    if detail.startswith("undefined field"):
        column += 1  # CEL points at the dot; the name that is wrong begins after it
    elif match := _NAME.search(detail):
        column = _begin(text.split("\n")[line], match[1], column)
    return ExpressionProblem(message, advice, line, max(0, column))


def _begin(line: str, name: str, column: int) -> int:
    """Where a name with dots begins: CEL points at its last dot."""
    found = line.rfind(name, 0, column + len(name))
    return found if found >= 0 else column


def _explain(detail: str, roots: Mapping[str, Shape], before: str, after: str) -> tuple[str, str]:
    if match := _FIELD.search(detail):
        shape = structs_in((*roots.values(), ORDERS)).get(match[2])
        named = _OWNER.search(before)
        owner = named[0] if named and named[0] != "has" else match[2].lower()
        return f"{owner} has no field '{match[1]}'", suggestion(match[1], shape.fields if shape else ())
    if match := _NAME.search(detail):
        return f"there is no variable or function '{match[1].split('.')[0]}'", _name_advice(match[1], roots)
    if match := _OVERLOAD.search(detail):
        return _overload(match[1], match[2])
    if match := _SELECT.search(detail):
        return f"{_plain(match[1])} has no fields", select_advice(match[1], after)
    return _unread(detail, before, after)


def _unread(detail: str, before: str, after: str) -> tuple[str, str]:
    """What is not an expression at all."""
    if detail.startswith("reserved identifier: if"):
        return "there is no 'if'", "a choice is written condition ? one : other"
    if not detail.startswith("Syntax error"):
        return f"this is not a valid expression: {detail}", ""
    what = detail.removeprefix("Syntax error: ").split(" expecting")[0].rstrip(",")
    return f"this is not a valid expression: {what}", syntax_advice(before, after)


def _name_advice(name: str, roots: Mapping[str, Shape]) -> str:
    first = name.split(".", maxsplit=1)[0]
    if "event" not in roots and first == "event":
        return "there is no event at hand here; the one that started the run is 'trigger'"
    known = other_name(first) or _field_of(first, roots)
    near = known or suggestion(first, [*roots, *_FUNCTIONS])
    meant = known or (near.startswith("did you mean") and f"'{first}'" not in near)
    return near if meant else _variables(roots)


def _field_of(name: str, roots: Mapping[str, Shape]) -> str:
    """Help for a field that is named without the variable that has it."""
    owners = [f"'{root}.{name}'" for root in ("event", "trigger", "customer", "run") if name in _fields(roots, root)]
    return f"did you mean {' or '.join(owners)}?" if owners else ""


def _fields(roots: Mapping[str, Shape], root: str) -> Mapping[str, Shape]:
    return roots[root].fields if root in roots else {}


def _variables(roots: Mapping[str, Shape]) -> str:
    return f"the variables are {', '.join(sorted(roots))}; text needs quotes"


def _plain(kind: str) -> str:
    """A type of CEL's in words."""
    words = {"google.protobuf.Timestamp": "a time", "google.protobuf.Duration": "a length of time", "null_type": "null"}
    return words.get(kind, kind.replace("relevo.", ""))


def _overload(operator: str, applied: str) -> tuple[str, str]:
    sides = [_plain(side.strip()) for side in _COMMA.split(applied.strip().removesuffix(")").removeprefix("("))]
    named = _IDENTIFIER.fullmatch(operator)
    words = operator if named else operator.strip("_@").replace("_", " ").strip() or operator
    sides = [side.lstrip("(").removesuffix(").") for side in sides] if "." in applied and named else sides
    return f"'{words}' can't be applied to {' and '.join(sides)}", overload_advice(words, sides)
