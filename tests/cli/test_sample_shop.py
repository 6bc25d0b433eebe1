"""The recorded day is the same every time, signed as Shopify signs, and expects what its flows promise."""

import base64
import hashlib
import hmac
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from relevo_cli.sample_shop import webhooks
from relevo_cli.sample_shop.recording import OPENS, record
from relevo_cli.sample_shop.scenarios import SCENARIOS


def test_the_same_seed_is_the_same_day_and_another_seed_another() -> None:
    assert record(seed=7, shoppers=40) == record(seed=7, shoppers=40)
    assert record(seed=7, shoppers=40) != record(seed=8, shoppers=40)


def test_a_day_that_begins_later_is_the_same_day() -> None:
    later = record(begins=OPENS + timedelta(days=3))
    assert [hook.topic for hook in later.webhooks] == [hook.topic for hook in record().webhooks]
    assert later.ends - later.begins == record().ends - OPENS


def test_every_scenario_happens_and_three_languages_shop() -> None:
    day = record(shoppers=len(SCENARIOS))
    assert {scenario.__name__ for scenario, _ in SCENARIOS} >= {message.scenario for message in day.expected}
    assert {who.home.locale for who in day.shoppers} == {"en-IE", "es-ES", "it-IT"}
    assert len({who.home.timezone for who in day.shoppers}) == 3


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_marketing_is_expected_by_day_where_the_shopper_lives(hour: int) -> None:
    day = record(begins=OPENS.replace(hour=hour))
    homes = {who.email: ZoneInfo(who.home.timezone) for who in day.shoppers}
    carts = [message for message in day.expected if message.workflow == "abandoned-cart"]
    assert carts
    assert all(8 <= message.not_before.astimezone(homes[message.recipient]).hour < 20 for message in carts)


def test_webhooks_are_in_order_of_time_and_within_four_days() -> None:
    day = record()
    times = [hook.at for hook in day.webhooks]
    assert times == sorted(times)
    assert day.begins <= times[0]
    assert day.ends <= day.begins + timedelta(hours=96)


def test_a_signature_is_the_hmac_over_the_raw_body() -> None:
    hook = record(shoppers=1).webhooks[0]
    headers = webhooks.headers(hook, secret="a secret", domain="shop.example.com")
    digest = hmac.new(b"a secret", hook.body, hashlib.sha256).digest()
    assert headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()
    assert headers["X-Shopify-Topic"] == "checkouts/create"
    assert json.loads(hook.body)["email"] == "shopper000@example.com"


def test_some_webhooks_come_again_with_the_same_id_and_some_out_of_order() -> None:
    hooks = record().webhooks
    copies = Counter(hook.webhook_id for hook in hooks)
    assert max(copies.values()) == 10
    assert any(hook.at > hook.triggered_at for hook in hooks if copies[hook.webhook_id] == 1)


def test_all_people_are_fiction() -> None:
    for who in record(shoppers=800).shoppers:
        assert who.email.endswith("@example.com")
        assert phonenumbers.is_valid_number(phonenumbers.parse(who.phone))
        assert who.phone[5:9] in ("5550", "5551")
        assert 100 <= int(who.phone[-4:]) <= 199
    assert len({who.phone for who in record(shoppers=800).shoppers}) == 800


def test_no_message_is_expected_twice() -> None:
    wanted = Counter((m.channel, m.recipient, m.workflow, m.template) for m in record(shoppers=800).expected)
    assert set(wanted.values()) == {1}


def test_without_consent_or_address_nothing_is_expected() -> None:
    silent = {"abandons_without_consent", "leaves_no_address", "shop_posts_other_things"}
    assert not silent & {message.scenario for message in record(shoppers=800).expected}


def test_a_shop_has_at_most_800_shoppers() -> None:
    with pytest.raises(ValueError, match="1 to 800 shoppers, not 801"):
        record(shoppers=801)


def test_times_in_bodies_carry_the_shops_offset() -> None:
    hook = record(shoppers=1, begins=datetime(2026, 7, 1, 6, tzinfo=UTC)).webhooks[0]
    assert json.loads(hook.body)["created_at"].endswith("+02:00")
