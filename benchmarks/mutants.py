"""How many slips in a workflow `relevo check` or its own tests catch.

`python -m benchmarks.mutants [--per-workflow N] [--survivors] [NAME …]` spoils every workflow of the library in N
ways (default 100), spread evenly over the kinds of slips, and tells the share that is caught. The last line is JSON.
A slip is caught if loading finds an error, or if a test fails. Left out is what changes nothing (see
`benchmarks.mutation.slips`), and what compiles to the same workflow.
"""

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from benchmarks.mutation.slips import Slip, slips
from relevo_cli.workflow_files import read_folder, read_tests, workflow_folders
from relevo_workflow import (
    Definition,
    Expression,
    Goto,
    LiquidText,
    Position,
    Problems,
    Program,
    WorkflowError,
    load_workflow,
    read_yaml,
)
from relevo_workflow.testing import Previews, Scenario, read_scenarios, run_scenario

LIBRARY = Path(__file__).parents[1] / "workflows"
MAIN = "workflow.yaml"
_TARGETS = ("next", "target", "timeout_target", "approved", "rejected", "expired")
_NOT_COMPARED = ("version", "files", "warnings", "places", "title", "description")


@dataclass(frozen=True)
class Verdict:
    """What became of one slip: caught by `check` or by `tests`, `same` as before, or `survived`."""

    kind: str
    place: str
    by: str


class Workflow:
    """A workflow with its tests, ready to be spoiled."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.files = read_folder(folder)
        self.definition = load_workflow(self.files)
        problems = Problems()
        root = read_yaml(MAIN, self.files[MAIN], problems)
        assert root is not None
        self.document: Any = root.plain()
        tests, types = read_tests(folder).items(), self.definition.types
        self.scenarios: list[Scenario] = [
            one for path, text in tests for one in read_scenarios(path, text, problems, types)
        ]
        assert not problems.found, problems.found
        assert self.verdict(("", "", self.document)).by == "same", f"{self.name} as JSON is another workflow"

    def slips(self, count: int) -> list[Slip]:
        """`count` slips, taking turns among the kinds; the same ones every time."""
        templates = {name: one.channel for name, one in self.definition.templates.items()}
        ids = [*self.definition.program.steps]
        by_kind: dict[str, list[Slip]] = defaultdict(list)
        for slip in slips(self.document, templates, ids):
            by_kind[slip[0]].append(slip)
        draw = random.Random(self.name)
        for found in by_kind.values():
            draw.shuffle(found)
        return (
            list(_taking_turns(list(by_kind.values())))[:count]
            if count
            else list(_taking_turns(list(by_kind.values())))
        )

    def verdict(self, slip: Slip) -> Verdict:
        """What `check` and the tests say of a slip."""
        kind, place, document = slip
        try:
            spoiled = load_workflow({**self.files, MAIN: json.dumps(document)})
        except WorkflowError:
            return Verdict(kind, place, "check")
        if compiled(spoiled) == compiled(self.definition):
            return Verdict(kind, place, "same")
        previews = Previews(spoiled)
        caught = any(not run_scenario(spoiled, scenario, previews).passed for scenario in self.scenarios)
        return Verdict(kind, place, "tests" if caught else "survived")


def _taking_turns(groups: Sequence[list[Slip]]) -> Iterator[Slip]:
    longest = max(map(len, groups), default=0)
    for turn in range(longest):
        for group in groups:
            if turn < len(group):
                yield group[turn]


def compiled(value: Any) -> Any:  # noqa: PLR0911  # one line a kind of value
    """What decisions are made of, without places: two workflows with the same decide alike."""
    if isinstance(value, Expression | LiquidText):
        return value.text
    if isinstance(value, Position):
        return None
    if isinstance(value, Program):
        return _without_gotos(value)
    if is_dataclass(value):
        left_out = _NOT_COMPARED if isinstance(value, Definition) else ()
        return {one.name: compiled(getattr(value, one.name)) for one in fields(value) if one.name not in left_out}
    if isinstance(value, dict):
        return {key: compiled(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [compiled(one) for one in value]
    return value


def _is_plain(step: object) -> bool:
    """Whether a step is a `goto` that is always taken."""
    return isinstance(step, Goto) and step.times is None


def _without_gotos(program: Program) -> Any:
    """The steps as they follow one another, whether by `goto` or by standing below."""

    def led_to(target: str) -> str:
        step = program.steps.get(target)
        return led_to(step.next) if isinstance(step, Goto) and _is_plain(step) and step.next != target else target

    def followed(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: followed(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [followed(one) for one in value]
        return led_to(value) if name in _TARGETS and isinstance(value, str) else value

    kept = {key: step for key, step in program.steps.items() if not _is_plain(step)}
    return {"first": led_to(program.first), **{key: followed(compiled(step)) for key, step in kept.items()}}


def main() -> None:
    """Prints the share of each workflow, what survived if asked for, and the sums as JSON."""
    asked = _arguments()
    total: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for folder in workflow_folders(LIBRARY):
        if asked.names and folder.name not in asked.names:
            continue
        workflow = Workflow(folder)
        verdicts = [workflow.verdict(slip) for slip in _shown(workflow.slips(asked.per_workflow), folder.name)]
        counts = Counter(one.by for one in verdicts)
        print(f"{folder.name:<16} {_told(counts)}", flush=True)
        for one in verdicts:
            kinds[one.kind][one.by] += 1
            if asked.survivors and one.by == "survived":
                print(f"    {one.kind}: {one.place}")
        total += counts
    for kind, counts in sorted(kinds.items()):
        print(f"  {kind:<20} {_told(counts)}")
    mutants = total.total() - total["same"]
    caught = total["check"] + total["tests"]
    print(json.dumps({"mutants": mutants, "caught": caught, "share": round(caught / max(1, mutants), 4)}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.mutants")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--per-workflow", type=int, default=100, help="0: every slip there is")
    parser.add_argument("--survivors", action="store_true", help="tell each slip that nothing caught")
    return parser.parse_args()


def _shown(found: list[Slip], name: str) -> Iterator[Slip]:
    """The slips, with progress for people who wait."""
    for number, slip in enumerate(found, start=1):
        if sys.stderr.isatty():
            print(f"\r{name} {number}/{len(found)} ", end="", file=sys.stderr)
        yield slip


def _told(counts: Counter[str]) -> str:
    mutants = counts.total() - counts["same"]
    caught = counts["check"] + counts["tests"]
    share = 100 * caught / mutants if mutants else 100
    return f"{share:5.1f} %  {caught} of {mutants} caught, {counts['check']} by check, {counts['tests']} by tests"


if __name__ == "__main__":
    main()
