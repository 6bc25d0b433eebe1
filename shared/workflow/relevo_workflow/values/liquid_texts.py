"""Liquid texts: parsed once, and every variable that they name checked against the shapes."""

import re
from collections.abc import Iterator, Mapping, Sequence

from liquid.static_analysis import Variable

from relevo_templates.checks import check_text
from relevo_templates.environment import liquid_environment
from relevo_templates.errors import TemplateError
from relevo_templates.texts import Into, Text, is_liquid
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.shapes import DYN, INT, Shape
from relevo_workflow.syntax.diagnostics import Position, Problems, suggestion
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.liquid_comparisons import never_equal_in_text
from relevo_workflow.values.liquid_kinds import wrong_kinds
from relevo_workflow.values.text_context import NO_FIELDS, TextFields, named_paths
from relevo_workflow.values.text_shapes import TextProblem, known_shapes, roots_of
from relevo_workflow.values.value import LiquidText


def read_liquid(node: Node, environment: TypeEnvironment, problems: Problems, into: Into = "text") -> LiquidText:
    """The text of a scalar, checked."""
    warn_of_single_braces(node, problems)
    if not is_liquid(node.text):
        return LiquidText(None, node.text)
    template = check_liquid(node.text, node, environment, problems, into)
    paths = list(named_paths(template)) if template is not None else []
    if any(path[0] == "recommendations" for path in paths):
        problems.error(node.position, "only the texts of messages have 'recommendations'", "name it in a template")
    fields = TextFields.of(paths) if paths else NO_FIELDS
    return LiquidText(template, node.text, fields)


_ONE_BRACE = re.compile(r"(?<!\{)\$?\{\s*((?:trigger|event|customer|run|shop)\.\w[^{}]*?)\s*\}\}?")


def warn_of_single_braces(node: Node, problems: Problems) -> None:
    """Notes a variable in single braces: they are not Liquid, and everybody reads them."""
    for found in _ONE_BRACE.finditer(node.text):
        message = f"'{found[0]}' stays as it is written: a variable needs two braces"
        problems.warning(node.at(found.start()), message, f"write {{{{ {found[1]} }}}}")


def check_liquid(
    text: str, node: Node, environment: TypeEnvironment, problems: Problems, into: Into = "text"
) -> Text | None:
    """The parsed text, or `None` with the problems noted."""
    before = len(problems.errors)
    try:
        parsed = Text(text, into=into)
    except TemplateError as error:
        where = max(0, error.index)
        problems.error(node.at(where), f"this is not Liquid: {error.why}", _liquid_advice(text[where:]))
        return None
    if parsed.liquid is None:
        return parsed
    for found in check_text(parsed.liquid):
        advice = suggestion(found.filter, liquid_environment().filters) if found.filter else ""
        problems.error(node.at(found.index), found.message, advice)
    for variables in parsed.liquid.analyze().globals.values():
        for variable in variables:
            segments = [str(segment) for segment in variable.segments]
            _check_path(segments, node, variable.span.index, environment, problems)
    kinds = wrong_kinds(parsed, environment) if len(problems.errors) == before else ()
    for wrong in (*wrong_loop_fields(parsed, environment), *kinds):
        problems.error(node.at(wrong.index), wrong.message, wrong.advice)
    for never in never_equal_in_text(parsed, environment):
        problems.note(never.diagnostic(node.at(never.index)))
    return parsed if len(problems.errors) == before else None


_OPERATORS = (
    ("&&", "'&&' is written 'and'"),
    ("||", "'||' is written 'or'"),
    ("!", "'!' is written {% unless … %}, or == false"),
    ("*", "arithmetic is filters: {{ trigger.points | times: 2 }}"),
    ("+", "arithmetic is filters: {{ trigger.points | plus: 2 }}"),
    ("-", "arithmetic is filters: {{ trigger.points | minus: 2 }}"),
    ("/", "arithmetic is filters: {{ trigger.points | divided_by: 2 }}"),
    ("?", "a choice is {% if … %}one{% else %}other{% endif %}"),
)


def _liquid_advice(rest: str) -> str:
    """What would help where Liquid stops reading, most of all someone who writes conditions in CEL."""
    return next((advice for sign, advice in _OPERATORS if rest.startswith(sign)), "")


def saved_reads(node: Node) -> Iterator[tuple[str, Position]]:
    """What a checked text reads of what steps saved (`run.<name>`), with its place.

    Left out is what it asks for by `if`, and what has another value by the filter `default`.
    """
    if "run." not in node.text:
        return
    for variable in _variables(node.text).get("run", []):
        name = str(variable.segments[1]) if len(variable.segments) > 1 else ""
        read = rf"\brun\.{re.escape(name)}\b"
        asked = rf"{{%-?\s*(if|elsif|unless)\b[^%]*{read}|{read}[\w.]*\s*\|\s*default\b"
        if name and not re.search(asked, node.text):
            yield name, node.at(variable.span.index)


def _variables(text: str) -> Mapping[str, Sequence[Variable]]:
    parsed = Text(text)
    return parsed.liquid.analyze().globals if parsed.liquid is not None else {}


def _check_path(segments: list[str], node: Node, index: int, environment: TypeEnvironment, problems: Problems) -> None:
    roots = roots_of(environment)
    if segments[0] not in roots:
        advice = _named_otherwise(segments[0], roots) or suggestion(segments[0], roots)
        problems.error(node.at(index), f"there is no variable '{segments[0]}' in templates", advice)
        return
    for shape in roots[segments[0]]:
        wrong = missing_field(shape, segments)
        if wrong is not None:
            problems.error(node.at(index), *wrong)
            return


def _named_otherwise(name: str, roots: Mapping[str, Sequence[Shape]]) -> str:
    """Help for the event by its name in conditions, and for a field without the variable that has it."""
    if name == "event":
        return "the event that started the run is 'trigger'"
    owners = [f"'{root}.{name}'" for root in roots if any(name in shape.fields for shape in roots[root])]
    return f"did you mean {' or '.join(owners)}?" if owners else ""


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
            return f"{at} is not a record and has no field '{segment}'", ""
        at = f"{at}.{segment}"
    return None


def wrong_loop_fields(text: Text, environment: TypeEnvironment) -> Iterator[TextProblem]:
    """The fields of `{% for item in … %}` variables that their lists' elements don't have."""
    known = known_shapes(text, environment)
    roots = roots_of(environment)
    if text.liquid is None or len(known) == len(roots):
        return
    for name, variables in text.liquid.analyze().variables.items():
        for variable in variables if name in known and name not in roots else ():
            segments = [str(segment) for segment in variable.segments]
            wrongs = [missing_field(shape, segments) for shape in known[name]]
            if wrongs and wrongs[0] is not None and None not in wrongs:
                yield TextProblem(variable.span.index, *wrongs[0])
