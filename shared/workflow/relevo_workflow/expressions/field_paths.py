"""Which fields an expression reads, found once by lexing its text, and how each is read from a scope.

An expression is checked as it is written; for evaluation each field path becomes one variable, so that CEL gets a
few plain values instead of whole payloads, and the trace knows what was read without asking.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from relevo_workflow.expressions.scope import CUSTOMER_FIELDS, Scope
from relevo_workflow.expressions.shapes import DYN, Shape

EXPRESSION_ROOTS = ("event", "customer", "trigger", "run", "shop", "now")
Getter = Callable[[Scope], Any]

_TOKEN = re.compile(
    r"""(?P<text>[rRbB]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
      | (?P<comment>//[^\n]*)
      | (?P<space>\s+)
      | (?P<number>\d[\w.]*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of CEL text."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next token begins."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field path in the text: `parts[0]` is a root; `has` when it stands in `has(…)`, whose span this is."""

    parts: tuple[str, ...]
    start: int
    end: int
    shape: Shape
    has: bool = False

    @property
    def text(self) -> str:
        """The path as people read it."""
        return ".".join(self.parts)


def tokenize(text: str) -> list[Token]:
    """The tokens of CEL text, without spaces and comments. Never fails: unknown characters are tokens too."""
    found = (Token(match.lastgroup or "", match[0], match.start()) for match in _TOKEN.finditer(text))
    return [token for token in found if token.kind not in ("space", "comment")]


def find_paths(text: str, roots: Mapping[str, Shape]) -> list[FieldPath]:
    """Every field path of `text` that begins with one of `roots`, in order."""
    found: list[FieldPath] = []
    stream = tokenize(text)
    index = 0
    while index < len(stream):
        token = stream[index]
        free = index == 0 or stream[index - 1].text != "."
        if token.kind != "name" or token.text not in roots or not free:
            index += 1
            continue
        path, index = _read_path(stream, index, roots[token.text])
        found.append(_in_has(stream, path, index))
    return found


def _read_path(stream: list[Token], index: int, shape: Shape) -> tuple[FieldPath, int]:
    first = stream[index]
    parts, end = [first.text], first.end
    index += 1
    while True:
        step = _next_part(stream, index)
        inner = _inside(shape, step[0]) if step else None
        if step is None or inner is None:
            return FieldPath(tuple(parts), first.start, end, shape), index
        parts.append(step[0])
        end, index, shape = step[1], step[2], inner


def _next_part(stream: list[Token], index: int) -> tuple[str, int, int] | None:
    """The field after `.name` or `['name']` at `index`: its name, where it ends, the next index."""
    three = stream[index : index + 3]
    if len(three) >= 2 and three[0].text == "." and three[1].kind == "name":
        if len(three) == 3 and three[2].text == "(":
            return None
        return three[1].text, three[1].end, index + 2
    if len(three) == 3 and three[0].text == "[" and three[1].kind == "text" and three[2].text == "]":
        literal = three[1].text
        if literal[0] in "'\"" and "\\" not in literal and not literal.startswith(("'''", '"""')):
            return literal[1:-1], three[2].end, index + 3
    return None


def _inside(shape: Shape, name: str) -> Shape | None:
    if shape.kind == "struct":
        return shape.fields.get(name)
    if shape.kind == "map":
        return shape.item or DYN
    return DYN if shape.kind == "dyn" else None


def _in_has(stream: list[Token], path: FieldPath, index: int) -> FieldPath:
    before = [token for token in stream if token.start < path.start][-2:]
    after = stream[index] if index < len(stream) else None
    if [token.text for token in before] == ["has", "("] and after is not None and after.text == ")":
        return FieldPath(path.parts, before[0].start, after.end, path.shape, has=True)
    return path


def getter(path: FieldPath) -> Getter:
    """A function that reads `path` from a scope; an absent field is the empty value of its kind."""
    root, keys = path.parts[0], path.parts[1:]
    if root == "now":
        return attrgetter("now")
    read = _has if path.has else path.shape.reader()
    fixed = _ENVELOPE.get((root, *keys[:1]))
    if fixed is not None and len(keys) == 1:
        return lambda scope: read(fixed(scope))
    if fixed is not None:
        return lambda scope: read(_value_at(fixed(scope), keys[1:]))
    source = _SOURCES[root]
    if len(keys) == 1:
        return _NEAR[root](read, keys[0]) if root in _NEAR else _of_source(source, read, keys[0])
    if len(keys) == 2:
        outer, inner = keys
        return lambda scope: read(raw.get(inner) if isinstance(raw := source(scope).get(outer), dict) else None)
    return lambda scope: read(_value_at(source(scope), keys))


def _of_source(source: Callable[[Scope], dict[str, Any]], read: Callable[[Any], Any], key: str) -> Getter:
    return lambda scope: read(source(scope).get(key))


def _of_event(read: Callable[[Any], Any], key: str) -> Getter:
    return lambda scope: read(scope.event.data.get(key))  # type: ignore[union-attr]  # as in `_SOURCES`


def _of_trigger(read: Callable[[Any], Any], key: str) -> Getter:
    return lambda scope: read(scope.run_state.trigger.get(key))


_NEAR = {"event": _of_event, "trigger": _of_trigger}
"""Fields of payloads, which most expressions read, with a call less."""


def _value_at(raw: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(raw, dict):
            return None
        raw = raw.get(key)
    return raw


def _has(raw: Any) -> bool:
    return raw is not None and raw not in ("", [], {})


_SOURCES: dict[str, Callable[[Scope], dict[str, Any]]] = {
    "event": attrgetter("event.data"),  # an expression that names `event` has one: it is compiled for its type
    "trigger": attrgetter("run_state.trigger"),
    "customer": attrgetter("customer"),
    "run": attrgetter("run"),
    "shop": attrgetter("shop"),
}
_ENVELOPE: dict[tuple[str, ...], Callable[[Scope], Any]] = {
    ("event", "id"): lambda scope: scope.event.id if scope.event else "",
    ("event", "type"): lambda scope: scope.event.type if scope.event else "",
    ("event", "time"): lambda scope: scope.event.time if scope.event else scope.now,
    ("trigger", "id"): attrgetter("run_state.trigger_id"),
    ("trigger", "type"): attrgetter("run_state.trigger_type"),
    ("trigger", "time"): lambda scope: scope.run_state.trigger_at or scope.run_state.started_at,
    **{("customer", name): read for name, read in CUSTOMER_FIELDS.items()},
}
