"""What changed between two versions of a workflow, for people: by step ids, and in the words of the files."""

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from datetime import timedelta

from msgspec import Struct

from relevo_workflow.definition import Definition
from relevo_workflow.durations import format_duration
from relevo_workflow.expressions import Expression
from relevo_workflow.values import LiquidText

NOTHING = "nothing"
_LEFT_OUT = {"name", "version", "program", "templates", "layouts", "files", "warnings", "places"}
_DERIVED = {"event_types", "exit_types", "trigger_types", "timed", "watched_segments", "fields", "way"}
_WORDS = {
    "triggers": "trigger",
    "restarts": "restart",
    "exits": "exit",
    "next": "then",
    "length": "waits",
    "timeout_target": "after the timeout",
}
"""What a field is called for people, where its own name says less."""
_LEADS = {"next", "target", "timeout_target", "approved", "rejected", "expired"}
"""Fields that name a step; without one they lead to the end."""


class Comparison(Struct, frozen=True, kw_only=True):
    """The difference of two versions. `changed` has a line for each step that is in both; `header` for the rest."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The difference as lines to print."""
        return [
            *(f"+ step {step}" for step in self.added),
            *(f"- step {step}" for step in self.removed),
            *(f"~ {line}" for line in (*self.changed, *self.header, *self.templates)),
        ]


def compare(old: Definition, new: Definition) -> Comparison:
    """What `new` does differently from `old`. Renaming a step is removing one and adding one."""
    was, now = old.program.steps, new.program.steps
    kept = [step for step in now if step in was]
    return Comparison(
        added=tuple(step for step in now if step not in was),
        removed=tuple(step for step in was if step not in now),
        changed=tuple(f"step {step}: {line}" for step in kept for line in _fields(_told(was[step]), _told(now[step]))),
        header=tuple(_fields(_header(old), _header(new))),
        templates=tuple(_templates(old, new)),
    )


def file_diff(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """A unified diff of the files that people write; what a deployment adds to them is left out."""
    paths = sorted(path for path in {*old, *new} if not path.startswith("compiled/") and not path.endswith(".json"))
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


def _header(definition: Definition) -> dict[str, str]:
    return _told(definition)


def _templates(old: Definition, new: Definition) -> Iterator[str]:
    for kind, was, now in (("template", old.templates, new.templates), ("layout", old.layouts, new.layouts)):
        for name in sorted({*was, *now}):
            if was.get(name) != now.get(name):
                how = "added" if name not in was else "removed" if name not in now else "changed"
                yield f"{kind} {name} {how}"


def _fields(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys((*was, *now)):
        before, after = was.get(name, NOTHING), now.get(name, NOTHING)
        if before != after:
            yield f"{name}: {before} → {after}"


def _told(value: object) -> dict[str, str]:
    """Each field of a step or a definition as text; what does not matter to people is left out."""
    assert dataclasses.is_dataclass(value)
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.name != "id"}
    kind = {"kind": type(value).__name__} if not isinstance(value, Definition) else {}
    told = {name: _text(one) for name, one in fields.items() if name not in _LEFT_OUT | _DERIVED}
    return kind | {
        _WORDS.get(name, name): "the end" if name in _LEADS and text == NOTHING else text for name, text in told.items()
    }


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
            told = {name: _text(getattr(value, name)) for name in names}
            return " ".join(f"{name} {text}" for name, text in told.items() if text != NOTHING)
        case _:
            return str(value)
