"""What a test says that only the run knows: `{{ run.id }}` in the place of an id."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from relevo_templates.errors import TemplateError
from relevo_templates.formats import formats_of
from relevo_templates.texts import Text, is_liquid
from relevo_workflow.model.state import Run
from relevo_workflow.syntax.yaml_source import Node

_FORMATS = formats_of("en", "UTC")


def expected_of(run: Run | None, expected: Node) -> Node:
    """What is expected of something that `run` did: texts with Liquid are rendered with its id, key and what it saved.

    A run's id follows from the name of its workflow, so a test that wrote it down would fail under another name. What
    names anything else, or can't be rendered, stays as it is written.
    """
    if run is None or not any(node.is_text and is_liquid(node.text) for node in expected.walk()):
        return expected
    return _filled(expected, _variables(run))


def data_of(run: Run | None, data: Any) -> Any:
    """The data of an event in the same manner: an answer to a message names the run that sent it."""
    return data if run is None else _filled_value(data, _variables(run))


def _variables(run: Run) -> dict[str, Any]:
    return {"run": {**run.saved, "id": run.id, "key": run.key}}


def _filled(node: Node, variables: dict[str, Any]) -> Node:
    if node.entries is not None:
        return replace(node, entries={name: _filled(one, variables) for name, one in node.entries.items()})
    if node.items is not None:
        return replace(node, items=tuple(_filled(one, variables) for one in node.items))
    if not node.is_text:
        return node
    text = _text(node.text, variables)
    return replace(node, value=text, text=text)


def _filled_value(value: Any, variables: dict[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled_value(one, variables) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled_value(one, variables) for one in value]
    return _text(value, variables) if isinstance(value, str) else value


def _text(text: str, variables: dict[str, Any]) -> str:
    """`text` as it is if it names anything beside what the run knows: that is a template's own, shown as written."""
    try:
        parsed = Text(text)
        if parsed.liquid is None or not variables.keys() >= set(parsed.liquid.global_variables()):
            return text
        return parsed.render(variables, _FORMATS)
    except TemplateError:
        return text
