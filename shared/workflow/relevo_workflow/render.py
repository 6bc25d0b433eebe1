"""A template's texts in one language, rendered: what tests look into, and what a preview shows."""

from collections.abc import Mapping
from typing import Any

from relevo_contracts.template import Template, TemplateTexts
from relevo_workflow.liquid_texts import parse_liquid


def rendered_texts(template: Template, locales: tuple[str, ...], context: Mapping[str, Any]) -> TemplateTexts:
    """The texts in the best of `locales` with `context` filled in."""
    texts = template.locales[template.locale(*(tag for tag in locales if tag))]
    return {name: _render(value, context) for name, value in texts.items()}


def _render(value: str | list[str], context: Mapping[str, Any]) -> str | list[str]:
    if isinstance(value, str):
        return str(parse_liquid(value).render(**context))
    return [str(parse_liquid(one).render(**context)) for one in value]
