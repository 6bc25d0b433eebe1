"""The small rules: signatures, times, money, names of persons, secrets, ids."""

import base64
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.payloads import Money
from relevo_ingest.app.webhook import delivery_id
from relevo_ingest.connectors.shopify.signature import sign_shopify, verify_shopify
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import Kind, alias, new_key, product_id_of
from relevo_ingest.core.drafts import DEFAULT_LIMITS, NoEvent
from relevo_ingest.core.errors import InvalidPayload, InvalidSignature
from relevo_ingest.core.money import amount_text, money
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.redaction import REMOVED, redact, without_secrets
from relevo_ingest.core.signature import bearer_token
from relevo_ingest.core.times import parse_instant, plausible, statement_time, to_utc
from relevo_ingest.core.unrecognised import encode, unrecognised
from tests.ingest.webhooks import RECEIVED, body_of, events_of, fixture, read_events

LIMITS = DEFAULT_LIMITS.plausible


def test_signature_is_shopifys() -> None:
    # RFC 4231, test case 2.
    known = bytes.fromhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    assert sign_shopify("Jefe", b"what do ya want for nothing?") == base64.b64encode(known).decode()


@given(st.binary(max_size=100), st.integers(0, 2))
def test_any_of_the_valid_secrets_fits(body: bytes, which: int) -> None:
    secrets = ["old-secret", "new-secret", "third"]
    verify_shopify(secrets, body, sign_shopify(secrets[which], body))
    with pytest.raises(InvalidSignature):
        verify_shopify(secrets, body + b"x", sign_shopify(secrets[which], body))


@pytest.mark.parametrize("header", [None, "", "no base64!", "AAAA", "é"])
def test_signature_that_is_none(header: str | None) -> None:
    with pytest.raises(InvalidSignature):
        verify_shopify(["secret"], b"{}", header)


def test_without_a_secret_nothing_fits() -> None:
    with pytest.raises(InvalidSignature):
        verify_shopify([], b"{}", sign_shopify("", b"{}"))


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc"])
def test_token_that_is_none(header: str | None) -> None:
    with pytest.raises(InvalidSignature):
        bearer_token(header)


def test_time_of_an_event_is_kept_within_what_is_plausible() -> None:
    just, future = RECEIVED - timedelta(hours=1), RECEIVED + timedelta(minutes=4)
    assert plausible(just, RECEIVED, LIMITS, historical=False).at == just
    assert plausible(future, RECEIVED, LIMITS, historical=False).at == future
    late = plausible(RECEIVED + timedelta(days=400), RECEIVED, LIMITS, historical=False)
    assert (late.at, "future" in late.note) == (RECEIVED, True)
    old = plausible(datetime(1970, 1, 1, tzinfo=UTC), RECEIVED, LIMITS, historical=False)
    assert (old.at, "7 days" in old.note) == (RECEIVED - timedelta(days=7), True)
    assert plausible(None, RECEIVED, LIMITS, historical=False).at == RECEIVED


def test_what_happened_long_ago_is_history_also_where_nobody_says_so() -> None:
    for long_ago in (datetime(2019, 5, 1, tzinfo=UTC), RECEIVED - timedelta(days=7, seconds=1)):
        kept = plausible(long_ago, RECEIVED, LIMITS, historical=False)
        assert (kept.at, kept.historical, "starts nothing" in kept.note) == (long_ago, True, True)
    assert not plausible(RECEIVED - timedelta(days=7), RECEIVED, LIMITS, historical=False).historical


def test_a_historical_event_keeps_its_time() -> None:
    long_ago = datetime(2019, 5, 1, tzinfo=UTC)
    kept = plausible(long_ago, RECEIVED, LIMITS, historical=True)
    assert (kept.at, kept.historical) == (long_ago, True)


def test_an_old_consent_is_never_made_newer() -> None:
    long_ago = datetime(2025, 5, 1, tzinfo=UTC)
    kept = statement_time(long_ago, RECEIVED, LIMITS, historical=False)
    assert (kept.at, kept.historical) == (long_ago, True)
    assert not statement_time(RECEIVED, RECEIVED, LIMITS, historical=False).historical


def test_absurd_dates_of_a_webhook() -> None:
    for absurd in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        [event] = events_of("orders/cancelled", cancelled_at=absurd)
        assert RECEIVED - timedelta(days=7) <= event.time <= RECEIVED


@given(st.datetimes(timezones=st.timezones()))
def test_any_instant_has_a_utc_form(instant: datetime) -> None:
    assert to_utc(instant).tzinfo is UTC


def test_time_in_a_header() -> None:
    assert parse_instant("2026-03-01T10:00:00.480992003Z") == datetime(2026, 3, 1, 10, 0, 0, 480992, tzinfo=UTC)
    assert [parse_instant(text) for text in (None, "", "yesterday", "2026-03-01T10:00:00")] == [None] * 4


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("12.50", "12.50"),
        (12, "12"),
        (12.5, "12.5"),
        ("007.10", "7.10"),
        ("-0.00", "0.00"),
        (1e-7 * 10, "0.000001"),
        ("0.0000001", "0.00"),
    ],
)
def test_amounts(amount: str | float, text: str) -> None:
    assert amount_text(amount, "x") == text


@pytest.mark.parametrize("amount", ["", "-1", "1e5", "1,5", "NaN", "١٢", 1e300, -3, "1,234.56"])
def test_amounts_that_are_none(amount: str | float) -> None:
    with pytest.raises(InvalidPayload, match="x: "):
        amount_text(amount, "x")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1980.00", "JPY", "1980"),
        ("1980.50", "JPY", "1980.5"),
        (1.4000000000000057, "EUR", "1.40"),
        ("25.000000", "USD", "25.00"),
        ("0.012500", "USD", "0.0125"),
        ("3.1250", "KWD", "3.125"),
        (1980.0, "JPY", "1980"),
        (19.99, "EUR", "19.99"),
        (".5", "EUR", "0.5"),
        ("7.", "EUR", "7"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: str | float, currency: str, text: str) -> None:
    assert amount_text(amount, "x", currency=currency) == text


@given(st.from_regex(r"[0-9]{1,14}\.[0-9]{0,3}", fullmatch=True), st.sampled_from(["", "EUR", "JPY", "KWD", "CLF"]))
def test_an_amount_is_the_same_with_a_space_before_it(text: str, currency: str) -> None:
    def read(amount: str) -> str:
        try:
            return amount_text(amount, "x", currency=currency)
        except InvalidPayload as error:
            return str(error)

    assert read(text) == read(f" {text}")


def test_a_discount_with_a_minus_sign_is_an_amount() -> None:
    assert money("-3.50", "EUR", "x", absolute=True) == Money("3.50", "EUR")
    with collecting() as notes:
        assert money("-3.50", "EUR", "x") is None
        assert money(None, "EUR", "x") is None
    assert notes == ["x: the amount -3.50 is negative; it was left out"]


def test_what_was_written_with_invisible_characters_is_the_same_person() -> None:
    assert normalise.email("\ufeffana@example.com\u200b") == "ana@example.com"
    assert normalise.phone("\u202a+1 212-555-0123\u202c", "") == "+12125550123"
    assert normalise.phone("tel:212\u2011555\u20130123", "US") == "+12125550123"


def test_e_mail_addresses() -> None:
    assert normalise.email(" Ana.Maria+x@Example.COM ") == "ana.maria+x@example.com"
    for none in (
        "",
        None,
        "ana",
        "ana@",
        "@example.com",
        "ana@localhost",
        "a b@example.com",
        "a@b@c.com",
    ):
        assert normalise.email(none) == ""
    assert normalise.email("a" * 300 + "@example.com") == ""


@pytest.mark.parametrize(
    ("given_number", "region", "e164"),
    [
        ("+1 202 555 0123", "", "+12025550123"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("202-555-0123", "", ""),
        ("555-555-SHIP", "US", ""),
        ("0", "US", ""),
        ("+999123456789", "US", ""),
    ],
)
def test_phone_numbers(given_number: str, region: str, e164: str) -> None:
    assert normalise.phone(given_number, region) == e164


def test_locales() -> None:
    written = ["en", "es-es", "pt_BR", "zh-hans-CN", "EN-us", "english", "", None, "x"]
    assert [normalise.locale(text) for text in written] == [
        "en",
        "es-ES",
        "pt-BR",
        "zh-Hans-CN",
        "en-US",
        "",
        "",
        "",
        "",
    ]
    assert [normalise.region_of(text) for text in ("es-ES", "en", "zh-Hans-CN")] == ["ES", "", "CN"]


@given(st.text())
def test_text_has_no_control_characters(value: str) -> None:
    cleaned = normalise.text(value)
    assert "\x00" not in cleaned
    assert normalise.text(cleaned) == cleaned


def test_keys_are_opaque_stable_and_the_shops_own() -> None:
    names = (alias(Kind.CUSTOMER, "7"), alias(Kind.EMAIL, "a@example.com"))
    key = new_key("tea", names)
    assert (key[:4], len(key)) == ("cus_", 24)
    assert key == new_key("tea", names[:1])
    assert key != new_key("coffee", names)


def test_addresses_are_stored_as_a_hash() -> None:
    assert "example" not in alias(Kind.EMAIL, "a@example.com").name
    assert "555" not in alias(Kind.PHONE, "+12025550123").name.replace(alias(Kind.PHONE, "x").name, "")
    assert len(alias(Kind.CART, "c" * 1000).name) < 100


def test_a_products_key_leads_to_the_product() -> None:
    assert product_id_of(new_key("tea", (alias(Kind.PRODUCT, "41"), alias(Kind.INVENTORY, "43")))) == "41"
    assert product_id_of(new_key("tea", (alias(Kind.INVENTORY, "43"),))) == ""


def test_delivery_ids() -> None:
    assert delivery_id("b54557e4-1", "orders/create", b"{}") == "b54557e4-1"
    assert delivery_id("", "orders/create", b"{}") == delivery_id("", "Orders/create", b"{}")
    assert delivery_id("", "orders/create", b"{}") != delivery_id("", "orders/paid", b"{}")
    assert len(delivery_id("x" * 500, "orders/create", b"{}")) == 40
    assert len(delivery_id("é\n", "orders/create", b"{}")) == 40


def test_a_redelivery_has_the_same_ids() -> None:
    body = body_of(fixture("customers/delete"))
    first, second = (read_events("customers/delete", body, delivery="w-7") for _ in range(2))
    assert (
        [event.id for event in first]
        == [event.id for event in second]
        == [
            "customer.deleted:7300000000101",
            "w-7:1",
            "w-7:2",
        ]
    )


def test_secrets_are_removed_wherever_they_are() -> None:
    kept = redact(
        {
            "customer": {"email": "a@example.com", "passwd": "$2y$10$abcdef", "secure_key": "abc"},
            "Multipass-Identifier": "m",
            "list": [{"credit_card_number": "4111"}, {"text": "$2b$12$hashhashhash"}],
            "payment_details": {"cvv_result_code": "M"},
            "browser_ip": "203.0.113.7",
            "url": "https://user:pw@shop.example.com/x?key=abc&page=2",
            "name": "kept",
            "empty": {"password": None},
        }
    )  # fmt: skip
    assert kept == {
        "customer": {"email": "a@example.com", "passwd": REMOVED, "secure_key": REMOVED},
        "Multipass-Identifier": REMOVED,
        "list": [{"credit_card_number": REMOVED}, {"text": REMOVED}],
        "payment_details": REMOVED,
        "browser_ip": REMOVED,
        "url": "https://shop.example.com/x?key=%5Bremoved%5D&page=2",
        "name": "kept",
        "empty": {"password": None},
    }  # fmt: skip
    assert without_secrets({"colour": "red", "new_password": "x", "note": "$2y$10$abc"}) == {"colour": "red"}


SECRETS = ("203.0.113.7", "mp-98765", "Mozilla", "4111", "hunter2", "secret-key", "order-token", "1111")


@pytest.mark.parametrize(
    "topic",
    ["orders/create", "orders/paid", "customers/create", "refunds/create", "checkouts/update", "draft_orders/create"],
)
def test_no_secret_of_a_payload_is_in_its_events(topic: str) -> None:
    text = str([event.data for event in events_of(topic)])
    assert not [secret for secret in SECRETS if secret in text]


def test_no_secret_is_in_what_is_not_recognised() -> None:
    body = fixture("draft_orders/create") | {"payment_details": {"credit_card_number": "4111"}}
    kept = unrecognised(
        shop="tea", platform="shopify", topic="themes/publish", why=NoEvent("r"), delivery_id="w",
        body=body_of(body), received=RECEIVED,
    )  # fmt: skip
    text = encode(kept, 900_000).decode()
    assert not [secret for secret in SECRETS if secret in text]
    assert "buyer@hotelsol.example.com" in text


def test_an_unrecognised_body_that_is_too_large_is_cut() -> None:
    kept = unrecognised(
        shop="tea", platform="shopify", topic="t", why=NoEvent("r"), delivery_id="w",
        body=body_of({"text": ["word"] * 300_000}), received=RECEIVED,
    )  # fmt: skip
    value = encode(kept, 900_000)
    assert len(value) < 100_000
    assert "only the beginning" in msgspec.json.decode(value)["reason"]
