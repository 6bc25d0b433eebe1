"""The language's page: its examples are workflows, its lists are complete."""

import re
from pathlib import Path

import pytest

from relevo_workflow.compiler.ast import KINDS
from relevo_workflow.expressions.shapes import CUSTOMER, SHOP
from tests.workflow.shop import a_workflow, problems_of

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_first_example_is_a_workflow():
    assert a_workflow(BLOCKS[0], "reminder", "discount", "last-call").warnings == ()


@pytest.mark.parametrize("line", [line for line in BLOCKS[1].splitlines() if line.startswith("trigger:")])
def test_each_trigger_is_one(line):
    segments = "segments: {loyal: customer.orders_count > 2, buyers: customer.orders_count > 0}"
    assert problems_of(f"workflow: flow\n{segments}\n{line}\nsteps: [{{wait: 1d}}]\n") == []


@pytest.mark.parametrize("wait", [line for line in BLOCKS[2].splitlines() if line.startswith("- wait:")])
def test_each_wait_is_one(wait):
    assert problems_of(f"workflow: flow\ntrigger: {{event: quote.sent}}\nsteps:\n{wait}\n") == []


def test_every_step_and_every_field_is_told():
    table = PAGE.split("## Steps")[1].split("## Conditions")[0]
    assert [kind for kind in KINDS if f"`{kind}:" not in table] == []
    variables = PAGE.split("## Conditions")[1].split("## Segments")[0]
    assert [name for name in (*CUSTOMER.fields, *SHOP.fields) if f"`{name}`" not in variables] == []
