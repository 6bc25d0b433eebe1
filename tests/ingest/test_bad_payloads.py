"""Whatever arrives: either events that fit their contract, or one clear `InvalidPayload`, never anything else."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo_contracts.envelope import event_data
from relevo_contracts.payloads import EVENT_TYPES
from relevo_ingest.connectors.shopify import topics
from relevo_ingest.core import canonical
from relevo_ingest.core.cloudevents import STRUCTURED, parse
from relevo_ingest.core.drafts import NoEvent
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import collecting, cut
from tests.ingest.webhooks import SHOP, body_of, events_of, fixture, read_events

ABSURD: list[Any] = [
    None, True, False, 0, -1, 7, -5.5, 1e300, 2**70, 10**5000, "", " ", "x", "-3.00", "99999999999999999999", "1e9",
    "NaN", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-13-45", "2026-03-01T10:00:00", "\x00nul\x00",
    "gid://shopify/Order/", "A" * 5000, "ünïcödé \u202e", [], [[]], [None], [1, "a"], {}, {"id": None}, {"amount": -1},
    [{"price": "-1"}], {"shop_money": {"amount": "x", "currency_code": "??"}},
]  # fmt: skip
READABLE = sorted(topics.READERS)


def paths(value: Any, prefix: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [prefix] if prefix else []
    if isinstance(value, dict):
        return found + [path for name, item in value.items() for path in paths(item, (*prefix, name))]
    if isinstance(value, list):
        return found + [path for n, item in enumerate(value) for path in paths(item, (*prefix, n))]
    return found


def put(value: Any, path: tuple[str | int, ...], replacement: Any, *, drop: bool) -> None:
    replacement = copy.deepcopy(replacement)  # else two places could share it, or it could hold itself
    for step in path[:-1]:
        if not isinstance(value, dict | list):
            return
        try:
            value = value[step]  # type: ignore[index]  # a step that doesn't fit is a TypeError, caught below
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(value, dict):
        value.pop(path[-1], None)
        if not drop:
            value[str(path[-1])] = replacement
    elif isinstance(value, list) and isinstance(path[-1], int) and path[-1] < len(value):
        value[path[-1]] = replacement


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    topic = draw(st.sampled_from(READABLE))
    payload = copy.deepcopy(fixture(topic))
    places = paths(payload)
    for _ in range(draw(st.integers(1, 4))):
        replacement = draw(st.sampled_from(ABSURD) | st.text(max_size=30) | st.floats() | st.integers())
        put(payload, draw(st.sampled_from(places)), replacement, drop=draw(st.booleans()))
    return topic, payload


def fits_or_is_refused(topic: str, body: bytes) -> None:
    try:
        events = read_events(topic, body)
    except InvalidPayload as error:
        assert error.problem
        return
    for event in events:
        event.payload()
        assert "\\u0000" not in str(event.data)


@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_mutated_payloads_fit_or_are_refused(case: tuple[str, dict[str, Any]]) -> None:
    topic, payload = case
    try:
        body = body_of(payload)
    except ValueError:  # Python itself won't write a number with more than 4,300 digits
        body = b'{"id": ' + b"9" * 6000 + b"}"
    fits_or_is_refused(topic, body)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(READABLE), st.binary(max_size=200))
def test_any_bytes_fit_or_are_refused(topic: str, body: bytes) -> None:
    fits_or_is_refused(topic, body)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(READABLE), st.data())
def test_truncated_payloads_are_refused(topic: str, data: st.DataObject) -> None:
    body = body_of(fixture(topic))
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(InvalidPayload) as caught:
        read_events(topic, body[:cut])
    assert "truncated" in str(caught.value) or "JSON" in str(caught.value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_cloudevents_fit_or_are_refused(data: st.DataObject) -> None:
    event = events_of(data.draw(st.sampled_from(["orders/create", "variants/in_stock", "customers/update"])))[0]
    payload: dict[str, Any] = {
        "specversion": "1.0", "id": "1", "source": "/erp", "type": event.type,
        "time": "2026-03-05T10:00:00Z", "data": copy.deepcopy(event.data),
    }  # fmt: skip
    for _ in range(data.draw(st.integers(1, 3))):
        replacement = data.draw(st.sampled_from([item for item in ABSURD if item != 10**5000]))
        put(payload, data.draw(st.sampled_from(paths(payload))), replacement, drop=data.draw(st.booleans()))
    try:
        events, _ = parse(STRUCTURED, {}, body_of(payload), 10)
        reading = canonical.read(events[0], SHOP)
    except InvalidPayload as error:
        assert error.problem
        return
    if not isinstance(reading, NoEvent):
        payload_again = msgspec.convert(event_data(reading[0].payload), EVENT_TYPES[reading[0].type])
        assert event_data(payload_again) == event_data(reading[0].payload)


@pytest.mark.parametrize(
    ("topic", "changes", "where", "problem"),
    [
        ("orders/create", {"id": None}, "id", "missing"),
        ("checkouts/create", {"token": ""}, "token", "missing"),
        ("fulfillments/create", {"order_id": None}, "order_id", "missing"),
        ("customers/redact", {"customer": {}}, "customer", "names nobody"),
    ],
)
def test_the_error_says_what_is_wrong_and_where(
    topic: str, changes: dict[str, Any], where: str, problem: str | None
) -> None:
    with pytest.raises(InvalidPayload) as caught:
        events_of(topic, **changes)
    if problem is not None:
        assert (caught.value.where, problem in caught.value.problem) == (where, True), str(caught.value)
    else:
        assert "currency" in caught.value.problem


@pytest.mark.parametrize(
    ("changes", "where", "problem"),
    [
        ({"total_price": "-5.00"}, "total_price", "negative"),
        ({"total_price": "12,50"}, "total_price", "not a decimal"),
        ({"total_price": "1234567890123456"}, "total_price", "not plausible"),
        ({"currency": "dollars"}, "subtotal_price", "currency"),
    ],
)
def test_an_amount_that_is_none_costs_itself_only(changes: dict[str, Any], where: str, problem: str) -> None:
    with collecting() as notes:
        [event] = events_of("orders/create", **changes)
    assert event.data["order_id"]
    assert where.partition("_price")[0] not in event.data
    assert [note for note in notes if note.startswith(f"{where}: ") and problem in note]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"email": {"address": "x"}}, "email: Expected `str | null`, got `object`"),
        ({"created_at": "2026-13-01T00:00:00Z"}, "created_at: Invalid RFC3339"),
        ({"created_at": "2026-03-01T00:00:00"}, "created_at: Expected `datetime` with a timezone"),
        ({"line_items": [{"title": "Cup", "quantity": -1}]}, "line_items[0].quantity: "),
        ({"line_items": ["Cup"]}, "line_items[0]: Expected `object`, got `str`"),
        ({"customer": "Ana"}, "customer: Expected `object`, got `str`"),
    ],
)
def test_a_value_of_a_wrong_type_costs_itself_only(changes: dict[str, Any], told: str) -> None:
    with collecting() as notes:
        [event] = events_of("orders/create", **changes)
    assert event.data["order_id"] == "5600000000001"
    assert [note for note in notes if note.startswith(told)], notes
    assert all(note.endswith("it was left out") for note in notes)


@pytest.mark.parametrize(
    "changes",
    [
        {"shipping_address": []},  # PHP's object without fields
        {"customer": []},
        {"line_items": {}},
        {"line_items": ""},
        {"line_items": None},
        {"line_items": {"0": {"title": "Cup", "quantity": "2"}, "2": {"title": 7, "quantity": 1.0}}},
        {"cancelled_at": ""},
        {"total_price": 25},
        {"total_price": 25.0},
        {"id": "5600000000001"},
        {"email": 5},
    ],
)
def test_what_systems_write_for_the_same_value_is_read_without_a_note(changes: dict[str, Any]) -> None:
    with collecting() as notes:
        [event] = events_of("orders/create", **changes)
    assert event.data["order_id"] == "5600000000001"
    assert notes == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"id": 4, "name": "#4", "note": "cut emoji \\ud83d"}', []),
        (b'\xef\xbb\xbf{"id": 4, "name": "#4"}', []),
        ('{"id": 4, "name": "#4"}'.encode("utf-16"), []),
        (b'{"id": 4, "name": "#4\xff"}', ["body: not UTF-8: invalid start byte at byte 21; it was replaced"]),
        (b'{"id": 4, "name": "#4", "total_price": NaN}', ["body: NaN is not a JSON value; it was left out"]),
        (b'{"id": 9, "id": 4, "name": "a\nb"}', []),
        (b'{"id": 4, "name": "#4", "x": ' + b"9" * 6000 + b', "note": "\\ud83d"}', ["body: a number with 6000 digits"]),
    ],
)
def test_a_body_that_is_odd_as_a_whole_is_read(body: bytes, told: list[str]) -> None:
    with collecting() as notes:
        [event] = read_events("orders/create", body)
    assert event.data["order_id"] == "4"
    assert len(notes) == len(told)
    assert all(note.startswith(start) for note, start in zip(notes, told, strict=True))


def test_the_note_names_the_line() -> None:
    order = fixture("orders/create")
    order["line_items"][1] |= {"price": "-1", "price_set": None}
    with collecting() as notes:
        [event] = read_events("orders/create", body_of(order))
    assert notes == ["line_items[1].price: the amount -1 is negative; it was left out"]
    assert [line.get("price") is None for line in event.data["items"]][:2] == [False, True]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "is empty"),
        (b'{"id": 1', "truncated"),
        (b'{"id": 1}}', "broken"),
        (b'{"note": "\xff"}', "id: is missing"),
        (b'{"email": "\\ud800"}', "id: is missing"),
        (b'{"note":' + b"[" * 100_000, "nested too deep"),
        (b"[]", "Expected `object`"),
        (b"null", "Expected `object`"),
    ],
)
def test_broken_bodies(body: bytes, problem: str) -> None:
    with pytest.raises(InvalidPayload) as caught:
        read_events("orders/create", body)
    assert problem in str(caught.value)


def noted(**data: Any) -> list[str]:
    """The notes of a CloudEvent with these data, whose sender asks for no strictness."""
    event = {"specversion": "1.0", "id": "1", "source": "/erp", "type": "order.placed"}
    data = {"customer": {"id": "7"}, "order_id": "1", "items": [{"title": "Cup"}]} | data
    [parsed], _ = parse(STRUCTURED, {}, body_of(event | {"data": data}), 10)
    reading = canonical.read(parsed, SHOP, strict=False)
    assert not isinstance(reading, NoEvent)
    return sorted(reading[0].notes)


def test_a_sender_who_does_not_want_it_strict_is_told_of_each_field_that_was_left_out() -> None:
    left_out = "is not a field of this event; it was left out"
    assert noted() == []
    assert noted(
        gift=True, customer={"id": "7", "shoe_size": 42}, items=[{"title": "Cup"}, {"title": "Pot", "x": []}]
    ) == [
        f"data.customer.shoe_size: {left_out}",
        f"data.gift: {left_out}",
        f"data.items[1].x: {left_out}",
    ]
    assert noted(odd="\\ud800", number="a" * 10_001) == [
        "data.number: has 10001 characters; the first 10000 were taken",
        f"data.odd: {left_out}",
    ]
    assert noted(attributes={"password": "hunter2", "colour": "red"}) == [
        "data.attributes.password: holds a secret; it was left out"
    ]


@pytest.mark.parametrize(
    ("customer", "where"),
    [
        ({"timezone": "Europe"}, "data.customer.timezone"),
        ({"timezone": "x" * 9000}, "data.customer.timezone"),
        ({"locale": "garbage"}, "data.customer.locale"),
        ({"country": "Spain"}, "data.customer.country"),
        ({"email": "nobody"}, "data.customer.email"),
        ({"phone": "12"}, "data.customer.phone"),
    ],
)
def test_a_cloud_event_with_a_value_that_means_nothing_is_refused(customer: dict[str, str], where: str) -> None:
    with pytest.raises(InvalidPayload) as caught:
        noted(customer={"id": "7"} | customer)
    assert caught.value.where == where


def test_other_names_of_a_zone_are_ianas() -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/erp", "type": "customer.updated"}
    event |= {"data": {"customer": {"id": "7", "timezone": "Eastern Time (US & Canada)", "locale": "iw_IL.UTF-8"}}}  # type: ignore[dict-item]  # an object
    [parsed], _ = parse(STRUCTURED, {}, body_of(event), 10)
    reading = canonical.read(parsed, SHOP)
    assert not isinstance(reading, NoEvent)
    customer = event_data(reading[0].payload)["customer"]
    assert (customer["timezone"], customer["locale"]) == ("America/New_York", "he-IL")


def test_cut_says_what_was_cut() -> None:
    with collecting() as notes:
        assert cut([1, 2, 3], 2, "tags") == [1, 2]
        assert cut([1, 2], 2, "lines") == [1, 2]
    assert notes == ["tags: has 3 entries; the first 2 were taken"]
