"""The catalogue of events as a page: what each says, an example, its fields, who sends it, and what uses it."""

import json
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from typing import Any

from relevo_contracts.examples import cloud_event
from relevo_contracts.meanings import MEANINGS
from relevo_contracts.payloads import EVENT_TYPES
from relevo_contracts.schemas import event_schema
from relevo_ingest.connectors.registry import topics_of
from relevo_ingest.core.storefront.hits import STOREFRONT_EVENTS
from relevo_workflow import Definition

_HEAD = """# Catalogue of events

Written by `relevo docs` from the code. Every example is valid as it stands: post it to `POST /events/{shop}`
([ingest.md](ingest.md)). `data` has the fields of the table, and no others; a shop's own events are
[declared](events.md). The JSON Schemas are in [schemas](schemas/), the endpoints in
[openapi-ingest.json](openapi-ingest.json).

In every event:

- **Who**: `customer` names the person, by `id`, `email`, `phone` or another name; empty text says nothing.
- **Amounts** are decimal text with a currency: `{"amount": "12.50", "currency": "EUR"}`.
- **Times** are RFC 3339 with a zone. `"time"` beside `data` is when it happened; without it, the arrival counts.
- `"historical": true` beside `data` marks a [backfill](ingest.md#historical-events), `"test": true` a rehearsal.
"""

_FORMATS = {"date-time": "time", "date": "day"}
_KINDS = {"": "any JSON", "boolean": "`true` or `false`", "integer": "whole number", "string": "text"}


def catalogue(library: Sequence[Definition]) -> str:
    """The page; `library` are the workflows whose use of the events it tells."""
    index = (f"| [`{name}`](#{_anchor(name)}) | {MEANINGS[name]} |" for name in EVENT_TYPES)
    table = "\n".join(("| event | what it says |", "|---|---|", *index))
    return "\n".join((_HEAD, table, "", *(_section(name, library) for name in EVENT_TYPES), _parts()))


def _section(event_type: str, library: Sequence[Definition]) -> str:
    senders = [f"{title}: {', '.join(f'`{one}`' for one in topics)}" for title, topics in topics_of(event_type).items()]
    senders += ["the [storefront](storefront.md)"] if event_type in STOREFRONT_EVENTS else []
    sent = f"{description}." if (description := "; ".join(senders)) else "No platform's webhooks."
    users = "; ".join(_uses(event_type, library))
    sample = json.dumps(cloud_event(event_type), indent=2, ensure_ascii=False)
    more = cleandoc(EVENT_TYPES[event_type].__doc__ or "").partition("\n\n")[2].replace("\n", " ")
    return "\n\n".join(
        (
            f"## {event_type}",
            f"{MEANINGS[event_type]}{' ' + more if more else ''}",
            f"- **Sent by** {sent} Your own systems, as a CloudEvent.\n"
            f"- **Used by** {users or 'no workflow of the library: it is there for your own'}.",
            f"```json\n{sample}\n```",
            _fields(event_type),
        )
    )


def _fields(event_type: str) -> str:
    """The table of the fields, or a link to the first event that has the same."""
    payload = EVENT_TYPES[event_type]
    first = next(name for name in EVENT_TYPES if EVENT_TYPES[name] is payload)
    if first != event_type:
        return f"Its fields are those of [`{first}`](#{_anchor(first)}).\n"
    return "\n".join((*_table(event_schema(event_type)["$defs"][payload.__name__]), ""))


def _uses(event_type: str, library: Sequence[Definition]) -> Iterator[str]:
    for one in library:
        if event_type in one.trigger_types:
            yield f"`{one.name}` (starts it)"
        elif event_type in one.exit_types:
            yield f"`{one.name}` (ends it)"
        elif event_type in one.event_types:
            yield f"`{one.name}`"


def _parts() -> str:
    """The fields of what payloads are made of."""
    found: dict[str, Any] = {}
    for name in EVENT_TYPES:
        found |= event_schema(name)["$defs"]
    payloads = {payload.__name__ for payload in EVENT_TYPES.values()}
    parts = ["## What the events are made of\n"]
    for name in sorted(found.keys() - payloads):
        description = found[name].get("description", "").replace("\n\n", " ").replace("\n", " ")
        parts.append("\n".join((f"### {name}\n", description, "", *_table(found[name]), "")))
    return "\n".join(parts)


def _table(schema: dict[str, Any]) -> Iterator[str]:
    required = schema.get("required", ())
    yield "| field | what | |"
    yield "|---|---|---|"
    for name, field in schema.get("properties", {}).items():
        yield f"| `{name}` | {_type(field)} | {'required' if name in required else ''} |"


def _type(field: dict[str, Any]) -> str:
    """A field's type in words, with a link to what has a table of its own."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        found = f"[{name}](#{_anchor(name)})"
    elif "anyOf" in field:
        found = " or ".join(dict.fromkeys(_type(one) for one in field["anyOf"] if one.get("type") != "null"))
    elif "enum" in field:
        found = " or ".join(f"`{value}`" for value in field["enum"])
    elif field.get("type") == "array":
        found = f"list of {_type(field.get('items', {}))}"
    elif field.get("type") == "object":
        inner = field.get("additionalProperties") or {}
        found = f"object of {_type(inner) if isinstance(inner, dict) else 'any JSON'}"
    else:
        kind = field.get("type", "")
        found = field.get("description") or _FORMATS.get(field.get("format", "")) or _KINDS.get(kind, kind)
    return found


def _anchor(heading: str) -> str:
    return heading.lower().replace(".", "")
