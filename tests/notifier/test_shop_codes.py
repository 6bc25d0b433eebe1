"""Codes that a shop makes by its API: one for an effect, whatever is tried again, as each platform's API takes it."""

import asyncio
import string
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.messages import CallHttp, CouponWanted
from relevo_contracts.payloads import Money
from relevo_notifier.adapters import coupons, shop_codes
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.adapters.coupons import Coupons
from relevo_notifier.adapters.http_calls import HttpCaller
from relevo_notifier.core.coupons import Coupon
from relevo_notifier.core.network import Allowed
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.shop_codes.exchange import ShopApi, conversation
from relevo_notifier.core.shop_codes.registry import MAKERS
from relevo_notifier.core.shop_codes.rule import CodeWanted, CouponRule, code_of
from relevo_notifier.core.work import Incoming
from relevo_runtime import connections
from relevo_runtime.catalog import Secret
from relevo_runtime.connections import ShopConnection
from tests.notifier.conftest import Post
from tests.notifier.support import NOON
from tests.notifier.test_calls import OPEN, answers, publish, until_row
from tests.notifier.test_requests import call as plain_call
from tests.platform_servers import magento, prestashop, shopify, woocommerce
from tests.platform_servers.server import PlatformServer, broken, page_of_html, said, serving, too_many

ENDS = NOON + timedelta(days=15)
TEN = CouponRule(percent="10", minimum=Money("30.00", "EUR"), prefix="HELLO")
ANA = {"email": "ana@example.com", "customer_id": "207119551"}
SERVERS: dict[str, Callable[[], Any]] = {
    "shopify": shopify.ShopifyServer,
    "woocommerce": woocommerce.WooCommerceServer,
    "magento": magento.MagentoServer,
    "prestashop": prestashop.PrestaShopServer,
}
CREDENTIALS = {
    "shopify": {"access_token": shopify.TOKEN},
    "woocommerce": {"consumer_key": woocommerce.KEY, "consumer_secret": woocommerce.SECRET},
    "magento": {"token": magento.TOKEN},
    "prestashop": {"key": prestashop.KEY},
}


class ConnectedServer:
    """A platform's server, and the shop that it has."""

    def __init__(self, platform: str, server: Any) -> None:
        self.platform = platform
        self.server: PlatformServer = server
        self.rule = CouponRule(rule=7, prefix="HELLO") if platform == "magento" else TEN

    @property
    def codes(self) -> list[dict[str, Any]]:
        """What was made there."""
        found: list[dict[str, Any]] = self.server.codes  # type: ignore[attr-defined]  # each of the four has them
        return found

    async def connect(self, post: Post, **credentials: str) -> None:
        """The shop is connected, and makes the codes of the pool."""
        kept = {name: Secret(value) for name, value in (CREDENTIALS[self.platform] | credentials).items()}
        shop = wish().shop
        async with post.pool.acquire() as connection:
            made = ShopConnection(
                shop=shop, platform=self.platform, base_url=self.server.url, credentials=kept, connected_at=NOON
            )
            await connections.connect(connection, made)
            await shop_codes.set_rule(connection, shop, "welcome", self.rule, NOON)

    async def make(self, wanted: CodeWanted, **credentials: str) -> Replied:
        """What comes of one try, without the notifier."""
        api = ShopApi(self.server.url, CREDENTIALS[self.platform] | credentials)
        exchange, caller = conversation(api, MAKERS[self.platform], wanted, 10.0), HttpCaller(Allowed(("127.0.0.1",)))
        request = next(exchange)
        while True:
            reply = await caller.ask(request, NOON)
            assert isinstance(reply, Replied), reply
            try:
                request = exchange.send(reply)
            except StopIteration as end:
                result: Replied = end.value
                return result


@pytest.fixture(params=sorted(SERVERS))
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[ConnectedServer]:
    async with serving(SERVERS[request.param]()) as server:
        yield ConnectedServer(request.param, server)


def wish(number: int = 1) -> CallHttp:
    """The wish of the run of that number for a code of Ana's that is valid for 15 days."""
    values: dict[str, Any] = {"id": f"run{number}/coupon/1", "run_id": f"run{number}", "key": f"customer-{number}"}
    return plain_call(**values, method="", url="", coupon=CouponWanted(pool="welcome", valid_until=ENDS, **ANA))


def wanted(rule: CouponRule = TEN, **changes: Any) -> CodeWanted:
    values = {"code": "HELLO-7K3FQ-9PQ2A", "title": "welcome", "begins_at": NOON, "ends_at": ENDS, **ANA, **changes}
    return CodeWanted(rule=rule, **values)


async def test_each_run_gets_a_code_that_the_shop_has_made_for_it(post: Post, shop: ConnectedServer) -> None:
    await shop.connect(post)
    async with post.notifier(**OPEN), post.notifier(**OPEN):
        await publish(post, wish(1), wish(2), wish(1))
        found = await answers(post, 2)
    assert [(one.status, one.error) for one in found] == [(200, "")] * 2
    codes = {one.body["code"] for one in found}
    assert len(codes) == 2
    assert all(code.startswith("HELLO-") for code in codes)
    assert {one["code"].upper() for one in shop.codes} == codes
    assert {one.body["expires_at"] for one in found} == {ENDS.isoformat()}
    rows = await post.pool.fetch("select code, call_id, expires_at from notifier.coupon where pool = 'welcome'")
    assert {(row["code"], row["call_id"]) for row in rows} == {(one.body["code"], one.call_id) for one in found}


async def test_an_attempt_that_was_interrupted_finds_the_code_that_it_made(post: Post, shop: ConnectedServer) -> None:
    """What an instance leaves that was killed after the shop had made the code, and before it was noted."""
    await shop.connect(post)
    left = wish(1)
    async with post.pool.acquire() as connection:
        secret = await connection.fetchval("select secret from notifier.coupon_rule")
    assert left.coupon is not None
    before = await shop.make(shop_codes.code_wanted(left, left.coupon, shop.rule, secret))
    await Calls(post.pool).accept([Incoming(left, msgspec.json.encode(left), True, NOON + timedelta(minutes=2))], NOON)
    post.clock.advance(timedelta(minutes=5))
    async with post.notifier(**OPEN):
        [answer] = await answers(post, 1)
    assert (answer.status, answer.body) == (200, before.body)
    assert len(shop.codes) == 1


async def test_what_the_shop_can_t_do_now_it_is_asked_again(post: Post, shop: ConnectedServer) -> None:
    await shop.connect(post)
    shop.server.faults = [too_many(90)]
    async with post.notifier(**OPEN):
        await publish(post, wish())
        await until_row(post, "state = 'queued' and settled_at is not null")
        assert await post.pool.fetchval("select wake_at from notifier.call") == NOON + timedelta(seconds=90)
        post.clock.advance(timedelta(seconds=90))
        [answer] = await answers(post, 1)
    assert (answer.status, len(shop.codes)) == (200, 1)


@pytest.mark.parametrize("fault", [broken, page_of_html])
async def test_a_shop_that_does_not_recover_gives_no_code(
    post: Post, shop: ConnectedServer, fault: Callable[[], Any]
) -> None:
    await shop.connect(post)
    shop.server.faults = [fault() for _ in range(2)]
    async with post.notifier(**OPEN, notifier_call_attempts=2, notifier_call_retry_first=1.0):
        await publish(post, wish())
        await until_row(post, "state = 'queued' and settled_at is not null")
        post.clock.advance(timedelta(seconds=2))
        [answer] = await answers(post, 1)
    assert (answer.status >= 500, answer.error.startswith("gave up after 2 attempts")) == (True, True)
    assert not shop.codes


async def test_what_a_person_has_to_mend_is_not_tried_again(post: Post, shop: ConnectedServer) -> None:
    wrong = dict.fromkeys(CREDENTIALS[shop.platform], "wrong")
    await shop.connect(post, **wrong)
    async with post.notifier(**OPEN):
        await publish(post, wish())
        [answer] = await answers(post, 1)
    assert (answer.status, answer.body) == (401, None)
    assert answer.error.startswith("the shop answered 401: ")
    assert len(shop.server.asked) == 1


async def test_a_shop_that_is_not_connected_gives_no_code_and_says_why(post: Post) -> None:
    async with post.pool.acquire() as connection:
        await shop_codes.set_rule(connection, wish().shop, "welcome", TEN, NOON)
    async with post.notifier(**OPEN):
        await publish(post, wish())
        [answer] = await answers(post, 1)
    assert (answer.status, answer.error.partition(":")[0]) == (404, "the shop's API is not known")


async def test_what_was_imported_is_taken_first_and_the_shop_makes_what_is_missing(
    post: Post, shop: ConnectedServer
) -> None:
    await shop.connect(post)
    async with post.pool.acquire() as connection:
        await coupons.add(connection, wish().shop, "welcome", [Coupon("IMPORTED")], NOON)
    async with post.notifier(**OPEN):
        await publish(post, wish(1))
        [first] = await answers(post, 1)
        await publish(post, wish(2))
        [_, second] = await answers(post, 2)
    assert first.body["code"] == "IMPORTED"
    assert second.body["code"].startswith("HELLO-")


async def test_a_code_that_somebody_else_has_is_not_given(post: Post, shop: ConnectedServer) -> None:
    await shop.connect(post)
    secret = await post.pool.fetchval("select secret from notifier.coupon_rule")
    pools, theirs = Coupons(post.pool), Coupon(code_of(wish(1).id, secret, "HELLO"))
    assert await pools.keep(wish().shop, "another/coupon/1", "welcome", theirs, NOON)
    async with post.notifier(**OPEN):
        await publish(post, wish(1))
        [answer] = await answers(post, 1)
    assert (answer.status, answer.error) == (404, "the code that belongs to it is another one's")


async def test_two_tries_at_once_end_with_one_code(shop: ConnectedServer) -> None:
    if shop.platform == "prestashop":  # nothing keeps two of its cart rules from having one code: tries have leases
        await shop.make(wanted())
    found = await asyncio.gather(*(shop.make(wanted(shop.rule)) for _ in range(3)))
    assert {one.status for one in found} == {200}
    assert len(shop.codes) == 1


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (
            "shopify",
            {
                "usageLimit": 1,
                "appliesOncePerCustomer": True,
                "startsAt": "2026-03-02T12:00:00+00:00",
                "endsAt": "2026-03-17T12:00:00+00:00",
                "context": {"customers": {"add": ["gid://shopify/Customer/207119551"]}},
                "customerGets": {"value": {"percentage": 0.1}, "items": {"all": True}},
                "minimumRequirement": {"subtotal": {"greaterThanOrEqualToSubtotal": "30.00"}},
            },
        ),
        (
            "woocommerce",
            {
                "discount_type": "percent",
                "amount": "10",
                "usage_limit": 1,
                "usage_limit_per_user": 1,
                "email_restrictions": ["ana@example.com"],
                "date_expires": "2026-03-17T12:00:00Z",
                "minimum_amount": "30.00",
            },
        ),
        ("magento", {"rule_id": 7, "type": 1, "usage_limit": 1, "usage_per_customer": 1}),
        (
            "prestashop",
            {
                "id_customer": "207119551",
                "quantity": "1",
                "quantity_per_user": "1",
                "reduction_percent": "10",
                "minimum_amount": "30.00",
                "minimum_amount_currency": "1",
                "date_to": "2026-03-18 12:00:00",
                "name": [{"id": "1", "value": "welcome"}],
            },
        ),
    ],
)
async def test_a_code_is_for_one_use_of_one_customer_until_its_end(platform: str, expected: dict[str, Any]) -> None:
    async with serving(SERVERS[platform]()) as server:
        shop = ConnectedServer(platform, server)
        assert (await shop.make(wanted(shop.rule))).status == 200
        [made] = shop.codes
    assert {name: made[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("shopify", {"context": {"all": "ALL"}, "endsAt": None, "destination": {"all": True}}),
        ("woocommerce", {"free_shipping": True, "amount": "0"}),
        ("prestashop", {"id_customer": "0", "free_shipping": "1", "date_to": "2036-02-29 12:00:00"}),
    ],
)
async def test_whoever_is_not_known_gets_one_for_whoever_has_it(platform: str, expected: dict[str, Any]) -> None:
    async with serving(SERVERS[platform]()) as server:
        shop = ConnectedServer(platform, server)
        plain = wanted(CouponRule(free_shipping=True), email="", customer_id="", ends_at=None)
        assert (await shop.make(plain)).body == {"code": plain.code, "expires_at": None}
        [made] = shop.codes
    assert {name: made[name] for name in expected} == expected
    assert "email_restrictions" not in made


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("shopify", ("customerGets", {"value": {"discountAmount": {"amount": "5", "appliesOnEachItem": False}}})),
        ("woocommerce", ("discount_type", "fixed_cart")),
        ("prestashop", ("reduction_currency", "1")),
    ],
)
async def test_an_amount_is_taken_off(platform: str, expected: tuple[str, Any]) -> None:
    async with serving(SERVERS[platform]()) as server:
        shop = ConnectedServer(platform, server)
        assert (await shop.make(wanted(CouponRule(amount=Money("5", "EUR"))))).status == 200
        [made] = shop.codes
    name, value = expected
    assert made[name] == (value | {"items": {"all": True}} if isinstance(value, dict) else value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"is_active": False}, "is not active"),
        ({"use_auto_generation": False}, "has one code for all"),
        ({"uses_per_coupon": 0}, "lets a coupon be used more than once"),
        ({"to_date": "2026-03-17"}, "ends on 2026-03-17, before the code would"),
        ({"to_date": "soon"}, "has an end that is not a date"),
        ({"to_date": "2026-03-18"}, ""),
    ],
)
async def test_a_rule_of_magento_has_to_give_such_codes(changes: dict[str, Any], problem: str) -> None:
    async with serving(magento.MagentoServer()) as server:
        server.rule |= changes
        found = await ConnectedServer("magento", server).make(wanted(CouponRule(rule=7)))
    assert (found.status, problem in found.error, bool(found.error)) == (422 if problem else 200, True, bool(problem))


async def test_errors_in_a_200_are_errors() -> None:
    throttled = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
    denied = {"errors": [{"message": "Access denied for codeDiscountNodeByCode field."}]}
    async with serving(shopify.ShopifyServer()) as server:
        shop = ConnectedServer("shopify", server)
        server.faults = [said(throttled), said(denied)]
        later, refused = await shop.make(wanted()), await shop.make(wanted())
    assert (later.later, later.wait) == (True, 2.0)
    assert "Access denied" in refused.error
    async with serving(prestashop.PrestaShopServer()) as server:
        server.faults = [said({"errors": [{"code": 1, "message": "no"}]})]
        assert "no" in (await ConnectedServer("prestashop", server).make(wanted())).error


@pytest.mark.parametrize("platform", sorted(MAKERS))
def test_a_rule_that_a_platform_has_not_is_refused_before_anybody_is_asked(platform: str) -> None:
    maker = MAKERS[platform]
    assert bool(maker.problem(CouponRule(rule=7))) != bool(maker.problem(TEN))


@given(st.text(), st.text(), st.binary(min_size=1))
def test_a_code_follows_from_the_effect_and_can_t_be_guessed(one: str, other: str, secret: bytes) -> None:
    code = code_of(one, secret, "HELLO")
    assert code == code_of(one, secret, "HELLO")
    assert (code == code_of(other, secret, "HELLO")) == (one == other)
    assert code != code_of(one, secret + b"!", "HELLO")
    assert set(code) <= set(string.ascii_uppercase + string.digits + "-")
    assert len(code) == len("HELLO-XXXXX-XXXXX")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["data", "errors", "items", "made", "userErrors", "languages", "currencies", "id", "message"]
            )
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(MAKERS)),
    st.lists(st.tuples(st.sampled_from([200, 201, 400, 401, 404, 429, 500]), _JSON), min_size=6, max_size=6),
    st.booleans(),
)
def test_whatever_a_shop_answers_there_is_a_code_or_a_reason(
    platform: str, replies: list[tuple[int, Any]], by_rule: bool
) -> None:
    api = ShopApi("https://tea.example.com", CREDENTIALS.get(platform, {"token": "t"}))
    exchange = conversation(api, MAKERS[platform], wanted(CouponRule(rule=7) if by_rule else TEN), 10.0)
    try:
        next(exchange)
        for status, body in replies:
            exchange.send(Replied(status, body))
        raise AssertionError("it never ends")
    except StopIteration as end:
        found: Replied = end.value
    assert bool(found.error) or found.later or found.body == {"code": wanted().code, "expires_at": ENDS.isoformat()}


@pytest.mark.parametrize("platform", sorted(SERVERS))
@pytest.mark.parametrize("body", [{}, [], {"status": "maintenance"}, {"data": {}}, {"success": True}])
def test_a_success_that_is_not_that_of_the_api_makes_no_code(platform: str, body: Any) -> None:
    """Of a gateway, or of a plugin that answers for the shop."""
    api = ShopApi("https://tea.example.com", CREDENTIALS[platform])
    exchange = conversation(api, MAKERS[platform], wanted(CouponRule(rule=7) if platform == "magento" else TEN), 10.0)
    try:
        next(exchange)
        while True:
            exchange.send(Replied(200, body))
    except StopIteration as end:
        found: Replied = end.value
    assert found.error
    assert found.body is None


def test_an_address_that_can_t_be_called_is_a_reason() -> None:
    exchange = conversation(ShopApi("ftp://tea", CREDENTIALS["shopify"]), MAKERS["shopify"], wanted(), 10.0)
    with pytest.raises(StopIteration) as end:
        next(exchange)
    assert "http" in end.value.value.error


def test_what_opens_a_shop_is_not_shown() -> None:
    assert "secret" not in repr(ShopApi("https://tea.example.com", {"token": "secret"}))
