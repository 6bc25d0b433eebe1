"""CEL's own error texts, said so that someone who writes a workflow knows what to change."""

import re
from collections.abc import Mapping

from msgspec import Struct

from relevo_workflow.diagnostics import suggestion
from relevo_workflow.shapes import Shape, structs_in

_FIRST = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_FIELD = re.compile(r"undefined field '(\w+)' not found in struct 'relevo\.(\w+)'")
_NAME = re.compile(r"undeclared reference to '([\w.]+)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']+)' applied to '(.*)'")
_OWNER = re.compile(r"[A-Za-z_][\w.]*$")
_FUNCTIONS = ("size", "has", "contains", "startsWith", "endsWith", "matches", "exists", "all", "filter", "map", "days")


class Complaint(Struct, frozen=True):
    """What is wrong with an expression, what would help, and where: `line` and `column` count from 0 in its text."""

    message: str
    advice: str
    line: int
    column: int


def explain(error: str, text: str, roots: Mapping[str, Shape]) -> Complaint:
    """CEL's error as a complaint about `text`, whose variables are `roots`."""
    first = _FIRST.search(error)
    if first is None:
        return Complaint(f"this is no valid expression: {error.strip()}", "", 0, 0)
    line, column, said = int(first[1]) - 1, int(first[2]) - 1, first[3].replace(" [INVALID_ARGUMENT]", "").strip()
    message, advice = _say(said, roots, text.split("\n")[line][:column] if line < text.count("\n") + 1 else "")
    if said.startswith("undefined field"):
        column += 1  # CEL points at the dot; the name that is wrong begins after it
    elif match := _NAME.search(said):
        column = _begin(text.split("\n")[line], match[1], column)
    return Complaint(message, advice, line, max(0, column))


def _begin(line: str, name: str, column: int) -> int:
    """Where a name with dots begins: CEL points at its last dot."""
    found = line.rfind(name, 0, column + len(name))
    return found if found >= 0 else column


def _say(said: str, roots: Mapping[str, Shape], before: str) -> tuple[str, str]:
    if match := _FIELD.search(said):
        shape = structs_in(roots.values()).get(match[2])
        named = _OWNER.search(before)
        owner = named[0] if named and named[0] != "has" else match[2].lower()
        return f"{owner} has no field '{match[1]}'", suggestion(match[1], shape.fields if shape else ())
    if match := _NAME.search(said):
        return f"there is no variable or function '{match[1].split('.')[0]}'", _name_advice(match[1], roots)
    if match := _OVERLOAD.search(said):
        return _overload(match[1], match[2])
    if said.startswith("Syntax error"):
        what = said.removeprefix("Syntax error: ").split(" expecting")[0].rstrip(",")
        return f"this is no valid expression: {what}", _syntax_advice(what, before)
    return f"this is no valid expression: {said}", ""


def _name_advice(name: str, roots: Mapping[str, Shape]) -> str:
    if "event" not in roots and name.split(".", maxsplit=1)[0] == "event":
        return "there is no event at hand here; the one that started the run is 'trigger'"
    near = suggestion(name.split(".", maxsplit=1)[0], [*roots, *_FUNCTIONS])
    return (
        near if near.startswith("did you mean") else f"the variables are {', '.join(sorted(roots))}; text needs quotes"
    )


def _syntax_advice(what: str, before: str) -> str:
    """What would help someone who writes in another language."""
    word = re.search(r"'(\w+|=)\s?'?", what)
    if before.rstrip().endswith("not") or (word and word[1] == "not"):
        return "'not' is written '!'"
    known = {"and": "'and' is written '&&'", "or": "'or' is written '||'", "=": "equality is written '=='"}
    return known.get(word[1] if word else "", "")


def _plain(kind: str) -> str:
    """A type of CEL's in words."""
    words = {"google.protobuf.Timestamp": "a time", "google.protobuf.Duration": "a length of time", "null_type": "null"}
    return words.get(kind, kind.replace("relevo.", ""))


def _overload(operator: str, applied: str) -> tuple[str, str]:
    sides = [_plain(side.strip()) for side in applied.strip("()").split(",")]
    words = operator.strip("_").replace("_", " ").strip() or operator
    message = f"'{words}' can't be applied to {' and '.join(sides)}"
    if {"int", "double"} <= set(sides):
        return message, "write the whole number with a decimal point: 100.0"
    if "Money" in sides:
        return message, "compare the amount: '.amount'"
    if "a time" in sides and set(sides) & {"int", "double"}:
        return message, "a length of time is days(30) or duration('36h')"
    if "null" in sides:
        return message, 'an absent text is "", an absent number 0: ask has(…)'
    if "string" in sides and set(sides) & {"int", "double"}:
        return message, "one side is text: convert it with double(…) or int(…)"
    return message, ""
