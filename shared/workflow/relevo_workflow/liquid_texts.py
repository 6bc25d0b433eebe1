"""Liquid texts: parsed once, and every variable that they name checked against the shapes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import Node as LiquidNode
from liquid.builtin.expressions import Path
from liquid.builtin.tags.for_tag import ForNode
from liquid.exceptions import LiquidError

from relevo_workflow.diagnostics import Position, Problems, suggestion
from relevo_workflow.expressions import Names
from relevo_workflow.shapes import CUSTOMER, DYN, INT, SHOP, Shape, occasion_shape
from relevo_workflow.text_context import NO_FIELDS, TextFields, named_paths
from relevo_workflow.values import LiquidText
from relevo_workflow.yaml_source import Node

_LOOP_LIMIT = 10_000


class _LimitedEnvironment(Environment):
    loop_iteration_limit = _LOOP_LIMIT


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = _LimitedEnvironment(autoescape=False)
    # The notifier renders these two by the customer's language; here they only have to be known.
    environment.filters["money"] = lambda value, *_: value
    environment.filters["date"] = environment.filters.get("date", lambda value, *_: value)
    for tag in ("include", "render"):  # there are no other texts to take in
        environment.tags.pop(tag, None)
    return environment


def is_liquid(text: str) -> bool:
    """Whether something in `text` is Liquid."""
    return "{{" in text or "{%" in text


def parse_liquid(text: str) -> BoundTemplate:
    """The template of a text that was checked already. Raises `LiquidError` otherwise."""
    return _environment().from_string(text)


def read_liquid(node: Node, names: Names, problems: Problems) -> LiquidText:
    """The text of a scalar, checked."""
    if not is_liquid(node.text):
        return LiquidText(None, node.text)
    template = check_liquid(node.text, node, names, problems)
    fields = TextFields.of(named_paths(template)) if template is not None else NO_FIELDS
    return LiquidText(template, node.text, fields)


def check_liquid(text: str, node: Node, names: Names, problems: Problems) -> BoundTemplate | None:
    """The parsed template, or `None` with the problems noted."""
    before = len(problems.errors)
    try:
        template = _environment().from_string(text)
    except LiquidError as error:
        where = node.at(max(0, error.token.start_index if error.token is not None else 0))
        problems.error(where, f"this is no Liquid: {str(error).splitlines()[0]}")
        return None
    analysis = template.analyze()
    for name, spans in analysis.filters.items():
        if name not in template.env.filters:
            where = node.at(spans[0].index)
            problems.error(where, f"there is no filter '{name}'", suggestion(name, template.env.filters))
    for variables in analysis.globals.values():
        for variable in variables:
            segments = [str(segment) for segment in variable.segments]
            _check_path(segments, node, variable.span.index, names, problems)
    for wrong in wrong_loop_fields(template, names):
        problems.error(node.at(wrong.index), wrong.message, wrong.advice)
    return template if len(problems.errors) == before else None


def saved_reads(node: Node) -> Iterator[tuple[str, Position]]:
    """What a checked text reads of what steps saved (`run.<name>`), with its place.

    Left out is what it asks for by `if`, and what has another value by the filter `default`.
    """
    if "run." not in node.text:
        return
    for variable in parse_liquid(node.text).analyze().globals.get("run", []):
        name = str(variable.segments[1]) if len(variable.segments) > 1 else ""
        read = rf"\brun\.{re.escape(name)}\b"
        asked = rf"{{%-?\s*(if|elsif|unless)\b[^%]*{read}|{read}[\w.]*\s*\|\s*default\b"
        if name and not re.search(asked, node.text):
            yield name, node.at(variable.span.index)


def roots_of(names: Names) -> dict[str, list[Shape]]:
    """The variables that Liquid may name, each with the shapes that it can have."""
    triggers = [occasion_shape(trigger, names.types) for trigger in names.triggers]
    return {"trigger": triggers, "run": [names.run], "customer": [CUSTOMER], "shop": [SHOP]}


def _check_path(segments: list[str], node: Node, index: int, names: Names, problems: Problems) -> None:
    roots = roots_of(names)
    if segments[0] not in roots:
        problems.error(
            node.at(index), f"there is no variable '{segments[0]}' in templates", suggestion(segments[0], roots)
        )
        return
    for shape in roots[segments[0]]:
        wrong = missing_field(shape, segments)
        if wrong is not None:
            problems.error(node.at(index), *wrong)
            return


def missing_field(shape: Shape, segments: list[str]) -> tuple[str, str] | None:
    """What is wrong with a path into `shape`, and help; `None` if it exists. `segments[0]` names the shape."""
    at = segments[0]
    for segment in segments[1:]:
        if shape.kind == "struct":
            if segment not in shape.fields:
                return f"{at} has no field '{segment}'", suggestion(segment, shape.fields)
            shape = shape.fields[segment]
        elif shape.kind in ("list", "map") and shape.item is not None:
            if (shape.kind == "list" and segment in ("size", "first", "last")) or segment.lstrip("-").isdigit():
                shape = shape.item if segment != "size" else INT
            elif shape.kind == "list":
                return f"{at} is a list and has no field '{segment}'", "loop over it with {% for %}"
            else:
                shape = shape.item or DYN
        elif shape.kind == "dyn" or segment == "size":
            return None
        else:
            return f"{at} is no record and has no field '{segment}'", ""
        at = f"{at}.{segment}"
    return None


@dataclass(frozen=True, slots=True)
class WrongField:
    """A field that a loop variable has not; `index` is where it stands in the text."""

    index: int
    message: str
    advice: str


def wrong_loop_fields(template: BoundTemplate, names: Names) -> Iterator[WrongField]:
    """The fields of `{% for item in … %}` variables that their lists' elements don't have."""
    loops = list(_loops(template.nodes, RenderContext(template)))
    if not loops:
        return
    known: dict[str, list[Shape]] = roots_of(names)
    roots = set(known)
    for name, path in loops:
        known.setdefault(name, []).extend(_elements(known, path))
    for name, variables in template.analyze().variables.items():
        for variable in variables if name in known and name not in roots else ():
            segments = [str(segment) for segment in variable.segments]
            wrongs = [missing_field(shape, segments) for shape in known[name]]
            if wrongs and wrongs[0] is not None and None not in wrongs:
                yield WrongField(variable.span.index, *wrongs[0])


def _loops(nodes: Iterable[LiquidNode], context: RenderContext) -> Iterator[tuple[str, list[str]]]:
    """Each loop's variable and the path of its list, outer loops first."""
    for node in nodes:
        if isinstance(node, ForNode) and isinstance(node.expression.iterable, Path):
            yield str(node.expression.identifier), [str(one) for one in node.expression.iterable.path]
        yield from _loops(node.children(context), context)


def _elements(known: Mapping[str, list[Shape]], path: list[str]) -> list[Shape]:
    """The shapes of the elements of the list at `path`; nothing where that is not known."""
    shapes = known.get(path[0], [])
    for segment in path[1:]:
        inner = (shape.fields.get(segment) for shape in shapes if shape.kind == "struct")
        shapes = [shape for shape in inner if shape is not None]
    return [shape.item for shape in shapes if shape.kind == "list" and shape.item is not None]
