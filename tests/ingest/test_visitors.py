"""Who a browser is: a visitor becomes a customer by proof alone, with what the browser did, and nobody else's."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_ingest.core.aliases import Kind
from relevo_ingest.core.storefront.proofs import identity_token
from relevo_notifier.app.message_links import MessageLinks
from relevo_notifier.app.ports import Message
from relevo_notifier.app.prepare import Prepare
from relevo_runtime import storefronts
from relevo_runtime.catalog import Secret
from relevo_runtime.clock import SystemClock
from relevo_runtime.links import Visit, token_of
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import Ingest
from tests.ingest.test_any_request import IDENTITY_SECRET, PUBLIC_KEY, VALUES, Stores, nothing_malformed
from tests.ingest.visits import HEADERS, ORIGIN, VISITOR, batch, told
from tests.notifier.support import CONTEXT, delivery, work
from tests.notifier.test_message_links import UNFOLLOWED, Fronts, Shops


class Shop:
    """A shop with a storefront: its browsers, and who its server says they are."""

    def __init__(self, ingest: Ingest, pool: Pool) -> None:
        self.ingest = ingest
        self.pool = pool

    async def tell(self, *events: dict[str, Any], visitor: str = VISITOR) -> int:
        body = json.dumps(batch(*events, anonymous_id=visitor)).encode()
        return (await self.ingest.client.post("/t/tea", content=body, headers=HEADERS)).status_code

    async def sign_in(self, customer: str, visitor: str = VISITOR) -> int:
        token = identity_token(IDENTITY_SECRET, customer, SystemClock().now())
        return await self.tell({"type": "identify", "data": {"token": token}}, visitor=visitor)

    async def customer(self, customer_id: str, email: str) -> str:
        """The key of somebody whom the shop's own systems told of."""
        data = {"customer": {"id": customer_id, "email": email}}
        event = {"specversion": "1.0", "id": customer_id, "source": "s", "type": "customer.created", "data": data}
        body = json.dumps(event).encode()
        told_of = await self.ingest.send(body, content_type="application/cloudevents+json")
        key: str = told_of.json()["events"][0]["key"]
        return key

    async def stored(self) -> list[Event]:
        """The events in the order in which they came."""
        return sorted(await self.ingest.stored(), key=lambda event: event.receivedtime)

    async def names(self) -> dict[str, str]:
        return {row["alias"]: row["key"] for row in await self.pool.fetch("select alias, key from ingest.alias")}


@pytest.fixture
async def shop(ingest: Ingest, pool: Pool) -> AsyncIterator[Shop]:
    front = storefronts.Storefront(
        shop="tea",
        key=PUBLIC_KEY,
        domains=["tea.example.com"],
        consent="assumed",
        secrets=[Secret(IDENTITY_SECRET)],
    )
    async with pool.acquire() as connection, connection.transaction():
        await storefronts.set_storefront(connection, front)
    yield Shop(ingest, pool)


def mail_to(key: str, secret: str) -> str:
    """The text of a mail that the notifier writes to a customer, with a link to their cart."""

    class Tea(Fronts):
        def is_at(self, shop: str, host: str) -> bool:
            return shop == "tea" and host == "tea.example.com"

    links = MessageLinks(Tea(), lambda visit: token_of(secret, visit), "https://relevo.example.com/")
    trigger = CONTEXT["trigger"] | {"recover_url": f"{ORIGIN}/cart?a=1"}
    item = delivery(shop="tea", key=key, at=SystemClock().now(), context=CONTEXT | {"trigger": trigger})
    message = Prepare(Shops(UNFOLLOWED), lambda *_: "https://relevo.example.com/u/1", links=links).message(
        work(item), SystemClock().now()
    )
    assert isinstance(message, Message)
    return message.mail.text


def page(number: int) -> dict[str, Any]:
    return {"id": f"p{number}", "type": "page.viewed", "data": {"url": f"{ORIGIN}/{number}"}}


async def test_whoever_comes_by_a_mail_is_its_recipient_with_what_the_browser_did(shop: Shop) -> None:
    ana = await shop.customer("7", "ana@example.com")
    await shop.tell(page(1))
    browser = (await shop.names())[f"anonymous:{VISITOR}"]
    secret = shop.ingest.settings.link_secret.get_secret_value()
    [url] = re.findall(r"https://tea\S+", mail_to(ana, secret))
    assert url.startswith(f"{ORIGIN}/cart?a=1&rlv=")
    hit = {"id": "v", "type": "visit", "data": {"token": url.partition("rlv=")[2]}}
    assert await shop.tell(hit) == 202
    merged = (await shop.stored())[-1]
    assert (merged.type, merged.key, merged.data["merged_keys"]) == ("customer.merged", ana, [browser])
    assert (await shop.names())[f"anonymous:{VISITOR}"] == ana


async def test_a_visit_becomes_the_customers_who_signs_in(shop: Shop) -> None:
    ana = await shop.customer("7", "ana@example.com")
    assert await shop.tell(page(1)) == 202
    browser = (await shop.names())[f"anonymous:{VISITOR}"]
    assert browser != ana
    assert await shop.sign_in("7") == 202
    assert await shop.tell(page(2)) == 202
    _, seen, merged, signed_in, later = await shop.stored()
    assert (seen.key, later.key, signed_in.key) == (browser, ana, ana)
    assert (merged.type, merged.key, merged.data["merged_keys"]) == ("customer.merged", ana, [browser])
    assert (await shop.names())[f"anonymous:{VISITOR}"] == ana


async def test_whoever_signs_in_next_has_the_browser_and_not_what_was_the_others(shop: Shop) -> None:
    ana, bob = await shop.customer("7", "ana@example.com"), await shop.customer("8", "bob@example.com")
    await shop.tell(page(1))
    await shop.sign_in("7")
    await shop.sign_in("8")
    await shop.tell(page(2))
    events = await shop.stored()
    merges = [(event.key, event.data["merged_keys"]) for event in events if event.type == "customer.merged"]
    assert [key for key, _ in merges] == [ana]
    assert events[-1].key == bob
    names = await shop.names()
    assert (names["customer:7"], names["customer:8"]) == (ana, bob)


async def test_signing_in_twice_joins_nothing_twice(shop: Shop) -> None:
    await shop.customer("7", "ana@example.com")
    for _ in range(2):
        await shop.tell(page(1))
        await shop.sign_in("7")
    assert [event.type for event in await shop.ingest.stored()].count("customer.merged") == 1


async def test_a_new_customer_who_signs_in_has_the_visit(shop: Shop) -> None:
    await shop.tell(page(1))
    await shop.sign_in("new")
    names = await shop.names()
    assert names[f"anonymous:{VISITOR}"] == names["customer:new"]


async def test_a_link_in_a_mail_tells_who_opens_it_unless_the_browser_is_somebodys(shop: Shop) -> None:
    ana, bob = await shop.customer("7", "ana@example.com"), await shop.customer("8", "bob@example.com")
    secret, now = shop.ingest.settings.link_secret.get_secret_value(), SystemClock().now()

    def visit(key: str, *, shop_name: str = "tea", age: timedelta = timedelta()) -> dict[str, Any]:
        return {"type": "visit", "data": {"token": token_of(secret, Visit(shop_name, key, now - age))}}

    assert await shop.tell(visit(ana, shop_name="other")) == 204
    assert await shop.tell(visit(ana, age=timedelta(days=31))) == 204
    assert await shop.tell({"type": "visit", "data": {"token": "made-up"}}) == 204
    assert f"anonymous:{VISITOR}" not in await shop.names()
    assert await shop.tell(page(1), visit(ana)) == 202
    assert (await shop.names())[f"anonymous:{VISITOR}"] == ana
    await shop.tell(visit(bob))
    assert (await shop.names())[f"anonymous:{VISITOR}"] == ana, "it was forwarded: the browser is Ana's already"


async def test_a_typed_address_joins_nobody(shop: Shop) -> None:
    ana = await shop.customer("7", "ana@example.com")
    before = await shop.names()
    wish = {"product_id": "p", "email": "ana@example.com"}
    await shop.tell(page(1), {"type": "back_in_stock.requested", "data": wish})
    await shop.tell({"type": "consent.requested", "data": {"email": "ana@example.com"}})
    names = await shop.names()
    assert {name: names[name] for name in before} == before
    assert names[f"anonymous:{VISITOR}"] != ana
    asked = (await shop.stored())[-1]
    assert (asked.type, asked.key, asked.data["customer"]) == ("consent.requested", ana, {})


async def test_an_address_is_asked_three_times_a_day_at_most(shop: Shop) -> None:
    statuses = [
        await shop.tell({"id": str(n), "type": "consent.requested", "data": {"email": "ana@example.com"}})
        for n in (1, 2, 2, 3, 4, 3)
    ]
    assert statuses == [202, 202, 202, 202, 204, 202]


KINDS = [
    "page.viewed",
    "product.viewed",
    "search.performed",
    "cart.updated",
    "wishlist.updated",
    "checkout.started",
    "form.submitted",
    "back_in_stock.requested",
    "price_drop.requested",
    "consent.requested",
    "identify",
    "visit",
    "order.placed",
    "consent.changed",
    "customer.updated",
    "customer.merged",
    "customer.redacted",
]
PEOPLE = st.sampled_from(["ana@example.com", "bob@example.com", "eve@example.com", "", 7])
DATA = st.fixed_dictionaries(
    {},
    optional={
        "email": PEOPLE,
        "phone": st.just("+34600111222"),
        "customer": st.fixed_dictionaries({"id": st.sampled_from(["7", "8"]), "email": PEOPLE}),
        "merged": st.just([{"id": "8"}]),
        "contact": st.fixed_dictionaries({"email": PEOPLE, "email_marketing": st.just(True)}),
        "cart_token": st.sampled_from(["c-1", "c-2"]),
        "checkout_token": st.sampled_from(["k-1", "k-2"]),
        "order_id": st.sampled_from(["o-1", "o-2"]),
        "subscription_id": st.just("s-1"),
        "fields": st.fixed_dictionaries({"email": PEOPLE}),
        "form": st.just("newsletter"),
        "query": st.just("tea"),
        "product_id": st.just("p-1"),
        "channel": st.sampled_from(["email", "sms"]),
        "state": st.just("granted"),
        "token": st.sampled_from(["", "x", "1.2.7"]),
    },
)
SAID = st.lists(
    st.tuples(
        st.sampled_from([VISITOR, "b-another-browser-1"]),
        st.sampled_from(["granted", "denied", ""]),
        st.lists(st.builds(lambda kind, data: {"type": kind, "data": data}, st.sampled_from(KINDS), DATA), max_size=4),
    ),
    max_size=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(SAID)
def test_without_proof_no_browser_joins_two_people_or_changes_a_consent(said: list[Any]) -> None:
    stores = Stores()
    for visitor, consent, events in said:
        assert told(stores, batch(*events, anonymous_id=visitor, consent=consent)).status_code in {202, 204, 422}
    # An event with one name can't teach that two names are one person's.
    assert all(len(lookup.aliases) == 1 for lookup in stores.lookups)
    assert {lookup.aliases[0].kind for lookup in stores.lookups} <= {Kind.ANONYMOUS, Kind.EMAIL}
    for event in stores.stored:
        assert event.type not in {"consent.changed", "customer.merged", "customer.redacted", "customer.logged_in"}
        assert set(event.data["customer"]) <= {"anonymous_id"}
        assert not {"email_marketing", "sms_marketing"} & set(event.data.get("contact", {}))
        assert not event.type.startswith(("order.", "payment.", "customer."))


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(SAID)
async def test_people_whom_the_shop_knows_stay_who_they_are(shop: Shop, said: list[Any]) -> None:
    await shop.customer("7", "ana@example.com")
    await shop.customer("8", "bob@example.com")
    before = {name: key for name, key in (await shop.names()).items() if not name.startswith("anonymous")}
    for visitor, consent, events in said:
        body = json.dumps(batch(*events, anonymous_id=visitor, consent=consent)).encode()
        await shop.ingest.client.post("/t/tea", content=body, headers=HEADERS)
    after = await shop.names()
    assert {name: after[name] for name in before} == before


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_whatever_a_browser_sends_is_answered(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    fields = ["url", "items", "total", "email", "fields", "first_name", "locale", "price", "query", "cart_token"]
    odd = data.draw(st.dictionaries(st.sampled_from(fields), VALUES, max_size=4))
    body: Any = batch({"id": "1", "type": kind, "data": {"product_id": "p", "form": "f", "query": "q"} | odd})
    for name in data.draw(st.lists(st.sampled_from(["events", "sent_at", "consent", "locale", "anonymous_id"]))):
        body[name] = data.draw(VALUES)
    stores = Stores()
    assert told(stores, body).status_code in {202, 204, 422}
    nothing_malformed(stores)


NAMES = ["Product Viewed", "Product Added", "Cart Viewed", "Checkout Started", "Products Searched", "Form Submitted"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_whatever_a_script_of_segments_sends_is_answered(data: st.DataObject) -> None:
    names = ["products", "price", "currency", "query", "cart_id", "order_id", "url", "form", "fields", "email"]
    properties = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=4))
    message = {
        "event": data.draw(st.sampled_from([*NAMES, "Order Completed", "Newsletter Requested"])),
        "anonymousId": VISITOR,
        "properties": properties,
    } | data.draw(st.dictionaries(st.sampled_from(["context", "traits", "timestamp", "messageId"]), VALUES, max_size=2))
    call = data.draw(st.sampled_from(["track", "page", "identify", "batch"]))
    body = {"writeKey": PUBLIC_KEY, "batch": [message | {"type": "track"}], **message}
    stores = Stores()
    assert told(stores, body, f"/t/tea/v1/{call}").status_code in {202, 204, 422}
    nothing_malformed(stores)
