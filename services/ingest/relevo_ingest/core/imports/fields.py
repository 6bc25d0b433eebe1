"""Which fields a kind of import has, told by the payload of its events: path, and how text becomes a value of it."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from relevo_contracts.payloads import Item, Money, Variant

Type = Literal["text", "integer", "number", "boolean", "amount", "date", "time", "list", "free"]
PARTS: dict[type[Struct], str] = {Item: "item", Variant: "variant"}
"""What stands in a list of a payload, and how its fields are named: `item.sku`, `variant.price`."""
_LEFT_OUT = frozenset(
    ("email_marketing", "sms_marketing", "merged_keys", "undoes", "tags_added", "tags_removed", "test", "transactions")
)
"""Consent is imported as consent, with its proof; the others are of a platform's own messages."""
_SIMPLE: dict[Any, Type] = {
    str: "text", int: "integer", float: "number", bool: "boolean", datetime: "time", date: "date", Money: "amount",
}  # fmt: skip


class Field(Struct, frozen=True):
    """A field by its name in mappings (`customer.email`, `item.sku`). `path` leads to it within the payload or part.

    `part` is the payload's list to which its record adds an element (`items`, `variants`); empty for the payload's own.
    """

    name: str
    path: tuple[str, ...]
    type: Type
    part: str = ""


@cache
def fields_of(payload: type[Struct]) -> dict[str, Field]:
    """The fields of a payload that a file can say, by name."""
    return {field.name: field for field in _fields(payload, (), "", "")}


def _fields(shape: type[Struct], path: tuple[str, ...], prefix: str, part: str) -> Iterator[Field]:
    for field in msgspec.structs.fields(shape):
        if field.name in _LEFT_OUT:
            continue
        yield from _field(_bare(field.type), (*path, field.name), f"{prefix}{field.name}", part)


def _field(wanted: Any, path: tuple[str, ...], name: str, part: str) -> Iterator[Field]:
    if wanted in _SIMPLE:
        yield Field(name, path, _SIMPLE[wanted], part)
    elif isinstance(wanted, type) and issubclass(wanted, Struct):
        yield from _fields(wanted, path, f"{name}.", part)
    elif get_origin(wanted) is Literal:
        yield Field(name, path, "text", part)
    elif get_origin(wanted) is dict:
        yield Field(name, path, "free", part)
    elif get_origin(wanted) is list:
        inner = _bare(get_args(wanted)[0])
        if inner is str:
            yield Field(name, path, "list", part)
        elif inner in PARTS and not part:
            yield from _fields(inner, (), f"{PARTS[inner]}.", path[0])


def _bare(wanted: Any) -> Any:
    """The type without its annotation and without "or none"; a number with decimals, where both kinds are allowed."""
    if get_origin(wanted) is Annotated:
        return _bare(get_args(wanted)[0])
    if get_origin(wanted) in (Union, UnionType):
        choices = [_bare(one) for one in get_args(wanted) if one is not NoneType]
        return float if set(choices) == {int, float} else choices[0]
    return wanted
