"""The language's page: its examples are workflows, its lists are complete."""

import json
import re
from pathlib import Path

import pytest

from relevo_workflow.compiler.ast import KINDS
from relevo_workflow.expressions.shapes import CUSTOMER, SHOP
from tests.workflow.shop import a_workflow, problems_of

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def lines_of(heading: str, start: str) -> list[str]:
    """The lines of the examples under a heading that begin with `start`."""
    block = re.findall(r"```yaml\n(.*?)```", PAGE.split(f"\n### {heading}\n")[1], re.DOTALL)[0]
    return [line for line in block.splitlines() if line.startswith(start)]


def test_the_first_example_is_a_workflow() -> None:
    assert a_workflow(BLOCKS[0], "reminder", "discount", "last-call").warnings == ()


@pytest.mark.parametrize("line", lines_of("Triggers", "trigger:"))
def test_each_trigger_is_one(line: str) -> None:
    segments = "segments: {loyal: customer.orders_count > 2, buyers: customer.orders_count > 0}"
    assert problems_of(f"workflow: flow\n{segments}\n{line}\nsteps: [{{wait: 1d}}]\n") == []


@pytest.mark.parametrize("wait", lines_of("Waiting until", "- wait:"))
def test_each_wait_is_one(wait: str) -> None:
    assert problems_of(f"workflow: flow\ntrigger: {{event: quote.sent}}\nsteps:\n{wait}\n") == []


def test_the_ways_are_steps() -> None:
    steps = PAGE.split("\n### Ways\n")[1].split("```")[1].removeprefix("yaml\n").replace("[...]", "[{wait: 1d}]")
    assert problems_of(f"workflow: flow\ntrigger: {{event: order.placed}}\nsteps:\n{steps}") == []


@pytest.mark.parametrize("step", lines_of("Changing the customer, telling others", "- "))
def test_each_change_is_one(step: str) -> None:
    fields: dict[str, object] = {"level": {"type": "string"}, "points": {"type": "integer"}}
    more = {"order_id": {"type": "string"}, "items": {"type": "array", "items": {"type": "string"}}}
    level = {"type": "object", "properties": fields}
    started = {"type": "object", "required": ["points"], "properties": fields | more}
    problems = problems_of(
        f"workflow: flow\ntrigger: {{event: custom.counted}}\nsteps:\n{step}\n",
        **{
            "events__custom.level_reached.json": json.dumps(level),
            "events__custom.counted.json": json.dumps(started),
        },
    )
    assert problems == []


def test_every_step_and_every_field_is_told() -> None:
    table = PAGE.split("## Steps")[1].split("## Conditions")[0]
    assert [kind for kind in KINDS if f"`{kind}:" not in table] == []
    variables = PAGE.split("## Conditions")[1].split("## Segments")[0]
    assert [name for name in (*CUSTOMER.fields, *SHOP.fields) if f"`{name}`" not in variables] == []
