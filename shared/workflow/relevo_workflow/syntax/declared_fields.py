"""The fields of a step, each declared once: what reads it, what an editor accepts, what the reference says of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Generic, Literal, TypeVar

from relevo_workflow.syntax.durations import format_duration
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import DURATION, NAME, OFFSET, SAVE, TEXT, TEXTS, TIME, ZONE, Schema, record
from relevo_workflow.syntax.yaml_source import Node

ValueT = TypeVar("ValueT")

Holds = Literal["", "expression", "values", "text"]
"""What a field holds that may name what steps have saved: an expression, values, or text with Liquid."""


@dataclass(frozen=True, slots=True)
class StepField(Generic[ValueT]):
    """A field: `read` gives its value, with every problem noted; the reference says `default`, or `required`."""

    name: str
    read: Callable[[Fields], ValueT]
    schema: Schema
    meaning: str
    required: bool = False
    default: str = ""
    holds: Holds = ""


def schema_of(fields: Iterable[StepField[Any]]) -> Schema:
    """The JSON Schema of a mapping with these fields."""
    given = tuple(fields)
    return record({one.name: one.schema for one in given}, *(one.name for one in given if one.required))


def node_field(
    name: str, schema: Schema, meaning: str, *, required: bool = False, advice: str = "", holds: Holds = ""
) -> StepField[Node | None]:
    """A field that its step reads further: an expression, values, a mapping."""

    def read(fields: Fields) -> Node | None:
        return fields.need(name, advice) if required else fields.get(name)

    return StepField(name, read, schema, meaning, required, holds=holds)


def text_field(name: str, meaning: str, *, required: bool = False, schema: Schema = TEXT) -> StepField[str]:
    """Text."""
    return StepField(name, lambda fields: fields.text(name, required=required), schema, meaning, required)


def liquid_field(name: str, meaning: str, schema: Schema) -> StepField[Node | None]:
    """Text with Liquid, which must be there."""

    def read(fields: Fields) -> Node | None:
        node = fields.need(name)
        fields.text(name)
        return node

    return StepField(name, read, schema, meaning, required=True, holds="text")


def texts_field(name: str, meaning: str) -> StepField[tuple[str, ...]]:
    """A list of texts, or one."""
    return StepField(name, lambda fields: fields.texts(name), TEXTS, meaning)


def name_field(name: str, meaning: str) -> StepField[str]:
    """A name of words joined by hyphens, which must be there."""
    return StepField(name, lambda fields: fields.name(name, required=True), NAME, meaning, required=True)


def save_field(meaning: str, *, required: bool = False) -> StepField[str]:
    """`as`: the name under which `run` has what the step saves."""
    return StepField("as", lambda fields: fields.save_name(), SAVE, meaning, required)


def choice_field(name: str, known: tuple[str, ...], meaning: str, default: str = "") -> StepField[str]:
    """One of several words; without a default it must be there."""
    required = not default
    schema: Schema = {"enum": list(known)}
    return StepField(
        name, lambda fields: fields.choice(name, known, default, required=required), schema, meaning, required, default
    )


def duration_field(
    name: str, meaning: str, *, required: bool = False, default: str = ""
) -> StepField[timedelta | None]:
    """A length of time; `None` where it is not given. `default` is for the reference."""
    return StepField(
        name, lambda fields: fields.duration(name, required=required), DURATION, meaning, required, default=default
    )


def duration_or(name: str, default: timedelta, meaning: str) -> StepField[timedelta]:
    """A length of time that has a default."""
    return StepField(
        name,
        lambda fields: fields.duration(name, default) or default,
        DURATION,
        meaning,
        default=format_duration(default),
    )


def offset_field(name: str, meaning: str) -> StepField[timedelta | None]:
    """A length of time that may be negative."""
    return StepField(name, lambda fields: fields.signed_duration(name), OFFSET, meaning)


def time_field(name: str, meaning: str) -> StepField[time | None]:
    """A local time of day."""
    return StepField(name, lambda fields: fields.time(name), TIME, meaning)


def zone_field() -> StepField[str]:
    """`zone`: `customer`, `shop` or an IANA name."""
    return StepField(
        "zone",
        lambda fields: fields.zone(),
        ZONE,
        "whose time it is: `customer`, `shop`, or `Europe/Madrid`",
        default="customer",
    )


def count_field(name: str, default: int, meaning: str, *, least: int = 1) -> StepField[int]:
    """A whole number, at least `least`."""
    schema: Schema = {"type": "integer", "minimum": least}
    return StepField(
        name, lambda fields: fields.count(name, default, least=least), schema, meaning, default=str(default)
    )


def yes_or_no_field(name: str, meaning: str) -> StepField[bool]:
    """`true` or `false`."""
    return StepField(name, lambda fields: fields.yes_or_no(name), {"type": "boolean"}, meaning, default="false")


def flag_field(name: str, advice: str, meaning: str) -> StepField[bool]:
    """A field that is there or not, and takes no value."""
    return StepField(name, lambda fields: fields.flag(name, advice), {}, meaning)
