"""The reference of the ports as a page: every operation with what it is given and what it answers, from their types."""

import inspect as documentation
from collections.abc import Iterator

import msgspec
from msgspec import Struct, inspect

from relevo_contracts.systems import OPERATIONS, PORTS, Operation
from relevo_notifier.systems.registry import SYSTEMS, serving

_HEAD = """# Ports

What the step [`system`](language.md#systems) can call, by the kind of system: `with` is what it is given, and the
answer is kept by `as`, beside `ok`, `failure` and `error`. Written by `relevo docs` from the types; how a shop gets a
system is in [adapters.md](adapters.md).
"""
_WORDS = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.DateTimeType: "time",
    inspect.AnyType: "anything",
}


def port_reference() -> str:
    """The page, in Markdown."""
    return "\n".join([_HEAD, *(line for port in PORTS for line in _port(port))])


def _port(port: str) -> Iterator[str]:
    names = ", ".join(SYSTEMS[name].title for name in serving(port))
    yield f"## {port}"
    yield f"Served by {names}.\n"
    for operation in OPERATIONS.values():
        if operation.port == port:
            yield from _operation(operation)


def _operation(operation: Operation) -> Iterator[str]:
    yield f"### {operation.name}"
    yield f"{operation.summary[0].upper()}{operation.summary[1:]}. {_words_of(operation.given)}\n"
    yield from _table("given", operation.given)
    yield f"{_words_of(operation.answer)}\n"
    yield from _table("answered", operation.answer)
    example = msgspec.json.encode(operation.example).decode()
    yield f"In tests, where nothing else is said: `{example}`\n"


def _words_of(struct: type[Struct]) -> str:
    return " ".join((documentation.getdoc(struct) or "").split())


def _table(title: str, struct: type[Struct]) -> Iterator[str]:
    yield f"| {title} | what it is |"
    yield "|---|---|"
    for one in _fields(struct):
        required = ", required" if one.required and title == "given" else ""
        yield f"| `{one.encode_name}` | {_kind(one.type)}{required} |"
    yield ""


def _fields(struct: type[Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(struct)
    return info.fields if isinstance(info, inspect.StructType) else ()


def _kind(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata(extra_json_schema={"description": str(described)}):
            kind = described
        case inspect.Metadata(type=inner):
            kind = _kind(inner)
        case inspect.UnionType():
            kinds = (_kind(one) for one in info.types if not isinstance(one, inspect.NoneType))
            kind = " or ".join(dict.fromkeys(kinds))
        case inspect.LiteralType():
            kind = " or ".join(f"`{one}`" for one in info.values if one)
        case inspect.ListType():
            kind = f"list of {_kind(info.item_type)}"
        case inspect.DictType():
            kind = f"{_kind(info.value_type)} by name"
        case inspect.StructType():
            kind = f"{info.cls.__name__} ({', '.join(one.encode_name for one in info.fields)})"
        case _:
            kind = _WORDS.get(type(info), "text")
    return kind
