"""The hours of countries: cases by country, zone, local time, channel and purpose, and the page that says them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from relevo_contracts.consents import Consent
from relevo_contracts.contact import Channel, Contact
from relevo_contracts.policy import Asked, Go, Later, Policy, Purpose, Verdict, decide
from relevo_contracts.policy.countries import LEGAL_HOURS, zones_of
from relevo_contracts.zones import zone_of

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"
GRANTED = Consent(state="granted", at=datetime(2026, 1, 1, tzinfo=UTC))
PURPOSES = {
    "newsletter": Purpose(covered_by="marketing", priority=40),
    "survey": Purpose(priority=10),
    "similar": Purpose(kind="soft_opt_in"),
    "receipt": Purpose(kind="transactional"),
}
POLICY = Policy(version="1", purposes=PURPOSES, legal_hours=True)
ANA = Contact(
    email="ana@example.com",
    phone="+12025550123",
    email_consent=GRANTED,
    sms_consent=GRANTED,
    bought_at=GRANTED.at,
    topics={"sms/survey:+12025550123": GRANTED},
)
SUN, MON, SAT = 1, 2, 7
"""Days of March 2026."""


def on(day: int, text: str, zone: str) -> datetime:
    """That time of the wall clock there."""
    hour, minute = map(int, text.split(":"))
    return datetime(2026, 3, day, hour, minute, tzinfo=zone_of(zone)).astimezone(UTC)


def told(at: datetime, country: str, zone: str, channel: Channel = "sms", purpose: str = "marketing") -> Verdict:
    legal: Literal["marketing", "transactional"] = "transactional" if purpose == "receipt" else "marketing"
    asked = Asked(
        channel=channel,
        purpose=legal,
        topic="" if purpose == "marketing" else purpose,
        contact=msgspec.structs.replace(ANA, timezone=zone),
        key="run/step/1",
        country=country,
        not_after=at + timedelta(days=3),
        policy=POLICY,
    )
    return decide(asked, at)


@pytest.mark.parametrize(
    ("country", "zone", "day", "at", "until"),
    [
        ("US", "America/New_York", MON, "08:00", ""),
        ("US", "America/New_York", MON, "19:59", ""),
        ("US", "America/New_York", MON, "20:00", "3 08:00"),
        ("US", "America/Los_Angeles", MON, "07:59", "2 08:00"),
        ("FR", "Europe/Paris", MON, "07:59", "2 08:00"),
        ("FR", "Europe/Paris", MON, "21:59", ""),
        ("FR", "Europe/Paris", MON, "22:00", "3 08:00"),
        ("FR", "Europe/Paris", SUN, "12:00", "2 08:00"),
        ("FR", "Europe/Paris", SAT, "21:00", ""),
        ("FR", "Europe/Paris", SAT, "22:30", "9 08:00"),  # and over the Sunday
        ("FR", "Indian/Reunion", MON, "08:00", ""),  # at the recipient's time, wherever that is
        ("KR", "Asia/Seoul", MON, "20:59", ""),
        ("KR", "Asia/Seoul", MON, "21:00", "3 08:00"),
        ("IN", "Asia/Kolkata", MON, "09:59", "2 10:00"),
        ("IN", "Asia/Kolkata", SUN, "10:00", ""),
        ("IN", "Asia/Kolkata", MON, "21:00", "3 10:00"),
        ("AE", "Asia/Dubai", MON, "07:00", ""),
        ("AE", "Asia/Dubai", MON, "21:00", "3 07:00"),
        ("TW", "Asia/Taipei", MON, "12:29", ""),
        ("TW", "Asia/Taipei", MON, "12:30", "2 13:30"),
        ("TW", "Asia/Taipei", MON, "21:00", "3 09:00"),
        ("DE", "Europe/Berlin", SUN, "03:00", ""),  # no hours
    ],
)
@pytest.mark.parametrize("purpose", ["marketing", "newsletter", "survey", "similar", "receipt"])
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_when_a_text_may_go(
    country: str, zone: str, day: int, at: str, until: str, purpose: str, channel: Channel
) -> None:
    if channel == "email" and purpose == "survey":
        purpose = "newsletter"  # nobody agreed to surveys by mail
    verdict = told(on(day, at, zone), country, zone, channel, purpose)
    if not until or purpose == "receipt" or channel == "email":
        assert verdict == Go()
        return
    later, clock = until.split()
    assert isinstance(verdict, Later)
    assert verdict.at == on(int(later), clock, zone)
    assert LEGAL_HOURS[country][0].source in verdict.reason


@pytest.mark.parametrize("country", sorted(LEGAL_HOURS))
def test_where_only_the_country_is_known_it_is_quiet_in_none_of_its_zones(country: str) -> None:
    for hour in range(24 * 7):
        at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour)
        zones = [str(one) for one in zones_of(country, at)]
        everywhere = [told(at, country, zone) for zone in zones]
        verdict = told(at, country, "")
        assert isinstance(verdict, Go) == all(isinstance(one, Go) for one in everywhere)
        goes = verdict.at if isinstance(verdict, Later) else at
        assert all(isinstance(told(goes, country, zone), Go) for zone in zones)


def test_the_page_has_the_table() -> None:
    wanted = []
    for country, rules in sorted(LEGAL_HOURS.items()):
        hours = " and ".join(
            f"{one.hours.start:%H:%M}\u2013{one.hours.end:%H:%M}" for one in rules if one.hours is not None
        )
        days = ", Sundays" if any(one.days == (6,) for one in rules) else ""
        wanted.append(f"| {country} | SMS | {hours}{days} | {rules[0].source} |")
    assert "\n".join(wanted) in PAGE.read_text()
