"""A JSON Schema of workflow.yaml for editors: completion and first errors while typing.

It knows the shape. What a name means (fields of events, step ids, templates) only `load_workflow` knows.
"""

from typing import Any

from relevo_contracts.payloads import EVENT_TYPES

Schema = dict[str, Any]

_DURATION: Schema = {"type": "string", "pattern": r"^[+]?(\d+[wdhms])+$", "description": "30m, 4h, 1d, 2w, 1d12h"}
_OFFSET: Schema = {"type": "string", "pattern": r"^[+-]?(\d+[wdhms])+$", "description": "2d, -7d"}
_TIME: Schema = {"type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d$", "description": 'a local time: "09:00"'}
_NAME: Schema = {"type": "string", "pattern": "^[a-z0-9]+([-_][a-z0-9]+)*$"}
_SAVE: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "kept as run.<name>"}
_EXPRESSION: Schema = {"type": ["string", "boolean", "number"], "description": "CEL"}
_TEXT: Schema = {"type": "string"}
_ZONE: Schema = {"type": "string", "description": "customer, shop, or a name like Europe/Madrid"}
_PERCENT: Schema = {"type": ["string", "number"], "pattern": r"^\d+(\.\d+)?\s*%?$"}
_TEST: Schema = {"type": "boolean", "description": "whether test orders start it as well, as a rehearsal"}
_VALUES: Schema = {"type": "object"}
_STEPS: Schema = {"$ref": "#/$defs/steps"}
_EVENT: Schema = {"$ref": "#/$defs/event"}
_EVENTS: Schema = {"anyOf": [_EVENT, {"type": "array", "items": _EVENT, "minItems": 1}]}


def workflow_schema() -> Schema:
    """The schema of workflow.yaml (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Relevo workflow",
        **_record(_header(), "workflow", "trigger", "steps"),
        "$defs": {
            "event": {"anyOf": [{"enum": sorted(EVENT_TYPES)}, {"type": "string", "pattern": r"^custom\.[a-z0-9_]+$"}]},
            "steps": {"type": ["array", "null"], "items": {"anyOf": _steps()}},
            "trigger": _trigger(),
            "task": _record(_task(), "title"),
        },
    }


def _header() -> dict[str, Schema]:
    rule = {"event": _EVENTS, "where": _EXPRESSION}
    return {
        "workflow": {**_NAME, "description": "its name: that of its folder"},
        "title": _TEXT,
        "description": _TEXT,
        "change": {"enum": ["ad-hoc", "administrative", "production"]},
        "key": {**_EXPRESSION, "description": "what a run is about, as text; default: the customer"},
        "trigger": _one_or_more({"$ref": "#/$defs/trigger"}),
        "restart": _one_or_more(_record(rule, "event")),
        "exit": _one_or_more(_record({**rule, "reason": _TEXT}, "event")),
        "goal": _record({**rule, "within": _DURATION, "value": _EXPRESSION}, "event", "within"),
        "reentry": {"anyOf": [{"enum": ["once_ended", "never", "several"]}, _record({"after": _DURATION}, "after")]},
        "holdout": _PERCENT,
        "enrol": _record({"customers": _texts(), "percent": _PERCENT}),
        "window": _record({"from": _TIME, "until": _TIME, "days": _texts(), "zone": _ZONE}),
        "not_after": _DURATION,
        "segments": {"type": "object", "additionalProperties": _EXPRESSION},
        "steps": _STEPS,
    }


def _trigger() -> Schema:
    when = {"when": _EXPRESSION}
    schedule = _record({"cron": _TEXT, "rrule": _TEXT, "segment": _NAME, "zone": _ZONE})
    date = {"date": _TEXT, "offset": _OFFSET, "at": _TIME, "every": {"enum": ["year", "once"]}, "zone": _ZONE}
    since = {"enum": ["last_order_at", "last_seen_at", "first_order_at", "first_seen_at"]}
    return {
        "anyOf": [
            _record({"event": _EVENTS, "test": _TEST, **when}, "event"),
            _record({**date, **when}, "date"),
            _record({"inactivity": _DURATION, "since": since, **when}, "inactivity"),
            _record({"segment": _NAME, "change": {"enum": ["joined", "left"]}, **when}, "segment"),
            _record({"schedule": schedule, **when}, "schedule"),
            _record({"manual": {}, **when}, "manual"),
        ]
    }


def _steps() -> list[Schema]:
    return [_record({"id": _NAME, kind: body}, kind) for kind, body in _bodies().items()]


def _bodies() -> dict[str, Schema]:
    until = _record({"until": _TEXT, "zone": _ZONE, "offset": _OFFSET, "at": _TIME}, "until")
    repeat: dict[str, Schema] = {"repeat": {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "forever"}]}}
    staff = {"approved": _STEPS, "rejected": _STEPS, "expired": _STEPS, "needed": {"type": "integer", "minimum": 1}}
    return {
        "wait": {"anyOf": [_DURATION, until]},
        "wait_for": {"type": "array", "items": {"anyOf": [_event_arm(), _timeout_arm()]}},
        "branch": _arms({"when": _EXPRESSION, "otherwise": {}, "name": _TEXT}),
        "split": _arms({"name": _NAME, "weight": {"type": "integer", "minimum": 0}}, "name"),
        "send": _send(),
        "http": _http(),
        "task": {"$ref": "#/$defs/task"},
        "approve": _record({**_task(), **staff}, "title", "deadline"),
        "decide": _table(),
        "set": _record({"attributes": _VALUES, "tags": _record({"add": {}, "remove": {}})}),
        "emit": _record({"event": _EVENT, "data": _VALUES}, "event"),
        "start": _record({"workflow": _NAME, "for_each": _EXPRESSION, "data": _VALUES}, "workflow"),
        "goto": {"anyOf": [{**_TEXT, "description": "the id of a step"}, _record({"step": _TEXT, **repeat}, "step")]},
        "stop": {**_TEXT, "description": "the reason"},
    }


def _event_arm() -> Schema:
    fields = {"event": _EVENTS, "where": _EXPRESSION, "key": _EXPRESSION, "as": _SAVE, "name": _TEXT, "steps": _STEPS}
    fields["since"] = {"enum": ["wait", "start"], "description": "start: what came earlier in the run counts too"}
    return _record(fields, "event")


def _timeout_arm() -> Schema:
    return _record({"timeout": _DURATION, "steps": _STEPS}, "timeout")


def _send() -> Schema:
    fields = {
        "channel": {"enum": ["email", "sms"]},
        "template": {**_TEXT, "description": "templates/<name>.yaml"},
        "purpose": {"enum": ["marketing", "transactional"]},
        "not_after": _DURATION,
        "to": {
            "type": "string",
            "pattern": r"^(customer|contact|run\.[a-z][a-z0-9_]*\.contact)$",
            "description": "who gets it: the customer, or the contact of the event (of the trigger, or a saved one)",
        },
    }
    return _record(fields, "channel", "template", "purpose")


def _http() -> Schema:
    fields: dict[str, Schema] = {
        "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
        "url": {"type": "string", "pattern": "^https?://", "description": "Liquid"},
        "headers": {"type": "object", "additionalProperties": _TEXT},
        "body": {},
        "timeout": _DURATION,
        "as": _SAVE,
        "on_error": {"enum": ["continue", "stop"]},
    }
    return _record(fields, "url")


def _task() -> dict[str, Schema]:
    escalate = _record({"after": _DURATION, "skill": _TEXT, "roles": _texts()}, "after")
    times = {"deadline": _DURATION, "reminder": _DURATION, "escalate": escalate}
    return {"title": {**_TEXT, "description": "Liquid"}, "skill": _TEXT, "roles": _texts(), **times, "as": _SAVE}


def _table() -> Schema:
    rule = _record({"when": _EXPRESSION, "otherwise": {}, "name": _TEXT, "set": _VALUES}, "set")
    rules = {"type": "array", "items": rule}
    return _record({"hit": {"enum": ["first", "unique", "collect"]}, "rules": rules, "as": _SAVE}, "rules", "as")


def _arms(fields: dict[str, Schema], *required: str) -> Schema:
    return {"type": "array", "items": _record({**fields, "steps": _STEPS}, *required), "minItems": 1}


def _one_or_more(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "array", "items": schema}]}


def _texts() -> Schema:
    return _one_or_more(_TEXT)


def _record(fields: dict[str, Schema], *required: str) -> Schema:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}
