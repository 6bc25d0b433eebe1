"""The tests in YAML beside workflows as items of pytest: one each, with the line that differs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from relevo_cli.commands.test import policy_suite
from relevo_cli.workflow_files import WORKFLOW, placed
from relevo_testing.definitions import Compiled, WorkflowBroken, compiled, lines, near
from relevo_workflow import Diagnostic, Position, Problems
from relevo_workflow.testing import POLICY_TESTS, Scenario, TestResult, read_scenarios, run_scenario


def file_of_tests(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The collector of a file, if it is one of tests beside a workflow, or of a contact policy."""
    if path.suffix in (".yaml", ".yml") and path.parent.name == "tests" and (path.parents[1] / WORKFLOW).is_file():
        return WorkflowTests.from_parent(parent, path=path)
    return PolicyTests.from_parent(parent, path=path) if path.name == POLICY_TESTS else None


class YamlCase(pytest.Item):
    """One test in YAML. `position.file` is the path from where pytest runs."""

    position: Position

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, self.position.line - 1, self.name

    def failed(self, failures: tuple[Diagnostic, ...]) -> None:
        """Fails, with the place of each difference."""
        if failures:
            pytest.fail(lines(failures), pytrace=False)


class WorkflowTests(pytest.File):
    """A file of `tests/` beside a `workflow.yaml`."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its tests; what is wrong with the workflow or the file is an error of the file."""
        folder = self.path.parents[1]
        try:
            workflow = compiled(folder)
        except WorkflowBroken as error:
            raise self.CollectError(str(error)) from None
        problems = Problems()
        text, name = self.path.read_text(encoding="utf-8"), f"tests/{self.path.name}"
        scenarios = read_scenarios(name, text, problems, workflow.definition.types)
        if problems.errors:
            raise self.CollectError(lines(placed(near(folder), one) for one in dict.fromkeys(problems.errors)))
        for scenario in scenarios:
            yield WorkflowCase.from_parent(self, name=scenario.name, workflow=workflow, scenario=scenario)


class WorkflowCase(YamlCase):
    """One test of a workflow, in virtual time."""

    def __init__(self, *, workflow: Compiled, scenario: Scenario, **of_pytest: object) -> None:
        super().__init__(**of_pytest)  # type: ignore[arg-type]  # the node's own
        self.workflow = workflow
        self.scenario = scenario
        self.position = scenario.position

    def runtest(self) -> None:
        """Runs it."""
        result = run_scenario(self.workflow.definition, self.scenario, self.workflow.previews)
        here = near(self.workflow.folder)
        self.failed(tuple(placed(here, one) for one in result.failures))


class PolicyTests(pytest.File):
    """The tests of the contact policy of a folder of workflows."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its tests, which take some milliseconds altogether and were run when they are collected."""
        suite = policy_suite(near(self.path.parent))
        if suite.problems:
            raise self.CollectError(lines(suite.problems))
        for result in suite.results:
            yield PolicyCase.from_parent(self, name=result.name, result=result)


class PolicyCase(YamlCase):
    """One test of a contact policy."""

    def __init__(self, *, result: TestResult, **of_pytest: object) -> None:
        super().__init__(**of_pytest)  # type: ignore[arg-type]  # the node's own
        self.result = result
        self.position = result.position

    def runtest(self) -> None:
        """Says what came of it."""
        self.failed(self.result.failures)
