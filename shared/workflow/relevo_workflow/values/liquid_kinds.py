"""Whether what a text prints can be printed, and whether its formats get what they can format."""

from collections.abc import Iterator, Mapping
from typing import Any

from liquid import BoundTemplate
from liquid.builtin.expressions import FilteredExpression, Path

from relevo_templates.checks import outputs, refusal
from relevo_templates.texts import Text
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.shapes import Shape
from relevo_workflow.values.text_shapes import TextProblem, known_shapes

_TAKES = {
    "money": ("an amount of money", ("money",)),
    "number": ("a number", ("int", "double", "string")),
    "date": ("a time", ("timestamp", "string")),
    "time": ("a time", ("timestamp", "string")),
}
"""What each format needs, and the kinds that it takes; the money of a number needs its currency."""
_SAMPLES: dict[str, tuple[Any, ...]] = {
    "money": ({"amount": "12.50", "currency": "EUR"},),
    "struct": ({"name": "a"},),
    "map": ({"name": "a"},),
    "list": (["a", "b"], [1, 2]),
    "list of records": ([{"title": "a"}],),
    "string": ("text", "2026-03-05T12:30:00Z", "12.50"),
    "int": (7,),
    "double": (12.5, "12.50"),  # decimals travel as text
    "bool": (True,),
    "timestamp": ("2026-03-05T12:30:00Z",),
}
"""A value or two of each kind, for the filters that have no kinds of their own."""
_KIND_NAMES = {
    "money": "an amount of money",
    "struct": "a record",
    "list": "a list",
    "map": "a record",
    "string": "text",
    "int": "a number",
    "double": "a number",
    "bool": "true or false",
    "timestamp": "a time",
}


def wrong_kinds(text: Text, environment: TypeEnvironment) -> Iterator[TextProblem]:
    """Records that a text prints as a whole, and formats of what they can't format."""
    if text.liquid is None:
        return
    known = known_shapes(text, environment)
    for output in outputs(text.liquid):
        if isinstance(output.left, Path):
            path = [str(one) for one in output.left.path]
            kinds = {_kind(shape) for shape in _at(known, path)} - {"dyn"}
            for kind in sorted(kinds):
                yield from _wrong(text.liquid, output, ".".join(path), kind)


def _wrong(liquid: BoundTemplate, output: FilteredExpression, path: str, kind: str) -> Iterator[TextProblem]:
    index = output.left.token.start_index
    if not output.filters:
        if kind in ("struct", "map"):
            yield TextProblem(index, f"{path} is {_KIND_NAMES[kind]} and can't be printed", "name one of its fields")
        elif kind == "list of records":
            yield TextProblem(index, f"{path} is a list and can't be printed", "loop over it with {% for %}")
        return
    first = output.filters[0]
    what, kinds = _TAKES.get(first.name, ("", ()))
    if first.name == "money" and first.args:
        kinds = (*kinds, "int", "double", "string")
    if kinds and kind not in kinds:
        name = _KIND_NAMES.get(kind, "a list")
        advice = "money: customer.currency" if first.name == "money" and kind in ("int", "double") else ""
        yield TextProblem(first.token.start_index, f"'{first.name}' needs {what}, and {path} is {name}", advice)
    elif not kinds and (why := refusal(liquid, first, _SAMPLES.get(kind, ()))):
        yield TextProblem(first.token.start_index, f"{path} is {_KIND_NAMES.get(kind, 'a list')}: {why}", "")


def _kind(shape: Shape) -> str:
    if shape.kind == "struct" and shape.name == "Money":
        return "money"
    if shape.kind == "list":
        return "list of records" if shape.item is not None and shape.item.kind in ("struct", "map", "list") else "list"
    return shape.kind


def _at(known: Mapping[str, list[Shape]], path: list[str]) -> Iterator[Shape]:
    """The shapes of what a path names; nothing for what is not known, which others report."""
    for root in known.get(path[0], []):
        shape: Shape | None = root
        for segment in path[1:]:
            shape = _inside(shape, segment) if shape is not None else None
        if shape is not None:
            yield shape


def _inside(shape: Shape, segment: str) -> Shape | None:
    if shape.kind == "struct":
        return shape.fields.get(segment)
    element = shape.kind == "list" and (segment in ("first", "last") or segment.lstrip("-").isdigit())
    return shape.item if shape.kind == "map" or element else None
