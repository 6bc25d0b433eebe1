"""The contact policy: who may be written to when, by purpose, country and hour; who has the places under the caps."""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relevo_contracts.consents import Consent
from relevo_contracts.contact import Contact
from relevo_contracts.policy import (
    GRANTED,
    Allotment,
    Asked,
    Attempted,
    Cap,
    Competitor,
    Given,
    Go,
    Later,
    Policy,
    Purpose,
    QuietHours,
    QuietRule,
    Repeats,
    Skip,
    Verdict,
    allot,
    decide,
    read_policy,
)
from relevo_contracts.policy.countries import country_of, zones_of
from relevo_contracts.policy.hours import quiet_until
from relevo_contracts.zones import zone

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NIGHT = QuietRule(hours=QuietHours(time(21), time(8)))
POLICY = Policy(
    version="v1",
    purposes={
        "marketing": Purpose(),
        "newsletter": Purpose(covered_by="marketing", priority=40),
        "survey": Purpose(priority=10),
        "similar": Purpose(kind="soft_opt_in"),
        "receipt": Purpose(kind="transactional"),
    },
    legal_hours=True,
)


def said(state: str, hours: int = 1) -> Consent:
    return Consent(state=state, at=NOON - timedelta(hours=hours), source="test")  # type: ignore[arg-type]  # plain text


def ana(**changes: Any) -> Contact:
    return Contact(**{"email": "ana@example.com", "phone": "+12025550123", **changes})


def verdict(at: datetime = NOON, policy: Policy = POLICY, **changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "channel": "email",
        "purpose": "marketing",
        "key": "run/step/1",
        "contact": ana(email_consent=said("granted"), sms_consent=said("granted")),
        "not_after": at + timedelta(days=3),
        "policy": policy,
    }
    return decide(Asked(**{**values, **changes}), at)


def rule(told: Verdict) -> str:
    return "go" if isinstance(told, Go) else told.rule


TOPIC = "email/newsletter:ana@example.com"
EVERYWHERE = "email/newsletter:"


@pytest.mark.parametrize(
    ("topic", "contact", "expected"),
    [
        ("", ana(email_consent=said("granted")), "go"),
        ("", ana(), "no_consent"),
        ("newsletter", ana(email_consent=said("granted")), "go"),  # covered by marketing
        ("newsletter", ana(topics={TOPIC: said("granted")}), "go"),
        ("newsletter", ana(topics={TOPIC: said("pending")}), "no_consent"),
        ("newsletter", ana(email_consent=said("granted"), topics={TOPIC: said("withdrawn", 9)}), "no_consent"),
        ("newsletter", ana(email_consent=said("withdrawn", 1), topics={TOPIC: said("granted", 9)}), "no_consent"),
        ("newsletter", ana(email_consent=said("withdrawn", 9), topics={TOPIC: said("granted", 1)}), "go"),
        ("newsletter", ana(email_consent=said("withdrawn", 1), topics={TOPIC: said("granted", 1)}), "go"),
        ("newsletter", ana(topics={"email/newsletter:other@example.com": said("granted")}), "no_consent"),
        ("newsletter", ana(topics={"sms/newsletter:ana@example.com": said("granted")}), "no_consent"),
        ("newsletter", ana(topics={TOPIC: said("granted", 9), EVERYWHERE: said("withdrawn", 1)}), "no_consent"),
        ("newsletter", ana(topics={TOPIC: said("granted", 1), EVERYWHERE: said("withdrawn", 9)}), "go"),
        ("survey", ana(email_consent=said("granted")), "no_consent"),  # nothing covers it
        ("survey", ana(topics={"email/survey:ana@example.com": said("granted")}), "go"),
        ("similar", ana(), "no_consent"),  # no order
        ("similar", ana(bought_at=NOON), "go"),
        ("similar", ana(bought_at=NOON, email_consent=said("withdrawn")), "no_consent"),
        ("similar", ana(bought_at=NOON, topics={"email/similar:ana@example.com": said("withdrawn")}), "no_consent"),
        ("similar", ana(topics={"email/similar:ana@example.com": said("granted")}), "go"),
        ("receipt", ana(email_consent=said("withdrawn")), "go"),
        ("unheard_of", ana(email_consent=said("granted")), "no_consent"),  # what the policy does not know needs its own
    ],
)
def test_consent_is_asked_of_each_purpose(topic: str, contact: Contact, expected: str) -> None:
    assert rule(verdict(contact=contact, topic=topic)) == expected


def test_without_a_policy_every_purpose_is_marketing_or_transactional() -> None:
    for topic in ("", "newsletter", "receipt"):
        agreed, not_asked = ana(email_consent=said("granted")), ana()
        assert rule(verdict(policy=Policy(), topic=topic, contact=agreed)) == "go"
        assert rule(verdict(policy=Policy(), topic=topic, contact=not_asked)) == "no_consent"
        assert rule(verdict(policy=Policy(), topic=topic, purpose="transactional", contact=not_asked)) == "go"


@pytest.mark.parametrize("topic", ["", "newsletter", "similar"])
def test_an_unsubscribed_address_gets_nothing_unless_its_owner_agreed_later(topic: str) -> None:
    contact = ana(email_consent=said("granted", 5), bought_at=NOON, topics={TOPIC: said("granted", 5)})
    assert rule(verdict(contact=contact, topic=topic, unsubscribed=NOON - timedelta(hours=2))) == "unsubscribed"
    assert rule(verdict(contact=contact, topic=topic, unsubscribed=NOON - timedelta(hours=6))) == "go"
    assert rule(verdict(contact=contact, topic="receipt", unsubscribed=NOON)) == "go"


def test_no_box_outweighs_what_the_number_itself_said() -> None:
    at = NOON - timedelta(hours=1)
    for source, expected in (("OrderChanged", "unsubscribed"), ("CustomerChanged", "unsubscribed"), ("form", "go")):
        later = Consent(state="granted", at=at, source=source)
        for channel, wanted in (("sms", expected), ("email", "go")):
            contact = ana(email_consent=later, sms_consent=later)
            since = NOON - timedelta(hours=2)
            assert rule(verdict(channel=channel, contact=contact, unsubscribed=since)) == wanted


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channel", "country", "zone_", "hour", "again"),
    [
        ("sms", "US", "America/New_York", 12, utc(2, 13)),  # 7 am there
        ("sms", "US", "America/New_York", 14, None),
        ("sms", "US", "America/New_York", 0, None),  # 7 pm
        ("sms", "US", "America/New_York", 1, utc(2, 13)),  # 8 pm: it may be Florida
        ("sms", "US", "Pacific/Honolulu", 14, utc(2, 18)),
        ("sms", "US", "", 14, utc(2, 18)),  # somewhere in the US: not yet 8 am in Hawaii
        ("sms", "US", "", 19, None),
        ("sms", "us", "", 0, None),  # 7 pm in New York, 2 pm in Hawaii
        ("sms", "US", "", 2, utc(2, 18)),
        ("sms", "", "America/New_York", 12, utc(2, 13)),  # the zone tells the country
        ("sms", "", "America/New_York", 14, None),
        ("email", "US", "", 14, None),  # the rule is about calls and texts
        ("sms", "DE", "", 2, None),
        ("sms", "XX", "", 2, None),
    ],
)
def test_the_law_of_the_recipients_country_at_the_recipients_time(
    channel: str, country: str, zone_: str, hour: int, again: datetime | None
) -> None:
    at = utc(2, hour)
    contact = ana(email_consent=said("granted", 30), sms_consent=said("granted", 30), timezone=zone_)
    told = verdict(at, channel=channel, country=country, contact=contact)
    assert told == Go() if again is None else isinstance(told, Later) and told.at == again
    if isinstance(told, Later):
        assert "47 CFR 64.1200(c)(1)" in told.reason
        assert rule(verdict(told.at, channel=channel, country=country, contact=contact)) == "go"
    assert rule(verdict(at, channel=channel, country=country, contact=contact, topic="receipt")) == "go"


@pytest.mark.parametrize(
    ("policy", "again"),
    [
        (msgspec.structs.replace(POLICY, legal_hours=False), None),
        (msgspec.structs.replace(POLICY, countries={"US": ()}), None),
        (msgspec.structs.replace(POLICY, quiet=(NIGHT,)), utc(2, 13)),
        (
            msgspec.structs.replace(POLICY, countries={"US": (QuietRule(hours=QuietHours(time(20), time(9))),)}),
            utc(2, 14),
        ),
        (msgspec.structs.replace(POLICY, quiet=(QuietRule(days=(0,)),)), utc(3, 13)),  # a Monday; then the law's night
    ],
)
def test_a_policy_puts_its_own_hours_beside_those_of_the_law(policy: Policy, again: datetime | None) -> None:
    contact = ana(sms_consent=said("granted", 30), timezone="America/New_York")
    told = verdict(utc(2, 12), policy, channel="sms", country="US", contact=contact)
    assert told == Go() if again is None else isinstance(told, Later) and told.at == again


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    st.sampled_from(["US", "CA", "AU", "RU", "BR", "DE", "IN", "ID", "NZ", "CL"]),
    st.integers(0, 23),
    st.integers(0, 23),
    st.integers(0, 59),
)
@settings(max_examples=200)
def test_no_zone_of_the_country_is_in_its_quiet_hours(
    at: datetime, country: str, start: int, end: int, minute: int
) -> None:
    if start == end:
        return
    hours = QuietHours(time(start, minute), time(end, minute))
    policy = msgspec.structs.replace(POLICY, countries={country: (QuietRule(hours=hours),)})
    contact = ana(email_consent=Consent(state="granted", at=at))
    told = verdict(at, policy, country=country, contact=contact, not_after=at + timedelta(days=30))
    goes = told.at if isinstance(told, Later) else at
    if goes - at >= timedelta(days=9):
        return  # such hours leave no time: somewhere it is always quiet
    assert all(hours.ends(goes, place) is None for place in zones_of(country, goes))
    if isinstance(told, Later):
        assert goes > at
        assert any(hours.ends(goes - timedelta(seconds=61), place) for place in zones_of(country, at))


def test_zones_and_countries_are_those_of_the_time_zone_database() -> None:
    assert {str(one) for one in zones_of("US", NOON)} > {"America/New_York", "Pacific/Honolulu", "America/Phoenix"}
    assert [str(one) for one in zones_of("de", NOON)] == ["Europe/Berlin"]
    assert zones_of("", NOON) == zones_of("Atlantis", NOON) == ()
    assert (country_of("Europe/Madrid"), country_of("Mars/Olympus")) == ("ES", "")


def test_what_is_put_off_comes_back_bit_by_bit_and_again_at_the_same_time() -> None:
    policy = msgspec.structs.replace(POLICY, quiet=(NIGHT,), spread=timedelta(minutes=30))
    times = []
    for number in range(200):
        told = verdict(utc(2, 22), policy, key=f"run{number}/send/1")
        assert isinstance(told, Later)
        assert told == verdict(utc(2, 23), policy, key=f"run{number}/send/1")
        times.append(told.at)
    assert utc(3, 8) <= min(times) < utc(3, 8, 1) < utc(3, 8, 29) < max(times) <= utc(3, 8, 30)
    assert max(sum(low <= one < low + timedelta(minutes=1) for one in times) for low in times) < 25


def test_what_would_be_too_late_after_waiting_is_skipped_at_once() -> None:
    policy = msgspec.structs.replace(POLICY, quiet=(NIGHT,))
    told = verdict(utc(2, 22), policy, not_after=utc(3, 7))
    assert isinstance(told, Skip)
    assert (told.rule, "2026-03-03 08:00" in told.reason) == ("quiet_hours", True)


def test_hours_that_never_end_are_too_late() -> None:
    week = QuietRule(days=(0, 1, 2, 3, 4, 5, 6))
    told = verdict(policy=msgspec.structs.replace(POLICY, quiet=(week,)))
    assert rule(told) == "quiet_hours"
    assert isinstance(told, Skip)
    assert quiet_until(NOON, [], [zone("UTC") or UTC]) is None


def test_a_message_with_caps_and_no_answer_of_theirs_waits() -> None:
    policy = msgspec.structs.replace(POLICY, caps=(Cap(most=1, per=timedelta(days=7)),))
    assert rule(verdict(policy=policy)) == "capped"
    assert rule(verdict(policy=policy, allotment=GRANTED)) == "go"
    assert rule(verdict(policy=policy, topic="receipt")) == "go"
    later = Allotment(instead=Later(NOON + timedelta(hours=1), "at most 1", "capped"))
    assert verdict(policy=policy, allotment=later) == later.instead


def test_a_policy_is_read_as_it_was_written() -> None:
    policy = msgspec.structs.replace(POLICY, quiet=(NIGHT,), caps=(Cap(most=2, per=timedelta(days=7)),))
    assert read_policy(msgspec.json.encode(policy)) == policy


# --- caps -----------------------------------------------------------------------------------------------------------

WEEK = timedelta(days=7)
TWO = Cap(most=2, per=WEEK)


def wants(id_: str, purpose: str = "marketing", *, limits: tuple[Cap, ...] = (TWO,), **changes: Any) -> Attempted:
    values: dict[str, Any] = {"channel": "email", "priority": 50, "since": NOON, **changes}
    return Attempted(id=id_, purpose=purpose, limits=limits, **values)


def took(id_: str, days: float, purpose: str = "marketing", **changes: Any) -> Given:
    values: dict[str, Any] = {"channel": "email", **changes}
    return Given(id=id_, at=NOON - timedelta(days=days), purpose=purpose, **values)


def instead(found: dict[str, Allotment]) -> dict[str, str | datetime]:
    told = {id_: one.instead for id_, one in found.items()}
    return {id_: "go" if one is None else one.at if isinstance(one, Later) else one.rule for id_, one in told.items()}


def test_places_go_by_priority_and_then_by_waiting() -> None:
    wanted = [wants("a"), wants("b", since=NOON - WEEK), wants("c", priority=60), wants("d", priority=40)]
    found = instead(allot(wanted, [], [], NOON))
    assert found["c"] == found["b"] == "go"
    assert found["a"] == found["d"] == NOON + WEEK


def test_a_place_is_free_again_when_its_time_is_over() -> None:
    assert instead(allot([wants("a")], [took("x", 7), took("y", 3)], [], NOON)) == {"a": "go"}
    assert instead(allot([wants("a")], [took("x", 6), took("y", 3)], [], NOON)) == {"a": NOON + timedelta(days=1)}
    assert instead(allot([wants("x")], [took("x", 6), took("y", 3)], [], NOON)) == {"x": "go"}  # it has its place


def test_the_higher_priority_that_waits_takes_the_place() -> None:
    rival = Competitor(
        id="r", purpose="marketing", channel="email", priority=80, due=NOON + timedelta(hours=3), what="'win' of cart"
    )
    found = allot([wants("a")], [took("x", 1)], [rival], NOON)
    assert instead(found) == {"a": NOON + timedelta(hours=3, minutes=1)}
    told = found["a"].instead
    assert isinstance(told, Later)
    assert told.reason == "gives way to 'win' of cart (priority 80 over 50): at most 2 messages in 7 days"
    lower = msgspec.structs.replace(rival, priority=50)
    assert instead(allot([wants("a")], [took("x", 1)], [lower], NOON)) == {"a": "go"}
    assert instead(allot([wants("a")], [], [rival], NOON)) == {"a": "go"}  # there is a place for both


def test_caps_count_their_own_purposes_and_channels() -> None:
    limits = (Cap(most=1, per=WEEK, purposes=("survey",)), Cap(most=1, per=timedelta(days=1), channels=("sms",)))
    policy = Policy(version="v", purposes=POLICY.purposes, caps=limits)
    for topic, channel, count in (
        *(("survey", "email", 1), ("survey", "sms", 2), ("", "sms", 1)),
        *(("", "email", 0), ("receipt", "sms", 0)),
    ):
        assert len(policy.limits(topic, "marketing", channel)) == count


def test_the_same_content_goes_out_once() -> None:
    same: dict[str, Any] = {"content": b"same", "once_within": timedelta(days=3)}
    assert instead(allot([wants("a", **same)], [took("x", 2, content=b"same")], [], NOON)) == {"a": "repeated"}
    assert instead(allot([wants("a", **same)], [took("x", 4, content=b"same")], [], NOON)) == {"a": "go"}
    assert instead(allot([wants("a", **same)], [took("x", 1, content=b"other")], [], NOON)) == {"a": "go"}
    assert instead(allot([wants("a", **same), wants("b", **same)], [], [], NOON)) == {"a": "go", "b": "repeated"}
    policy = Policy(version="v", repeats=(Repeats(within=timedelta(days=3)),))
    assert (policy.once_within("", "marketing"), policy.once_within("", "transactional")) == (timedelta(days=3), None)


_CAPS = st.lists(
    st.builds(
        Cap,
        most=st.integers(1, 3),
        per=st.integers(1, 10).map(lambda hours: timedelta(hours=hours)),
        purposes=st.sampled_from([(), ("marketing",), ("survey", "newsletter")]),
        channels=st.sampled_from([(), ("email",), ("sms",)]),
    ),
    min_size=1,
    max_size=3,
)
_MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["marketing", "newsletter", "survey"]),
        st.sampled_from(["email", "sms"]),
        st.integers(0, 3),
        st.integers(0, 24 * 60),
    ),
    max_size=25,
)


@given(_CAPS, _MESSAGES, st.lists(st.integers(1, 5), min_size=1))
@settings(max_examples=150, deadline=None)
def test_no_cap_is_exceeded_and_nothing_waits_for_ever(
    caps: list[Cap], messages: list[tuple[str, str, int, int]], sizes: list[int]
) -> None:
    """Messages come due in batches of any size; what is put off comes back when it was told to."""
    policy = Policy(
        version="v", purposes=dict.fromkeys(("marketing", "newsletter", "survey"), Purpose()), caps=tuple(caps)
    )
    due: dict[datetime, list[Attempted]] = defaultdict(list)
    for number, (purpose, channel, priority, minute) in enumerate(messages):
        at, limits = NOON + timedelta(minutes=minute), policy.limits(purpose, "marketing", channel)
        due[at].append(wants(str(number), purpose, limits=limits, channel=channel, priority=priority, since=at))
    sent: list[Given] = []
    for turn in range(20_000):
        if not due:
            break
        now = min(due)
        batch = due.pop(now)
        size = sizes[turn % len(sizes)]
        batch, rest = batch[:size], batch[size:]
        if rest:
            due[now + timedelta(seconds=1)] += rest
        waiting = [
            Competitor(id=one.id, purpose=one.purpose, channel=one.channel, priority=one.priority, due=at, what="it")
            for at, ones in due.items()
            for one in ones
        ]
        for id_, told in allot(batch, sent, waiting, now).items():
            [one] = [each for each in batch if each.id == id_]
            if told.instead is None:
                sent.append(Given(id=id_, at=now, purpose=one.purpose, channel=one.channel))
            else:
                assert isinstance(told.instead, Later)
                assert told.instead.at > now
                due[told.instead.at].append(one)
    assert len(sent) == len(messages)
    for cap in caps:
        times = sorted(one.at for one in sent if cap.counts(one.purpose, one.channel))
        assert all(later - earlier >= cap.per for earlier, later in zip(times, times[cap.most :], strict=False))
