"""Registering at every platform that has webhooks, against servers that speak its API."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from relevo_ingest.adapters.platform_requests import PlatformRequests, RequestPolicy
from relevo_ingest.adapters.shop_api import ConnectedShop
from relevo_ingest.app.register_webhooks import StepResult, apply_steps, plan_steps, registered_ids
from relevo_ingest.connectors.adobe_commerce.registration import AdobeCommerceRegistration
from relevo_ingest.connectors.platform_api import ApiFailure, Connection, PlatformApi
from relevo_ingest.connectors.registration import Registered, Registration
from relevo_ingest.connectors.registry import APIS, REGISTRATIONS
from relevo_runtime.clock import SystemClock
from tests.platform_servers import adobe_commerce, bigcommerce, orocommerce, shopify, woocommerce
from tests.platform_servers.adobe_commerce import AdobeCommerceServer
from tests.platform_servers.bigcommerce import BigCommerceServer
from tests.platform_servers.orocommerce import OroCommerceServer
from tests.platform_servers.server import Fault, broken, cut, serving, too_many
from tests.platform_servers.shopify import ShopifyServer
from tests.platform_servers.woocommerce import WooCommerceServer

POLICY = RequestPolicy(tries=4, first_pause=0.001, seconds=2.0, rate=0)
ADDRESS, MOVED = "https://relevo.example/hooks/tea/platform", "https://relevo.example.org/hooks/tea/platform"
OTHERS = "https://erp.example/in"
SECRET = "the-secret-of-the-shop"
CREDENTIALS = {
    "adobe-commerce": adobe_commerce.CREDENTIALS,
    "bigcommerce": {"access_token": bigcommerce.TOKEN},
    "orocommerce": orocommerce.CREDENTIALS,
    "shopify": {"access_token": shopify.TOKEN, "client_secret": shopify.SECRET},
    "woocommerce": {"consumer_key": woocommerce.KEY, "consumer_secret": woocommerce.SECRET},
}
SERVERS: dict[str, Callable[[], Any]] = {
    "adobe-commerce": AdobeCommerceServer,
    "bigcommerce": BigCommerceServer,
    "orocommerce": OroCommerceServer,
    "shopify": ShopifyServer,
    "woocommerce": lambda: WooCommerceServer(pinging=False),
}
HOOKS = {
    "adobe-commerce": ("registrations", "webhook_url"),
    "bigcommerce": ("hooks", "destination"),
    "orocommerce": ("webhooks", "attributes"),
    "shopify": ("subscriptions", "uri"),
    "woocommerce": ("webhooks", "delivery_url"),
}
"""Where each server keeps its webhooks, and which field has the address."""
DISABLED: dict[str, Callable[[dict[str, Any]], object]] = {
    "adobe-commerce": lambda one: one.update(enabled=False, webhook_status="disabled"),
    "bigcommerce": lambda one: one.update(is_active=False),
    "orocommerce": lambda one: one["attributes"].update(enabled=False),
    "woocommerce": lambda one: one.update(status="disabled"),
}
"""How each platform marks what it stopped delivering. Shopify removes it."""


class Shop:
    """A shop's server, what is known of its webhooks, and a command that registers them."""

    def __init__(self, name: str, server: Any, requests: PlatformRequests) -> None:
        self.name = name
        self.server = server
        self.requests = requests
        self.api: PlatformApi = server.api if name == "adobe-commerce" else APIS[name]
        own = AdobeCommerceRegistration(server.api) if name == "adobe-commerce" else None
        self.registration: Registration = own or REGISTRATIONS[name]
        self.credentials = dict(CREDENTIALS[name])
        self.made: dict[str, str] = {}

    @property
    def hooks(self) -> dict[Any, dict[str, Any]]:
        found: dict[Any, dict[str, Any]] = getattr(self.server, HOOKS[self.name][0])
        return found

    def address_of(self, hook: dict[str, Any]) -> str:
        value = hook[HOOKS[self.name][1]]
        return str(value["notificationUrl"] if self.name == "orocommerce" else value)

    def move(self, hook: dict[str, Any], address: str) -> None:
        if self.name == "orocommerce":
            hook["attributes"]["notificationUrl"] = address
        else:
            hook[HOOKS[self.name][1]] = address

    @property
    def connected(self) -> ConnectedShop:
        return ConnectedShop(
            self.requests, self.api, Connection(base_url=self.server.url, credentials=self.credentials)
        )

    async def register(self, address: str = ADDRESS) -> list[StepResult] | ApiFailure:
        """As `relevo connect` does it."""
        plan = await plan_steps(self.connected, self.registration, address, self.made)
        if isinstance(plan, ApiFailure):
            return plan
        steps = apply_steps(self.connected, self.registration, plan, address, SECRET)
        done = [one async for one in steps]
        self.made = self.made | registered_ids(done)
        return done

    async def registered(self, address: str = ADDRESS) -> list[StepResult]:
        """The same, where nothing stands in its way."""
        done = await self.register(address)
        assert not isinstance(done, ApiFailure), done
        assert [one for one in done if one.failure and not one.expected] == []
        return done

    async def listed(self) -> list[Registered]:
        found = await self.connected.ask(self.registration.listed())
        assert not isinstance(found, ApiFailure), found
        return list(found)

    def all_there(self) -> None:
        """Each topic that is needed is delivered, once."""
        addresses = [self.address_of(one) for one in self.hooks.values()]
        assert set(addresses) <= {ADDRESS, OTHERS}
        topics = sorted(one for one in self.made if one in self.registration.topics)
        assert topics == sorted(self.registration.topics)
        assert addresses.count(ADDRESS) == len(self.made)


@pytest.fixture(params=sorted(SERVERS))
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    async with serving(SERVERS[request.param]()) as server, httpx.AsyncClient(trust_env=False) as client:
        requests = PlatformRequests(client, POLICY, clock=SystemClock(), jitter=lambda: 0.0)
        yield Shop(request.param, server, requests)


def did(done: list[StepResult]) -> set[str]:
    return {one.step.do for one in done if not one.failure}


def test_every_platform_with_a_registration_is_here() -> None:
    assert set(SERVERS) == set(REGISTRATIONS)


async def test_the_first_time_makes_all_and_the_second_time_nothing(shop: Shop) -> None:
    assert did(await shop.registered()) == {"create"}
    shop.all_there()
    before = {own: dict(one) for own, one in shop.hooks.items()}
    for _ in range(2):
        assert did(await shop.registered()) == {"keep"}
        assert shop.hooks == before
    listed = [one for one in await shop.listed() if one.problem]
    assert listed == []


async def test_what_was_dropped_disabled_or_moved_is_made_anew_and_others_are_left_alone(shop: Shop) -> None:
    await shop.registered()
    dropped, disabled, moved, theirs, *_ = list(shop.hooks)
    copied = dict(shop.hooks[theirs])
    del shop.hooks[dropped]
    if shop.name in DISABLED:
        DISABLED[shop.name](shop.hooks[disabled])
    else:
        del shop.hooks[disabled]
    shop.move(shop.hooks[moved], "https://old.example/hooks")
    foreign: Any = max(shop.hooks) + 100 if isinstance(theirs, int) else "of-another"
    if shop.name == "orocommerce":
        copied["attributes"] = dict(copied["attributes"])
    shop.move(copied, OTHERS)
    shop.hooks[foreign] = {**copied, ("registration_id" if shop.name == "adobe-commerce" else "id"): foreign}
    done = await shop.registered()
    repaired = {one.step.why for one in done if one.step.do in ("create", "replace") and not one.failure}
    assert len([one for one in done if one.step.do in ("create", "replace") and not one.failure]) == 3, repaired
    shop.all_there()
    assert shop.address_of(shop.hooks[foreign]) == OTHERS
    assert did(await shop.registered()) == {"keep"}


async def test_a_changed_address_moves_every_webhook(shop: Shop) -> None:
    await shop.registered(MOVED)
    done = await shop.registered()
    assert did(done) == {"replace"}
    shop.all_there()


FAULTS: dict[str, Callable[[], Fault]] = {
    "429": lambda: too_many(0),
    "503": lambda: broken(503),
    "500": lambda: broken(500),
    "cut": cut,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_goes_wrong_once_is_tried_again_or_mended_the_next_time(shop: Shop, fault: str) -> None:
    shop.server.faults += [FAULTS[fault](), FAULTS[fault]()]
    assert not isinstance(await shop.register(), ApiFailure)
    shop.server.faults += [FAULTS[fault]()]
    await shop.registered()
    done = await shop.registered()
    assert did(done) <= {"keep"}
    shop.all_there()


async def test_a_webhook_that_was_made_though_the_answer_broke_is_not_made_twice(shop: Shop) -> None:
    """The connection is cut after the platform did what it was asked: nobody knows the id."""
    answer = shop.server.answer
    spoiled: list[object] = []

    async def spoiling(request: Any, body: bytes) -> Any:
        told = await answer(request, body)
        made = request.method == "POST" and ADDRESS.encode() in body
        if made and not spoiled:
            spoiled.append(request)
            return cut().answer()
        return told

    shop.server.answer = spoiling
    first = await shop.register()
    assert not isinstance(first, ApiFailure)
    assert [one for one in first if one.failure and not one.expected], "the broken answer is told"
    await shop.registered()
    assert did(await shop.registered()) == {"keep"}
    shop.all_there()


async def test_wrong_credentials_are_said_and_nothing_is_done(shop: Shop) -> None:
    right = list(shop.credentials.values())
    for name in shop.credentials:
        if (shop.name, name) in WITHOUT_EFFECT:
            continue
        shop.credentials = {**CREDENTIALS[shop.name], name: "a-wrong-one"}
        failure = await shop.register()
        assert isinstance(failure, ApiFailure), name
        assert failure.permanent or failure.reason
        assert not [secret for secret in ("a-wrong-one", *right) if secret in failure.reason]
    assert not shop.hooks


WITHOUT_EFFECT = (("shopify", "client_secret"), ("adobe-commerce", "provider_id"))
"""What signs, or is sent along, and opens nothing."""


async def test_a_missing_permission_is_said(shop: Shop) -> None:
    match shop.name:
        case "woocommerce":
            shop.server.may_write = False
        case "adobe-commerce":
            shop.server.may_subscribe = False
        case "shopify":
            shop.server.forbidden = ("",)
        case _:
            shop.server.refused = ("hooks", "webhooks")
    done = await shop.register()
    if isinstance(done, ApiFailure):
        assert "may not" in done.reason
    else:
        assert {bool(one.failure) for one in done} == {True}
    assert not shop.hooks


async def test_disconnecting_removes_what_was_made_here_alone(shop: Shop) -> None:
    await shop.registered()
    theirs = next(iter(shop.hooks))
    shop.move(shop.hooks[theirs], OTHERS)
    listed = await shop.listed()
    shop.made = {one.topic: one.id for one in listed if one.address == ADDRESS}
    for one in listed:
        if one.address == ADDRESS:
            assert not isinstance(await shop.connected.ask(shop.registration.delete(one)), ApiFailure)
    assert [shop.address_of(one) for one in shop.hooks.values()] == [OTHERS]


@pytest.mark.parametrize("shop", ["adobe-commerce"], indirect=True)
async def test_the_shop_is_subscribed_with_the_fields_that_are_read(shop: Shop) -> None:
    order = "observer.sales_order_save_commit_after"
    shop.server.subscriptions = {order: ["entity_id", "own_field"], "observer.customer_login": ["*"]}
    await shop.registered()
    assert shop.server.subscriptions[order][:2] == ["entity_id", "own_field"], "what others want stays"
    assert "customer_email" in shop.server.subscriptions[order]
    assert shop.server.subscriptions["observer.customer_login"] == ["*"], "every field is sent already"
    shop.server.subscriptions[order] = ["entity_id"]
    del shop.server.subscriptions["observer.sales_quote_save_after"]
    problems = {one.topic: one.problem for one in await shop.listed() if one.problem}
    assert "customer_email" in problems[order]
    assert "not subscribed" in problems["observer.sales_quote_save_after"]
    await shop.registered()
    assert did(await shop.registered()) == {"keep"}


@pytest.mark.parametrize("shop", ["adobe-commerce"], indirect=True)
async def test_one_registration_that_was_made_by_hand_for_many_events_keeps_the_others(shop: Shop) -> None:
    await shop.registered()
    codes = [one["events_of_interest"][0] for one in shop.hooks.values()]
    shop.hooks.clear()
    shop.hooks["by-hand"] = {
        "registration_id": "by-hand", "name": "mine", "webhook_url": ADDRESS, "delivery_type": "webhook",
        "enabled": True, "events_of_interest": codes,
    }  # fmt: skip
    shop.made = {}
    assert did(await shop.registered()) == {"keep"}
    del shop.server.subscriptions["observer.sales_quote_save_after"]
    done = await shop.registered()
    assert [one.step.topic for one in done if one.step.do == "replace"] == ["observer.sales_quote_save_after"]
    assert len(shop.hooks["by-hand"]["events_of_interest"]) == len(codes) - 1
    assert did(await shop.registered()) == {"keep"}
