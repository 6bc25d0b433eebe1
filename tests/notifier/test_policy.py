"""Who may be written to, when, and how failures go on."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.consents import Consent
from relevo_contracts.contact import Contact
from relevo_contracts.policy import Later, QuietHours, Skip
from relevo_notifier.core.policy import MaySend, Retry, in_doubt, may_send
from tests.notifier.support import NOON, customer, delivery

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("changes", "contact", "suppressed", "expected"),
    [
        ({}, customer(), NOBODY, MaySend("ana@example.com")),
        ({}, customer(email="Ana@EXÄMPLE.example"), NOBODY, MaySend("Ana@xn--exmple-cua.example")),
        ({}, customer(email=""), NOBODY, "no_address"),
        ({}, customer(email="not an address"), NOBODY, "bad_address"),
        ({}, customer(email="añá@example.com"), NOBODY, "bad_address"),
        ({}, customer(consent="withdrawn"), NOBODY, "no_consent"),
        ({}, customer(consent="pending"), NOBODY, "no_consent"),
        ({}, Contact(email="ana@example.com"), NOBODY, "no_consent"),
        ({"purpose": "transactional"}, Contact(email="ana@example.com"), NOBODY, MaySend("ana@example.com")),
        ({"purpose": "transactional"}, customer(consent="withdrawn"), NOBODY, MaySend("ana@example.com")),
        ({}, customer(), frozenset({"ana@example.com"}), "suppressed"),
        ({"purpose": "transactional"}, customer(), frozenset({"ana@example.com"}), "suppressed"),
        ({}, customer(), frozenset({"other@example.com"}), MaySend("ana@example.com")),
        ({"at": NOON - timedelta(days=2)}, customer(), NOBODY, "late"),
        ({"at": NOON - timedelta(days=1)}, customer(), NOBODY, MaySend("ana@example.com")),
        ({"channel": "sms"}, customer(), NOBODY, MaySend("+12025550123")),
        ({"channel": "sms"}, customer(phone=""), NOBODY, "no_address"),
        ({"channel": "sms"}, customer(phone="12"), NOBODY, "bad_address"),
        ({"channel": "sms"}, customer(phone="call me"), NOBODY, "bad_address"),
        ({"channel": "sms"}, customer(consent="withdrawn"), NOBODY, "no_consent"),
    ],
)
def test_who_may_be_written_to(
    changes: dict[str, Any], contact: Contact, suppressed: frozenset[str], expected: MaySend | str
) -> None:
    verdict = may_send(delivery(**changes), contact, suppressed, NOON)
    assert (verdict.rule if isinstance(verdict, Skip) else verdict) == expected
    if isinstance(verdict, Skip):
        assert verdict.reason


def test_a_number_without_country_code_is_read_in_the_customers_country() -> None:
    contact = Contact(phone="(202) 555-0123", country="US")
    assert may_send(delivery(channel="sms", purpose="transactional"), contact, NOBODY, NOON) == MaySend("+12025550123")


def test_a_skip_says_since_when_there_is_no_consent() -> None:
    contact = Contact(email="ana@example.com", email_consent=Consent(state="withdrawn", at=NOON - timedelta(hours=2)))
    verdict = may_send(delivery(), contact, NOBODY, NOON)
    assert verdict == Skip("no_consent", "no consent to marketing by email: it is withdrawn since 2026-03-02 10:00 UTC")


@pytest.mark.parametrize(
    ("hour_utc", "zone", "later_utc"),
    [
        (12, "Europe/Madrid", None),
        (20, "Europe/Madrid", (2, 7)),  # 21:00 there: quiet until 08:00 of the next day
        (5, "Europe/Madrid", (1, 7)),
        (7, "Europe/Madrid", None),  # 08:00 there: over
        (2, "America/New_York", (1, 13)),
        (12, "Asia/Kathmandu", None),
        (16, "Asia/Kathmandu", (2, 2, 15)),
    ],
)
def test_quiet_hours_are_the_recipients_own(hour_utc: int, zone: str, later_utc: tuple[int, ...] | None) -> None:
    at = datetime(2026, 3, 1, hour_utc, tzinfo=UTC)
    contact = Contact(
        email="ana@example.com",
        timezone=zone,
        email_consent=Consent(state="granted", at=at - timedelta(days=1)),
    )
    quiet = QuietHours(time(21), time(8))
    verdict = may_send(delivery(at=at), contact, NOBODY, at, quiet=quiet)
    if later_utc is None:
        assert isinstance(verdict, MaySend)
    else:
        day, hour, *minute = later_utc
        expected = datetime(2026, 3, day, hour, minute[0] if minute else 0, tzinfo=UTC)
        assert verdict == Later(expected, "quiet hours of the recipient")
    transactional = may_send(delivery(at=at, purpose="transactional"), contact, NOBODY, at, quiet=quiet)
    assert isinstance(transactional, MaySend)


@pytest.mark.parametrize("unusable", ["", "Europe", "US", "Mars/Olympus", "x" * 5000, "../etc/passwd", "\0", "\ud800"])
def test_for_people_whose_zone_is_not_known_it_is_quiet_when_it_is_quiet_at_the_shop(unusable: str) -> None:
    at = datetime(2026, 3, 1, 16, 21, tzinfo=UTC)  # 01:21 in Tokyo
    contact = Contact(email="ana@example.com", timezone=unusable, email_consent=Consent(state="granted", at=at))
    verdict = may_send(delivery(at=at), contact, NOBODY, at, quiet=QuietHours(time(21), time(8)), zone="Asia/Tokyo")
    assert verdict == Later(datetime(2026, 3, 1, 23, tzinfo=UTC), "quiet hours of the recipient")


@given(st.text(max_size=40))
def test_no_address_is_too_strange_to_be_judged(address: str) -> None:
    contact = Contact(email=address, phone=address)
    for channel in ("email", "sms"):
        verdict = may_send(delivery(channel=channel, purpose="transactional"), contact, NOBODY, NOON)
        assert isinstance(verdict, MaySend | Skip)
        if isinstance(verdict, MaySend):
            assert verdict.address.isascii()
            assert not any(c in verdict.address for c in "\r\n\0 ")


@given(st.text(max_size=30), st.integers(min_value=1, max_value=20))
def test_waits_grow_are_spread_and_end(key: str, attempt: int) -> None:
    retry = Retry(attempts=8)
    wait = retry.wait(attempt, key)
    if attempt >= 8:
        assert wait is None
        return
    assert wait is not None
    plain = min(30 * 4 ** (attempt - 1), 3600)
    assert 0.8 * plain <= wait.total_seconds() <= 1.2 * plain
    assert wait == retry.wait(attempt, key)


def test_the_provider_may_ask_for_a_longer_wait() -> None:
    assert Retry().wait(1, "key", requested=900) == timedelta(seconds=900)


@pytest.mark.parametrize(
    ("purpose", "can_ask", "attempts", "expected"),
    [
        ("marketing", False, 2, "give_up"),
        ("marketing", True, 2, "ask"),
        ("transactional", False, 2, "again"),
        ("transactional", True, 2, "ask"),
        ("transactional", False, 9, "give_up"),
        ("transactional", True, 9, "give_up"),
    ],
)
def test_in_doubt(purpose: str, can_ask: bool, attempts: int, expected: str) -> None:
    assert in_doubt(delivery(purpose=purpose), can_ask=can_ask, attempts=attempts, retry=Retry()) == expected
