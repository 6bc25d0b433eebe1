"""Limits and warm-up plans: read from the settings, never exceeded, never a use of attempts. Pure."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from relevo_contracts.contact import Channel
from relevo_notifier.core.destinations import Destinations, place_of
from relevo_notifier.core.limits import DAY, Bucket, Limit, Limits, WarmUp
from relevo_notifier.settings import NotifierSettings
from tests.conftest import SettingsFactory
from tests.notifier.support import NOON

KNOWN: dict[str, Channel] = {"ses": "email", "smtp": "email", "twilio": "sms"}
SECOND = timedelta(seconds=1)


def test_limits_say_how_many_in_what_time_of_whom_and_where_to() -> None:
    limits = Limits.parse("ses=14/s, ses=50000/day, smtp@Google=5/s, acme/ses=600/min, */twilio@+1=1/s", "", KNOWN)
    assert limits.of["ses"] == (
        Limit("ses", 14, SECOND),
        Limit("ses", 50_000, DAY),
        Limit("ses", 600, timedelta(minutes=1), shop="acme"),
    )
    assert limits.of["smtp"] == (Limit("smtp", 5, SECOND, destination="google"),)
    assert limits.of["twilio"] == (Limit("twilio", 1, SECOND, shop="*", destination="+1"),)
    assert set(limits.destinations()) == {"google", "+1"}


def test_of_two_limits_of_the_same_the_later_counts() -> None:
    assert Limits.parse("ses=14/s, ses=20/s", "", KNOWN).of["ses"] == (Limit("ses", 20, SECOND),)


@pytest.mark.parametrize(
    ("rates", "plans", "told"),
    [
        ("pigeon=1/s", "", "does not begin with a provider, one of ses, smtp, twilio: write PROVIDER=20/s"),
        ("ses", "", "is not a rate: write"),
        ("ses=0/s", "", "'0/s' is not a rate"),
        ("ses=1.5/s", "", "is not a rate"),
        ("ses=10/week", "", "is not a rate"),
        ("/ses=1/s", "", "leaves out the shop"),
        ("ses@=1/s", "", "leaves out the shop or the destination"),
        ("ses@gmail.com=1/s", "", "gmail.com is one of the domains of google: write @google"),
        ("ses@mail=1/s", "", "'mail' is not a domain"),
        ("twilio@google=1/s", "", "is not the beginning of a number, such as"),
        ("", "ses=50", "is not a plan: write PROVIDER=DATE/FIRST/LAST"),
        ("", "ses=2026-02-30/50/100", "is not a plan"),
        ("", "ses=2026-12-01/500/100", "begins with more than it ends with"),
    ],
)
def test_what_is_not_a_limit_is_told_with_what_would_be_right(rates: str, plans: str, told: str) -> None:
    with pytest.raises(ValueError, match="".join(told)):
        Limits.parse(rates, plans, KNOWN)


def test_the_settings_refuse_a_limit_that_can_not_be_read(settings: SettingsFactory) -> None:
    with pytest.raises(ValidationError, match="is not a rate: write PROVIDER=20/s"):
        settings(NotifierSettings, notifier_limits="smtp=fast")


@given(
    most=st.integers(1, 500),
    per=st.sampled_from([SECOND, timedelta(minutes=1), timedelta(hours=1)]),
    asked=st.lists(st.tuples(st.floats(0, 400), st.integers(0, 60)), max_size=60),
)
def test_no_time_sees_more_than_its_rate_and_one_burst(
    most: int, per: timedelta, asked: list[tuple[float, int]]
) -> None:
    limit, now = Limit("ses", most, per), NOON
    bucket: Bucket | None = None
    sent: list[datetime] = []
    for pause, wanted in asked:
        now += timedelta(seconds=pause)
        taken = min(wanted, limit.free(bucket, now))
        bucket = limit.filled(bucket, taken, now)
        sent += [now] * taken
    burst = max(1.0, most / per.total_seconds())
    for first, begin in enumerate(sent):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + most * ((sent[last] - begin) / per) + 1e-6


@given(
    most=st.integers(1, 50),
    asked=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=40),
)
def test_a_day_never_sees_more_than_its_quota(most: int, asked: list[tuple[int, int]]) -> None:
    limit, now = Limit("ses", most, DAY), NOON
    bucket: Bucket | None = None
    sent: dict[date, int] = {}
    for hours, wanted in asked:
        now += timedelta(hours=hours)
        taken = min(wanted, limit.free(bucket, now))
        bucket = limit.filled(bucket, taken, now)
        sent[now.date()] = sent.get(now.date(), 0) + taken
    assert all(count <= most for count in sent.values())


def test_what_was_not_handed_over_is_free_again() -> None:
    limit = Limit("ses", 3, DAY)
    bucket = limit.filled(None, 3, NOON)
    assert limit.free(bucket, NOON) == 0
    assert limit.free(limit.filled(bucket, -2, NOON), NOON) == 2


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    limit = Limit("ses", 2, SECOND)
    bucket = limit.filled(None, 2, NOON)
    assert limit.free(bucket, NOON - timedelta(minutes=2)) == 0
    assert Limit("ses", 2, DAY).free(bucket, NOON - DAY) == 0


def test_a_plan_doubles_each_day_until_it_is_over() -> None:
    [limit] = Limits.parse("", "ses=2026-12-01/50/1000", KNOWN).of["ses"]
    first = datetime(2026, 12, 1, 9, tzinfo=UTC)
    free = [limit.free(None, first + day * DAY) for day in range(-1, 5)]
    assert free == [50, 50, 100, 200, 400, 800]
    assert limit.plan == WarmUp(date(2026, 12, 1), 50, 1000)
    assert limit.free(limit.filled(None, 10**6, first + 5 * DAY), first + 5 * DAY) > 10**6
    assert limit.in_words(first) == "rate: ses is warmed up, at most 50 messages today"


def test_a_limit_says_in_words_what_it_is() -> None:
    limit = Limit("twilio", 1, SECOND, shop="*", destination="+1")
    assert limit.in_words(NOON) == "rate: at most 1 message of each shop to +1 a second by twilio"


@pytest.mark.parametrize(
    ("channel", "address", "where"),
    [
        ("email", "ana@GMAIL.com", "google"),
        ("email", "ana@googlemail.com", "google"),
        ("email", "ana@hotmail.co.uk", "microsoft"),
        ("email", "ana@example.org", "example.org"),
        ("email", "ana@example.com", ""),
        ("email", "", ""),
        ("sms", "+1 (202) 555-0123", "+1202"),
        ("sms", "+13105550123", "+1"),
        ("sms", "+34600000000", ""),
        ("sms", "600000000", ""),
    ],
)
def test_destinations_are_operators_and_what_limits_name(channel: Channel, address: str, where: str) -> None:
    assert Destinations.naming(["example.org", "+1", "+1202"]).of(channel, address) == where


def test_who_slows_down_is_the_operator_or_the_domain() -> None:
    assert place_of("email", "ana@gmail.com") == "google"
    assert place_of("email", "ana@Example.com") == "example.com"
    assert place_of("sms", "+12025550123") == ""
