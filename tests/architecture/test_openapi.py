"""The OpenAPI documents are valid, and describe the routes that there are."""

import re
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.applications import Starlette
from starlette.routing import Route

from relevo_control.entrypoints import http as control_http
from relevo_control.entrypoints import openapi as of_control
from relevo_control.settings import ControlSettings
from relevo_engine.entrypoints import openapi as of_tasks
from relevo_engine.entrypoints import tasks_http
from relevo_ingest.entrypoints import http, serving
from relevo_ingest.entrypoints import openapi as of_ingest
from relevo_ingest.entrypoints.front_door import FrontDoor

NOTHING: Any = None
APPS: dict[str, tuple[Starlette | FrontDoor, dict[str, Any]]] = {
    "ingest": (http.make_app(serving.Ingest(*[NOTHING] * len(serving.Ingest.__struct_fields__))), of_ingest.openapi()),
    "tasks": (tasks_http.make_app(NOTHING, NOTHING, NOTHING), of_tasks.openapi()),
    "control": (control_http.make_app(NOTHING, ControlSettings(), NOTHING), of_control.openapi()),
}
both = pytest.mark.parametrize("name", APPS)


@both
def test_the_document_is_valid(name: str) -> None:
    document = APPS[name][1]
    assert document["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


@both
def test_the_document_has_every_route_and_no_other(name: str) -> None:
    app, document = APPS[name]
    served = {
        (re.sub(r":\w+}", "}", route.path), method.lower())
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or {"GET"})
        if method != "HEAD"
    }
    described = {
        (path, method)
        for path, item in document["paths"].items()
        for method in item
        if method in ("get", "post", "put", "delete", "options", "patch")
    }
    assert described == served


@both
def test_every_example_fits_its_schema(name: str) -> None:
    document = APPS[name][1]
    checked = 0
    for content, schema in _contents(document["paths"]):
        examples = [one["value"] for one in content.get("examples", {}).values()]
        for value in [*examples, *([content["example"]] if "example" in content else [])]:
            jsonschema.validate(value, schema | {"components": document["components"]})
            checked += 1
    assert checked > 10


def _contents(node: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every media type object with its schema."""
    if not isinstance(node, dict):
        return []
    mine = [(media, media["schema"]) for media in node.get("content", {}).values()]
    return mine + [found for value in node.values() for found in _contents(value)]
