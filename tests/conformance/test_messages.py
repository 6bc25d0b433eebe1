"""For every platform: what a shop tells becomes what happened, once, in any order; an odd value costs itself."""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_ingest.connectors.connector import FETCHED, Fetch, WebhookRequest
from relevo_ingest.connectors.registry import APIS, CONNECTORS
from relevo_ingest.core.drafts import NoEvent
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import collecting
from tests.conformance.platforms import PLATFORMS, Shop, Told, connector_of, every_platform, fixtures, whole

FACTS = {
    "bigcommerce": {"store/app/uninstalled"},
    "adobe-commerce": {"observer.customer_login"},
    "prestashop": {"newsletter"},
}
"""Topics that tell what happened, on platforms that tell how things are otherwise."""
ODD: Sequence[Any] = ({"odd": [1]}, [[["odd"]]], [{}])
EMPTY: Sequence[Any] = ([], {})
Path = tuple[str | int, ...]


# --- deliveries --------------------------------------------------------------------------------------------------


@every_platform
def test_every_topic_has_a_body_that_is_read_as_its_topic(name: str) -> None:
    connector, told = connector_of(name), fixtures(name)
    assert {one.topic for one in told} == set(connector.events_by_topic)
    for one in told:
        assert connector.mismatch(one.topic, one.body, PLATFORMS[name].shop, {}) is None
        assert connector.claims({}, one.body).topic in ("", one.topic)
        said = Shop(name).concludes(one)
        if isinstance(said, NoEvent):
            assert said.reason
        else:
            assert {draft.type for draft in said} <= set(connector.events_by_topic[one.topic])


@every_platform
def test_the_same_delivery_twice_is_the_same_events(name: str) -> None:
    for told in fixtures(name):
        shop = Shop(name)
        once = shop.tells(told, "d1")
        assert shop.tells(told, "d1") == once, told.topic
        ids = [event.id for event in once]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", [name for name in sorted(CONNECTORS) if name != "shopify"])
def test_a_state_that_is_told_again_is_no_event(name: str) -> None:
    """Under another delivery, as if the module told what the poller had read. Shopify tells what happened instead."""
    for told in fixtures(name):
        if told.topic in FACTS.get(name, ()) or told.topic.endswith((".restored", ".switched")):
            continue
        shop = Shop(name)
        known = {event.id for event in shop.tells(told, "d1")}
        assert {event.id for event in shop.tells(told, "d2")} <= known, told.topic


def statuses(events: Sequence[Event]) -> list[tuple[Any, Any]]:
    """Which changes of a status were told, in order."""
    told = [event.data for event in events if event.type == "order.status_changed"]
    names = ("status", "payment_status", "fulfilment_status")
    return [(tuple(one.get(f"previous_{name}", "") for name in names), tuple(one.get(name, "") for name in names))
            for one in told]  # fmt: skip


@every_platform
def test_a_change_is_told_once_and_older_news_never(name: str) -> None:
    """By the platform's own time, whenever it arrives."""
    shop, state = Shop(name), PLATFORMS[name].state
    shop.tells(state(10, 0))
    [change] = statuses(shop.tells(state(20, 1)))
    assert change[0] != change[1]
    assert statuses(shop.tells(state(20, 1), "again")) == []
    for minute, status in ((15, 2), (15, 0), (10, 0), (19, 2)):
        assert statuses(shop.tells(state(minute, status), f"late-{minute}-{status}")) == []
    [next_change] = statuses(shop.tells(state(30, 2)))
    assert next_change[0] == change[1], "what came late is not what it was before"


@every_platform
@settings(max_examples=25, deadline=None)
@given(
    told=st.lists(
        st.tuples(st.integers(1, 50), st.integers(0, 2)), min_size=1, max_size=7, unique_by=lambda one: one[0]
    ),
    data=st.data(),
)
def test_in_whatever_order_states_arrive_nothing_happens_twice_and_the_newest_counts(
    name: str, told: list[tuple[int, int]], data: st.DataObject
) -> None:
    shop, state, events = Shop(name), PLATFORMS[name].state, list[Event]()
    for minute, status in data.draw(st.permutations(told)):
        once = shop.tells(state(minute, status), f"d{minute}")
        assert shop.tells(state(minute, status), f"d{minute}") == once
        events += once
    ids = [event.id for event in events]
    assert len(set(ids)) == len(ids)
    newest = max(told)
    assert statuses(shop.tells(state(newest[0], newest[1]), "the newest again")) == []
    assert len(statuses(shop.tells(state(55, (newest[1] + 1) % 3), "something new"))) == 1


# --- odd values --------------------------------------------------------------------------------------------------


def leaves(value: Any, at: Path = ()) -> Iterator[Path]:
    """The paths of what is neither an object nor a list."""
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for name, item in entries:
            yield from leaves(item, (*at, name))
    else:
        yield at


def changed(body: Any, at: Path, *, to: Any = None) -> Any:
    """The body with another value there; without it if there is none."""
    other = copy.deepcopy(body)
    inside = other
    for name in at[:-1]:
        inside = inside[name]
    if to is None:
        inside.pop(at[-1])
    else:
        inside[at[-1]] = to
    return other


def outcome(name: str, topic: str, body: Any) -> Any:
    """What a body says: events without their ids and keys, which an absent time may change; or that it says nothing."""
    try:
        with collecting():
            events = Shop(name).tells(Told(topic, json.dumps(body).encode()), "d1")
    except InvalidPayload as error:
        assert str(error)
        return "invalid"
    return [(event.type, event.data) for event in events]


@every_platform
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_an_odd_value_is_as_if_it_were_not_there(name: str, data: st.DataObject) -> None:
    """It costs its own field and nothing else, and never an exception."""
    told = whole(name, data.draw(st.sampled_from(fixtures(name))))
    body = json.loads(told.body)
    at = data.draw(st.sampled_from(list(leaves(body))))
    found = outcome(name, told.topic, changed(body, at, to=data.draw(st.sampled_from(ODD))))
    absent = outcome(name, told.topic, changed(body, at))
    if found == absent or (found == "invalid" and absent == []):
        return
    # A list where a list may be: it counts as one with nothing in it.
    assert found in [outcome(name, told.topic, changed(body, at, to=nothing)) for nothing in EMPTY], at


RAW = (b"", b"null", b"[]", b"{", b"[" * 5000, b'{"a":' * 5000, b"\x00\xff", b'"\\ud800"', b'{"id": 1e999}', b"<html/>")


@every_platform
@pytest.mark.parametrize("raw", RAW, ids=lambda raw: repr(raw[:8]))
def test_what_is_not_a_message_says_so(name: str, raw: bytes) -> None:
    connector, place = connector_of(name), PLATFORMS[name].shop
    assert connector.claims({}, raw).topic == ""
    for topic in connector.events_by_topic:
        reasons = []
        for look in (
            lambda t=topic: connector.mismatch(t, raw, place, {}),
            lambda t=topic: Shop(name).concludes(Told(t, raw)),
        ):
            try:
                with collecting():
                    reasons.append(look())
            except InvalidPayload as error:
                reasons.append(str(error))
        assert any(isinstance(one, str | NoEvent) for one in reasons), topic


# --- before and after a message ----------------------------------------------------------------------------------


@every_platform
def test_what_is_asked_before_a_delivery_is_answered_and_no_delivery_is_taken_for_it(name: str) -> None:
    connector, asked = connector_of(name), PLATFORMS[name].handshake
    if asked is not None:
        assert connector.handshake(asked[0]) == asked[1]
    for told in fixtures(name):
        for query in ({}, {"challenge": "x"}):
            request = WebhookRequest(headers={}, body=told.body, query=query)
            assert connector.handshake(request) is None


THIN = [name for name in sorted(CONNECTORS) if PLATFORMS[name].thin()]


def test_every_platform_with_thin_messages_has_an_api() -> None:
    assert set(THIN) <= set(APIS)
    assert {"bigcommerce", "orocommerce"} <= set(THIN)


@pytest.mark.parametrize("name", THIN)
@pytest.mark.parametrize("answered", [None, [], {}, "text", {"data": None}, {"data": []}, {"data": [[]]}, {"odd": [1]}])
def test_whatever_the_api_answers_a_thin_message_is_read_or_says_why_not(name: str, answered: Any) -> None:
    for told in PLATFORMS[name].thin():
        asked = CONNECTORS[name].read(told.topic, told.body, PLATFORMS[name].shop)
        assert isinstance(asked, Fetch)
        found = whole(name, told, dict.fromkeys(asked.requests, answered))
        assert FETCHED.encode() in found.body
        try:
            with collecting():
                said = Shop(name).concludes(found)
        except InvalidPayload as error:
            assert str(error)
            continue
        assert isinstance(said, NoEvent) or all(draft.type.endswith(("deleted", "changed")) for draft in said), (
            told.topic
        )
