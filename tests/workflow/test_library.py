"""The workflows of the library: each loads, passes its own tests and has every way covered."""

from pathlib import Path

import pytest

from relevo_contracts.payloads import SAID_BY_RELEVO
from relevo_ingest.connectors.registry import topics_of
from relevo_ingest.core.storefront.hits import STOREFRONT_EVENTS
from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.compiler.readers.policy import POLICY_FILE, diagnose_policy
from relevo_workflow.steps.emit import EmitStep
from relevo_workflow.steps.task import TaskStep
from relevo_workflow.testing.policy_cases import POLICY_TESTS, run_policy_tests
from relevo_workflow.testing.runner import run_tests

LIBRARY = Path(__file__).parents[2] / "workflows"
NAMES = sorted(path.parent.name for path in LIBRARY.glob("*/workflow.yaml"))


def workflow_files(name: str) -> dict[str, str]:
    folder = LIBRARY / name
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}
    for shared in ("layouts", "blocks", "events"):
        found |= {f"{shared}/{path.name}": path.read_text() for path in (LIBRARY / shared).iterdir()}
    return found | {beside: (LIBRARY / beside).read_text() for beside in ("segments.yaml", POLICY_FILE)}


EMITTED = {
    step.event
    for name in NAMES
    for step in load_workflow(workflow_files(name)).program.steps.values()
    if isinstance(step, EmitStep)
}
"""What the workflows of the library tell each other."""


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_of_the_library(name: str) -> None:
    files = workflow_files(name)
    definition = load_workflow(files)
    suite = run_tests(definition, files)
    assert not suite.problems, "\n".join(map(str, suite.problems))
    failed = [f"{one.name}: {failure}" for one in suite.results for failure in one.failures]
    assert not failed, "\n".join(failed)
    assert suite.results, "a workflow without tests"
    assert suite.coverage.missed == ()
    assert definition.name == name
    assert not definition.warnings, "\n".join(map(str, definition.warnings))


def test_the_readme_says_how_many_there_are() -> None:
    assert f"(workflows/README.md) the library of {len(NAMES)}." in (LIBRARY.parent / "README.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_what_somebody_does_not_do_in_time_goes_to_somebody_else_before_it_goes_up(name: str) -> None:
    """A task that ends is first given to another of the same skill, then to whom it is escalated."""
    steps = load_workflow(workflow_files(name)).program.steps.values()
    for asked in (step.assignment for step in steps if isinstance(step, TaskStep) and step.assignment.skill):
        if asked.deadline is not None:
            assert asked.reassign is not None, asked.title.text
            after = asked.deadline - asked.reassign
            assert asked.escalation is None or after < asked.escalation.after, asked.title.text


def test_the_contact_policy_of_the_library() -> None:
    policy, problems = diagnose_policy({POLICY_FILE: (LIBRARY / POLICY_FILE).read_text()})
    assert not problems
    assert policy is not None
    suite = run_policy_tests(policy, POLICY_TESTS, (LIBRARY / POLICY_TESTS).read_text())
    assert not suite.problems, "\n".join(map(str, suite.problems))
    assert not [f"{one.name}: {failure}" for one in suite.results for failure in one.failures]
    assert set(policy.priorities) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_workflow_waits_for_is_sent_by_a_platform_or_a_storefront(name: str) -> None:
    definition = load_workflow(workflow_files(name))
    wanted = {*definition.trigger_types, *definition.exit_types, *definition.event_types}
    own = {*STOREFRONT_EVENTS, *SAID_BY_RELEVO, *EMITTED}
    assert {one for one in wanted if not topics_of(one) and one not in own} == set()


def test_whatever_the_forms_of_a_storefront_ask_for_starts_a_workflow() -> None:
    started = {one for name in NAMES for one in load_workflow(workflow_files(name)).trigger_types}
    asked = {one for one in STOREFRONT_EVENTS if one.endswith(".requested")}
    assert asked >= {"consent.requested", "back_in_stock.requested", "price_drop.requested"}
    assert asked <= started
