"""The published contracts: complete, true to the code, and compatible with what is stored on the topics."""

import json

import jsonschema
import msgspec
import pytest

from relevo_contracts.payloads import EVENT_TYPES
from relevo_contracts.schemas import asyncapi, breaking_changes, event_schema
from tests.contracts.baseline import PATH

BASELINE = json.loads(PATH.read_text())


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_an_event_that_the_code_accepts_fits_its_published_schema(event_type: str) -> None:
    schema = event_schema(event_type)
    jsonschema.Draft202012Validator.check_schema(schema)
    event = {
        "specversion": "1.0", "id": "e-1", "source": "test", "type": event_type, "time": "2026-03-02T08:00:00Z",
        "receivedtime": "2026-03-02T08:00:01Z", "shop": "sample", "key": "cus_1",
        "data": _least(EVENT_TYPES[event_type]),
    }  # fmt: skip
    msgspec.convert(event["data"], EVENT_TYPES[event_type])
    jsonschema.validate(event, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(event | {"type": "something.else"}, schema)


def _least(payload: type[msgspec.Struct]) -> dict[str, object]:
    """The smallest payload that the type accepts."""
    samples: dict[str, object] = {
        "customer": {},
        "total": {"amount": "1.00", "currency": "EUR"},
        "channel": "email",
        "state": "granted",
        "left": 19,
        "warn_below": 20,
    }
    return {f.name: samples.get(f.name, "x") for f in msgspec.structs.fields(payload) if f.required}


def test_stored_events_and_updated_readers_still_understand_each_other() -> None:
    broken = [
        f"{name}: {reason}"
        for name, old in BASELINE["events"].items()
        for reason in (breaking_changes(old, event_schema(name)) if name in EVENT_TYPES else ["is gone"])
    ]
    broken += breaking_changes(
        {"$defs": BASELINE["messages"]}, {"$defs": asyncapi()["components"]["schemas"]}, "messages"
    )
    assert broken == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s["properties"].pop("total"), "/total: is gone"),
        (lambda s: s["required"].append("number"), "/number: became required"),
        (lambda s: s["properties"].update(number={"type": "integer"}), "/number: type was 'string' and is 'integer'"),
    ],
)
def test_a_breaking_change_is_named(change, reason: str) -> None:  # type: ignore[no-untyped-def]
    old = {
        "type": "object", "required": ["order_id"],
        "properties": {"order_id": {"type": "string"}, "number": {"type": "string"}, "total": {"type": "object"}},
    }  # fmt: skip
    new = json.loads(json.dumps(old))
    change(new)
    assert breaking_changes(old, new) == [reason]


def test_every_topic_is_in_the_asyncapi_document() -> None:
    document = asyncapi()
    assert {c["address"] for c in document["channels"].values()} == {
        "relevo.events", "relevo.wakeups", "relevo.deliveries", "relevo.outcomes", "relevo.unrecognised",
        "relevo.dead-letters", "relevo.calls", "relevo.inputs",
    }  # fmt: skip
    references = [m["$ref"] for c in document["channels"].values() for m in c["messages"].values()]
    assert all(ref.rsplit("/", 1)[1] in document["components"]["messages"] for ref in references)
