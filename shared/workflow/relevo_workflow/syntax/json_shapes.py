"""The parts that JSON Schemas of workflow.yaml are made of: what an editor accepts for a duration or a name."""

from typing import Any

Schema = dict[str, Any]

DURATION: Schema = {"type": "string", "pattern": r"^[+]?(\d+[wdhms])+$", "description": "30m, 4h, 1d, 2w, 1d12h"}
OFFSET: Schema = {"type": "string", "pattern": r"^[+-]?(\d+[wdhms])+$", "description": "2d, -7d"}
TIME: Schema = {"type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d$", "description": 'a local time: "09:00"'}
NAME: Schema = {"type": "string", "pattern": "^[a-z0-9]+([-_][a-z0-9]+)*$"}
SAVE: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "kept as run.<name>"}
EXPRESSION: Schema = {"type": ["string", "boolean", "number"], "description": "CEL"}
TEXT: Schema = {"type": "string"}
ZONE: Schema = {"type": "string", "description": "customer, shop, or a name like Europe/Madrid"}
PERCENT: Schema = {"type": ["string", "number"], "pattern": r"^\d+(\.\d+)?\s*%?$"}
ANYTHING: Schema = {}
VALUES: Schema = {"type": "object"}
STEPS: Schema = {"$ref": "#/$defs/steps"}
EVENT: Schema = {"$ref": "#/$defs/event"}
EVENTS: Schema = {"anyOf": [EVENT, {"type": "array", "items": EVENT, "minItems": 1}]}


def record(fields: dict[str, Schema], *required: str) -> Schema:
    """A mapping with these fields and no others."""
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


def one_or_more(schema: Schema) -> Schema:
    """One alone, or a list."""
    return {"anyOf": [schema, {"type": "array", "items": schema}]}


TEXTS: Schema = one_or_more(TEXT)
