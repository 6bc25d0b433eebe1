"""What Liquid texts see: of each variable only the fields that a text names, as plain JSON.

A message carries no more of a customer than its template shows, and a field that nobody reads costs nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from relevo_templates.texts import Text
from relevo_workflow.expressions.scope import CUSTOMER_FIELDS, Scope
from relevo_workflow.expressions.shapes import payload_filler, payload_shape
from relevo_workflow.model.state import Run


@dataclass(frozen=True, slots=True)
class TextFields:
    """The fields of `trigger`, `run` and `customer` that texts name; `None` where one is named as a whole."""

    trigger: tuple[str, ...] | None = ()
    run: tuple[str, ...] | None = ()
    customer: tuple[str, ...] | None = ()

    @classmethod
    def of(cls, paths: Iterable[tuple[str, ...]]) -> "TextFields":
        """The fields in `paths` (`("trigger", "total", "amount")`)."""
        found: dict[str, dict[str, None] | None] = {"trigger": {}, "run": {}, "customer": {}}
        for root, *fields in paths:
            known = found.get(root)
            if known is None:
                continue
            if fields:
                known[fields[0]] = None
            else:
                found[root] = None
        return cls(**{root: None if names is None else tuple(sorted(names)) for root, names in found.items()})


NO_FIELDS = TextFields()
"""What a text without variables names."""


def named_paths(text: Text) -> Iterable[tuple[str, ...]]:
    """The paths that a text names, up to the first part that is computed (`customer[x]` is all of `customer`).

    A variable whose very name is computed (`[x].total`) has no path.
    """
    if text.liquid is None:
        return
    for variables in text.liquid.analyze().globals.values():
        for variable in variables:
            segments = variable.segments
            fixed = next((at for at, one in enumerate(segments) if not isinstance(one, str)), len(segments))
            if fixed:
                yield tuple(str(one) for one in segments[:fixed])


def liquid_context(scope: Scope, fields: TextFields) -> dict[str, Any]:
    """The variables for texts that name `fields`: plain JSON, instants as RFC 3339 text. It shares what the state has.

    As in expressions, an absent field of an event is the empty value of its kind.
    """
    run = scope.run_state
    return {
        "trigger": {
            name: read(run) for name, read in _trigger_readers(scope.types.get(run.trigger_type), fields.trigger)
        },
        "run": _run(scope, fields.run),
        "customer": {name: read(scope) for name, read in _customer_readers(fields.customer)},
        "shop": scope.shop,
    }


@lru_cache(maxsize=1024)
def _trigger_readers(
    payload: type[msgspec.Struct] | None, names: tuple[str, ...] | None
) -> tuple[tuple[str, Callable[[Run], Any]], ...]:
    """How each field of `trigger` is read from a run that an event with this payload started, or an occasion."""
    shape = payload_shape(payload)
    envelope: dict[str, Callable[[Run], Any]] = {
        "id": lambda run: run.trigger_id,
        "type": lambda run: run.trigger_type,
        "time": lambda run: instant_text(run.trigger_at) if run.trigger_at is not None else None,
    }
    wanted = tuple(shape.fields) if names is None else names
    return tuple(
        (name, envelope.get(name) or _reader(name, shape.fields[name].filler()))
        for name in wanted
        if name in shape.fields
    )


def _reader(name: str, fill: Callable[[Any], Any]) -> Callable[[Run], Any]:
    return lambda run: fill(run.trigger.get(name))


def _run(scope: Scope, names: tuple[str, ...] | None) -> dict[str, Any]:
    """What is named of `run`: what its steps saved, and its own fields."""
    if names == ():
        return {}
    view = scope.run
    return {name: _filled(view[name], scope) for name in (view if names is None else names) if name in view}


def _filled(value: Any, scope: Scope) -> Any:
    """A value of `run`; an event that a step waited for with what the wire leaves out."""
    if isinstance(value, datetime):
        return instant_text(value)
    is_event = isinstance(value, dict) and value.get("type") in scope.types and "time" in value
    return payload_filler(scope.types[value["type"]])(value) if is_event else value


@lru_cache(maxsize=1024)
def _customer_readers(names: tuple[str, ...] | None) -> tuple[tuple[str, Callable[[Scope], Any]], ...]:
    return tuple(
        (name, _timely(CUSTOMER_FIELDS[name]) if name.endswith("_at") else CUSTOMER_FIELDS[name])
        for name in (CUSTOMER_FIELDS if names is None else names)
        if name in CUSTOMER_FIELDS
    )


def _timely(read: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
    """The same with an instant as text."""
    return lambda scope: instant_text(at) if (at := read(scope)) is not None else None


def instant_text(at: datetime) -> str:
    """`at.isoformat()`, at a fifth of its cost."""
    text: str = msgspec.to_builtins(at)
    return text.replace("Z", "+00:00")
