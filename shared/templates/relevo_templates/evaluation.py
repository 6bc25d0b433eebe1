"""Expressions of Liquid as plain functions, made once: the same values at a fraction of the cost.

python-liquid asks for each step of a path what kind of object it has, and raises an error for each name that a scope
does not have. Here the values that messages are made of (`dict`, `list`, `str`) are looked at directly. Whatever else
comes, python-liquid evaluates itself, and so says what is wrong: expressions have no effects.
"""

from collections.abc import Callable
from typing import Any

from liquid import RenderContext
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path
from liquid.builtin.expressions.logical import (
    EqExpression,
    GtExpression,
    LogicalAndExpression,
    LogicalNotExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
    is_truthy,
)
from liquid.builtin.expressions.primitive import StringLiteral
from liquid.expression import Expression
from liquid.utils import ReadOnlyChainMap
from markupsafe import Markup

Value = Callable[[RenderContext], Any]
Test = Callable[[RenderContext], bool]

_PLAIN = frozenset((str, int, float, list, dict, bool, type(None)))
"""Types whose values are true by Liquid unless they are `nil` or `false`."""
_TEXTS = frozenset((str, Markup))
_NOTHING = object()
_COMPUTED = ("size", "first", "last")
"""Steps of a path that stand for more than a key."""


class Scope(ReadOnlyChainMap):
    """The names of a context; to look for one raises no errors on the way."""

    def __getitem__(self, key: str) -> object:
        for mapping in self._maps:
            if key in mapping:
                return mapping[key]
        raise KeyError(key)


def value_of(expression: Expression) -> Value:
    """What `expression.evaluate` gives."""
    if isinstance(expression, Path) and (names := _names_of(expression)):
        return _value_at(expression, names)
    if type(expression) is FilteredExpression:
        return _filtered(expression)
    if type(expression) is StringLiteral:
        text, markup = expression.value, Markup(expression.value)  # noqa: S704 - it stands in the template itself
        return lambda context: markup if context.autoescape else text
    return expression.evaluate


def _value_at(path: Path, names: list[str]) -> Value:
    find, evaluate = _finder(names), path.evaluate

    def value(context: RenderContext) -> Any:
        found = find(context)
        return evaluate(context) if found is _NOTHING else found  # which says what is not there

    return value


def _finder(names: list[str]) -> Value:
    """What stands at a path, `_NOTHING` if there is nothing."""
    root, *steps = names
    keys = tuple((step, step in _COMPUTED) for step in steps)

    def find(context: RenderContext) -> Any:
        try:
            found: Any = context.scope[root]
            for key, is_computed in keys:
                if not is_computed:
                    if type(found) is dict and key not in found:
                        return _NOTHING
                    found = found[key]
                else:
                    found = context.get_item(found, key)
        except (KeyError, TypeError, IndexError):
            return _NOTHING
        return found

    return find


def _names_of(expression: Expression) -> list[str]:
    """The names of a path that has nothing but names; none for any other expression."""
    if type(expression) is FilteredExpression and not expression.filters:
        return _names_of(expression.left)
    is_plain = type(expression) is Path and all(isinstance(step, str) for step in expression.path)
    return [str(step) for step in expression.path] if isinstance(expression, Path) and is_plain else []


def _filtered(expression: FilteredExpression) -> Value:
    left, filters = value_of(expression.left), tuple(expression.filters or ())
    if not filters:
        return left

    def value(context: RenderContext) -> Any:
        found = left(context)
        for filter_ in filters:
            found = filter_.evaluate(found, context)
        return found

    return value


def test_of(expression: Expression) -> Test:
    """Whether what `expression.evaluate` gives is true by Liquid."""
    match expression:
        case BooleanExpression():
            return test_of(expression.expression)
        case LogicalAndExpression() | LogicalOrExpression() | LogicalNotExpression():
            return _logical(expression)
        case EqExpression() | NeExpression():
            return _comparison(expression)
        case LtExpression() | GtExpression():
            return _order(expression)
        case _:
            # What is not there is not true, whatever it would be called.
            names = _names_of(expression)
            return _truth(_finder(names) if names else value_of(expression))


def _logical(expression: LogicalAndExpression | LogicalOrExpression | LogicalNotExpression) -> Test:
    right = test_of(expression.right)
    if isinstance(expression, LogicalNotExpression):
        return lambda context: not right(context)
    left = test_of(expression.left)
    if isinstance(expression, LogicalAndExpression):
        return lambda context: left(context) and right(context)
    return lambda context: left(context) or right(context)


def _comparison(expression: EqExpression | NeExpression) -> Test:
    left, right, evaluate = value_of(expression.left), value_of(expression.right), expression.evaluate
    wanted = isinstance(expression, EqExpression)

    def test(context: RenderContext) -> bool:
        one, other = left(context), right(context)
        if type(one) in _TEXTS and type(other) in _TEXTS:
            return bool((one == other) is wanted)
        return bool(evaluate(context))

    return test


def _order(expression: LtExpression | GtExpression) -> Test:
    left, right, evaluate = value_of(expression.left), value_of(expression.right), expression.evaluate
    is_less = isinstance(expression, LtExpression)

    def test(context: RenderContext) -> bool:
        one, other = left(context), right(context)
        if type(one) is int and type(other) is int:
            return one < other if is_less else other < one
        return bool(evaluate(context))

    return test


def _truth(value: Value) -> Test:
    def test(context: RenderContext) -> bool:
        found = value(context)
        if type(found) in _PLAIN:
            return found is not None and found is not False
        if found is _NOTHING:
            return False
        return is_truthy(found)

    return test
