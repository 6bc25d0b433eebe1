"""The sample shop's day on each platform: the same each time, told as it tells, with what the flows promise."""

import base64
import hashlib
import hmac
import json
from collections import Counter
from datetime import timedelta

import pytest

from relevo_cli.sample_shop.days import wire
from relevo_cli.sample_shop.days.registry import PLATFORMS
from relevo_cli.sample_shop.days.scenarios import SCENARIOS
from relevo_cli.sample_shop.days.shop_events import Day, Entry, Post
from relevo_cli.sample_shop.recording import OPENS
from relevo_cli.workflow_files import library
from relevo_ingest.connectors.registry import CONNECTORS
from tests.ingest.test_fixture_fields import WOOCOMMERCE, unheard_of

EACH = len(SCENARIOS)
OTHERS = [name for name in PLATFORMS if name != "shopify"]


def day_of(name: str, *, seed: int = 1, shoppers: int = EACH) -> Day:
    return PLATFORMS[name].day("casa-lumen", seed, shoppers, OPENS)


def posts(day: Day, where: str = "/hooks/") -> list[Post]:
    return [one for one in day.outputs if isinstance(one, Post) and one.path.startswith(where)]


def test_every_platform_of_ingest_has_a_day() -> None:
    assert set(PLATFORMS) <= set(CONNECTORS)


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_same_seed_is_the_same_day_and_another_seed_another(name: str) -> None:
    assert day_of(name) == day_of(name)
    assert day_of(name) != day_of(name, seed=2)


@pytest.mark.parametrize("name", PLATFORMS)
def test_it_is_told_in_order_of_time_and_within_three_days(name: str) -> None:
    day = day_of(name)
    times = [one.at for one in day.outputs]
    assert times == sorted(times)
    assert times[0] >= OPENS
    assert day.ends <= OPENS + timedelta(hours=72)


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_flows_are_of_the_library_and_what_is_expected_is_of_them(name: str) -> None:
    flows = set(PLATFORMS[name].flows)
    assert {message.workflow for message in day_of(name).expected} == flows
    for message in day_of(name).expected:
        assert (library() / message.workflow / "templates" / f"{message.template}.yaml").exists()


@pytest.mark.parametrize("name", OTHERS)
def test_each_scenario_happens_and_its_messages_are_those_of_every_platform(name: str) -> None:
    def told(platform: str) -> Counter[tuple[str, str]]:
        return Counter((one.scenario, one.template) for one in day_of(platform).expected if one.template != "delivered")

    assert told(name) == told("woocommerce")
    silent = {"abandons_without_consent", "visitor_abandons"}
    assert {one.__name__ for one in SCENARIOS} - {scenario for scenario, _ in told(name)} == silent


@pytest.mark.parametrize("name", OTHERS)
def test_what_comes_twice_is_the_same_bytes(name: str) -> None:
    hooks = Counter((one.path, one.body) for one in day_of(name).outputs if isinstance(one, Post))
    entries = [one for one in day_of(name).outputs if isinstance(one, Entry)]
    assert max(hooks.values(), default=2) == 2
    assert hooks or entries


def test_woocommerce_signs_the_raw_body_and_makes_no_field_up() -> None:
    day = day_of("woocommerce")
    assert {one.headers["X-WC-Webhook-Topic"] for one in posts(day)} == {
        "customer.created", "order.created", "order.updated",
    }  # fmt: skip
    for one in posts(day):
        digest = hmac.new(wire.SECRET.encode(), one.body, hashlib.sha256).digest()
        assert one.headers["X-WC-Webhook-Signature"] == base64.b64encode(digest).decode()
        resource = one.headers["X-WC-Webhook-Topic"].partition(".")[0]
        assert unheard_of(resource, json.loads(one.body), WOOCOMMERCE) == []
