"""Every slip that a workflow's document allows, each with its kind and its place.

Left out, because they are not slips or change nothing that a run does (the documented exceptions): `title` and
`description` of the workflow, `change` and `name` (who may deploy it, what it is called), ids of steps as such, the
order of arms that wait for different events, and `trigger` for `event` where a trigger is decided: both are the same
there. A slip that compiles to the very same decisions is left out later (`compiled` in `benchmarks.mutants`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.mutation.document import Document, Path, leaves, told, with_value, without
from benchmarks.mutation.expressions import is_condition, spoiled, without_terms
from relevo_contracts.payloads import EVENT_TYPES

Slip = tuple[str, str, Document]
_CEL = ("when", "where", "key", "value", "for_each")
_VALUES = ("body", "data", "attributes", "set")
_DURATIONS = ("wait", "timeout", "deadline", "reminder", "after", "within", "not_after", "offset", "inactivity")
_CHOICES = {
    "channel": ("email", "sms"),
    "purpose": ("marketing", "transactional"),
    "on_error": ("continue", "stop"),
    "hit": ("first", "collect"),
    "method": ("POST", "PUT"),
    "since": ("last_order_at", "last_seen_at", "last_active_at"),
    "reentry": ("once_ended", "never", "several"),
    "zone": ("customer", "UTC"),
}
_OPTIONAL = (
    *("exit", "goal", "restart", "reentry", "holdout", "window", "key", "when", "where", "as", "on_error"),
    *("not_after", "escalate", "reminder", "deadline", "needed", "roles", "skill", "body", "data", "offset", "at"),
    *("hit", "value", "reason", "days", "tags", "zone", "since", "purpose", "timeout"),
)
_ARMS = ("branch", "wait_for", "split", "rules", "exit", "trigger")
_DURATION = re.compile(r"^(-?)(\d+)([smhdw].*)$")
_CLOCK = re.compile(r"^([01]\d):(\d\d)$")


def slips(document: Document, templates: Mapping[str, str], step_ids: list[str]) -> Iterator[Slip]:
    """Every slip; `templates` are those of the workflow with their channels, `step_ids` where a `goto` could lead."""
    for path, value in leaves(document):
        if not path or path[0] in ("workflow", "title", "description", "change", "id") or path[-1] == "id":
            continue
        where = told(path)
        for kind, changed in _structure(document, path, value):
            yield kind, where, changed
        if not isinstance(value, dict | list):
            for kind, other in _scalar(path, value, templates, step_ids):
                yield kind, f"{where}: {value} → {other}", with_value(document, path, other)


def _structure(document: Document, path: Path, value: Any) -> Iterator[tuple[str, Document]]:
    key, parent = path[-1], path[-2] if len(path) > 1 else ""
    if isinstance(key, int) and parent in _ARMS:
        yield "dropped arm", without(document, path)
    if key in ("approved", "rejected", "expired") or (isinstance(key, str) and parent in _VALUES):
        yield "dropped arm" if isinstance(value, list) else "dropped field", without(document, path)
    if isinstance(key, int) and parent in ("steps", "approved", "rejected", "expired"):
        yield from _steps(document, path)
    if key in _OPTIONAL and parent not in _VALUES:
        yield "dropped field", without(document, path)
    if isinstance(key, int) and parent in ("roles", "days", "add", "remove"):
        yield "dropped value", without(document, path)


def _steps(document: Document, path: Path) -> Iterator[tuple[str, Document]]:
    """A step removed, or in the place of the next."""
    yield "removed step", without(document, path)
    siblings, index = _parent(document, path), int(path[-1])
    if index + 1 < len(siblings):
        swapped = [*siblings[:index], siblings[index + 1], siblings[index], *siblings[index + 2 :]]
        yield "swapped steps", with_value(document, path[:-1], swapped)


def _parent(document: Document, path: Path) -> list[Any]:
    for part in path[:-1]:
        document = document[part]
    return list(document)


def _scalar(path: Path, value: Any, templates: Mapping[str, str], step_ids: list[str]) -> Iterator[tuple[str, Any]]:
    key = path[-1]
    names = [part for part in path if isinstance(part, str)]
    if key in _CEL and "set" not in names:
        both = path[0] == "trigger"
        yield from (one for one in _expression(str(value)) if not (both and one[0] == "other variable"))
    elif isinstance(value, bool):
        yield "changed constant", not value
    elif isinstance(value, int | float):
        yield "changed constant", value + 1
        yield "wrong type", "some text"
    elif isinstance(value, str):
        yield from _text(names, value, templates, step_ids)


def _expression(text: str) -> Iterator[tuple[str, str]]:
    yield from spoiled(text)
    for shorter in without_terms(text):
        yield "dropped term", shorter
    if is_condition(text):
        yield "inverted condition", f"!({text})"


def _text(names: list[str], value: str, templates: Mapping[str, str], step_ids: list[str]) -> Iterator[tuple[str, Any]]:
    key = names[-1]
    duration = _DURATION.match(value)
    if key in _DURATIONS and duration:
        yield "changed wait", f"{duration[1]}{int(duration[2]) + 1}{duration[3]}"
        yield "wrong type", "soon"
    elif key in ("at", "from", "until") and _CLOCK.match(value):
        yield "changed wait", f"{(int(value[:2]) + 3) % 24:02}{value[2:]}"
    elif key == "event":
        yield "other event", _other_event(value)
        yield "renamed event", value + "s"
    elif key in _CHOICES:
        yield f"other {key}", next(one for one in _CHOICES[key] if one != value)
    elif key == "template":
        yield "renamed template", value + "s"
        yield from (("other template", one) for one in _near(value, [*templates]) if templates[one] == templates[value])
    elif key == "goto":
        yield from (("other target", one) for one in _near(value, step_ids))
        yield "renamed step", value + "s"
    elif _spoils_freely(names):
        yield from _spoiled_text(value)


def _spoils_freely(names: list[str]) -> bool:
    """The texts that a run shows as they are: reasons, titles, addresses, values, names of skills and roles."""
    shown = ("stop", "reason", "title", "url", "skill", "roles", "holdout", "tags", "days", "date", "as", "segment")
    return names[-1] in shown or any(name in _VALUES or name == "tags" for name in names)


def _spoiled_text(value: str) -> Iterator[tuple[str, str]]:
    inner = re.search(r"\{\{\s*([\w.]+)", value)
    if inner:
        yield "renamed field", value[: inner.end()] + "s" + value[inner.end() :]
        yield "changed constant", "x" + value if "://" not in value else value + "x"
    elif re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", value):
        yield "renamed field", value + "s"
        yield "changed constant", "something else"
    elif value in ("mon", "tue", "wed", "thu", "fri"):
        yield "changed constant", "sun"
    elif value.endswith("%"):
        yield "changed constant", "100%"
    else:
        yield "changed constant", value + "x"


def _near(value: str, known: list[str]) -> list[str]:
    """The next two other names, so that every place has as many slips as any other."""
    others = [one for one in known if one != value]
    start = sum(one < value for one in others)
    return [others[(start + step) % len(others)] for step in range(min(2, len(others)))]


def _other_event(value: str) -> str:
    """Another event of the same family, or else of the shop."""
    stem = value.partition(".")[0] + "."
    family = [one for one in sorted(EVENT_TYPES) if one.startswith(stem) and one != value]
    return family[0] if family else ("order.placed" if value != "order.placed" else "order.paid")
