"""Fields that are decoded when they are looked at are those of the whole body; an encoded event is the event."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_ingest.core.decoding import parse_object, top_level
from relevo_ingest.core.drafts import FinishedEvent
from relevo_ingest.core.errors import InvalidPayload

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=5), values, max_size=6).map(json.dumps).map(str.encode)
damaged = st.tuples(objects, st.integers(0, 200), st.binary(max_size=2)).map(
    lambda case: case[0][: case[1]] + case[2] + case[0][case[1] + len(case[2]) :]
)


def looked_at(read: Any, body: bytes) -> str:
    """What is found, every field of it looked at, or that it is refused."""
    try:
        fields = read(body)
        return repr({name: fields[name] for name in fields})
    except InvalidPayload:
        return "refused"


@given(st.one_of(objects, damaged, st.binary(max_size=20)))
def test_the_fields_of_a_body_are_those_of_the_whole(body: bytes) -> None:
    assert looked_at(top_level, body) == looked_at(parse_object, body)


def test_a_finished_event_is_written_as_the_event_is() -> None:
    at = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
    given_fields: dict[str, Any] = {
        "id": "1", "source": "/erp", "type": "order.paid", "time": at, "shop": "tea", "key": "cus_1",
        "receivedtime": at, "historical": True, "test": True, "hops": 1,
    }  # fmt: skip
    assert FinishedEvent.__struct_fields__ == Event.__struct_fields__
    finished = FinishedEvent(**given_fields, data=msgspec.Raw(b'{"order_id":"7"}'))
    assert msgspec.json.encode(finished) == msgspec.json.encode(Event(**given_fields, data={"order_id": "7"}))
    few = {name: given_fields[name] for name in ("id", "source", "type", "time", "shop", "key", "receivedtime")}
    assert msgspec.json.encode(FinishedEvent(**few, data=msgspec.Raw(b"{}"))) == msgspec.json.encode(
        Event(**few, data={})
    )
