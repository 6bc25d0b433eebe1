"""`POST /t/{shop}`: what a browser may say is taken, in one canonical form, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relevo_ingest.core.storefront.batches import corrected
from relevo_ingest.core.storefront.proofs import VALID_FOR, identity_token, signed_in
from relevo_ingest.core.storefront.traffic import AddressRates, host_of, is_automatic
from relevo_ingest.core.storefront.values import harmless
from relevo_runtime.storefronts import Storefront
from tests.ingest.test_any_request import IDENTITY_SECRET, PUBLIC_KEY, Stores, nothing_malformed
from tests.ingest.visits import ORIGIN, VISITOR, batch, told

NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
ITEM = {"title": "Teapot", "product_id": "p-1", "price": {"amount": 42, "currency": "eur"}, "quantity": "2"}

BROWSER = {  # its keys are those of the example in RFC 8291
    "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk",
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}


def one(kind: str, **data: Any) -> dict[str, Any]:
    return {"id": f"id of {kind}", "type": kind, "data": data}


VISIT: dict[str, tuple[dict[str, Any], str]] = {
    "page.viewed": ({"url": f"{ORIGIN}/teapot", "title": "Teapot"}, "page.viewed"),
    "product.viewed": ({"product_id": "p-1", "price": {"amount": 18.99, "currency": "usd"}}, "page.viewed"),
    "search.performed": ({"query": "teapot", "results": 4}, "search.performed"),
    "cart.updated": ({"items": [ITEM]}, "cart.updated"),
    "wishlist.updated": ({"added": [ITEM]}, "wishlist.updated"),
    "checkout.started": ({"checkout_token": "k-1", "items": [ITEM]}, "checkout.started"),
    "checkout.updated": ({"checkout_token": "k-1"}, "checkout.updated"),
    "form.submitted": ({"form": "survey", "fields": {"score": 9, "why": ["price", "taste"]}}, "form.submitted"),
    "back_in_stock.requested": ({"product_id": "p-1"}, "back_in_stock.requested"),
    "price_drop.requested": ({"product_id": "p-1", "target_price": {"amount": "9"}}, "price_drop.requested"),
    "push.subscribed": ({**BROWSER, "asked": True}, "push.subscribed"),
    "push.unsubscribed": ({"endpoint": BROWSER["endpoint"]}, "push.unsubscribed"),
}


@pytest.mark.parametrize("kind", VISIT)
def test_what_happens_on_a_page_becomes_its_event(kind: str) -> None:
    data, becomes = VISIT[kind]
    stores = Stores()
    assert told(stores, batch(one(kind, **data))).status_code == 202
    [event] = stores.stored
    assert event.type == becomes
    assert event.data["customer"] == {"anonymous_id": VISITOR}
    assert event.payload()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("endpoint", "http://updates.push.services.mozilla.com/wpush"),
        ("endpoint", "https://user@updates.push.services.mozilla.com/wpush"),
        ("endpoint", "https://[bad/wpush"),
        ("endpoint", "https://push.example.net/" + "a" * 2000),
        ("endpoint", "javascript:alert(1)"),
        ("endpoint", ""),
        ("endpoint", 7),
        ("p256dh", ""),
        ("p256dh", "AAAA"),
        ("p256dh", "not base64 at all!"),
        ("p256dh", BROWSER["auth"]),
        ("auth", ""),
        ("auth", BROWSER["p256dh"]),
        ("auth", ["x"]),
    ],
)
def test_a_browser_that_could_not_be_reached_is_not_kept(field: str, value: Any) -> None:
    stores = Stores()
    answer = told(stores, batch(one("push.subscribed", **{**BROWSER, field: value})))
    assert answer.status_code == 422
    assert field in answer.text
    assert stores.stored == []


def test_nobody_is_pushed_to_who_may_not_be_remembered() -> None:
    stores = Stores()
    assert told(stores, batch(one("push.subscribed", **BROWSER), consent="denied")).status_code == 204
    assert stores.stored == []


def test_an_answer_has_no_content_and_is_for_the_shops_pages_alone() -> None:
    answer = told(Stores(), batch(one("page.viewed")))
    assert answer.content == b""
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in answer.headers
    preflight = told(Stores(), b"", method="OPTIONS")
    assert (preflight.status_code, preflight.headers["access-control-allow-methods"]) == (204, "POST")


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "https://tea.example.com.evil.example"])
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_other_pages_are_refused(origin: str | None, method: str) -> None:
    stores = Stores()
    answer = told(stores, batch(one("page.viewed")), method=method, origin=origin)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert stores.stored == []


def test_the_key_may_be_in_the_body_in_the_address_or_as_segment_sends_it() -> None:
    nameless = {name: value for name, value in batch(one("page.viewed")).items() if name != "key"}
    assert told(Stores(), nameless).status_code == 401
    assert told(Stores(), nameless, f"/t/tea?key={PUBLIC_KEY}").status_code == 202
    basic = "Basic cGtfdGhlLWtleS1vZi10aGUtcGFnZXM6"
    assert told(Stores(), nameless, authorization=basic).status_code == 202
    assert told(Stores(), batch(one("page.viewed"), key="pk_another")).status_code == 401
    assert told(Stores(), batch(one("page.viewed")), "/t/lumen").status_code == 401


@pytest.mark.parametrize(
    "kind",
    ["order.placed", "order.paid", "consent.changed", "customer.redacted", "customer.updated", "customer.merged", "x"],
)
def test_a_browser_cannot_say_everything(kind: str) -> None:
    stores = Stores()
    data = {"order_id": "1", "customer": {"email": "ana@example.com"}, "channel": "sms", "state": "granted"}
    answer = told(stores, batch(one(kind, **data)))
    assert answer.status_code == 422
    assert "can't be said by a browser" in answer.json()["detail"]
    assert stores.stored == []


def test_what_a_browser_says_of_the_customer_is_not_heard() -> None:
    stores = Stores()
    claims = {"id": "7", "email": "ana@example.com", "email_marketing": True, "sms_marketing": True}
    data = {"checkout_token": "k-1", "customer": claims, "contact": claims, "completed_at": "2026-03-01T00:00:00Z"}
    assert told(stores, batch(one("checkout.started", **data))).status_code == 202
    assert stores.stored[0].data == {"customer": {"anonymous_id": VISITOR}, "checkout_token": "k-1"}


def test_one_wrong_hit_costs_itself_only() -> None:
    stores = Stores()
    good, bad = one("page.viewed", price={"amount": -1}), one("search.performed")
    assert told(stores, batch(good, bad)).status_code == 202
    assert [event.type for event in stores.stored] == ["page.viewed"]
    alone = told(stores, batch(bad))
    assert (alone.status_code, alone.json()["errors"][0]["where"]) == (422, "events[0].data.query")


def test_addresses_lead_to_the_shop_or_nowhere() -> None:
    stores = Stores()
    data = {
        "url": f"{ORIGIN}/p?rlv=proof&a=1&token=t",
        "recover_url": "https://evil.example/pay",
        "items": [ITEM | {"url": "javascript:alert(1)", "image_url": "https://cdn.example/p.jpg"}],
        "checkout_token": "k",
    }
    told(stores, batch(one("page.viewed", url=data["url"]), one("checkout.started", **data)))
    page, checkout = stores.stored
    assert page.data["url"] == f"{ORIGIN}/p?a=1&token=%5Bremoved%5D"
    assert "recover_url" not in checkout.data
    [item] = checkout.data["items"]
    assert (item.get("url"), item["image_url"], item["quantity"]) == (None, "https://cdn.example/p.jpg", 2)


def test_a_typed_address_is_the_contact_of_its_request_and_nobody_is_linked() -> None:
    stores = Stores()
    spam = {"title": "Win at evil.com now: https://evil.com", "first_name": "see evil.com"}
    wish = one("back_in_stock.requested", product_id="p-1", email=" Ana@Example.com ", **spam)
    assert told(stores, batch(wish, locale="es-ES")).status_code == 202
    [event] = stores.stored
    assert event.data["customer"] == {}
    assert event.data["contact"] == {"email": "ana@example.com", "first_name": "see evil. com", "locale": "es-ES"}
    assert "evil.com" not in str(event.data)
    [lookup] = stores.lookups
    assert [alias.kind.name for alias in lookup.aliases] == ["EMAIL"]


def test_a_sign_up_waits_for_the_owner_of_the_address() -> None:
    stores = Stores()
    sign_up = one(
        "consent.requested", email="ana@example.com", form="footer", wording="Yes, please.", wording_version="7"
    )
    assert told(stores, batch(sign_up)).status_code == 202
    [event], [asked] = stores.stored, stores.asked
    assert event.type == "consent.requested"
    assert event.data["confirm_url"].endswith(asked.id)
    assert (event.data["form"], event.data["wording_version"]) == ("footer", "7")
    assert len(event.data["ip_hash"]) == 32
    by_text = told(stores, batch(one("consent.requested", email="ana@example.com", channel="sms")))
    assert by_text.status_code == 422


def test_nothing_is_kept_of_a_visit_before_or_against_the_visitors_word() -> None:
    visit, wish = one("page.viewed"), one("back_in_stock.requested", product_id="p-1", email="ana@example.com")
    stores = Stores()
    assert told(stores, batch(visit, consent="denied")).status_code == 204
    assert stores.stored == []
    assert told(stores, batch(wish, visit, consent="denied")).status_code == 202
    [event] = stores.stored
    assert event.type == "back_in_stock.requested", "what somebody asks for is answered, whatever they said of visits"
    assert VISITOR not in str(event.data)


def test_a_form_of_who_may_not_be_remembered_is_nobodys() -> None:
    stores = Stores()
    told(stores, batch(one("form.submitted", form="survey", fields={"a": "b"}), consent="denied"))
    [event], [lookup] = stores.stored, stores.lookups
    assert event.data["customer"] == {}
    assert VISITOR not in lookup.aliases[0].name


@pytest.mark.parametrize(
    "headers",
    [
        {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"user_agent": ""},
        {"user_agent": "Mozilla/5.0 HeadlessChrome/131.0"},
        {"sec_purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
    ],
)
def test_crawlers_and_pages_fetched_in_advance_are_not_visits(headers: dict[str, str]) -> None:
    stores = Stores()
    assert told(stores, batch(one("page.viewed")), **headers).status_code == 204
    assert stores.stored == []


def test_browsers_of_people_are_not_crawlers() -> None:
    for agent in (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0",
        "Mozilla/5.0 (Linux; Android 14; CUBOT NOTE 50) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36",
    ):
        assert not is_automatic({"user-agent": agent}), agent


def test_size_and_number_are_limited() -> None:
    many = told(Stores(), batch(*[one("page.viewed") for _ in range(101)]))
    assert (many.status_code, many.json()["where"]) == (422, "events")
    assert told(Stores(), batch()).status_code == 422
    assert told(Stores(), b"x" * 300_000).status_code == 413
    assert told(Stores(), batch(one("page.viewed")), content_type="text/html").status_code == 415


def test_the_same_hit_is_the_same_event_and_nobody_elses() -> None:
    stores = Stores()
    told(stores, batch(one("page.viewed")))
    told(stores, batch(one("page.viewed")))
    told(stores, batch(one("page.viewed"), anonymous_id="b-another-browser-"))
    first, again, other = stores.stored
    assert first.id == again.id != other.id


def test_the_clock_of_the_browser_is_corrected() -> None:
    hour = timedelta(hours=1)
    assert corrected(NOW - 9 * hour, NOW - 8 * hour, NOW) == NOW - hour
    assert corrected(NOW + hour, NOW, NOW) == NOW
    assert corrected(NOW - hour, None, NOW) == NOW - hour
    assert corrected(None, NOW, NOW) is None


def test_only_the_shops_server_says_who_is_signed_in() -> None:
    token = identity_token("secret", "cus.7", NOW)
    assert signed_in(token, ["other", "secret"], NOW + VALID_FOR) == "cus.7"
    assert signed_in(token, ["other"], NOW) == ""
    assert signed_in(token.replace("cus.7", "cus.8"), ["secret"], NOW) == ""
    assert signed_in(token, ["secret"], NOW + VALID_FOR + timedelta(seconds=1)) == ""
    assert signed_in(token, ["secret"], NOW - timedelta(minutes=6)) == ""
    for broken in ("", ".", "1.2", "9" * 500, "\ud800.a.b", "99999999999.x.7"):
        assert signed_in(broken, ["secret"], NOW) == ""


def test_a_visitor_who_signs_in_is_the_customer() -> None:
    stores = Stores()
    token = identity_token(IDENTITY_SECRET, "7", datetime.now(UTC))
    assert told(stores, batch(one("identify", token=token))).status_code == 202
    merged, seen = stores.stored
    assert (merged.type, merged.data["merged_keys"]) == ("customer.merged", ["cus_2"])
    assert (seen.type, seen.data["customer"]) == ("customer.logged_in", {"id": "7", "anonymous_id": VISITOR})
    forged = identity_token("not the secret", "7", datetime.now(UTC))
    assert told(stores, batch(one("identify", token=forged, email="ana@example.com"))).status_code == 204
    assert told(stores, batch(one("identify", token=token), consent="denied")).status_code == 204
    assert len(stores.stored) == 2


def test_an_address_that_asks_too_often_waits() -> None:
    now = [0.0]
    rates = AddressRates(1.0, 3, lambda: now[0])
    assert [rates.wait("a") for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]
    assert rates.wait("b") == 0.0
    now[0] = 3.0  # another generation begins; what was spent is not forgotten at once
    assert rates.wait("a") == 0.0
    now[0] = 60.0
    assert [rates.wait("a") for _ in range(3)] == [0.0, 0.0, 0.0]


def test_domains_of_a_storefront() -> None:
    front = Storefront(shop="tea", key=PUBLIC_KEY, domains=["tea.example.com", "*.tea.example"])
    assert [front.is_at(host) for host in ("tea.example.com", "de.tea.example", "tea.example", "xtea.example")] == [
        True,
        True,
        False,
        False,
    ]
    assert host_of("https://Tea.Example.com:8443") == "tea.example.com"
    assert not any(map(host_of, ("", "null", "chrome-extension://abc", "https://a@tea.example.com", "https://[bad")))


def test_nothing_to_click_for_a_stranger() -> None:
    assert harmless("Dr. Who's 3.5 cm cup\nnow") == "Dr. Who's 3.5 cm cup now"
    assert "evil.com" not in harmless("go to evil.com/win or a@evil.com")


def test_segments_own_examples() -> None:
    stores = Stores()
    calls: dict[str, dict[str, Any]] = {
        "page": {"anonymousId": VISITOR, "properties": {"title": "Welcome", "url": f"{ORIGIN}/"}},
        "track": {
            "event": "Product Viewed",
            "anonymousId": VISITOR,
            "properties": {"product_id": "5", "sku": "G-32", "price": 18.99, "currency": "usd", "brand": "Hasbro"},
        },
        "t": {
            "event": "Cart Viewed",
            "anonymousId": VISITOR,
            "messageId": "m-1",
            "properties": {"cart_id": "c-1", "products": [{"product_id": "5", "name": "Uno", "price": 3}]},
        },
        "batch": {
            "sentAt": "2026-03-05T18:00:00Z",
            "batch": [
                {"type": "track", "event": "Checkout Started", "anonymousId": VISITOR, "properties": {"order_id": "k"}},
                {"type": "identify", "anonymousId": VISITOR, "userId": "7", "traits": {"email": "ana@example.com"}},
            ],
        },
    }
    for call, body in calls.items():
        path = f"/t/tea/v1/{call}"
        assert told(stores, body | {"writeKey": PUBLIC_KEY}, path).status_code == 202, call
    assert [event.type for event in stores.stored] == ["page.viewed", "page.viewed", "cart.updated", "checkout.started"]
    assert stores.stored[1].data["price"] == {"amount": "18.99", "currency": "USD"}
    assert stores.stored[2].data["items"][0]["price"] == {"amount": "3", "currency": "USD"}
    assert {tuple(event.data["customer"]) for event in stores.stored} == {("anonymous_id",)}
    nothing_malformed(stores)
    placed = {"event": "Order Completed", "anonymousId": VISITOR, "properties": {"order_id": "1"}}
    assert told(stores, placed | {"writeKey": PUBLIC_KEY}, "/t/tea/v1/track").status_code == 422
    assert told(stores, {"writeKey": PUBLIC_KEY}, "/t/tea/v1/nonsense").status_code == 404
