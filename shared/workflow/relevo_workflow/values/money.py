"""Amounts of money that expressions give, as decimal text."""

from decimal import Decimal
from typing import Any

from relevo_workflow.expressions.expression import Expression
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.expressions.shapes import MONEY, Shape
from relevo_workflow.model.decision import Check
from relevo_workflow.values.value import Computed, ListValue, ObjectValue, Value, plain

_DIGITS = 15
"""So many digits of a double are right; what comes after them is noise (`0.1 + 0.2`)."""
_DECIMALS = 6
"""More than these no amount has on the wire."""


def goal_value(value: Expression | None, scope: Scope, trace: list[Check]) -> tuple[str, str]:
    """The value of a goal and its currency; empty texts if it has none."""
    if value is None:
        return "", ""
    check = value.evaluate(scope, "goal")
    trace.append(check)
    if isinstance(check.value, dict):
        return decimal_text(check.value.get("amount")), str(check.value.get("currency", ""))
    return decimal_text(check.value), ""


def decimal_text(value: object) -> str:
    """Decimal text of a number: the shortest that means the same, with at least the cents of a price."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    number = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.{_DIGITS}g}")
    if not number.is_finite():
        return ""
    text = f"{number:z.{_DECIMALS}f}".rstrip("0")  # z: nothing is not less than nothing
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.ljust(2, '0')}"


def with_amounts(given: Any, shape: Shape, value: Value | None, scope: Scope) -> Any:
    """What `value` gave, as a place of this shape takes it: amounts become decimal text, at any depth.

    What is a field alone is taken as it travels, so that no amount changes on its way.
    """
    if given is None or not _has_amounts(shape):
        return given
    if isinstance(value, Computed) and value.expression.is_field:
        travelled = plain(value.expression.raw(scope))  # a list that is empty does not travel
        return _settled(given if travelled is None else travelled, shape, None, scope)
    return _settled(given, shape, value, scope)


def _settled(given: Any, shape: Shape, value: Value | None, scope: Scope) -> Any:
    if shape.kind == "list" and shape.item is not None and isinstance(given, list):
        inner = value.items if isinstance(value, ListValue) else (None,) * len(given)
        return [with_amounts(one, shape.item, made, scope) for one, made in zip(given, inner, strict=True)]
    if shape.kind != "struct" or not isinstance(given, dict):
        return given
    made_by = dict(value.fields) if isinstance(value, ObjectValue) else {}
    if shape == MONEY:
        return {name: _amount(one, made_by.get(name), scope) for name, one in given.items()}
    return {
        name: with_amounts(one, shape.fields[name], made_by.get(name), scope) if name in shape.fields else one
        for name, one in given.items()
    }


def _amount(given: Any, value: Value | None, scope: Scope) -> Any:
    """A field of an amount of money: a number as decimal text, all other as it is."""
    if isinstance(value, Computed) and value.expression.is_field:
        given = value.expression.raw(scope)
    return decimal_text(given) or given


def _has_amounts(shape: Shape) -> bool:
    """Whether there is an amount of money anywhere in a shape."""
    inner = (*shape.fields.values(), *((shape.item,) if shape.item is not None else ()))
    return shape == MONEY or any(_has_amounts(one) for one in inner)
