"""The types of the TypeScript client, made from the published JSON Schemas."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from relevo_contracts.event_types import CUSTOM
from relevo_contracts.meanings import MEANINGS
from relevo_contracts.payloads import EVENT_TYPES, CustomEvent
from relevo_contracts.schemas import event_schema

_HEAD = "// Written by `relevo docs` from the published JSON Schemas.\n"
_KINDS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def event_types() -> str:
    """The module: an interface for each payload and part, and which payload each event type has."""
    parts: dict[str, Any] = {}
    for name in EVENT_TYPES:
        parts |= event_schema(name)["$defs"]
    interfaces = ["\n".join(_interface(name, parts[name])) for name in sorted(parts)]
    own = f"  [type: `{CUSTOM}${{string}}`]: {CustomEvent.__name__};"
    table = [f"  /** {MEANINGS[name]} */\n  {json.dumps(name)}: {kind.__name__};" for name, kind in EVENT_TYPES.items()]
    custom = (
        "/** What every event has that a shop declares itself; the shop's schema has the rest. */\n"
        f"export interface {CustomEvent.__name__} {{\n  customer: Buyer;\n  [field: string]: unknown;\n}}\n"
    )
    catalogue = (
        "/** The data of each event type. */\nexport interface EventData {\n" + "\n".join((*table, own)) + "\n}\n"
    )
    return "\n".join((_HEAD, *interfaces, custom, catalogue))


def _interface(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    if description := schema.get("description"):
        yield from ("/**", *(f" * {line}".rstrip() for line in description.splitlines()), " */")
    yield f"export interface {name} {{"
    required = schema.get("required", ())
    for field, of in schema.get("properties", {}).items():
        yield f"  {field}{'' if field in required else '?'}: {_type(of)};"
    yield "}\n"


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        found = str(field["$ref"]).rpartition("/")[2]
    elif "anyOf" in field:
        found = " | ".join(dict.fromkeys(_type(one) for one in field["anyOf"]))
    elif "enum" in field:
        found = " | ".join(json.dumps(value) for value in field["enum"])
    elif field.get("type") == "array":
        inner = _type(field.get("items", {}))
        found = f"({inner})[]" if "|" in inner else f"{inner}[]"
    elif field.get("type") == "object":
        values = field.get("additionalProperties")
        found = f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
    else:
        found = _KINDS.get(field.get("type", ""), "unknown")
    return found
