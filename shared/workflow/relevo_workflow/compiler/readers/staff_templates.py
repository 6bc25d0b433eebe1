"""Checks the texts by which a workflow replaces what the staff is sent: they have variables of their own."""

from relevo_templates.checks import check_text
from relevo_templates.environment import liquid_environment
from relevo_templates.errors import TemplateError
from relevo_templates.staff import VARIABLES
from relevo_templates.texts import Into, Text
from relevo_workflow.syntax.diagnostics import Problems, suggestion
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.text_context import named_paths


def check_staff_text(node: Node, problems: Problems, into: Into) -> None:
    """Notes what is not Liquid, and variables and fields that messages to the staff don't have."""
    try:
        parsed = Text(node.text, into=into)
    except TemplateError as error:
        problems.error(node.at(max(0, error.index)), f"this is not Liquid: {error.why}")
        return
    if parsed.liquid is None:
        return
    for found in check_text(parsed.liquid):
        advice = suggestion(found.filter, liquid_environment().filters) if found.filter else ""
        problems.error(node.at(found.index), found.message, advice)
    for path in named_paths(parsed):
        fields = VARIABLES.get(path[0])
        if fields is None:
            message = f"messages to the staff have no '{path[0]}'"
            problems.error(node.position, message, suggestion(path[0], VARIABLES))
        elif len(path) > 1 and path[1] not in fields:
            problems.error(node.position, f"'{path[0]}' has no field '{path[1]}'", suggestion(path[1], fields))
