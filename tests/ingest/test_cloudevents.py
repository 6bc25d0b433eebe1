"""What the sender of a CloudEvent is told: all that is wrong with it at once, in its own words, and what to do."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.declared import declare
from relevo_contracts.payloads import EVENT_TYPES
from relevo_ingest.core import canonical
from relevo_ingest.core.cloudevents import BATCH, JSON, STRUCTURED, is_binary, parse
from relevo_ingest.core.drafts import NoEvent, ShopContext
from relevo_ingest.core.errors import InvalidPayload

ORDER: dict[str, Any] = {"customer": {"id": "7"}, "order_id": "1001"}
EVENT: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "erp", "type": "order.placed", "data": ORDER}
REQUIRED = ("specversion", "id", "source", "type")
POINTS = declare("custom.points", {"type": "object", "properties": {"points": {"type": "integer"}}})
SHOP = ShopContext(shop="tea", currency="EUR", types={**EVENT_TYPES, POINTS.name: POINTS.payload})


def wrong(event: Any, *, shop: ShopContext = SHOP) -> dict[str, str]:
    """Everything that is wrong with a structured event, by its place."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return refused(STRUCTURED, {}, body, shop)


def refused(content_type: str, headers: dict[str, str], body: bytes, shop: ShopContext = SHOP) -> dict[str, str]:
    try:
        events, _ = parse(content_type, headers, body, 10)
        for event in events:
            canonical.read(event, shop)
    except InvalidPayload as error:
        for _, problem in error.wrong:
            assert "`" not in problem, "words of the decoder are nothing for people"
        return dict(error.wrong)
    return {}


@given(st.sets(st.sampled_from(REQUIRED), min_size=1), st.sampled_from([None, 5, True, [], {}, ""]), st.booleans())
def test_every_attribute_that_is_wrong_is_told_at_once(names: set[str], value: Any, drop: bool) -> None:
    event = {name: item for name, item in EVENT.items() if not (drop and name in names)}
    if not drop:
        event |= dict.fromkeys(names, value)
    assert set(wrong(event)) == names
    faulty = event | {"data": {**ORDER, "order_id": 7, "customer": {"email": "nobody"}}}
    known = set() if "type" in names else {"data.order_id", "data.customer.email"}
    assert set(wrong(faulty)) == names | known


def test_the_words_say_what_to_do() -> None:
    assert wrong({"specversion": "0.3", "id": "", "type": 5, "time": "2026-03-01T10:00:00", "test": "yes"}) == {
        "specversion": "'0.3' is not allowed: one of '1.0'",
        "id": "is empty",
        "source": "is missing",
        "type": "must be text, not a number",
        "time": "needs a time zone: 2026-03-01T09:00:00Z",
        "test": "'yes' is not allowed: one of 'false', 'true'",
    }
    assert wrong([EVENT]) == {"": f"must be an event, not a list; several events are {BATCH}"}
    assert wrong(5) == {"": "must be an event: an object"}
    assert wrong(b" ") == {"body": "is empty: JSON is wanted"}
    assert "byte order mark" in wrong(b"\xef\xbb\xbf" + json.dumps(EVENT).encode())["body"]
    assert refused(BATCH, {}, json.dumps(EVENT).encode()) == {
        "body": f"must be a list of events; one event alone is {STRUCTURED}"
    }


def test_each_event_of_a_batch_is_looked_at() -> None:
    events, batch = parse(BATCH, {}, json.dumps([EVENT, {"id": 1}, 5, EVENT | {"id": ""}]).encode(), 10)
    assert batch
    found: list[set[str]] = []
    for event in events:
        try:
            canonical.read(event, SHOP)
            found.append(set())
        except InvalidPayload as error:
            found.append({where for where, _ in error.wrong})
    assert found == [set(), set(REQUIRED), {""}, {"id"}]


@pytest.mark.parametrize("slip", ["Historical", "historicl", "historic", "is_historical", "HISTORICAL"])
def test_a_slip_in_an_attribute_starts_no_runs(slip: str) -> None:
    assert wrong(EVENT | {slip: True}) == {slip: "is not an attribute here; did you mean 'historical'?"}


@pytest.mark.parametrize("name", ["traceparent", "sourceid", "subject", "dataschema", "partitionkey", "historicaldata"])
def test_attributes_of_senders_own_are_theirs(name: str) -> None:
    assert wrong(EVENT | {name: "x", "historical": True}) == {}


def test_binary_mode_names_its_headers() -> None:
    body = json.dumps({**ORDER, "gift": 1}).encode()
    given_headers = {"ce-id": "1", "ce-type": "order.placed", "ce-time": "yesterday", "ce-historic": "true"}
    assert is_binary(given_headers)
    assert set(refused(JSON, given_headers, body)) == {
        "ce-specversion",
        "ce-source",
        "ce-time",
        "ce-historic",
        "data.gift",
    }
    whole = {f"ce-{name}": EVENT[name] for name in REQUIRED}
    assert refused(JSON, whole, json.dumps(ORDER).encode()) == {}
    assert set(refused(JSON, whole | {"ce-id": "%ff"}, json.dumps(ORDER).encode())) == {"ce-id"}


@pytest.mark.parametrize("given_type", ["orders/create", "com.example.foo", "custom.nothing_like_it"])
def test_a_type_like_no_other_gets_no_far_fetched_advice(given_type: str) -> None:
    told = wrong(EVENT | {"type": given_type})["type"]
    assert "did you mean" not in told
    assert "declare it" in told or "the catalogue" in told


@pytest.mark.parametrize("event_id", ["", "1"])
def test_what_is_nested_too_deep_is_told_also_beside_a_wrong_attribute(event_id: str) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": event_id, "ce-source": "erp", "ce-type": "order.placed"}
    told = refused(JSON, headers, b'{"note":' + b"[" * 100_000)
    assert told["data"] == "the JSON is nested too deep"
    assert ("ce-id" in told) == (not event_id)


@given(st.integers(-(10**6), 10**6))
def test_a_whole_number_may_be_written_with_decimals(number: int) -> None:
    [event], _ = parse(STRUCTURED, {}, json.dumps(points(float(number))).encode(), 1)
    reading = canonical.read(event, SHOP)
    assert not isinstance(reading, NoEvent)
    assert reading[0].payload.points == number  # type: ignore[union-attr]  # a declared payload
    assert wrong(points(number + 0.5)) == {"data.points": f"{number + 0.5} is not a whole number"}


def points(number: float) -> dict[str, Any]:
    return EVENT | {"type": POINTS.name, "data": {"customer": {"id": "7"}, "points": number}}


@pytest.mark.parametrize("field", ["note", "number", "attributes", "items"])
def test_null_is_not_absent_and_the_answer_says_so(field: str) -> None:
    assert wrong(EVENT | {"data": {**ORDER, field: None}})[f"data.{field}"].endswith("not null; leave it out")


@pytest.mark.parametrize(
    ("event_type", "data", "where"),
    [
        ("order.placed", {"order_id": "  "}, "data.order_id"),
        ("return.requested", {"order_id": "1", "return_id": "\u200b"}, "data.return_id"),
        ("form.submitted", {"form": ""}, "data.form"),
        ("customer.merged", {"merged": []}, "data.merged"),
        ("customer.merged", {}, "data.merged"),
        ("consent.changed", {"channel": "email", "state": "restored"}, "data.undoes"),
        ("consent.changed", {"channel": "sms", "state": "granted", "ip_hash": "192.0.2.1"}, "data.ip_hash"),
        ("consent.changed", {"channel": "sms", "state": "granted", "ip_hash": "2001:db8::1"}, "data.ip_hash"),
    ],
)
def test_what_nothing_can_follow_from_is_refused(event_type: str, data: dict[str, Any], where: str) -> None:
    assert set(wrong(EVENT | {"type": event_type, "data": {"customer": {"id": "7"}, **data}})) == {where}
