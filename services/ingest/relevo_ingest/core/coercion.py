"""Plain JSON values brought into a typed shape, as far as they can be: what can't is absent, with a note.

Systems write numbers as text and text as numbers, `[]` for an object without fields (PHP), `{"0": …}` for a list.
These are read as what is meant. A value of a wrong kind is absent where the shape allows it, and an entry of a list
that can't be read is left out.
"""

from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from relevo_contracts.text import without_surrogates
from relevo_ingest.core.notes import note

T = TypeVar("T")
_LONGEST_SHOWN = 40
_MISSING = object()


class CannotCoerce(Exception):  # noqa: N818 - it is caught where the value may be absent
    """A value that can't be of the type that is wanted at the path `where`."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where}: {problem}")


def coerce(value: Any, shape: type[T], where: str = "") -> T:
    """`value` as `shape`. Raises `CannotCoerce` if that can't be; what is left out on the way is noted."""
    fitted: T = _coerce(value, shape, where)
    return fitted


def note_unknown(value: Any, wanted: Any, where: str) -> None:
    """Notes each field of `value`, which fits `wanted`, that `wanted` does not have."""
    if _is_struct(wanted) and isinstance(value, Mapping):
        known = {key: of_field for _, key, of_field, _ in _fields(wanted)}
        for key, item in value.items():
            path = f"{where}.{key[:_LONGEST_SHOWN]}"
            if key not in known:
                note(path, "is not a field of this event; it was left out")
            elif isinstance(item, dict | list):
                note_unknown(item, known[key], path)
        return
    for inner in get_args(wanted):
        if isinstance(value, list) and get_origin(wanted) is list:
            for n, item in enumerate(value):
                note_unknown(item, inner, f"{where}[{n}]")
        elif get_origin(wanted) in (Union, UnionType):
            note_unknown(value, inner, where)


def _coerce(value: Any, wanted: Any, where: str) -> Any:
    try:
        return msgspec.convert(value, wanted)  # only what holds something odd is looked at piece by piece
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError):
        return _piece_by_piece(value, wanted, where)


def _piece_by_piece(value: Any, wanted: Any, where: str) -> Any:
    if _is_struct(wanted):
        return _struct(value, wanted, where)
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        return _one_of(value, get_args(wanted), wanted, where)
    if origin is list:
        return _list(value, get_args(wanted)[0], where)
    if origin is dict:
        return _dict(value, get_args(wanted)[1], where)
    return _leaf(value, wanted, where)


def _struct(value: Any, shape: type[Struct], where: str) -> Struct:
    if not isinstance(value, Mapping):
        raise CannotCoerce(where, f"Expected `object`, got {_kind(value)}")
    fields = {}
    for name, key, wanted, required in _fields(shape):
        given = value.get(key, _MISSING)
        path = f"{where}.{key}" if where else key
        if given is _MISSING:
            if required:
                raise CannotCoerce(path, "is missing")
            continue
        try:
            fields[name] = _coerce(given, wanted, path)
        except CannotCoerce as error:
            if required:
                raise
            note(error.where, f"{error.problem}; it was left out")
    return shape(**fields)


@cache
def _fields(shape: type[Struct]) -> tuple[tuple[str, str, Any, bool], ...]:
    """Name, name in JSON, type and whether it is required, of each field."""
    return tuple((field.name, field.encode_name, field.type, field.required) for field in msgspec.structs.fields(shape))


def _one_of(value: Any, choices: tuple[Any, ...], wanted: Any, where: str) -> Any:
    # An empty text is a text, and an empty list is a list, where the shape has one.
    empty = value is None or (value in ("", []) and not _takes(value, choices))
    if empty and NoneType in choices:
        return None
    nested = [choice for choice in choices if _is_struct(choice) or get_origin(choice) in (list, dict)]
    if isinstance(value, dict | list):
        for choice in nested:
            if isinstance(value, dict) or get_origin(choice) is list or len(nested) == 1:
                return _coerce(value, choice, where)
    scalars = tuple(choice for choice in choices if choice not in nested)
    if not scalars or scalars == (NoneType,):
        if len(nested) == 1:
            return _coerce(value, nested[0], where)
        raise CannotCoerce(where, f"{_kind(value)} was not expected")
    return _leaf(value, wanted if len(scalars) == len(choices) else Union[scalars], where)  # noqa: UP007 - a tuple


def _takes(value: Any, choices: tuple[Any, ...]) -> bool:
    bare = [get_args(choice)[0] if get_origin(choice) is Annotated else choice for choice in choices]
    return str in bare if value == "" else any(get_origin(choice) is list for choice in bare)


def _list(value: Any, wanted: Any, where: str) -> list[Any]:
    if value is None or value is False or value in ("", {}):
        return []
    if isinstance(value, dict) and all(str(key).isdigit() for key in value):  # PHP's list with holes
        value = list(value.values())
    if not isinstance(value, list):
        raise CannotCoerce(where, f"Expected `array`, got {_kind(value)}")
    fitted = []
    for n, item in enumerate(value):
        try:
            fitted.append(_coerce(item, wanted, f"{where}[{n}]"))
        except CannotCoerce as error:
            note(error.where, f"{error.problem}; it was left out")
    return fitted


def _dict(value: Any, wanted: Any, where: str) -> dict[str, Any]:
    if value is None or value in ("", []):
        return {}
    if not isinstance(value, dict):
        raise CannotCoerce(where, f"Expected `object`, got {_kind(value)}")
    fitted = {}
    for key, item in value.items():
        name = without_surrogates(key)
        try:
            fitted[name] = _coerce(item, wanted, f"{where}.{name[:_LONGEST_SHOWN]}")
        except CannotCoerce as error:
            note(error.where, f"{error.problem}; it was left out")
    return fitted


def _leaf(value: Any, wanted: Any, where: str) -> Any:
    """A single value: as it is, or as text, or as the number or flag that a text means."""
    given = without_surrogates(value) if isinstance(value, str) else value
    problem = ""
    for attempt in (_as_it_is, _as_text, _as_meant):
        try:
            return attempt(given, wanted)
        except (msgspec.ValidationError, ValueError, TypeError, OverflowError, RecursionError) as error:
            problem = problem or str(error)
    raise CannotCoerce(where, f"{problem}: {_shown(value)}")


def _as_it_is(value: Any, wanted: Any) -> Any:
    return msgspec.convert(value, wanted)


def _as_text(value: Any, wanted: Any) -> Any:
    """A number where text is wanted."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    return msgspec.convert(str(value), wanted)


def _as_meant(value: Any, wanted: Any) -> Any:
    """A number or a flag in a text, or a flag as a number; `12.0` also where a whole number is wanted."""
    if isinstance(value, str):
        value = value.strip()
        if value.endswith((".0", ".00", ".000", ".0000")):
            value = value.partition(".")[0]
        value = {"True": "true", "False": "false"}.get(value, value)
    elif not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError("neither text nor a number")
    return msgspec.convert(value, wanted, strict=False)


def _is_struct(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, Struct)


def _kind(value: Any) -> str:
    kinds = {dict: "object", list: "array", str: "str", bool: "bool", int: "int", float: "float", NoneType: "null"}
    return f"`{kinds.get(type(value), type(value).__name__)}`"


def _shown(value: Any) -> str:
    return _kind(value) if isinstance(value, dict | list) else repr(value)[:_LONGEST_SHOWN]
