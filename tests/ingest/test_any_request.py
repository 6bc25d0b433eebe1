"""Whatever arrives over HTTP, genuine or not: never a 5xx, and nothing odd goes on from there.

It runs on the real application with stores in memory: what is tried is what is said of a request, not how it is stored.
"""

import asyncio
import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo_contracts.contact import Contact, apply_event
from relevo_contracts.envelope import Event
from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_contracts.messages import Unrecognised
from relevo_contracts.payloads import EVENT_TYPES
from relevo_contracts.sending import Sent
from relevo_contracts.standing import Standing, Statement
from relevo_contracts.survey_conditions import Compare
from relevo_contracts.surveys import Question, QuestionTexts, Survey, SurveyTexts, answered_payload
from relevo_ingest.adapters.counters import MetricCounters
from relevo_ingest.adapters.unfollowed import Unfollowed
from relevo_ingest.app.ports import IngestDependencies, Message, Notification, Outcome, outcome_of
from relevo_ingest.app.record_hits import HitRecorder
from relevo_ingest.app.say_consent import ConsentDependencies
from relevo_ingest.app.storefront_ports import StorefrontDependencies
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.connectors.shopify import topics
from relevo_ingest.connectors.shopify.signature import sign_shopify
from relevo_ingest.core.aliases import Alias, Kind, Lookup, Visitor
from relevo_ingest.core.drafts import DEFAULT_LIMITS, Finished
from relevo_ingest.core.rates import Rates
from relevo_ingest.core.signature import signed_at
from relevo_ingest.core.states import Entity, StateQuery, StateView
from relevo_ingest.core.storefront.opt_in import OptIn, State
from relevo_ingest.core.storefront.traffic import AddressRates
from relevo_ingest.entrypoints.front_door import FrontDoor
from relevo_ingest.entrypoints.gathering import Gathering
from relevo_ingest.entrypoints.http import make_app
from relevo_ingest.entrypoints.serving import Ingest
from relevo_ingest.entrypoints.storefront import StorefrontParts, VisitRates
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog, storefronts
from relevo_runtime.clock import SystemClock
from relevo_runtime.http_direct import WholeRequest
from relevo_runtime.last_deliveries import DeliveryRecorder
from relevo_runtime.links import Asked, token_of
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import SECRET, TOKEN, tea_shop
from tests.ingest.signing import ADOBE
from tests.ingest.webhooks import FIXTURES, body_of

T = TypeVar("T")
OF_A_MODULE = ("magento", "prestashop")
"""Platforms whose shops post by a module of ours."""
LINK_SECRET = "a-secret-of-the-links"


class Stores:
    """Everything that ingest writes to, in memory."""

    def __init__(self) -> None:
        self.stored: list[Event] = []
        self.kept: list[Unrecognised] = []
        self.asked: list[OptIn] = []
        self.lookups: list[Lookup] = []
        self.fetched: list[Notification] = []

    async def get(self, name: str) -> catalog.Shop | None:
        return self.at_hand(name)

    def fresh(self) -> bool:
        return True

    def at_hand(self, name: str) -> catalog.Shop | None:
        if name in CONNECTORS:
            return msgspec.structs.replace(tea_shop(), shop=name, platform=name)
        if name == "lumen":
            return msgspec.structs.replace(tea_shop(), shop="lumen", platform="woocommerce")
        return tea_shop() if name == "tea" else None

    async def changed(self) -> bool:
        return False

    async def key_of_each(self, lookups: Sequence[Lookup]) -> list[Outcome[str]]:
        assert all(lookup.aliases for lookup in lookups)
        self.lookups += lookups
        return ["cus_1"] * len(lookups)

    async def known(self, shop: str, names: Sequence[Alias]) -> list[str]:
        assert names
        return ["cus_1", "cus_2"]

    async def merge(self, shop: str, merged: Sequence[str], kept: str) -> None:
        assert kept not in merged

    async def observe_each(self, messages: Sequence[Sequence[StateQuery]]) -> list[Outcome[list[StateView]]]:
        return [[StateView() for _ in questions] for questions in messages]

    async def events(self, messages: Sequence[Message]) -> None:
        self.stored += [msgspec.json.decode(value, type=Event) for _, value in messages]

    async def events_of_each(self, groups: Sequence[Sequence[Message]]) -> list[Outcome[None]]:
        return [await outcome_of(self.events(group)) for group in groups]

    async def unrecognised(self, message: Message) -> None:
        self.kept.append(msgspec.json.decode(message[1], type=Unrecognised))

    def own_fields(self, name: str) -> Mapping[str, str]:
        assert name
        return {}

    async def add(self, shop: str, platform: str, entity: Entity, notification: Notification) -> None:
        assert shop
        assert platform
        assert entity.id
        self.fetched.append(notification)

    def types(self, name: str) -> EventTypes:
        assert name
        return BUILT_IN

    async def used_otherwise(self, shop: str, digests: Mapping[str, bytes], now: datetime) -> Sequence[str]:
        assert all(len(digest) == 16 for digest in digests.values())
        return ()

    async def visitor(self, shop: str, name: Alias) -> Visitor | None:
        assert name.kind is Kind.ANONYMOUS
        return Visitor("cus_2", owned=False)

    async def ask(self, one: OptIn) -> bool:
        self.asked.append(one)
        return True

    async def find(self, shop: str, request: str) -> OptIn | None:
        return next((one for one in self.asked if one.id == request), None)

    async def finish(self, shop: str, request: str, state: State, at: datetime, ip_hash: str) -> None:
        assert await self.find(shop, request)

    async def postpone(self, finished: Sequence[Finished], due: datetime, request: str) -> None:
        assert due
        assert request
        self.stored += [msgspec.json.decode(each.value, type=Event) for each in finished]


PUBLIC_KEY = "pk_the-key-of-the-pages"
IDENTITY_SECRET = "a-secret-of-the-shops-server"


class Storefronts:
    """The one storefront, of `tea`."""

    def __init__(self, consent: storefronts.ConsentMode = "assumed") -> None:
        self.consent: storefronts.ConsentMode = consent

    async def get(self, shop: str) -> storefronts.Storefront | None:
        secrets = [catalog.Secret(IDENTITY_SECRET)]
        front = storefronts.Storefront(
            shop="tea", key=PUBLIC_KEY, domains=["tea.example.com"], consent=self.consent, secrets=secrets
        )
        return front if shop == "tea" else None

    async def changed(self) -> bool:
        return False


SURVEY = Survey(
    name="satisfaction",
    questions=(
        Question(name="score", kind="rating"),
        Question(name="again", kind="yes_no"),
        Question(name="reasons", kind="choices", options=("a", "b"), optional=True),
        Question(name="comment", kind="text", when=Compare("again", "==", value=True)),
    ),
    expires=86_400,
    locales={
        "en": SurveyTexts(
            title="How was it?",
            thanks="Thanks",
            questions={name: QuestionTexts(ask=name) for name in ("score", "again", "reasons", "comment")},
        )
    },
)


class OneSurvey:
    """The port `SurveyCatalog`: every message asks the same."""

    async def asked(self, version: str, template: str) -> Survey | None:
        return SURVEY if version and template else None


class SaidInMemory:
    """The port `ConsentStore` for one customer at a time: what was said counts, nothing is proven."""

    def __init__(self) -> None:
        self.contact: Contact | None = None

    async def look(self, shop: str, key: str) -> Standing:
        return Standing(shop=shop, key=key, contact=self.contact)

    async def keep(self, person: Standing, said: Sequence[Statement], address: str) -> list[int] | None:
        assert address is not None
        for one in said:
            self.contact = apply_event(self.contact or Contact(), one.payload, one.at)
        return list(range(len(said)))

    async def holds(self, person: Standing, said: Sequence[Statement]) -> bool:
        return bool(person.key and said)

    async def published(self, numbers: Sequence[int]) -> None:
        assert numbers


async def at_once(seconds: float) -> None:
    assert seconds > 0


async def send(stores: Stores, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> int:
    """The status of the answer. An exception that nobody caught is raised here."""
    answer = await answered(make(stores), method, path, headers, body)
    assert answer.status_code < 500, answer.text
    return answer.status_code


def make(stores: Stores, fronts: Storefronts | None = None, visits: VisitRates | None = None) -> FrontDoor:
    """The application on these stores. Unless `visits` limits them, visitors may send as much as they like."""
    metrics = Metrics("ingest")
    own = IngestSettings(link_secret=LINK_SECRET, ingest_body_limit=100_000)  # type: ignore[arg-type]  # pydantic takes text
    deps = IngestDependencies(
        keys=stores,
        states=stores,
        log=stores,
        erasures=stores,
        ids=stores,
        notifications=stores,
        counters=MetricCounters(metrics),
        limits=DEFAULT_LIMITS,
        budget=30.0,
        erasing_after=timedelta(hours=24),
    )
    rates, clock = Rates(0, 1, lambda: 0.0), SystemClock()
    front = StorefrontDependencies(deps, stores, stores, lambda one: f"https://relevo.example/c/{one.id}")
    unlimited = VisitRates(rates, AddressRates(0, 1, lambda: 0.0))
    parts = StorefrontParts(fronts or Storefronts(), front, visits or unlimited)
    nobody = DeliveryRecorder(cast(Pool, None))
    hits = HitRecorder(deps, Unfollowed(cast(Pool, None)), stores, clock.span)
    consents = ConsentDependencies(deps, SaidInMemory(), sleep=at_once)
    rest = (metrics, Gathering(0), ADOBE, parts, nobody, hits, consents, OneSurvey())
    return make_app(Ingest(own, stores, deps, rates, clock, *rest))


async def answered(
    app: Callable[..., Any], method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> httpx.Response:
    """The answer to one request. An exception that nobody caught is raised here."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as client:
        return await client.request(method, f"http://ingest{path}", headers=headers, content=body)


HEADER = st.binary(max_size=40).filter(lambda value: not set(value) & set(b"\r\n\0")) | st.sampled_from(
    [b"application/json", b"application/json; charset=utf-7", b"text/plain; charset=\xff", b"\xe9\xff", b"", b"true"]
)
MALFORMED_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=20) | st.sampled_from(
    ["\0", "a\0b", "\ud800", "\ufffe", "\u202e", "9" * 500, "https://[bad", "Europe", "-1.00", "NaN", " ", "=1+1"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | MALFORMED_TEXT | st.integers(10**30, 10**60)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MALFORMED_TEXT, inner, max_size=3),
    max_leaves=8,
)
RAW = st.sampled_from(
    [
        b"[" * 5000,
        b'{"a":' * 5000,
        b'{"id": 1, "id": 2, "name": "#1", "name": []}',
        b'{"id": 1e400, "name": "#1", "total_price": -1e400}',
        b'{"id": ' + b"9" * 5000 + b', "name": "#1", "note": "\\ud800"}',
        b'\xef\xbb\xbf{"id": 5, "name": "\xff"}',
        b"{'id': 1}",
        b"\x00" * 50,
        b"null",
        b"",
    ]
) | st.binary(max_size=60)


@st.composite
def malformed_body(draw: st.DrawFn, topic: str, folder: str = "shopify") -> bytes:
    if draw(st.integers(0, 3)) == 0:
        return draw(RAW)
    body = json.loads((FIXTURES.parent / folder / f"{topic.replace('/', '.')}.json").read_bytes())
    for name in draw(st.lists(st.sampled_from(sorted(body)), max_size=4)):
        body[name] = draw(VALUES)
    return json.dumps(body).encode("utf-8")


def nothing_malformed(stores: Stores) -> None:
    """What was stored fits its contract, and no text in it is what a database or a message can't hold."""
    for event in stores.stored:
        event.payload()
        texts = [event.id, event.source, event.type, event.key, *_texts(event.data)]
        assert not [text for text in texts if any(_impossible(char) for char in text)], event
    for message in stores.kept:
        assert message.reason
        assert message.kind


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for name, item in value.items() for text in (name, *_texts(item))]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def _impossible(char: str) -> bool:
    return char not in "\n\t" and (unicodedata.category(char) in {"Cc", "Cs"} or char in "\ufffe\uffff\ufeff")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_genuine_webhook_is_always_taken(data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(sorted(topics.READERS)))
    body = data.draw(malformed_body(topic))
    claimed = data.draw(st.just(topic.encode()) | st.sampled_from(sorted(topics.READERS)).map(str.encode) | HEADER)
    headers = [
        (b"x-shopify-hmac-sha256", sign_shopify(SECRET, body).encode()),
        (b"x-shopify-topic", claimed),
        (b"x-shopify-webhook-id", data.draw(HEADER)),
        (b"x-shopify-event-id", data.draw(HEADER)),
        (b"x-shopify-triggered-at", data.draw(HEADER)),
        (b"x-shopify-shop-domain", data.draw(HEADER)),
        (b"x-shopify-test", data.draw(HEADER)),
        (b"content-type", data.draw(HEADER)),
        (b"content-encoding", data.draw(HEADER)),
    ]
    stores = Stores()
    status = asyncio.run(send(stores, "POST", "/hooks/tea/shopify", headers, body))
    assert status == 200
    assert len(stores.stored) + len(stores.kept) >= 1 or claimed == topic.encode()
    nothing_malformed(stores)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_genuine_webhook_of_woocommerce_is_always_taken(data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(sorted(CONNECTORS["woocommerce"].events_by_topic)))
    body = data.draw(malformed_body(topic, "woocommerce"))
    headers = [
        (b"x-wc-webhook-signature", sign_shopify(SECRET, body).encode()),
        (b"x-wc-webhook-topic", data.draw(st.just(topic.encode()) | HEADER)),
        (b"x-wc-webhook-source", data.draw(HEADER)),
        (b"x-wc-webhook-delivery-id", data.draw(HEADER)),
        (b"content-type", data.draw(HEADER)),
    ]
    stores = Stores()
    assert asyncio.run(send(stores, "POST", "/hooks/lumen/woocommerce", headers, body)) == 200
    assert len(stores.stored) + len(stores.kept) >= 1
    nothing_malformed(stores)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_genuine_message_of_a_module_is_always_taken(data: st.DataObject) -> None:
    platform = data.draw(st.sampled_from(OF_A_MODULE))
    kind = data.draw(st.sampled_from(sorted(CONNECTORS[platform].events_by_topic)))
    event = json.loads((FIXTURES.parent / platform / f"{kind}.json").read_bytes())
    record, related = event["data"][kind], event["data"]["related"]
    for target in (event, record, related, *(row for rows in related.values() for row in rows)):
        for name in data.draw(st.lists(st.sampled_from(sorted(target)), max_size=2)):
            target[name] = data.draw(VALUES)
    body = data.draw(st.just(json.dumps(event).encode()) | RAW)
    headers = [(b"relevo-signature", signed_at(SECRET, body, SystemClock().now()).encode())]
    stores = Stores()
    assert asyncio.run(send(stores, "POST", f"/hooks/{platform}/{platform}", headers, body)) == 200
    assert len(stores.stored) + len(stores.kept) >= 1
    nothing_malformed(stores)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_any_cloud_event_is_taken_or_refused(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(EVENT_TYPES)))
    source = {"customer": {"id": "7", "email": "ana@example.com"}, "order_id": "1", "product_id": "2", "total": {}}
    odd = data.draw(st.dictionaries(st.sampled_from(sorted(EVENT_TYPES[kind].__struct_fields__)), VALUES, max_size=3))
    event: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "/erp", "type": kind, "data": source | odd}
    for name in data.draw(st.lists(st.sampled_from([*event, "time", "subject", "historical", "gift"]), max_size=2)):
        event[name] = data.draw(VALUES)
    body = data.draw(st.just(json.dumps(event).encode()) | RAW)
    headers = [
        (b"authorization", data.draw(st.just(f"Bearer {TOKEN}".encode()) | HEADER)),
        (b"content-type", data.draw(st.just(b"application/cloudevents+json") | HEADER)),
        (b"ce-specversion", data.draw(st.just(b"1.0") | HEADER)),
        (b"ce-id", data.draw(HEADER)),
        (b"ce-source", data.draw(HEADER | st.just(b"%00%ff"))),
        (b"ce-type", data.draw(st.just(kind.encode()) | HEADER)),
    ]
    stores = Stores()
    status = asyncio.run(send(stores, "POST", "/events/tea", headers, body))
    assert status in {200, 401, 415, 422}
    assert (status == 200) == bool(stores.stored or stores.kept) or body.strip() == b"[]"
    nothing_malformed(stores)


PATHS = [
    "hooks",
    "events",
    "u",
    "t",
    "c",
    "v1",
    "track",
    "batch",
    "tea",
    "shopify",
    "woocommerce",
    "healthz",
    "",
    "..",
    "\0",
]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "DELETE", "HEAD"]),
    st.lists(
        st.deferred(lambda: st.sampled_from(PATHS)) | MALFORMED_TEXT,
        max_size=4,
    ),
    st.lists(st.tuples(st.sampled_from([b"accept-language", b"authorization", b"content-length", b"host"]), HEADER)),
    RAW,
)
def test_any_path_is_answered(method: str, parts: list[str], headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    path = "/" + "/".join(quote(part, safe="", errors="surrogatepass") for part in parts)
    given_headers = [(name, value) for name, value in headers if name not in {b"content-length", b"host"}]
    assert asyncio.run(send(Stores(), method, path, given_headers, body)) < 500


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["do", "page", "shown", *(f"q-{one.name}" for one in SURVEY.questions)]),
            st.sampled_from(["send", "change", "yes", "3", "a", "comment", "0" * 16]) | MALFORMED_TEXT,
        ),
        max_size=8,
    ),
    st.binary(max_size=20),
)
def test_any_form_of_a_survey_is_answered(fields: list[tuple[str, str]], rest: bytes) -> None:
    stores, at = Stores(), int(SystemClock().now().timestamp())
    message = Sent("tea", "cus_1", "run1/ask/1", "flow", "1", "ask", "marketing", "email", at)
    path = f"/survey/{token_of(LINK_SECRET, Asked(message))}"
    body = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in fields).encode() + b"&" + rest
    assert asyncio.run(send(stores, "POST", path, [], body)) in (200, 422)
    for event in stores.stored:
        assert msgspec.convert(event.data, answered_payload([SURVEY])) is not None


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD"]),
    st.lists(st.sampled_from(PATHS) | MALFORMED_TEXT, max_size=4),
    st.sampled_from([b"{}", b"webhook_id=7", b"[]"]),
)
def test_the_front_door_leads_where_the_framework_would(method: str, parts: list[str], body: bytes) -> None:
    path = "/" + "/".join(quote(part, safe="", errors="surrogatepass") for part in parts)
    headers = [
        (b"authorization", f"Bearer {TOKEN}".encode()),
        (b"content-type", b"application/cloudevents-batch+json"),
        (b"x-shopify-hmac-sha256", sign_shopify(SECRET, body).encode()),
    ]
    app = make(Stores())
    through = asyncio.run(answered(app, method, path, headers, body))
    past = asyncio.run(answered(app.framework, method, path, headers, body))
    assert (through.status_code, through.headers, through.text) == (past.status_code, past.headers, past.text)


class Connection:
    """What a request came by, when it is told what to say."""

    def __init__(self) -> None:
        self.said: bytes | None = None

    def answer(self, request: WholeRequest, body: bytes) -> None:
        assert request.body
        self.said = body


async def taken(app: FrontDoor, target: str, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes | None:
    """What is answered to a request that came whole; `None` if it is left to the application."""
    connection = Connection()
    request = WholeRequest(cast(Any, connection), target.encode(), dict(headers), 0)
    request.body = body
    if not app.direct.take(request):
        return None
    while connection.said is None:
        await asyncio.sleep(0)
    return connection.said


def _told(receipt: dict[str, Any]) -> list[Any]:
    """A receipt without the times, which may be those of the arrivals."""
    events = [(one["id"], one["type"], one["key"]) for one in receipt["events"] + receipt["waiting"]]
    return [events, receipt["unrecognised"], receipt["fetching"]]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_what_is_taken_directly_becomes_what_it_would_by_the_framework(data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(sorted(topics.READERS)))
    body = data.draw(malformed_body(topic)) or b"{}"
    secret = data.draw(st.just(SECRET) | st.just("another-secret"))
    headers = [
        (b"x-shopify-hmac-sha256", sign_shopify(secret, body).encode()),
        (b"x-shopify-topic", data.draw(st.just(topic.encode()) | HEADER)),
        (b"x-shopify-webhook-id", data.draw(HEADER)),
        (b"content-type", data.draw(HEADER)),
        (b"content-length", str(len(body)).encode()),
    ]
    path = data.draw(st.sampled_from(["/hooks/tea/shopify", "/hooks/nobody/shopify", "/hooks/tea/woocommerce"]))
    directly, framework = Stores(), Stores()
    said = asyncio.run(taken(make(directly), path, headers, body))
    answer = asyncio.run(answered(make(framework).framework, "POST", path, headers, body))
    assert (said is not None) == (answer.status_code == 200)
    if said is not None:
        assert _told(msgspec.json.decode(said)) == _told(answer.json())
        assert [one.id for one in directly.stored] == [one.id for one in framework.stored]
        assert [one.reason for one in directly.kept] == [one.reason for one in framework.kept]


@pytest.mark.parametrize("attribute", ["source", "id", "type", "subject", "gift"])
def test_a_nul_in_an_attribute_goes_no_further(attribute: str) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/erp", "type": "product.stock_changed"}
    event |= {"data": {"product_id": "2\0"}, attribute: f"{event.get(attribute, 'x')}\0"}  # type: ignore[dict-item]  # an object
    headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"content-type", b"application/cloudevents+json")]
    stores = Stores()
    assert asyncio.run(send(stores, "POST", "/events/tea?strict=false", headers, body_of(event))) == 200
    strictly = asyncio.run(send(stores, "POST", "/events/tea", headers, body_of(event)))
    assert strictly == (422 if attribute == "type" else 200)
    assert "\\u0000" not in msgspec.json.encode([stores.stored, stores.kept]).decode()


def test_half_of_a_surrogate_pair_in_a_cloud_event_is_refused() -> None:
    body = b'{"specversion":"1.0","id":"1","source":"/erp","type":"order.placed","data":{"order_id":"1",'
    body += b'"customer":{"id":"7"},"odd":"\\ud800"}}'
    headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"content-type", b"application/cloudevents+json")]
    assert asyncio.run(send(Stores(), "POST", "/events/tea", headers, body)) == 422
