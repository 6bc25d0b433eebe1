"""For every platform: no changed byte passes, both secrets do while one replaces the other, a late replay is refused.

And what is not signed proves nothing: no header, nor the topic in it, makes one event of another.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_contracts.event_types import ERASURES
from relevo_ingest.connectors.connector import WebhookRequest
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.errors import InvalidPayload, InvalidSignature
from tests.conformance.platforms import PLATFORMS, Shop, Told, connector_of, every_platform, fixtures
from tests.ingest.signing import addressed, signed
from tests.ingest.webhooks import RECEIVED

OLD, NEW = "the-secret-before", "the-secret-of-now"
LONG_AFTER = RECEIVED + timedelta(days=30)
AS_IT_IS = (".updated", ".status_changed", ".stock_changed", ".price_changed", ".restocked")
"""Types of events that say how a thing is now, whatever the topic: they are true of the body that is signed."""
RETURNS = (("approve", "process"), ("close", "process"), ("approve", "reopen"), ("process", "reopen"))
CONTRACTS = ("activate", "cancel", "expire", "fail", "pause", "update")
SAME_BODY: Mapping[str, Sequence[frozenset[str]]] = {
    "shopify": [
        *(frozenset((f"returns/{one}", f"returns/{other}")) for one, other in RETURNS),
        *(frozenset(("subscription_contracts/create", f"subscription_contracts/{other}")) for other in CONTRACTS),
        frozenset(("disputes/create", "disputes/update")),
        *map(frozenset, combinations(("orders/delete", "products/delete", "draft_orders/delete"), 2)),
    ]
}
"""Topics of bodies without a time that can't be told apart: of a thing that is known already the event is not new."""
ALREADY_TOLD = {("orders/paid", f"orders/{other}") for other in ("updated", "fulfilled", "partially_fulfilled")}
"""The order is paid, as its body says: the event has the id of the one that told it."""


def request_of(name: str, secret: str, at: datetime = RECEIVED) -> WebhookRequest:
    told = fixtures(name)[0]
    return signed(name, addressed(name, told.body, secret), secret, told.topic, at)


def passes(name: str, secrets: Sequence[str], request: WebhookRequest) -> bool:
    try:
        connector_of(name).authenticate(secrets, request)
    except InvalidSignature:
        return False
    return True


def test_every_platform_of_the_registry_has_an_entry() -> None:
    assert set(PLATFORMS) == set(CONNECTORS), "see docs/add-a-platform.md"


@every_platform
def test_either_secret_passes_while_one_replaces_the_other(name: str) -> None:
    for secret in (OLD, NEW):
        assert passes(name, [OLD, NEW], request_of(name, secret))
        assert passes(name, [NEW, OLD], request_of(name, secret))
    assert not passes(name, [NEW], request_of(name, OLD))
    assert not passes(name, [], request_of(name, OLD))


@every_platform
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_changed_byte_passes(name: str, data: st.DataObject) -> None:
    request = request_of(name, NEW)
    place = data.draw(st.integers(0, len(request.body) - 1))
    changed = bytearray(request.body)
    changed[place] ^= data.draw(st.integers(1, 255))
    cut, more = request.body[:place], request.body + data.draw(st.binary(min_size=1, max_size=3))
    tampered = data.draw(st.sampled_from([bytes(changed), cut, more]))
    assert not passes(name, [OLD, NEW], msgspec.structs.replace(request, body=tampered))


@every_platform
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_changed_signature_passes(name: str, data: st.DataObject) -> None:
    """Each header that has to do with the signature, changed by itself; where two are enough, both."""
    request = request_of(name, NEW)
    meant = [one for one in request.headers if "topic" not in one]
    assert meant
    changed = dict(request.headers)
    for one in meant:
        # The last characters of base64 may have bits that mean nothing.
        place = data.draw(st.integers(0, len(changed[one]) - 4), label=one)
        other = data.draw(st.sampled_from([char for char in "0aZ,=" if char != changed[one][place]]))
        changed[one] = changed[one][:place] + other + changed[one][place + 1 :]
    forged = msgspec.structs.replace(request, headers=changed)
    assert not passes(name, [OLD, NEW], forged)
    assert not passes(name, [OLD, NEW], msgspec.structs.replace(request, headers={}))


@every_platform
@given(minutes=st.floats(5.1, 60 * 24 * 365) | st.floats(-60 * 24 * 365, -5.1))
def test_a_replay_is_refused_where_the_scheme_has_a_time(name: str, minutes: float) -> None:
    late = msgspec.structs.replace(request_of(name, NEW), received=RECEIVED + timedelta(minutes=minutes))
    assert passes(name, [NEW], late) != PLATFORMS[name].timed


# --- what is not signed ------------------------------------------------------------------------------------------


def forged(name: str, claimed: str, told: Told, *, received: datetime = RECEIVED) -> list[Event]:
    """The events of a signed body under a topic that somebody wrote into the header."""
    shop = Shop(name)
    try:
        if shop.connector.mismatch(claimed, told.body, shop.shop, {}):
            return []
        return shop.events_of(claimed, told.body, received=received)
    except InvalidPayload:
        return []


@pytest.mark.parametrize("name", [name for name in sorted(CONNECTORS) if not PLATFORMS[name].topic_is_signed])
def test_a_topic_that_somebody_wrote_makes_nothing_happen_that_did_not(name: str) -> None:
    """Long after, when what is new is not told as new any more. What says how a thing is stays true."""
    happened: list[tuple[str, str, str]] = []
    for told in fixtures(name):
        own = set(CONNECTORS[name].events_by_topic[told.topic])
        for claimed in CONNECTORS[name].events_by_topic:
            if frozenset((told.topic, claimed)) in SAME_BODY.get(name, ()):
                continue
            events = forged(name, claimed, told, received=LONG_AFTER)
            happened += [
                (claimed, told.topic, event.type)
                for event in events
                if event.type not in own and not event.historical and not event.type.endswith(AS_IT_IS)
            ]
    assert [one for one in happened if one[:2] not in ALREADY_TOLD] == []


@pytest.mark.parametrize("name", [name for name in sorted(CONNECTORS) if not PLATFORMS[name].topic_is_signed])
def test_the_id_of_a_known_thing_deletes_nothing_of_another_kind(name: str) -> None:
    """The body of a deletion is an id alone: the same for an order, a product and a customer."""
    separator = "/" if "/" in fixtures(name)[0].topic else "."
    alike = (".deleted", "orders/delete", "products/delete")
    deletions = [one for one in CONNECTORS[name].events_by_topic if one.endswith(alike)]
    assert len(deletions) > 1
    for known in deletions:
        shop, kind = Shop(name), known.partition(separator)[0]
        made = next(one for one in fixtures(name) if one.topic in (f"{kind}.created", f"{kind}/create"))
        shop.tells(made)
        body = msgspec.json.encode({"id": json.loads(made.body)["id"]})
        told = [claimed for claimed in deletions if shop.events_of(claimed, body)]
        assert told == [known]


@pytest.mark.parametrize("name", [name for name in sorted(CONNECTORS) if not PLATFORMS[name].topic_is_signed])
def test_no_body_is_made_one_that_erases_withdraws_or_deletes(name: str) -> None:
    harmful = {*ERASURES, "consent.changed", "customer.deleted", "customer.merged", "shop.disconnected"}
    found = [
        (claimed, told.topic)
        for told in fixtures(name)
        for claimed, made in CONNECTORS[name].events_by_topic.items()
        if harmful.intersection(made) - set(CONNECTORS[name].events_by_topic[told.topic])
        and harmful.intersection(event.type for event in forged(name, claimed, told))
        - set(CONNECTORS[name].events_by_topic[told.topic])
    ]
    assert found == []


@every_platform
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_where_the_topic_is_signed_no_header_says_anything(name: str, data: st.DataObject) -> None:
    told = data.draw(st.sampled_from(fixtures(name)))
    connector = connector_of(name)
    written = data.draw(st.sampled_from(sorted(connector.events_by_topic)) | st.text(max_size=30))
    names = (
        *connector.headers,
        "webhook-topic",
        "x-adobe-event-code",
        "x-shopify-topic",
        "x-wc-webhook-topic",
        "topic",
    )
    headers = dict.fromkeys(names, written)
    honest, forged_claims = connector.claims({}, told.body), connector.claims(headers, told.body)
    if PLATFORMS[name].topic_is_signed:
        assert honest.topic == told.topic
        assert forged_claims == honest
    else:
        assert honest.topic == ""
        assert not json.loads(told.body).get("topic")
