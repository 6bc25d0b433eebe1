"""The reference of the steps as a page: every step with its fields, from where they are declared."""

from collections.abc import Iterable, Iterator
from typing import Any

from relevo_workflow import STEP_TYPES, StepField, StepType

_HEAD = """# Steps

Every step of the [workflow language](language.md) and its fields. Written by `relevo docs` from the steps themselves;
what they mean together, with examples, is in [language.md](language.md#steps).

Every step may have an `id` beside its keyword.
"""


def step_reference() -> str:
    """The page, in Markdown."""
    return "\n".join([_HEAD, *(line for one in STEP_TYPES.values() for line in _section(one))])


def _section(step_type: StepType) -> Iterator[str]:
    yield f"## {step_type.keyword}"
    yield f"`{step_type.keyword}` {step_type.summary}.\n"
    if step_type.fields:
        yield from _table("field", step_type.fields)
    if step_type.arm_fields:
        yield from _table("field of an arm", step_type.arm_fields)


def _table(title: str, fields: Iterable[StepField[Any]]) -> Iterator[str]:
    yield f"| {title} | meaning | default |"
    yield "|---|---|---|"
    yield from (f"| `{one.name}` | {one.meaning} | {_default(one)} |" for one in fields)
    yield ""


def _default(field: StepField[Any]) -> str:
    if field.required:
        return "required"
    plain = field.default and "`" not in field.default and " " not in field.default
    return f"`{field.default}`" if plain else field.default
