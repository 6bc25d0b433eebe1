"""Values that a workflow writes as literals, expressions or Liquid text, ready to be computed in a scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from liquid import BoundTemplate

from relevo_contracts.payloads import EVENT_TYPES
from relevo_workflow.decision import Check
from relevo_workflow.expressions import Expression
from relevo_workflow.scope import Scope, trigger_view
from relevo_workflow.shapes import event_filler


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
    """Text with Liquid in it."""

    template: BoundTemplate | None
    text: str

    def compute(self, scope: Scope, at: str, trace: list[Check]) -> str:
        """The rendered text; the text itself where nothing is to render."""
        if self.template is None:
            return self.text
        return str(self.template.render(**liquid_context(scope)))


@dataclass(frozen=True, slots=True)
class Record:
    """Values by name."""

    fields: "tuple[tuple[str, Value], ...]"

    def compute(self, scope: Scope, at: str, trace: list[Check]) -> dict[str, Any]:
        """Each value computed."""
        return {name: value.compute(scope, at, trace) for name, value in self.fields}


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values."""

    items: "tuple[Value, ...]"

    def compute(self, scope: Scope, at: str, trace: list[Check]) -> list[Any]:
        """Each value computed."""
        return [item.compute(scope, at, trace) for item in self.items]


Value = Literal | Computed | LiquidText | Record | Items
"""Everything that a value position may hold."""


def liquid_context(scope: Scope) -> dict[str, Any]:
    """What Liquid may name: plain JSON values, instants as RFC 3339 text. It shares what the state holds.

    As in expressions, an absent field of an event is the empty value of its kind.
    """
    return {
        "trigger": event_filler(scope.run_state.trigger_type)(_texts(trigger_view(scope.run_state), "time")),
        "run": _texts({name: _filled(one) for name, one in scope.run.items()}, "started_at"),
        "customer": _texts({**scope.customer, "segments": scope.segments if scope.in_texts else []}, *_CUSTOMER_TIMES),
        "shop": scope.shop,
    }


def _filled(saved: Any) -> Any:
    """What a step saved; an event that it waited for with what the wire leaves out."""
    is_event = isinstance(saved, dict) and saved.get("type") in EVENT_TYPES and "time" in saved
    return event_filler(saved["type"])(saved) if is_event else saved


def _texts(view: dict[str, Any], *times: str) -> dict[str, Any]:
    """A view with its instants as text; all else in it is plain already."""
    told = {name: instant_text(view[name]) for name in times if view[name] is not None}
    return {**view, **told} if told else view


_CUSTOMER_TIMES = ("first_order_at", "last_order_at", "first_seen_at", "last_seen_at")


def instant_text(at: datetime) -> str:
    """`at.isoformat()`, at a fifth of its cost."""
    text: str = msgspec.to_builtins(at)
    return text.replace("Z", "+00:00")


def plain(value: Any) -> Any:
    """`value` as plain JSON: instants become text, mappings and lists are copied."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
