"""Comparisons of a field whose values are known with a text that it can never have.

They are well typed and mean nothing: what hangs on them never happens, or always. The values are those of the shapes
(what a contract or a declaration lists, the states of consent, the outcomes of the staff, the words of a table).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from msgspec import Struct

from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.field_paths import FieldPath, Token, find_paths, tokenize
from relevo_workflow.expressions.shapes import CUSTOMER, SHOP, UNKNOWN, Shape, occasion_shape
from relevo_workflow.syntax.diagnostics import Diagnostic, Position, nearest

_OUTCOMES = {"==": "false", "!=": "true", "=!": "true"}
"""What a comparison with another text always is; also by its signs from the right."""
_BOUNDS = frozenset("()[]&|?:,")


class ImpossibleComparison(Struct, frozen=True):
    """A text at `index` that a field can never be; `outcome` is what the comparison then always is, if it is one."""

    index: int
    field: str
    text: str
    known: tuple[str, ...]
    outcome: str = ""

    def diagnostic(self, position: Position) -> Diagnostic:
        """The warning of it."""
        tail = f": this is always {self.outcome}" if self.outcome else ""
        near = nearest(self.text, self.known) or nearest(self.text.lower(), self.known)
        listed = f"it can be {', '.join(self.known)}"
        advice = f"did you mean '{near}'? {listed}" if near else listed
        return Diagnostic(position, f"{self.field} is never '{self.text}'{tail}", advice, "warning")


def never_equal(text: str, environment: TypeEnvironment) -> Iterator[ImpossibleComparison]:
    """Each text that an expression compares a field with and that the field can't be, whatever the event."""
    if "'" not in text and '"' not in text:
        return
    roots = [_typed_roots(environment, event, trigger) for event, trigger in environment.variants()]
    stream = tokenize(text)
    for path in find_paths(text, roots[0]):
        known = known_values(shape_at(one, path.parts) for one in roots)
        for literal, outcome in _compared(stream, path) if known else ():
            value = _plain(literal)
            if value is not None and value not in known:
                shown = tuple(sorted(one for one in known if one))
                yield ImpossibleComparison(literal.start + 1, path.text, value, shown, outcome)


def known_values(shapes: Iterable[Shape | None]) -> frozenset[str]:
    """Every text that a value of one of these shapes can be; nothing where any may come."""
    found: set[str] = set()
    for shape in shapes:
        element = shape.item if shape is not None and shape.kind == "list" else shape
        if element is None or not element.values:
            return frozenset()
        found.update(element.values)
        if element.default is None:
            found.add("")
    return frozenset(found)


def shape_at(roots: Mapping[str, Shape], parts: Sequence[str]) -> Shape | None:
    """The shape of what a path names; `None` if that is not known."""
    shape = roots.get(parts[0])
    for part in parts[1:]:
        shape = shape.fields.get(part) if shape is not None and shape.kind == "struct" else None
    return shape


def _typed_roots(environment: TypeEnvironment, event: str, trigger: str) -> dict[str, Shape]:
    roots = {"customer": CUSTOMER, "shop": SHOP, "run": environment.run, "trigger": _typed(environment, trigger)}
    return {**roots, "event": _typed(environment, event)} if environment.events else roots


def _typed(environment: TypeEnvironment, name: str) -> Shape:
    """What an event of this type is, `type` included."""
    shape = occasion_shape(name, environment.types)
    if name in ("", UNKNOWN):
        return shape
    return replace(shape, fields={**shape.fields, "type": replace(shape.fields["type"], values=(name,), default=name)})


def _compared(stream: Sequence[Token], path: FieldPath) -> Iterator[tuple[Token, str]]:
    """The texts that a path is compared with, each with what an unequal one makes of the comparison."""
    first = next(place for place, token in enumerate(stream) if token.start == path.start)
    last = next(place for place, token in enumerate(stream) if token.end == path.end)
    before, after = stream[:first][::-1], stream[last + 1 :]
    if path.shape.kind == "list":
        if _text_of(before[:1]) == "in" and _is_text(before[1:2]) and _ends(before[2:3]) and _ends(after[:1]):
            yield before[1], "false"
        return
    if _text_of(after[:2]) == "in[" and _ends(before[:1]):
        yield from ((token, "") for token in _elements(after[2:]))
    for near, far in ((after, before), (before, after)):
        outcome = _OUTCOMES.get(_text_of(near[:2]))
        if outcome and _is_text(near[2:3]) and _ends(near[3:4]) and _ends(far[:1]):
            yield near[2], outcome


def _elements(rest: Sequence[Token]) -> Iterator[Token]:
    """The texts of a list up to its end."""
    for place, token in enumerate(rest):
        if token.text == "]":
            return
        if token.kind == "text" and _ends(rest[place + 1 : place + 2]) and (not place or rest[place - 1].text == ","):
            yield token


def _text_of(tokens: Sequence[Token]) -> str:
    return "".join(token.text for token in tokens)


def _is_text(tokens: Sequence[Token]) -> bool:
    return bool(tokens) and tokens[0].kind == "text"


def _ends(tokens: Sequence[Token]) -> bool:
    """Whether an operand ends there: what stands next binds less than a comparison."""
    return not tokens or tokens[0].text in _BOUNDS


def _plain(literal: Token) -> str | None:
    """The text that a literal means; `None` where that takes more than taking off its quotes."""
    text = literal.text
    plain = text[0] in "'\"" and "\\" not in text and not text.startswith(('"""', "'''"))
    return text[1:-1] if plain and len(text) > 1 else None
