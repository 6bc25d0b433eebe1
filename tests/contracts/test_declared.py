"""Events that a shop declares: from a JSON Schema to a type, and what is wrong with schemas and with data."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.checking import faults_of, path, unknown_fields
from relevo_contracts.declared import DeclarationError, declare, pointer
from relevo_contracts.envelope import Event
from relevo_contracts.event_types import BUILT_IN, mentioned, with_declared
from relevo_contracts.payloads import EVENT_TYPES, Buyer, CustomEvent

POINTS = {
    "type": "object",
    "description": "A customer has reached a level of the loyalty programme.",
    "required": ["points"],
    "properties": {
        "points": {"type": "integer", "minimum": 0, "description": "all points"},
        "level": {"type": "string", "enum": ["silver", "gold"]},
        "reward": {"$ref": "relevo:Money"},
        "until": {"type": "string", "format": "date-time"},
        "share": {"type": "number", "minimum": 0.5, "maximum": 1},
        "items": {"type": "array", "items": {"$ref": "relevo:Item"}, "maxItems": 2},
        "store": {"$ref": "#/$defs/store"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "note": {"type": ["string", "null"], "maxLength": 5},
    },
    "$defs": {"store": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}},
}
WHOM = {"customer": {"email": "ann@example.com"}}


def faults(schema: Any, name: str = "custom.loyalty_reached") -> list[tuple[str, str]]:
    with pytest.raises(DeclarationError) as error:
        declare(name, schema)
    return [(pointer(one.place), one.message) for one in error.value.faults]


def wrong(data: dict[str, Any]) -> list[str]:
    found = faults_of(declare("custom.loyalty_reached", POINTS).payload, WHOM | data, at=("data",))
    return [f"{path(one.place)} {one.message}" for one in found]


def test_a_declared_event_is_a_type_like_the_built_in_ones() -> None:
    declared = declare("custom.loyalty_reached", POINTS)
    data = WHOM | {"points": 120, "reward": {"amount": "5.00", "currency": "EUR"}, "store": {"city": "Cádiz"}}
    payload: Any = msgspec.convert(data, declared.payload)
    assert (payload.points, payload.reward.amount, payload.store.city) == (120, "5.00", "Cádiz")
    assert (payload.customer, payload.items, payload.level) == (Buyer(email="ann@example.com"), [], None)
    assert msgspec.to_builtins(payload) == data


def test_the_same_schema_gives_the_same_type_and_the_built_in_types_stay_as_they_are() -> None:
    one, again = declare("custom.a", POINTS), declare("custom.a", dict(POINTS))
    assert one.payload is again.payload
    types = with_declared([one])
    assert types["custom.a"] is one.payload
    assert "custom.a" not in BUILT_IN
    assert dict(BUILT_IN) == EVENT_TYPES


@pytest.mark.parametrize(
    ("schema", "place", "message"),
    [
        ([], "the schema", "a schema must be an object"),
        ({"type": "string"}, "type", 'the data of an event is "type": "object"'),
        ({"properties": {"id": {"type": "string"}}}, "properties.id", "'id' is every event's own"),
        ({"properties": {"customer": {"type": "object"}}}, "properties.customer", "every event has 'customer' already"),
        ({"properties": {"contact": {"type": "string"}}}, "properties.contact", "'contact' is where the news"),
        ({"properties": {"a": {"type": "strin"}}}, "properties.a.type", "a value needs one type"),
        ({"properties": {"a": {"type": ["string", "integer"]}}}, "properties.a.type", "a value needs one type"),
        ({"properties": {"a": {"anyOf": []}}}, "properties.a", "'anyOf' is not supported here"),
        ({"properties": {"a": {"type": "string", "pattern": "x"}}}, "properties.a.pattern", "'pattern' of string"),
        ({"properties": {"a": {"type": "string", "format": "uri"}}}, "properties.a.format", "the format 'uri'"),
        ({"properties": {"a": {"$ref": "relevo:Mony"}}}, "properties.a.$ref", "there is no 'relevo:Mony'"),
        ({"properties": {"a b": {"type": "string"}}}, "properties.a b", "'a b' can't be named in a condition"),
        ({"properties": {"in": {"type": "string"}}}, "properties.in", "'in' can't be named in a condition"),
        ({"properties": {"a": {"type": "array"}}}, "properties.a", "an array needs 'items'"),
        ({"properties": {"a": {"type": "integer", "minimum": 0.5}}}, "properties.a.minimum", "must be a whole number"),
        ({"properties": {"a": {"type": "string", "enum": [1]}}}, "properties.a.enum", "'enum' must be a list of texts"),
        ({"required": ["b"], "properties": {"a": {"type": "string"}}}, "required[0]", "there is no property 'b'"),
        ({"properties": {}, "additionalProperties": True}, "additionalProperties", "either 'properties' or these"),
        ({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}}, "$defs.a", "levels deep"),
    ],
)
def test_what_is_outside_the_subset_is_a_fault_with_its_place(schema: Any, place: str, message: str) -> None:
    whole = {"type": "object", **schema} if isinstance(schema, dict) else schema
    [(at, said)] = faults(whole)
    assert at == place
    assert message in said


def test_every_fault_of_a_schema_is_told_at_once() -> None:
    schema = {"type": "object", "required": 1, "properties": {"a": {"type": "x"}, "b": {}}, "oneOf": []}
    assert len(faults(schema)) == 4
    assert faults({"type": "object"}, "custom.Loyalty") == [
        ("the schema", "'custom.Loyalty' is not a name for an event")
    ]


def test_everything_that_is_wrong_with_data_is_told_at_once_and_no_pattern_is_shown() -> None:
    found = wrong(
        {
            "level": "platinum",
            "reward": {"amount": "5,00", "currency": "eur"},
            "until": "2026-03-01T10:00:00",
            "share": 0.25,
            "items": [{"title": "a"}, {"titel": "b"}, {"title": "c", "quantity": -1}],
            "store": {},
            "labels": {"first name": 3},
            "note": "too long",
            "pionts": 3,
        }
    )
    assert found == [
        "data.pionts is not a field here",
        "data.level 'platinum' is not allowed: one of 'gold', 'silver'",
        "data.reward.amount '5,00' is not what is wanted here: decimal number as text, such as 12.50",
        "data.reward.currency 'eur' is not what is wanted here: ISO 4217 code, such as EUR",
        "data.until needs a time zone: 2026-03-01T09:00:00Z",
        "data.share must be at least 0.5",
        "data.items has 3 elements: at most 2 are allowed",
        "data.items[1].titel is not a field here",
        "data.items[2].quantity must be at least 0",
        "data.store.city is missing",
        'data.labels["first name"] must be text, not a number',
        "data.note must have at most 5 characters",
    ]


def test_unknown_fields_alone_are_told_for_a_note() -> None:
    data = {"customer": {"emial": "a"}, "order_id": 7, "gift": True}
    found = unknown_fields(EVENT_TYPES["order.placed"], data)
    assert [(path(one.place), one.help) for one in found] == [("customer.emial", "did you mean 'email'?"), ("gift", "")]


def test_an_event_of_a_shop_tells_whom_it_is_about_without_its_schema() -> None:
    stamp = "2026-03-01T00:00:00Z"
    envelope = {"id": "1", "source": "s", "time": stamp, "shop": "acme", "key": "cus_1", "receivedtime": stamp}
    event = msgspec.convert({**envelope, "type": "custom.loyalty_reached", "data": WHOM | {"points": 3}}, Event)
    assert event.payload() == CustomEvent(customer=Buyer(email="ann@example.com"))


def test_the_example_of_the_page_is_what_it_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
    declared = declare("custom.loyalty_reached", json.loads(page.split("```json\n")[1].split("```")[0]))
    sent = json.loads(page.split("-d '")[1].split("'")[0])
    assert faults_of(declared.payload, sent["data"]) == []


def test_names_of_events_are_found_wherever_they_stand() -> None:
    assert mentioned(["event: custom.a", '"custom.b_c" customer.custom.d', "acustom.e"]) == {
        "custom.a",
        "custom.b_c",
        "custom.d",
    }


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_SCALAR = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "string", "enum": ["a", "b"]}),
    st.just({"type": "string", "format": "date-time"}),
    st.just({"type": "string", "format": "date"}),
    st.builds(lambda least: {"type": "integer", "minimum": least}, st.integers(-5, 5)),
    st.builds(lambda most: {"type": "number", "maximum": most}, st.floats(-5, 5)),
    st.just({"type": "boolean"}),
    st.just({"$ref": "relevo:Money"}),
)
_SCHEMA: st.SearchStrategy[Any] = st.recursive(
    _SCALAR,
    lambda inner: (
        st.builds(lambda item: {"type": "array", "items": item}, inner)
        | st.builds(lambda values: {"type": "object", "additionalProperties": values}, inner)
        | st.builds(
            lambda fields, required: {
                "type": "object",
                "properties": fields,
                "required": sorted(required & set(fields)),
            },
            st.dictionaries(st.sampled_from(["a", "b", "c_d"]), inner, max_size=3),
            st.sets(st.sampled_from(["a", "b", "c_d"])),
        )
    ),
    max_leaves=5,
)


@given(_JSON)
def test_any_schema_gives_a_type_or_its_faults(schema: Any) -> None:
    try:
        declared = declare("custom.any", schema)
    except DeclarationError as error:
        assert error.faults
    else:
        assert msgspec.convert(WHOM, declared.payload) is not None


@given(_SCHEMA, _JSON | st.dictionaries(st.sampled_from(["a", "b", "c_d"]), _JSON, max_size=3))
def test_what_is_called_right_is_what_a_reader_takes(schema: Any, value: Any) -> None:
    payload = declare("custom.any", {"type": "object", "required": ["x"], "properties": {"x": schema}}).payload
    data = WHOM | {"x": value}
    try:
        msgspec.convert(data, payload)
        taken = True
    except msgspec.ValidationError:
        taken = False
    assert (not faults_of(payload, data, strict=False)) == taken


@given(_SCHEMA, _JSON | st.dictionaries(st.sampled_from(["a", "b", "c_d", "e"]), _JSON, max_size=3))
def test_unknown_fields_are_what_is_wrong_only_for_the_strict(schema: Any, value: Any) -> None:
    payload = declare("custom.any", {"type": "object", "properties": {"x": schema}}).payload
    data = WHOM | {"x": value, "y": 1}
    if not faults_of(payload, data, strict=False):
        assert set(unknown_fields(payload, data)) == set(faults_of(payload, data))


@given(_SCHEMA)
def test_a_declared_schema_is_a_json_schema(schema: Any) -> None:
    whole = {"type": "object", "properties": {"x": schema}}
    jsonschema.Draft202012Validator.check_schema(whole)
    assert declare("custom.any", whole).schema == whole
