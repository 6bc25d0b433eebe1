"""A JSON Schema of workflow.yaml for editors: completion and first errors while typing.

It knows the shape. What a name means (fields of events, step ids, templates) only `load_workflow` knows.
"""

from relevo_contracts.payloads import EVENT_TYPES
from relevo_workflow.steps import task
from relevo_workflow.steps.registry import STEP_TYPES
from relevo_workflow.syntax.declared_fields import schema_of
from relevo_workflow.syntax.json_shapes import (
    DURATION,
    EVENTS,
    EXPRESSION,
    NAME,
    OFFSET,
    PERCENT,
    STEPS,
    TEXT,
    TEXTS,
    TIME,
    ZONE,
    Schema,
    one_or_more,
    record,
)

_TEST: Schema = {"type": "boolean", "description": "whether test orders start it as well, as a rehearsal"}


def workflow_schema() -> Schema:
    """The schema of workflow.yaml (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Relevo workflow",
        **record(_header(), "workflow", "trigger", "steps"),
        "$defs": {
            "event": {"anyOf": [{"enum": sorted(EVENT_TYPES)}, {"type": "string", "pattern": r"^custom\.[a-z0-9_]+$"}]},
            "steps": {"type": ["array", "null"], "items": {"anyOf": _steps()}},
            "trigger": _trigger(),
            "task": schema_of(task.FIELDS),
        },
    }


def _header() -> dict[str, Schema]:
    rule = {"event": EVENTS, "where": EXPRESSION}
    return {
        "workflow": {**NAME, "description": "its name: that of its folder"},
        "title": TEXT,
        "description": TEXT,
        "change": {"enum": ["ad-hoc", "administrative", "production"]},
        "key": {**EXPRESSION, "description": "what a run is about, as text; default: the customer"},
        "trigger": one_or_more({"$ref": "#/$defs/trigger"}),
        "restart": one_or_more(record(rule, "event")),
        "exit": one_or_more(record({**rule, "reason": TEXT}, "event")),
        "goal": record({**rule, "within": DURATION, "value": EXPRESSION}, "event", "within"),
        "reentry": {"anyOf": [{"enum": ["once_ended", "never", "several"]}, record({"after": DURATION}, "after")]},
        "holdout": PERCENT,
        "enrol": record({"customers": TEXTS, "percent": PERCENT}),
        "window": record({"from": TIME, "until": TIME, "days": TEXTS, "zone": ZONE}),
        "not_after": DURATION,
        "segments": {"type": "object", "additionalProperties": EXPRESSION},
        "steps": STEPS,
    }


def _trigger() -> Schema:
    when = {"when": EXPRESSION}
    schedule = record({"cron": TEXT, "rrule": TEXT, "segment": NAME, "zone": ZONE})
    date = {"date": TEXT, "offset": OFFSET, "at": TIME, "every": {"enum": ["year", "once"]}, "zone": ZONE}
    since = {"enum": ["last_order_at", "last_seen_at", "last_active_at", "first_order_at", "first_seen_at"]}
    return {
        "anyOf": [
            record({"event": EVENTS, "test": _TEST, **when}, "event"),
            record({**date, **when}, "date"),
            record({"inactivity": DURATION, "since": since, **when}, "inactivity"),
            record({"segment": NAME, "change": {"enum": ["joined", "left"]}, **when}, "segment"),
            record({"schedule": schedule, **when}, "schedule"),
            record({"manual": {}, **when}, "manual"),
        ]
    }


def _steps() -> list[Schema]:
    return [record({"id": NAME, kind: one.schema}, kind) for kind, one in STEP_TYPES.items()]
