"""`relevo test`: run the tests beside workflows in virtual time."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from msgspec import Struct, structs
from rich.console import Console

from relevo_cli.commands.check import not_text
from relevo_cli.console import out, print_json
from relevo_cli.errors import NotTextError
from relevo_cli.junit import junit
from relevo_cli.workflow_files import LIBRARY, beside, need_folders, placed, placed_at, read_folder, read_tests
from relevo_workflow import POLICY_FILE, Definition, Diagnostic, Position, diagnose, diagnose_policy
from relevo_workflow.testing import (
    POLICY_TESTS,
    Coverage,
    Previews,
    SuiteResult,
    TestResult,
    run_policy_tests,
    run_tests,
)


class Summary(Struct, frozen=True):
    """What was run; the last line of `--json`. `branches` are all paths through the workflows."""

    tests: int
    passed: int
    failed: int
    branches: int
    covered: int
    seconds: float


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test")(run)


def run(
    path: Annotated[Path, typer.Argument(help="A workflow folder, or a folder of workflow folders.")] = LIBRARY,
    junit_file: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the results as JUnit XML.")
    ] = None,
    coverage_min: Annotated[
        float, typer.Option(min=0, max=100, help="Fail below this percentage of paths covered.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a workflow, then the sums.")] = False,
) -> None:
    """Run the tests beside each workflow in virtual time. Exit code 1 if one fails or can't be read."""
    suites, seconds = [], []
    console = out()
    folders = need_folders(path)
    libraries = {library.resolve(): library for library in map(beside, folders)}
    asked = [partial(policy_suite, library) for library in libraries.values() if (library / POLICY_TESTS).is_file()]
    for suite in [*(partial(suite_of, folder) for folder in folders), *asked]:
        begun = perf_counter()
        suites.append(suite())
        seconds.append(perf_counter() - begun)
        if as_json:
            print_json(suites[-1])
        else:
            show(console, suites[-1], seconds[-1])
    if junit_file is not None:
        junit_file.parent.mkdir(parents=True, exist_ok=True)
        junit_file.write_text(junit(suites, seconds), encoding="utf-8")
    summary = summed(suites, sum(seconds))
    thin = percentage(summary) < coverage_min
    if as_json:
        print_json(summary)
    else:
        show_sums(console, summary, coverage_min if thin else None)
    if thin or not all(one.passed for one in suites):
        raise typer.Exit(1)


def policy_suite(library: Path) -> SuiteResult:
    """The tests of the contact policy of a folder of workflows, run; one with errors has no tests."""
    files = {path.name: path.read_text(encoding="utf-8") for path in (library / POLICY_FILE, library / POLICY_TESTS)
             if path.is_file()}  # fmt: skip
    policy, found = diagnose_policy(files)
    if policy is None:
        missing = Diagnostic(Position(POLICY_TESTS), "there are tests of a policy, and no policy.yaml", "add it")
        found = [one for one in found if one.severity == "error"] or [missing]
        suite = SuiteResult("policy", (), tuple(found), Coverage((), ()))
    else:
        suite = run_policy_tests(policy, POLICY_TESTS, files[POLICY_TESTS])
    return structs.replace(
        suite,
        results=tuple(
            structs.replace(one, position=_in(library, one.position), failures=_all_in(library, one.failures))
            for one in suite.results
        ),
        problems=_all_in(library, suite.problems),
    )


def _in(library: Path, where: Position) -> Position:
    return Position((library / where.file).as_posix(), where.line, where.column)


def _all_in(library: Path, found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(structs.replace(one, position=_in(library, one.position)) for one in found)


def suite_of(folder: Path) -> SuiteResult:
    """The tests of one folder, run; a workflow with errors is a suite with problems and no tests."""
    try:
        return tested(folder, *diagnose(read_folder(folder, parse=False)))
    except NotTextError as error:
        return SuiteResult(folder.resolve().name, (), (placed(folder, not_text(folder, error)),), Coverage((), ()))


def tested(
    folder: Path, definition: Definition | None, found: Sequence[Diagnostic], previews: Previews | None = None
) -> SuiteResult:
    """The tests of a workflow that was checked already, with what was found."""
    if definition is None:
        errors = tuple(placed(folder, one) for one in found if one.severity == "error")
        return SuiteResult(folder.resolve().name, (), errors, Coverage((), ()))
    suite = run_tests(definition, read_tests(folder), previews)
    if not suite.results and not suite.problems:
        nothing = Diagnostic(Position("workflow.yaml"), "there are no tests", "add tests/*.yaml beside it")
        suite = structs.replace(suite, problems=(nothing,))
    missed = {path: placed_at(folder, where) for path, where in suite.coverage.positions.items()}
    return structs.replace(
        suite,
        results=tuple(_from_here(folder, one) for one in suite.results),
        problems=tuple(placed(folder, one) for one in suite.problems),
        coverage=structs.replace(suite.coverage, positions=missed),
    )


def _from_here(folder: Path, result: TestResult) -> TestResult:
    failures = tuple(placed(folder, one) for one in result.failures)
    return structs.replace(result, position=placed_at(folder, result.position), failures=failures)


def summed(suites: Sequence[SuiteResult], seconds: float) -> Summary:
    """The sums over all workflows."""
    results = [one for suite in suites for one in suite.results]
    passed = sum(one.passed for one in results)
    return Summary(
        tests=len(results),
        passed=passed,
        failed=len(results) - passed,
        branches=sum(len(suite.coverage.paths) for suite in suites),
        covered=sum(suite.coverage.covered for suite in suites),
        seconds=round(seconds, 3),
    )


def percentage(summary: Summary) -> float:
    """The share of paths that are covered, in percent; all of none is all."""
    return 100.0 * summary.covered / summary.branches if summary.branches else 100.0


def show(console: Console, suite: SuiteResult, seconds: float) -> None:
    """One workflow: a line, then what failed and what is not covered."""
    failed = [one for one in suite.results if not one.passed]
    mark, colour = ("✓", "green") if suite.passed else ("✗", "red")
    count = f"{len(suite.results) - len(failed)} of {len(suite.results)} tests"
    paths = f"{suite.coverage.covered} of {len(suite.coverage.paths)} paths"
    console.print(f"{mark} {suite.workflow:<16} {count:>15}  {paths:>15}  {seconds:6.2f} s", style=colour, markup=False)
    for problem in suite.problems:
        console.print(f"    {problem}", markup=False)
    for result in failed:
        console.print(f"  ✗ {result.name}", style="red", markup=False)
        for failure in result.failures:
            show_failure(console, failure)
    for path in suite.coverage.missed:
        where = suite.coverage.positions.get(path)
        place = f"  {where.file}:{where.line}" if where is not None else ""
        console.print(f"    not covered: {path}{place}", style="yellow", markup=False)


def show_failure(console: Console, failure: Diagnostic) -> None:
    """A difference: its place, then what was expected and what came, one under the other."""
    where = failure.position
    console.print(f"    {where.file}:{where.line}:{where.column}", style="dim", markup=False)
    expected, comma, got = failure.message.partition(", got ")
    console.print(f"      {expected}", markup=False)
    if comma:
        console.print(f"      got {got}", markup=False)
    if failure.help:
        console.print(f"      ({failure.help})", style="dim", markup=False)


def show_sums(console: Console, summary: Summary, wanted: float | None) -> None:
    """The last line."""
    colour = "red" if summary.failed or wanted is not None else "green"
    share = f"{percentage(summary):.1f}".removesuffix(".0")
    tests = f"{summary.passed} of {summary.tests} tests passed"
    console.print(
        f"{tests}, {share} % of {summary.branches} paths covered, {summary.seconds:.2f} s", style=colour, markup=False
    )
    if wanted is not None:
        console.print(f"the coverage is below {wanted:g} %", style="red", markup=False)
