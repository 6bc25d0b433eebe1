"""Values that a workflow writes as literals, expressions or Liquid text, ready to be computed in a scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from relevo_templates.errors import TemplateError
from relevo_templates.formats import Formats, formats_of
from relevo_templates.texts import Text
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.decision import Check
from relevo_workflow.values.text_context import NO_FIELDS, TextFields, liquid_context


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written."""

    value: Any

    def compute(self, scope: Scope, at: str, trace: list[Check]) -> Any:
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Computed:
    """A value that an expression gives; `None` if the expression fails, with the failure in the trace."""

    expression: Expression

    def compute(self, scope: Scope, at: str, trace: list[Check]) -> Any:
        """The expression's value as plain JSON."""
        check = self.expression.evaluate(scope, at)
        trace.append(check)
        return plain(check.value)


@dataclass(frozen=True, slots=True)
class LiquidText:
    """Text with Liquid in it, for the staff and for other systems; `fields` are those that it names."""

    template: Text | None
    text: str
    fields: TextFields = NO_FIELDS

    def compute(self, scope: Scope, at: str, trace: list[Check]) -> str:
        """The rendered text; empty if it can't be rendered, with the failure in the trace."""
        if self.template is None:
            return self.text
        return self.filled(self.template, scope, at, trace)

    def filled(self, template: Text, scope: Scope, at: str, trace: list[Check]) -> str:
        """The same of a variant of its template."""
        try:
            return template.render(liquid_context(scope, self.fields), shop_formats(scope))
        except TemplateError as error:
            trace.append(Check(at=at, expression=self.text, error=error.why))
            return ""


@dataclass(frozen=True, slots=True)
class ObjectValue:
    """Values by name."""

    fields: "tuple[tuple[str, Value], ...]"

    def compute(self, scope: Scope, at: str, trace: list[Check]) -> dict[str, Any]:
        """Each value computed."""
        return {name: value.compute(scope, at, trace) for name, value in self.fields}


@dataclass(frozen=True, slots=True)
class ListValue:
    """A list of values."""

    items: "tuple[Value, ...]"

    def compute(self, scope: Scope, at: str, trace: list[Check]) -> list[Any]:
        """Each value computed."""
        return [item.compute(scope, at, trace) for item in self.items]


def shop_formats(scope: Scope) -> Formats:
    """The formats of the shop's language and zone, in which its staff and other systems read."""
    return formats_of(scope.shop_state.locale or "en", scope.shop_state.timezone)


Value = Literal | Computed | LiquidText | ObjectValue | ListValue
"""Everything that a value position may hold."""


def plain(value: Any) -> Any:
    """`value` as plain JSON: instants become text, mappings and lists are copied."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def value_text(value: Value) -> str:
    """A value as it is written."""
    match value:
        case Computed():
            return value.expression.text
        case Literal():
            return repr(value.value)
        case ObjectValue():
            return ", ".join(f"{name}: {value_text(one)}" for name, one in value.fields)
        case ListValue():
            return ", ".join(map(value_text, value.items))
        case LiquidText():
            return value.text
        case _:
            assert_never(value)


def value_in_words(value: Value) -> str:
    """A value for people: itself if it is written as one, else that it is computed."""
    return str(value.value or "computed") if isinstance(value, Literal) else "computed"


def text_or_nothing(expression: Expression | None) -> str:
    """An expression as it is written; empty if there is none."""
    return expression.text if expression is not None else ""
