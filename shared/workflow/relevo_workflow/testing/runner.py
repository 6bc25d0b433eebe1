"""Runs the tests beside a workflow in virtual time and says what differs from what they expect."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.effects import OpenTask
from relevo_workflow.model.inputs import EventInput, StartInput, TaskInput
from relevo_workflow.model.state import Subject
from relevo_workflow.steps.split import Split
from relevo_workflow.steps.task import StaffStep
from relevo_workflow.syntax.diagnostics import Diagnostic, Position, Problems
from relevo_workflow.testing.coverage import Coverage, coverage
from relevo_workflow.testing.engagements import engage
from relevo_workflow.testing.expectations import differences
from relevo_workflow.testing.of_run import data_of
from relevo_workflow.testing.rendered import Previews
from relevo_workflow.testing.scenario import Scenario, read_scenarios
from relevo_workflow.testing.scenario_event import CUSTOMER_KEY, ScenarioEvent
from relevo_workflow.testing.simulation import Simulation, SimulationError
from relevo_workflow.testing.step_names import ANSWERED, steps_named, wrong_names

MOST_SHOWN = 10
"""So many differences of a test are told."""
_DONE = {"approve": "approved", "reject": "rejected", "complete": "completed"}


class TestResult(Struct, frozen=True):
    """One test: its name, where it stands, and what differs (nothing: it passed)."""

    __test__ = False

    name: str
    position: Position
    failures: tuple[Diagnostic, ...]
    paths: tuple[tuple[str, ...], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything came as expected."""
        return not self.failures


class SuiteResult(Struct, frozen=True):
    """All tests of a workflow, what is wrong with their files, and which paths they cover."""

    workflow: str
    results: tuple[TestResult, ...]
    problems: tuple[Diagnostic, ...]
    coverage: Coverage

    @property
    def passed(self) -> bool:
        """Whether every test passed and every file could be read."""
        return not self.problems and all(one.passed for one in self.results)


def run_tests(definition: Definition, files: Mapping[str, str], previews: Previews | None = None) -> SuiteResult:
    """Runs every test of `tests/*.yaml` among `files`. Never raises for a bad test: it says what is wrong.

    `previews` are those of the definition, for who wants to see the messages.
    """
    problems = Problems()
    scenarios: list[Scenario] = []
    for path in sorted(files):
        if path.startswith("tests/") and path.endswith((".yaml", ".yml")):
            scenarios.extend(
                _that_fit(definition, read_scenarios(path, files[path], problems, definition.types), problems)
            )
    previews = previews or Previews(definition)
    results = tuple(run_scenario(definition, scenario, previews) for scenario in scenarios)
    taken = [path for result in results for path in result.paths]
    return SuiteResult(definition.name, results, tuple(dict.fromkeys(problems.errors)), coverage(definition, taken))


def _that_fit(definition: Definition, scenarios: list[Scenario], problems: Problems) -> Iterator[Scenario]:
    """The tests that name only steps that there are; what is wrong with the others is noted."""
    for scenario in scenarios:
        wrong = wrong_names(definition, scenario)
        for one in wrong:
            problems.note(one)
        if not wrong:
            yield scenario


def run_scenario(definition: Definition, scenario: Scenario, previews: Previews | None = None) -> TestResult:
    """Runs one test. `previews` are those of the definition, where several tests share them."""
    wrong = wrong_names(definition, scenario)
    if wrong:
        return TestResult(scenario.name, scenario.position, tuple(wrong))
    chosen, failures = _chosen(definition, scenario), list[Diagnostic]()
    subject = Subject(shop=scenario.shop.id, key=CUSTOMER_KEY, facts=scenario.facts)
    answers = {
        step: given for name, given in scenario.answers.items() for step in steps_named((chosen,), name, ANSWERED)
    }
    simulation = Simulation(
        [chosen],
        subject,
        scenario.start,
        shop=scenario.shop,
        answers=answers,
        products=scenario.products,
        rankings=scenario.rankings,
    )
    try:
        for number, entry in enumerate(scenario.events):
            failures.extend(perform(simulation, entry, number))
        if scenario.until is not None:
            simulation.run_until(scenario.until)
        else:
            simulation.finish()
        failures.extend(differences(previews or Previews(definition), scenario, simulation))
    except SimulationError as error:
        failures.append(Diagnostic(scenario.position, str(error)))
    except RecursionError:
        message = "the workflow starts itself again and again, or reports what starts it"
        failures.append(Diagnostic(scenario.position, message, "put a wait or a condition before that step"))
    paths = tuple(decision.path for decision in simulation.decisions)
    return TestResult(scenario.name, scenario.position, tuple(_first(failures)), paths)


def _first(failures: list[Diagnostic]) -> list[Diagnostic]:
    """As many differences as somebody reads, and how many more there are."""
    left = len(failures) - MOST_SHOWN
    if left <= 0:
        return failures
    return [*failures[:MOST_SHOWN], Diagnostic(failures[MOST_SHOWN].position, f"and {left} more")]


def perform(simulation: Simulation, entry: ScenarioEvent, number: int) -> list[Diagnostic]:
    """Gives the simulation this entry of the scenario; returns what stands against it."""
    at = max(entry.at, simulation.now)
    input_id = f"{entry.event or entry.staff or 'start'}-{number}"
    if entry.staff:
        simulation.run_before(at)
        return _act(simulation, entry, input_id)
    if entry.step:
        simulation.run_before(at)
        return engage(simulation, entry, input_id)
    if entry.manual:
        workflow = simulation.definitions[0].name
        simulation.give(StartInput(id=input_id, workflow=workflow, at=entry.at, data=entry.data), at)
        return []
    event = Event(
        id=input_id,
        source="test",
        type=entry.event,
        time=entry.at,
        shop=simulation.subject.shop,
        key=entry.key,
        data=data_of(next(reversed(simulation.runs.values()), None), entry.data),
        receivedtime=at,
        historical=entry.historical,
        test=entry.test,
    )
    simulation.give(EventInput(event), at)
    return []


def _act(simulation: Simulation, entry: ScenarioEvent, input_id: str) -> list[Diagnostic]:
    """Someone of the staff acts on the newest task of a step."""
    opened = [one for one in simulation.effects if isinstance(one.effect, OpenTask)]
    named = steps_named(simulation.definitions, entry.step, StaffStep)
    tasks = [one for one in opened if isinstance(one.effect, OpenTask) and one.effect.step in named]
    if not tasks:
        steps = ", ".join(dict.fromkeys(one.effect.step for one in opened if isinstance(one.effect, OpenTask)))
        return [
            Diagnostic(
                entry.position,
                f"there is no open task of '{entry.step}'",
                f"opened: {steps or 'none'}",
            )
        ]
    if any(one.effect.approval == (entry.staff == "complete") for one in tasks if isinstance(one.effect, OpenTask)):
        wanted = "complete it" if entry.staff != "complete" else "approve or reject it"
        return [Diagnostic(entry.position, f"nobody can {entry.staff} '{entry.step}'", wanted)]
    done: Any = _DONE[entry.staff]
    arrival = TaskInput(
        id=input_id,
        task_id=tasks[-1].effect.id,
        run_id=tasks[-1].run,
        at=simulation.now,
        done=done,
        by=entry.by,
        role=entry.role,
        note=entry.note,
        data=entry.answer,
    )
    simulation.give(arrival)
    return []


def _chosen(definition: Definition, scenario: Scenario) -> Definition:
    """The definition with the shares that the test chooses: `holdout: false`, `<split>: <variant>`."""
    program = definition.program
    for name, choice in scenario.choose.items():
        step = program.steps.get(name)
        if isinstance(step, Split):
            arms = tuple(replace(arm, weight=int(arm.label == choice)) for arm in step.arms)
            program = replace(program, steps={**program.steps, name: replace(step, arms=arms)})
        elif name == "holdout":
            definition = replace(definition, holdout=100.0 if choice is True else 0.0)
    return replace(definition, program=program)
