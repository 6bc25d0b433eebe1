"""The published JSON Schema: as generated, true of the library, and strict."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from relevo_workflow.compiler.ast import KINDS
from relevo_workflow.compiler.json_schema import workflow_schema
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.yaml_source import read_yaml

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "workflow.schema.json"


def test_it_is_published_as_generated() -> None:
    assert json.loads(PUBLISHED.read_text()) == workflow_schema(), "run `make docs`"


def test_it_is_a_schema_and_knows_every_step() -> None:
    jsonschema.Draft202012Validator.check_schema(workflow_schema())
    steps = workflow_schema()["$defs"]["steps"]["items"]["anyOf"]
    assert {key for step in steps for key in step["properties"]} == {*KINDS, "id"}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "workflows").glob("*/workflow.yaml")), ids=lambda path: path.parent.name
)
def test_the_library_fits_it(path: Path) -> None:
    node = read_yaml(path.name, path.read_text(), Problems())
    assert node is not None
    jsonschema.validate(node.plain(), workflow_schema())


@pytest.mark.parametrize(
    "step",
    [{"wiat": "4h"}, {"wait": "soon"}, {"wait": "4h", "send": {}}, {"send": {"channel": "fax"}}, {"stop": None}],
)
def test_what_the_language_refuses_it_refuses(step: dict[str, Any]) -> None:
    workflow = {"workflow": "flow", "trigger": {"event": "order.placed"}, "steps": [step]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(workflow, workflow_schema())
