"""What messages cost: which price is taken, and what a wrong one is told."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.prices import TOLD, Prices
from relevo_notifier.core.provider_results import Sent
from relevo_notifier.providers.registry import channels
from relevo_notifier.providers.vonage.replies import read_vonage

PRICES = "email=0.0004 USD, sms=0.08 EUR, twilio=0.0079 USD, twilio+34=0.075 USD, twilio+346=0.07 USD,"
PRICES += " acme/twilio=0.01 USD, acme/sms+34=0.09 EUR, vonage=told EUR"


@pytest.mark.parametrize(
    ("shop", "provider", "channel", "recipient", "cost"),
    [
        ("tea", "smtp", "email", "ana@example.com", "0.0004 USD"),
        ("tea", "twilio", "sms", "+12025550123", "0.0158 USD"),
        ("tea", "twilio", "sms", "+34911234567", "0.150 USD"),
        ("tea", "twilio", "sms", "+34600123456", "0.14 USD"),
        ("acme", "twilio", "sms", "+34600123456", "0.02 USD"),
        ("acme", "plivo", "sms", "+34600123456", "0.18 EUR"),
        ("tea", "vonage", "sms", "+34600123456", "0.0666 EUR"),
        ("tea", "whatsapp", "whatsapp", "+34600123456", ""),
    ],
)
def test_the_price_that_says_most_is_taken(shop: str, provider: str, channel: str, recipient: str, cost: str) -> None:
    prices = Prices.parse(PRICES, channels())
    segments = 2 if channel == "sms" else 1
    assert prices.cost(shop, (provider, channel), recipient, segments=segments, told="0.0666") == cost


@pytest.mark.parametrize("told", ["", "free", "-1", "1e9"])
def test_what_a_provider_does_not_tell_costs_what_its_channel_does(told: str) -> None:
    prices = Prices.parse(PRICES, channels())
    assert prices.cost("tea", ("vonage", "sms"), "+1202", segments=3, told=told) == "0.24 EUR"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pigeon=1 EUR", "does not name a channel or a provider"),
        ("sms=1", "not an amount with its currency"),
        ("sms=1.0 euro", "not an amount"),
        ("sms+0=1 EUR", "does not name"),
        ("sms=-1 EUR", "not an amount"),
        ("sms=ask EUR", "not an amount"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        Prices.parse(text, channels())
    assert "write CHANNEL=" in str(raised.value)


@given(st.decimals(0, 1000, places=6), st.integers(1, 10))
def test_a_cost_is_the_price_of_each_segment_in_plain_digits(price: Decimal, segments: int) -> None:
    prices = Prices.parse(f"sms={price:f} EUR", channels())
    amount, currency = prices.cost("tea", ("plivo", "sms"), "+1", segments=segments).split(" ")
    assert (Decimal(amount), currency) == (price * segments, "EUR")
    assert set(amount) <= set("0123456789.")


@pytest.mark.parametrize(
    ("prices", "told"), [(["0.03330000", "0.03330000"], "0.06660000"), (["0.03330000", "?"], None), ([], None)]
)
def test_vonage_tells_the_price_of_each_part(prices: list[str], told: str | None) -> None:
    """The entries are those of Vonage's "Troubleshooting SMS"."""
    part = {"to": "447700900000", "message-id": "0C000000217B7F02", "status": "0", "network": "23410"}
    parts = [part | {"message-price": one} for one in prices] or [part]
    answer = read_vonage(200, {"message-count": str(len(parts)), "messages": parts})
    assert isinstance(answer, Sent)
    assert answer.detail.get(TOLD) == told
