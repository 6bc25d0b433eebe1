"""The page of each workflow of the library names what the workflow has, and nothing that is gone."""

import re
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.steps.coupon import CouponStep
from relevo_workflow.steps.step import Step
from relevo_workflow.steps.task import StaffStep
from tests.workflow.test_library import LIBRARY, NAMES, workflow_files

LONGEST = 70
CHAPTERS = ["Messages", "Ends early", "What it needs", "What to adapt"]


def page_of(name: str) -> str:
    return (LIBRARY / name / "README.md").read_text()


def linked(page: str, folder: str) -> set[str]:
    """What the page has links to in a folder beside it."""
    return {PurePath(one).stem for one in re.findall(rf"\]\(({folder}/[^)]+)\)", page)}


def needed(definition: Definition) -> set[str]:
    """What has to be there before the workflow does anything: events, pools of codes, staff."""
    return {*definition.trigger_types}.union(*(_needed(one) for one in definition.program.steps.values()))


def _needed(step: Step) -> Iterator[str]:
    if isinstance(step, CouponStep):
        yield step.pool
    if isinstance(step, StaffStep):
        asked = step.assignment
        more = asked.escalation.roles if asked.escalation else ()
        yield from filter(None, (asked.skill, *asked.roles, *more))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_the_messages_and_surveys_of_its_workflow(name: str) -> None:
    files = {PurePath(one) for one in workflow_files(name)}
    for folder in ("templates", "surveys"):
        assert linked(page_of(name), folder) == {one.stem for one in files if one.parts[0] == folder}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_what_its_workflow_needs_and_is_for(name: str) -> None:
    definition = load_workflow(workflow_files(name))
    quoted = set(re.findall(r"`([^`\n]+)`", page_of(name)))
    assert needed(definition) - quoted == set()
    goal = re.search(r"Goal: [^.]*`([\w.]+)`", page_of(name))
    assert (goal and goal[1]) == (definition.goal and definition.goal.event)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_short_and_like_the_others(name: str) -> None:
    page = page_of(name)
    assert page.startswith(f"# {load_workflow(workflow_files(name)).title}\n")
    assert "](diagram.svg)" in page
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == CHAPTERS
    assert len(page.splitlines()) <= LONGEST


@pytest.mark.parametrize("name", NAMES)
def test_the_list_of_the_library_leads_to_each_page(name: str) -> None:
    assert f"]({name}/README.md)" in (LIBRARY / "README.md").read_text()
