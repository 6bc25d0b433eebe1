"""What changed between two versions of a workflow, for people: by step ids, and in the words of the files."""

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from msgspec import Struct

from relevo_workflow.changes.alignment import align
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.syntax.durations import format_duration
from relevo_workflow.values.value import LiquidText

NOTHING = "nothing"
_LEFT_OUT = {"name", "version", "program", "templates", "layouts", "files", "types", "warnings", "positions"}
_DERIVED = {"event_types", "exit_types", "trigger_types", "timed", "watched_segments", "fields", "path_label"}
_WORDS = {
    "triggers": "trigger",
    "restarts": "restart",
    "exits": "exit",
    "next": "then",
    "length": "waits",
    "timeout_target": "after the timeout",
    "escalation": "escalate",
    "save": "as",
}
"""What a field is called for people, where its own name says less."""
_LEADS = {"next", "after", "target", "timeout_target", "approved", "rejected", "expired"}
"""Fields that name a step; without one they lead to the end."""
_INNER = {"assignment"}
"""Fields whose own fields are told as those of the step: what the staff is asked for belongs to its step."""
_NAMES = ("label", "name", "id")
"""Fields that tell the parts of a list apart, the first that the part has."""


class Comparison(Struct, frozen=True, kw_only=True):
    """The difference of two versions. `changed` has a line for each step that is in both; `header` for the rest.

    `renamed` are steps that are called something else now: their made-up ids follow what they do.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The difference as lines to print."""
        return [
            *(f"+ step {step}" for step in self.added),
            *(f"- step {step}" for step in self.removed),
            *(f"? step {line}" for line in self.unclear),
            *(f"~ step {line}" for line in self.renamed),
            *(f"~ {line}" for line in (*self.changed, *self.header, *self.templates)),
        ]


def compare_versions(old: Definition, new: Definition) -> Comparison:
    """What `new` does differently from `old`. Which step is which is what `alignment` finds."""
    was, now = old.program.steps, new.program.steps
    alignment = align(old.program, new.program)
    names = {step: alignment.place(step) for step in was}
    unclear = {step: alignment.choices(step) for step in was if alignment.choices(step)}
    possible = {*names.values(), *(one for choices in unclear.values() for one in choices)}
    pairs = {now_id: step for step, now_id in names.items() if now_id}
    kept = [step for step in now if step in pairs]
    before = {step: _in_new_words(was[pairs[step]], names) for step in kept}
    return Comparison(
        added=tuple(step for step in now if step not in possible),
        removed=tuple(step for step in was if not names[step] and step not in unclear),
        unclear=tuple(f"{step} → {' or '.join(one or 'gone' for one in some)}" for step, some in unclear.items()),
        renamed=tuple(f"{pairs[step]} → {step}" for step in kept if pairs[step] != step),
        changed=tuple(f"step {step}: {line}" for step in kept for line in _fields(before[step], now[step])),
        header=tuple(_fields(old, new)),
        templates=tuple(_templates(old, new)),
    )


def _in_new_words(step: Any, names: Mapping[str, str]) -> Any:
    """A step or an arm of the old version that leads to where the steps of the new one are."""
    values = {field.name: getattr(step, field.name) for field in dataclasses.fields(step)}
    leads = {name: names.get(values[name]) or values[name] for name in _LEADS & values.keys() if values[name]}
    arms = {"arms": tuple(_in_new_words(arm, names) for arm in values["arms"])} if "arms" in values else {}
    return dataclasses.replace(step, **leads, **arms)


def file_diff(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """A unified diff of the files that people write; what a deployment adds to them is left out."""
    paths = sorted(
        path
        for path in {*old, *new}
        if not path.startswith("compiled/") and (path.startswith("events/") or not path.endswith(".json"))
    )
    return [
        line
        for path in paths
        for line in difflib.unified_diff(
            old.get(path, "").splitlines(),
            new.get(path, "").splitlines(),
            fromfile=path if path in old else "(not there)",
            tofile=path if path in new else "(removed)",
            lineterm="",
            n=2,
        )
    ]


def _templates(old: Definition, new: Definition) -> Iterator[str]:
    for kind, was, now in (("template", old.templates, new.templates), ("layout", old.layouts, new.layouts)):
        for name in sorted({*was, *now}):
            if was.get(name) != now.get(name):
                how = "added" if name not in was else "removed" if name not in now else "changed"
                yield f"{kind} {name} {how}"


def _fields(was: object, now: object) -> Iterator[str]:
    """A line for each field that differs between two steps, definitions or parts of them."""
    before, after = _values(was), _values(now)
    for name in dict.fromkeys((*before, *after)):
        yield from _field(name, before.get(name), after.get(name))


def _field(name: str, was: object, now: object) -> Iterator[str]:
    label = _WORDS.get(name, name)
    if _has_fields(was) and type(was) is type(now):
        lead = "" if name in _INNER else f"{label} "
        yield from (f"{lead}{line}" for line in _fields(was, now))
        return
    if _is_list(was) and _is_list(now):
        yield from _parts(label, was, now)
        return
    before, after = _text(was), _text(now)
    if before != after:
        end = "the end" if name in _LEADS else NOTHING
        yield f"{label}: {end if before == NOTHING else before} → {end if after == NOTHING else after}"


def _parts(label: str, was: object, now: object) -> Iterator[str]:
    """The difference of two lists, part by part."""
    before, after = _by_name(was), _by_name(now)
    alone = len(before) == len(after) == 1
    for name in dict.fromkeys((*before, *after)):
        yield from _field(label if alone else f"{label} {name}", before.get(name), after.get(name))


def _by_name(parts: object) -> dict[str, object]:
    assert isinstance(parts, tuple)
    named = [next((str(getattr(one, name)) for name in _NAMES if getattr(one, name, "")), "") for one in parts]
    unique = len(set(named)) == len(named) and all(named)
    return dict(zip(named if unique else map(str, range(1, len(named) + 1)), parts, strict=True))


def _has_fields(value: object) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type | Expression | LiquidText)


def _is_list(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(_has_fields(one) for one in value)


def _values(value: object) -> dict[str, object]:
    """The fields that matter to people, and what kind of step it is."""
    assert dataclasses.is_dataclass(value)
    silent = {"id"} | _DERIVED | (_LEFT_OUT if isinstance(value, Definition) else set())
    names = [field.name for field in dataclasses.fields(value) if field.name not in silent]
    kind = {"kind": type(value).__name__} if not isinstance(value, Definition) else {}
    return kind | {name: getattr(value, name) for name in names}


def _text(value: object) -> str:  # noqa: PLR0911  # one line a kind of value
    match value:
        case None | "" | () | frozenset():
            return NOTHING
        case Expression() | LiquidText():
            return value.text
        case timedelta():
            return format_duration(value)
        case tuple() | list() | set() | frozenset():
            items = sorted(map(_text, value)) if isinstance(value, frozenset | set) else map(_text, value)
            return ", ".join(items)
        case dict():
            return ", ".join(f"{name}: {_text(one)}" for name, one in value.items())
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value) if field.name not in _DERIVED]
            fields = {name: _text(getattr(value, name)) for name in names}
            return " ".join(f"{name} {text}" for name, text in fields.items() if text != NOTHING)
        case _:
            return str(value)
