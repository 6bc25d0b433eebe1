"""Amounts that expressions give, as decimal text."""

from decimal import Decimal

from relevo_workflow.decision import Check
from relevo_workflow.expressions import Expression
from relevo_workflow.scope import Scope


def goal_value(value: Expression | None, scope: Scope, trace: list[Check]) -> tuple[str, str]:
    """The value of a goal and its currency; empty texts if it has none."""
    if value is None:
        return "", ""
    check = value.evaluate(scope, "goal")
    trace.append(check)
    if isinstance(check.value, dict):
        return _amount(check.value.get("amount")), str(check.value.get("currency", ""))
    return _amount(check.value), ""


def _amount(value: object) -> str:
    """Decimal text of a double: the shortest that means the same, with at least the cents of a price."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    text = format(Decimal(repr(value)), "f")
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.ljust(2, '0')}"
