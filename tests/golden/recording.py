"""What this release stores, as files that every later release must read.

`python -m tests.golden.recording` writes the folder of the installed release anew. Do that before a release, never
after it: from then on its folder is what shops have in their databases.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from relevo_cli.workflow_files import Loaded, load_folders
from relevo_workflow import Decision, Definition, Facts, Input, Problems, Run, Shop, Subject, handle
from relevo_workflow.explain import RecordedDecision
from relevo_workflow.testing import CUSTOMER_KEY, Scenario, Simulation, perform, read_scenarios

FOLDER = Path(__file__).parent
LIBRARY = FOLDER.parents[1] / "workflows"
STORED = {"facts": Facts, "run": Run, "decision": RecordedDecision}
"""What the engine keeps as JSON of structs of the workflow language."""
_MOST = 2
"""So many histories of a workflow are enough."""


class Head(Struct, frozen=True):
    """Where a history begins: a customer of a shop with nothing under way."""

    workflow: str
    version: str
    test: str
    shop: Shop
    subject: Subject


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What an input did: its words may change, this may not."""

    kind: str
    path: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()


class Moment(Struct, frozen=True, omit_defaults=True):
    """One input and the customer after it, as the engine stores them."""

    now: datetime
    input: Input
    facts: Facts
    runs: tuple[Run, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


def outcomes_of(decisions: Sequence[Decision]) -> tuple[Outcome, ...]:
    """What later releases have to come to as well."""
    return tuple(
        Outcome(
            one.kind, one.path, tuple(f"{type(effect).__struct_config__.tag} {effect.id}" for effect in one.effects)
        )
        for one in decisions
    )


class Recording(Simulation):
    """A simulation that keeps each input with the customer after it."""

    def __init__(self, definition: Definition, scenario: Scenario) -> None:
        self.moments: list[Moment] = []
        subject = Subject(shop=scenario.shop.id, key=CUSTOMER_KEY, facts=scenario.facts)
        super().__init__([definition], subject, scenario.start, shop=scenario.shop, answers=scenario.answers)
        self.head = Head(definition.name, definition.version, scenario.name, self.shop, self.subject)

    def _handle(self, arrival: Input) -> None:
        before = self.subject
        after = handle(self.definitions, {}, before, arrival, self.now, shop=self.shop)
        outcomes = outcomes_of(after.decisions)
        self.moments.append(Moment(self.now, arrival, after.subject.facts, after.subject.runs, outcomes))
        super()._handle(arrival)

    @property
    def covered(self) -> set[str]:
        """The steps and arms that it takes."""
        return {entry for moment in self.moments for outcome in moment.outcomes for entry in outcome.path}


def recorded(loaded: Loaded) -> Iterator[Recording]:
    """The histories of a workflow's own tests that together take the most of its steps and arms."""
    every: list[Recording] = []
    for path in sorted((loaded.folder / "tests").glob("*.yaml")):
        for scenario in read_scenarios(path.name, path.read_text(), Problems(), loaded.definition.types):
            every.append(recording := Recording(loaded.definition, scenario))
            for number, entry in enumerate(scenario.events):
                perform(recording, entry, number)
            recording.run_until(scenario.until or recording.now)
            recording.finish()
    covered: set[str] = set()
    for _ in range(_MOST):
        best = max(every, key=lambda one: len(one.covered - covered))
        covered |= best.covered
        yield best


def sample(kind: Any) -> Any:
    """A value of a type in which every field is given, so that none is left out when it is stored."""
    plain = {str: "text", int: 3, float: 1.5, bool: True, Any: {"any": [1, "two", None]}}
    if kind in plain:
        return plain[kind]
    if kind is datetime:
        return datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
    if kind is date:
        return date(1990, 2, 28)
    arguments, origin = get_args(kind), get_origin(kind)
    if origin is Union or isinstance(kind, type(int | None)):
        return sample(next(one for one in arguments if one is not type(None)))
    if isinstance(kind, type) and issubclass(kind, Struct):
        return kind(**{name: sample(hint) for name, hint in get_type_hints(kind).items()})
    if origin is dict:
        return {"name": sample(arguments[1])}
    if origin in (list, tuple):
        return origin(sample(one) for one in arguments if one is not ...)
    return arguments[-1]  # a literal


def write(folder: Path) -> None:
    """Everything of the installed release."""
    (folder / "definitions").mkdir(parents=True, exist_ok=True)
    (folder / "histories").mkdir(exist_ok=True)
    for name, kind in STORED.items():
        (folder / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(sample(kind)), indent=1) + b"\n")
    for loaded in load_folders(LIBRARY):
        name = loaded.definition.name
        stored = {"version": loaded.definition.version, "files": loaded.files}
        (folder / "definitions" / f"{name}.json").write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n")
        for number, recording in enumerate(recorded(loaded), 1):
            lines = [recording.head, *recording.moments]
            text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
            (folder / "histories" / f"{name}-{number}.jsonl").write_bytes(text)


if __name__ == "__main__":
    write(FOLDER / version("relevo-workflow"))
