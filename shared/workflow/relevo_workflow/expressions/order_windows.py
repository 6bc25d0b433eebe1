"""What conditions ask of a customer's orders over a window of time: `orders(days(60)).of_product("p-1").count >= 3`.

CEL checks the types; for evaluation a whole such phrase is one variable, like a field path. Its length must be written
out, so that a segment knows when an order leaves the window.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from cel_expr_python import cel

from relevo_workflow.expressions.field_paths import FieldPath, Token, find_paths, getter, tokenize
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.expressions.shapes import DOUBLE, INT, Shape
from relevo_workflow.model.order_history import LONGEST_WINDOW, Measure, measure_orders
from relevo_workflow.syntax.durations import cel_length, format_duration

_DURATION = re.compile(r"""^[rRbB]?['"]+-?(?:\d+(?:\.\d+)?(?:h|ms|us|ns|m|s))+['"]+$|^[rRbB]?['"]+-?0['"]+$""")
Kind = Literal["product", "category"]
_FILTERS: dict[str, Kind] = {"of_product": "product", "of_category": "category"}
_MEASURES: tuple[Measure, ...] = ("count", "total")


@dataclass(frozen=True, slots=True)
class OrderWindow:
    """One phrase over orders. A filter is the text of a literal, or a path that is read."""

    start: int
    end: int
    text: str
    length: timedelta
    measure: Measure
    filters: tuple[tuple[Kind, str | FieldPath], ...]

    @property
    def shape(self) -> Shape:
        """The shape of its value."""
        return INT if self.measure == "count" else DOUBLE

    def getter(self) -> Callable[[Scope], Any]:
        """A function that reads it from a scope."""
        length, measure = self.length, self.measure
        reads = {kind: _reader(one) for kind, one in self.filters}
        product, category = reads.get("product"), reads.get("category")
        return lambda scope: measure_orders(
            scope.facts,
            scope.now - length,
            measure,
            product(scope) if product else None,
            category(scope) if category else None,
        )


def _reader(given: str | FieldPath) -> Callable[[Scope], Any]:
    return (lambda _: given) if isinstance(given, str) else getter(given)


def declarations() -> list[Any]:
    """The functions for CEL's type checker; none of them is ever called."""
    orders = cel.Type("relevo.Orders")
    lasting = cel.Overload("orders_duration", orders, [cel.Type.DURATION], False, _never)
    filters = [
        cel.FunctionDecl(name, [cel.Overload(f"orders_{name}", orders, [orders, cel.Type.STRING], True, _never)])
        for name in _FILTERS
    ]
    return [cel.FunctionDecl("orders", [lasting]), *filters]


def _never(*_: Any) -> Any:
    raise TypeError("windows over orders are read before CEL evaluates")


def find_windows(text: str, roots: Mapping[str, Shape]) -> list[OrderWindow]:
    """The phrases of `text` that are complete; paths in their filters begin with one of `roots`."""
    stream = tokenize(text)
    paths = {path.start: path for path in find_paths(text, roots) if not path.has}
    found = (_Phrase(text, stream, index, paths).read() for index in _begins(stream))
    return [window for window in found if window is not None]


def windows_in(text: str) -> list[OrderWindow]:
    """The phrases of a rule that was checked, whose filters are literals."""
    return find_windows(text, {})


def without_windows(text: str) -> str:
    """The text with spaces in the place of its phrases."""
    for window in windows_in(text):
        text = text[: window.start] + " " * (window.end - window.start) + text[window.end :]
    return text


def window_problem(text: str, roots: Mapping[str, Shape]) -> tuple[str, str, int] | None:
    """What is wrong with lengths of time and windows that CEL finds right; `None` if nothing is.

    The message, the advice, and where in the text.
    """
    stream = tokenize(text)
    known = {window.start: window for window in find_windows(text, roots)}
    for index in _begins(stream):
        window = known.get(stream[index].start)
        if window is None and _wrong_length(stream) is None:
            message = (
                "orders(…) takes a length that is written out, texts or fields in its filters, and ends in a number"
            )
            return message, 'orders(days(60)).of_product("p-1").count, or .total', stream[index].start
        if window is not None and not timedelta() < window.length <= LONGEST_WINDOW:
            message = f"a window of orders can't be {format_duration(window.length)} long"
            return _wrong_length(stream) or (message, f"from a second to {LONGEST_WINDOW.days} days", window.start)
    return _wrong_length(stream)


def _wrong_length(stream: list[Token]) -> tuple[str, str, int] | None:
    """A text in `duration(…)` that CEL takes and then fails of whenever it is evaluated."""
    for call, bracket, given in zip(stream, stream[1:], stream[2:], strict=False):
        if (call.text, bracket.text, given.kind) == ("duration", "(", "text") and not _DURATION.match(given.text):
            message = f"duration({given.text}) is not a length of time"
            return message, "it knows h, m and s: duration('36h'); of days it is days(30)", given.start
    return None


def _begins(stream: list[Token]) -> Iterator[int]:
    """Where `orders(` stands, which is not a method of anything."""
    for index, token in enumerate(stream[:-1]):
        free = index == 0 or stream[index - 1].text != "."
        if free and token.kind == "name" and token.text == "orders" and stream[index + 1].text == "(":
            yield index


class _Phrase:
    """Reads one phrase from its tokens."""

    def __init__(self, text: str, stream: list[Token], index: int, paths: Mapping[int, FieldPath]) -> None:
        self.text, self.stream, self.index, self.paths = text, stream, index, paths

    def read(self) -> OrderWindow | None:
        """The phrase, or `None` if it is another."""
        start = self.stream[self.index].start
        self.index += 1
        length = self._length() if self._take("(") else None
        if length is None or not self._take(")"):
            return None
        filters: list[tuple[Kind, str | FieldPath]] = []
        while self._take("."):
            name = self._next()
            if name in _MEASURES:
                end = self.stream[self.index - 1].end
                measure: Measure = "count" if name == "count" else "total"
                return OrderWindow(start, end, self.text[start:end], length, measure, tuple(filters))
            kind, given = _FILTERS.get(name), self._argument()
            if kind is None or given is None or kind in [one for one, _ in filters]:
                return None
            filters.append((kind, given))
        return None

    def _next(self) -> str:
        self.index += 1
        return self.stream[self.index - 1].text if self.index <= len(self.stream) else ""

    def _take(self, text: str) -> bool:
        found = self.index < len(self.stream) and self.stream[self.index].text == text
        self.index += found
        return found

    def _length(self) -> timedelta | None:
        name = self._next()
        if name not in ("days", "duration") or not self._take("("):
            return None
        given = self._next()
        if not self._take(")"):
            return None
        if name == "days":
            return cel_length(given, "") if given.isdigit() else None
        return cel_length("", given.strip("'\""))

    def _argument(self) -> str | FieldPath | None:
        if not self._take("(") or self.index >= len(self.stream):
            return None
        token = self.stream[self.index]
        path = self.paths.get(token.start)
        if path is not None:
            while self.index < len(self.stream) and self.stream[self.index].start < path.end:
                self.index += 1
            given: str | FieldPath | None = path
        else:
            self.index += 1
            given = _literal(token)
        return given if self._take(")") else None


def _literal(token: Token) -> str | None:
    """The text of a plain literal."""
    plain = token.kind == "text" and token.text[0] in "'\"" and "\\" not in token.text
    return token.text[1:-1] if plain and not token.text.startswith(("'''", '"""')) else None
