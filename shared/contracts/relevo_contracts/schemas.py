"""The contracts as published documents: JSON Schema of every event, an AsyncAPI document, and what breaks a reader.

Pure functions that return plain JSON values; the `relevo docs` command writes them to `docs/`.
"""

from inspect import cleandoc
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import EVENT_TYPES
from relevo_contracts.topics import TOPICS

JSON = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_schema(event_type: str) -> JSON:
    """JSON Schema (2020-12) of the envelope with the payload of `event_type`. Raises `KeyError` for an unknown type."""
    payload = EVENT_TYPES[event_type]
    (envelope, data), definitions = msgspec.json.schema_components((Event, payload), ref_template="#/$defs/{name}")
    event = dict(definitions.pop(Event.__name__)) if "$ref" in envelope else dict(envelope)
    event["properties"] = event["properties"] | {"type": {"const": event_type}, "data": data}
    schema: JSON = {"$schema": _DIALECT, "$id": f"relevo/{event_type}.json", **event, "title": event_type}
    return {name: _tidy(part) for name, part in (schema | {"$defs": definitions}).items()}


def asyncapi() -> JSON:
    """AsyncAPI 3.0 of all topics: who sends what to whom, keyed by shop and customer."""
    structs: list[type[Struct]] = [message for topic in TOPICS for message in topic.messages]
    refs, definitions = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    messages: JSON = {
        struct.__name__: {"name": struct.__name__, "contentType": "application/json", "payload": ref}
        for struct, ref in zip(structs, refs, strict=True)
    }
    channels: JSON = {}
    operations: JSON = {}
    for topic in TOPICS:
        channel = topic.name.removeprefix("relevo.")
        channels[channel] = {
            "address": topic.name,
            "description": f"{topic.meaning}; kept for {topic.retention_days} days, keyed by shop/key",
            "messages": {m.__name__: {"$ref": f"#/components/messages/{m.__name__}"} for m in topic.messages},
        }
        for action, services in (("send", topic.written_by), ("receive", topic.read_by)):
            for service in services:
                operations[f"{service}-{action}s-{channel}"] = {
                    "action": action,
                    "channel": {"$ref": f"#/channels/{channel}"},
                    "tags": [{"name": service}],
                }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Relevo", "version": "1", "description": "What the services of Relevo say to each other."},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": _tidy(definitions)},
    }


def breaking_changes(old: JSON, new: JSON, path: str = "") -> list[str]:
    """Why a reader or a stored message of `old` would not work with `new`; empty if it would.

    A field may be added if it is optional. A field that is gone, has another type, became required, or lost an
    allowed value breaks stored messages (replay reads old ones) or readers that are not yet updated.
    """
    found = [
        f"{path or '/'}: {key} was {old[key]!r} and is {new.get(key)!r}"
        for key in ("type", "const", "pattern", "format", "$ref")
        if key in old and old[key] != new.get(key)
    ]
    values: list[Any] = old.get("enum", [])
    any_text = "enum" not in new and new.get("type", "string") == "string"
    if values and not any_text and not set(values) <= set(new.get("enum", ())):
        found.append(f"{path or '/'}: an allowed value is gone")
    found += [f"{path}/{name}: became required" for name in set(new.get("required", ())) - set(old.get("required", ()))]
    for group in ("properties", "$defs"):
        for name, schema in old.get(group, {}).items():
            if name not in new.get(group, {}):
                found.append(f"{path}/{name}: is gone")
            else:
                found += breaking_changes(schema, new[group][name], f"{path}/{name}")
    if isinstance(old.get("items"), dict):
        found += breaking_changes(old["items"], new.get("items", {}), f"{path}[]")
    for option in old.get("anyOf", ()):
        if option not in new.get("anyOf", ()) and not any(
            not breaking_changes(option, o) for o in new.get("anyOf", ())
        ):
            found.append(f"{path or '/'}: the form {option} is gone")
    return sorted(found)


def _tidy(schema: Any) -> Any:
    """Docstrings lose the indentation of the source that they come from."""
    if isinstance(schema, dict):
        return {
            key: cleandoc(value) if key == "description" and isinstance(value, str) else _tidy(value)
            for key, value in schema.items()
        }
    return [_tidy(value) for value in schema] if isinstance(schema, list) else schema
