"""Whether data fits a payload: everything that is wrong at once, each with its place, in words for the sender.

`msgspec.convert` stops at the first fault and quotes patterns. This looks at the same types and goes on; it is for
what a person sends and mends, not for the path of every message.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct, inspect

from relevo_contracts.declared import Fault, Place

NOT_A_FIELD = "is not a field here"
_MOST = 100
"""More faults than this are not told at once."""
_SHOWN = 60
_NEAR = 0.65
"""How alike two names are where one may be a slip of the other; below it, advice would lead astray."""


def faults_of(payload: type[Struct], data: Any, *, strict: bool = True, at: Place = ()) -> list[Fault]:
    """What is wrong with `data` as this payload, at most a hundred; empty if `msgspec.convert` would take it.

    With `strict` a field that the payload has not is a fault too; what it is a slip of is not missing as well.
    """
    found: list[Fault] = []
    for fault in _check(_info(payload), data, at, strict=strict):
        found.append(fault)
        if len(found) == _MOST:
            break
    return found


def unknown_fields(payload: type[Struct], data: Any, at: Place = ()) -> list[Fault]:
    """The fields of `data` that the payload has not, at any depth: what a reader leaves out.

    It looks at what is there and at nothing else: cheap enough for every event that a sender writes.
    """
    return list(islice(_unknown(_info(payload), data, at), _MOST))


def without(data: Any, places: Iterable[Place]) -> Any:
    """A copy of `data` in which the fields at these places are not there, and elements of lists are null."""
    gone: dict[Any, list[Place]] = {}
    for place in places:
        if place:
            gone.setdefault(place[0], []).append(place[1:])
    if isinstance(data, dict):
        kept = {name: item for name, item in data.items() if () not in gone.get(name, ())}
        return {name: without(item, gone.get(name, ())) for name, item in kept.items()}
    if isinstance(data, list):
        return [None if () in gone.get(n, ()) else without(item, gone.get(n, ())) for n, item in enumerate(data)]
    return data


def path(place: Place) -> str:
    """A place as a sender reads it: `data.items[0].price`, and `data.attributes["first name"]`."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier():
            text += f".{part}"
        else:
            text += "[" + msgspec.json.encode(_short(part)).decode() + "]"
    return text.removeprefix(".")


@lru_cache(maxsize=1024)
def _info(payload: type[Struct]) -> inspect.Type:
    return inspect.type_info(payload)


@lru_cache(maxsize=1024)
def _fields(record: type[Struct]) -> Mapping[str, inspect.Field]:
    info = _info(record)
    return {one.encode_name: one for one in info.fields} if isinstance(info, inspect.StructType) else {}


def _unknown(info: inspect.Type, value: Any, at: Place) -> Iterator[Fault]:
    for one in info.types if isinstance(info, inspect.UnionType) else (info,):
        if isinstance(one, inspect.StructType) and isinstance(value, dict):
            known = _fields(one.cls)
            for name, item in value.items():
                if name not in known:
                    yield _not_here(name, known, at)
                elif isinstance(item, dict | list):
                    yield from _unknown(known[name].type, item, (*at, name))
        elif isinstance(one, inspect.DictType) and isinstance(value, dict):
            for name, item in value.items():
                yield from _unknown(one.value_type, item, (*at, name))
        elif isinstance(one, inspect.ListType) and isinstance(value, list):
            for number, item in enumerate(value):
                yield from _unknown(one.item_type, item, (*at, number))


def _not_here(name: Any, known: Iterable[str], at: Place) -> Fault:
    near = _meant(name, known)
    return Fault((*at, name), NOT_A_FIELD, f"did you mean '{near}'?" if near else "")


def _meant(name: Any, known: Iterable[str]) -> str:
    """The field that a name is most likely a slip of; empty if there is none."""
    return next(iter(get_close_matches(str(name), list(known), n=1, cutoff=_NEAR)), "")


def _check(info: inspect.Type, value: Any, at: Place, *, strict: bool) -> Iterator[Fault]:
    about = ""
    if isinstance(info, inspect.Metadata):
        about, info = str((info.extra_json_schema or {}).get("description", "")), info.type
    match info:
        case inspect.AnyType() | inspect.RawType():
            return
        case inspect.UnionType():
            yield from _check_union(info, value, at, strict=strict)
        case inspect.StructType():
            yield from _check_record(info, value, at, strict=strict)
        case inspect.ListType():
            yield from _check_list(info, value, at, strict=strict)
        case inspect.DictType():
            yield from _check_mapping(info, value, at, strict=strict)
        case _:
            message = _scalar_fault(info, value, about)
            if message:
                yield Fault(at, message)


def _check_union(info: inspect.UnionType, value: Any, at: Place, *, strict: bool) -> Iterator[Fault]:
    rest = [one for one in info.types if not isinstance(one, inspect.NoneType)]
    if value is None and len(rest) < len(info.types):
        return
    fitting = [one for one in rest if _of_kind(one, value)] or rest[-1:]
    yield from _check(fitting[0], value, at, strict=strict)


def _of_kind(info: inspect.Type, value: Any) -> bool:
    """Whether the value is of the JSON kind that a type wants, so that its own fault is the one to tell."""
    inner = info.type if isinstance(info, inspect.Metadata) else info
    if isinstance(inner, inspect.IntType):
        return isinstance(value, int) and not isinstance(value, bool)
    return not _scalar_fault(inner, value, "") if type(inner) in _SCALARS else True


def _check_record(info: inspect.StructType, value: Any, at: Place, *, strict: bool) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(at, f"must be an object, not {_kind(value)}")
        return
    known = _fields(info.cls)
    unknown = [name for name in value if name not in known] if strict else []
    yield from (_not_here(name, known, at) for name in unknown)
    misspelt = {_meant(name, known) for name in unknown}
    for name, one in known.items():
        place = (*at, name)
        if name not in value:
            if one.required and name not in misspelt:
                yield Fault(place, "is missing")
        elif value[name] is None and not one.required:
            yield from (
                Fault(place, fault.message, "leave it out") for fault in _check(one.type, None, place, strict=strict)
            )
        else:
            yield from _check(one.type, value[name], place, strict=strict)


def _check_list(info: inspect.ListType, value: Any, at: Place, *, strict: bool) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield Fault(at, f"must be a list, not {_kind(value)}")
        return
    yield from _check_length(info, len(value), at, "elements")
    for number, one in enumerate(value):
        yield from _check(info.item_type, one, (*at, number), strict=strict)


def _check_mapping(info: inspect.DictType, value: Any, at: Place, *, strict: bool) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(at, f"must be an object, not {_kind(value)}")
        return
    for name, one in value.items():
        yield from _check(info.value_type, one, (*at, name), strict=strict)


def _check_length(info: inspect.ListType, length: int, at: Place, what: str) -> Iterator[Fault]:
    if info.min_length is not None and length < info.min_length:
        yield Fault(at, f"has {length} {what}: at least {info.min_length} are needed")
    if info.max_length is not None and length > info.max_length:
        yield Fault(at, f"has {length} {what}: at most {info.max_length} are allowed")


def _scalar_fault(info: inspect.Type, value: Any, about: str) -> str:
    """What is wrong with a value that has no parts; empty if nothing is."""
    check = _SCALARS.get(type(info))
    if check is None:
        raise TypeError(f"payloads have no {type(info).__name__}")
    return check(info, value, about)


def _bool(_: Any, value: Any, __: str) -> str:
    return "" if isinstance(value, bool) else f"must be true or false, not {_kind(value)}"


def _int(info: inspect.IntType, value: Any, _: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a whole number, not {_kind(value)}"
    if isinstance(value, float) and not value.is_integer():
        return f"{value} is not a whole number"
    return _range(info, value)


def _float(info: inspect.FloatType, value: Any, _: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number, not {_kind(value)}"
    return _range(info, value)


def _range(info: inspect.IntType | inspect.FloatType, value: float) -> str:
    if info.ge is not None and value < info.ge:
        return f"must be at least {info.ge:g}"
    if info.le is not None and value > info.le:
        return f"must be at most {info.le:g}"
    return ""


def _text(info: inspect.StrType, value: Any, about: str) -> str:
    if not isinstance(value, str):
        return f"must be text, not {_kind(value)}"
    if info.min_length is not None and len(value) < info.min_length:
        return f"must have at least {info.min_length} characters" if info.min_length > 1 else "is empty"
    if info.max_length is not None and len(value) > info.max_length:
        return f"must have at most {info.max_length} characters"
    if info.pattern is not None and not re.search(info.pattern, value):
        return f"{_short(value)!r} is not what is wanted here: {about or 'another form'}"
    return ""


def _literal(info: inspect.LiteralType, value: Any, _: str) -> str:
    if value in info.values and not isinstance(value, bool):
        return ""
    near = get_close_matches(str(value), [str(one) for one in info.values], n=1, cutoff=0.6)
    advice = f"did you mean {near[0]!r}?" if near else "one of " + ", ".join(repr(one) for one in info.values)
    return f"{_short(value)!r} is not allowed: {advice}" if isinstance(value, str) else f"must be text: {advice}"


def _instant(info: inspect.DateTimeType, value: Any, _: str) -> str:
    if isinstance(value, datetime):
        return "" if value.tzinfo is not None or info.tz is not True else "needs a time zone: 2026-03-01T09:00:00Z"
    if not isinstance(value, str):
        return f"must be a time, not {_kind(value)}"
    try:
        found = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return f"{_short(value)!r} is not a time: 2026-03-01T09:00:00Z"
    return "needs a time zone: 2026-03-01T09:00:00Z" if info.tz is True and found.tzinfo is None else ""


def _day(_: Any, value: Any, __: str) -> str:
    if isinstance(value, date):
        return ""
    try:
        msgspec.convert(value, date)
    except msgspec.ValidationError:
        return f"{_short(value)!r} is not a day: 2026-03-01" if isinstance(value, str) else "must be a day: 2026-03-01"
    return ""


_SCALARS: Mapping[type, Callable[[Any, Any, str], str]] = {
    inspect.BoolType: _bool,
    inspect.IntType: _int,
    inspect.FloatType: _float,
    inspect.StrType: _text,
    inspect.LiteralType: _literal,
    inspect.DateTimeType: _instant,
    inspect.DateType: _day,
    inspect.NoneType: lambda _, value, __: "" if value is None else f"must be null, not {_kind(value)}",
}

_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "an object"),
)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return next((word for kind, word in _KINDS if isinstance(value, kind)), type(value).__name__)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
