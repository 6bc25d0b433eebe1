"""What can be seen of a text before there are values: everything that would fail whatever they are.

Filters with the arguments that are written out, amounts and dates that are written out, loops beyond the limit.
"""

from collections.abc import Iterator
from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.builtin.expressions import (
    FilteredExpression,
    LoopExpression,
    TernaryFilteredExpression,
)
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.primitive import Literal, RangeLiteral
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from msgspec import Struct

from relevo_templates.environment import LOOP_LIMIT, new_context
from relevo_templates.formats import formats_of

_SAMPLES: tuple[Any, ...] = (
    "text",
    "2026-03-05T12:30:00Z",
    "12.50",
    7,
    {"amount": "12.50", "currency": "EUR"},
    ["a", "b"],
    [{"title": "a"}],
    [1, 2],
)
"""Values of every kind: a filter that refuses them all with its arguments refuses every value."""


class Finding(Struct, frozen=True):
    """What is wrong with a text. `index` is where it stands there; `filter` is the name of a filter that is unknown."""

    index: int
    message: str
    filter: str = ""


def check_text(template: BoundTemplate) -> Iterator[Finding]:
    """Everything in a parsed text that could never be rendered."""
    context = new_context(template, {}, formats_of("en", "UTC"))
    for expression in _expressions(template.nodes, context):
        if isinstance(expression, FilteredExpression):
            yield from _check_filters(expression, context)
        elif isinstance(expression, LoopExpression):
            yield from _check_loop(expression, context)


def refusal(template: BoundTemplate, filter_: Filter, samples: tuple[Any, ...]) -> str:
    """Why a filter refuses each of the samples; empty if it takes one, or has arguments that only show at run time."""
    if filter_.name not in template.env.filters or not all(_is_literal(one.value) for one in filter_.args):
        return ""
    return _tried(filter_, samples, new_context(template, {}, formats_of("en", "UTC")))[0]


def outputs(template: BoundTemplate) -> Iterator[FilteredExpression]:
    """What a text prints: the expression of each `{{ … }}` and `{% echo … %}`, in the order of the text."""
    yield from _outputs(template.nodes, RenderContext(template))


def _outputs(nodes: Any, context: RenderContext) -> Iterator[FilteredExpression]:
    for node in nodes:
        if isinstance(node, OutputNode):
            yield from (one for one in node.expressions() if isinstance(one, FilteredExpression))
        yield from _outputs(node.children(context), context)


def _expressions(nodes: Any, context: RenderContext) -> Iterator[Expression]:
    for node in nodes:
        for expression in node.expressions():
            yield from _within(expression)
        yield from _expressions(node.children(context), context)


def _within(expression: Expression) -> Iterator[Expression]:
    yield expression
    if isinstance(expression, TernaryFilteredExpression):
        yield expression.left


def _check_filters(expression: FilteredExpression, context: RenderContext) -> Iterator[Finding]:
    value: Any = expression.left.evaluate(context) if _is_literal(expression.left) else None
    known = _is_literal(expression.left)
    for filter_ in expression.filters or ():
        if filter_.name not in context.env.filters:
            yield Finding(filter_.token.start_index, f"there is no filter '{filter_.name}'", filter_.name)
            return
        if not all(_is_literal(argument.value) for argument in filter_.args):
            known = False
            continue
        wrong, value = _tried(filter_, (value,) if known else _SAMPLES, context)
        if wrong:
            place = filter_.args[0].value.token if filter_.args and not known else filter_.token
            yield Finding(place.start_index, wrong)
            return


def _tried(filter_: Filter, values: tuple[Any, ...], context: RenderContext) -> tuple[str, Any]:
    """What is wrong if every one of `values` fails, and what the last one gave."""
    wrong = ""
    for value in values:
        try:
            return "", filter_.evaluate(value, context)
        except LiquidError as error:
            wrong = str(error.message)
        except Exception as error:  # noqa: BLE001 - a filter that fails in its own way on a sample
            wrong = f"{filter_.name}: {error}"
    return wrong, None


def _check_loop(expression: LoopExpression, context: RenderContext) -> Iterator[Finding]:
    rounds = expression.iterable
    if isinstance(rounds, RangeLiteral) and _is_literal(rounds.start) and _is_literal(rounds.stop):
        size = len(rounds.evaluate(context))
        limit = expression.limit.evaluate(context) if expression.limit and _is_literal(expression.limit) else size
        if min(size, limit if isinstance(limit, int) else size) > LOOP_LIMIT:
            yield Finding(rounds.token.start_index, f"a loop may make {LOOP_LIMIT} rounds, and this makes {size}")


def _is_literal(expression: Expression) -> bool:
    return isinstance(expression, Literal)
