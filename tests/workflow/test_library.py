"""The workflows of the library: each loads, passes its own tests and has every way covered."""

from pathlib import Path

import pytest

from relevo_ingest.connectors.registry import topics_of
from relevo_ingest.core.storefront.hits import STOREFRONT_EVENTS
from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.testing.runner import run_tests

LIBRARY = Path(__file__).parents[2] / "workflows"
NAMES = sorted(path.parent.name for path in LIBRARY.glob("*/workflow.yaml"))


def workflow_files(name: str) -> dict[str, str]:
    folder = LIBRARY / name
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}
    found |= {f"layouts/{path.name}": path.read_text() for path in (LIBRARY / "layouts").iterdir()}
    segments = LIBRARY / "segments.yaml"
    return {**found, **({"segments.yaml": segments.read_text()} if segments.exists() else {})}


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


@pytest.mark.parametrize("name", NAMES)
def test_what_a_workflow_waits_for_is_sent_by_a_platform_or_a_storefront(name: str) -> None:
    definition = load_workflow(workflow_files(name))
    wanted = {*definition.trigger_types, *definition.exit_types, *definition.event_types}
    assert {one for one in wanted if not topics_of(one) and one not in STOREFRONT_EVENTS} == set()


def test_whatever_the_forms_of_a_storefront_ask_for_starts_a_workflow() -> None:
    started = {one for name in NAMES for one in load_workflow(workflow_files(name)).trigger_types}
    asked = {one for one in STOREFRONT_EVENTS if one.endswith(".requested")}
    assert asked >= {"consent.requested", "back_in_stock.requested", "price_drop.requested"}
    assert asked <= started
