"""Whatever is sent to a storefront: it is answered, agrees to nothing, takes over nobody, and tells only its pages."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo_contracts.contact import Contact, apply_event
from relevo_ingest.core.rates import Rates
from relevo_ingest.core.storefront.traffic import AddressRates
from relevo_ingest.entrypoints.storefront import VisitRates
from tests.ingest.test_any_request import HEADER, PUBLIC_KEY, RAW, VALUES, Storefronts, Stores, make, nothing_malformed
from tests.ingest.visits import ORIGIN, VISITOR, batch, told, told_to

ANSWERS = {202, 204, 400, 401, 404, 405, 413, 415, 422}
PATHS = ["/t/tea", "/t/tea/v1/track", "/t/tea/v1/batch", "/t/tea/v1/identify", "/t/tea/v1/p", "/t/tea/v1/import"]
HEADERS = ["content_type", "content_encoding", "authorization", "user_agent", "sec_purpose", "accept_language"]
KINDS = [
    "page.viewed", "product.viewed", "search.performed", "cart.updated", "wishlist.updated", "checkout.started",
    "checkout.updated", "form.submitted", "back_in_stock.requested", "price_drop.requested", "consent.requested",
    "identify", "visit",
]  # fmt: skip
TYPED = {"form.submitted", "back_in_stock.requested", "price_drop.requested", "consent.requested"}
"""What somebody asks for by an address, whatever they said about being remembered."""
CLAIMS = {
    "email": "ana@example.com", "phone": "+34612345678", "email_marketing": True, "sms_marketing": True,
    "sms_consent": {"state": "granted", "at": "2026-01-01T00:00:00Z"}, "channel": "sms", "state": "granted",
    "consent": "granted", "double_opt_in": True, "id": "7", "user_id": "7", "userId": "7", "guest": True,
    "channels": ["sms"], "anonymous_id": "b-somebody-else-1", "merged_keys": ["cus_1"],
}  # fmt: skip
NEEDED = {"product_id": "p", "form": "f", "query": "q", "checkout_token": "k"}
MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
CLAIM = st.dictionaries(st.sampled_from(sorted(CLAIMS)), st.none(), max_size=6).map(
    lambda names: {name: CLAIMS[name] for name in names}
)


@st.composite
def hit(draw: st.DrawFn) -> dict[str, Any]:
    """What a page may say, with claims that it may not make, at every place where one could be looked for."""
    data: dict[str, Any] = NEEDED | draw(CLAIM)
    for place in draw(st.lists(st.sampled_from(["customer", "contact", "fields", "traits", "attributes"]))):
        data[place] = draw(CLAIM)
    if draw(st.booleans()):
        data["items"] = [draw(CLAIM) | {"title": "Cup"}]
    return {"id": str(draw(st.integers(0, 9))), "type": draw(st.sampled_from(KINDS)), "data": data} | draw(CLAIM)


@MANY
@given(st.sampled_from(PATHS), st.one_of(RAW, VALUES.map(lambda value: json.dumps(value).encode())), st.data())
def test_any_body_is_answered_whatever_its_headers_say(path: str, body: bytes, data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from(HEADERS)))
    drawn = {name: data.draw(HEADER).decode("latin-1") for name in names}
    stores = Stores()
    assert told(stores, body, path, **drawn).status_code in ANSWERS
    nothing_malformed(stores)


@MANY
@given(st.lists(VALUES, max_size=4), st.sampled_from(["batch", "import", "b"]), st.data())
def test_any_batch_of_segments_protocol_is_answered(messages: list[Any], call: str, data: st.DataObject) -> None:
    """Messages that are none, beside one that is: it counts, and they cost themselves only."""
    good = {"type": "track", "event": "Product Viewed", "anonymousId": VISITOR, "properties": {"product_id": "5"}}
    place = data.draw(st.integers(0, len(messages)))
    body = {"writeKey": PUBLIC_KEY, "batch": [*messages[:place], good, *messages[place:]]}
    body |= data.draw(st.dictionaries(st.sampled_from(["context", "sentAt", "integrations", "messageId"]), VALUES))
    stores = Stores()
    status = told(stores, body, f"/t/tea/v1/{call}").status_code
    assert status in {202, 204, 422}
    assert (status == 202) == bool(stores.stored)
    nothing_malformed(stores)


@MANY
@given(st.lists(hit(), min_size=1, max_size=4), CLAIM)
def test_nothing_that_a_page_says_is_consent_or_anybodys_address(
    hits: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    stores = Stores()
    assert told(stores, more | batch(*hits)).status_code in {202, 204, 422}
    for event in stores.stored:
        known = apply_event(Contact(), event.payload(), datetime.now(UTC))
        assert {known.email_consent.state, known.sms_consent.state} == {"unknown"}, event
        assert (known.email, known.phone) == ("", ""), event
        assert set(event.data["customer"]) <= {"anonymous_id"}
        assert "phone" not in event.data.get("contact", {})
    assert all(len(lookup.aliases) == 1 for lookup in stores.lookups)
    assert all(one.details.purpose and one.state == "asked" for one in stores.asked)


@MANY
@given(st.lists(hit(), min_size=1, max_size=4), st.sampled_from(["", "denied", None, "yes", True, 1]))
def test_where_consent_is_required_nothing_is_kept_of_a_visit_without_it(hits: list[dict[str, Any]], word: Any) -> None:
    stores = Stores()
    asking = [{name: value for name, value in one.items() if name != "consent"} for one in hits]
    answer = told_to(make(stores, Storefronts("required")), batch(*asking, consent=word))
    assert answer.status_code in {202, 204, 422}
    for event in stores.stored:
        assert event.type in TYPED
        assert VISITOR not in str(event)
    assert all(not one.visitor for one in stores.asked)


ORIGINS = st.one_of(
    st.sampled_from(["https://tea.example.com", "http://tea.example.com:8080", "https://tea.example.com.evil.example"]),
    st.sampled_from(["null", "", "https://evil.example", "https://tea.example.com@evil.example", "tea.example.com"]),
    HEADER.map(lambda value: value.decode("latin-1")),
)


@MANY
@given(ORIGINS, st.sampled_from(["POST", "OPTIONS"]), HEADER.map(lambda value: value.decode("latin-1")))
def test_only_the_shops_pages_are_told_anything_and_by_no_cookie(origin: str, method: str, asked: str) -> None:
    view = {"id": "1", "type": "page.viewed", "data": {}}
    preflight = {"access_control_request_method": asked, "access_control_request_headers": asked}
    answer = told(Stores(), batch(view), method=method, origin=origin, **preflight)
    allowed = answer.headers.get("access-control-allow-origin")
    assert (answer.status_code, allowed) in {(202, origin), (204, origin), (403, None)}
    assert answer.status_code == 403 or origin.startswith(("https://tea.example.com", "http://tea.example.com"))
    assert "evil" not in (allowed or "")
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.status_code == 403 or answer.content == b""


def test_who_sends_too_much_is_told_when_to_come_again_and_others_are_not_held_up() -> None:
    view = batch({"id": "1", "type": "page.viewed", "data": {}})
    rates = VisitRates(Rates(0, 1, lambda: 0.0), AddressRates(1.0, 2, lambda: 0.0))
    answers = [told_to(make(Stores(), visits=rates), view) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 429, 429]
    assert answers[-1].headers["access-control-allow-origin"] == ORIGIN, "the script may read when to come again"
    assert int(answers[-1].headers["retry-after"]) >= 1
