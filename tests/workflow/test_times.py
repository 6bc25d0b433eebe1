"""Local times where clocks change, at the ends of months and on 29 February."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from relevo_contracts.contact import Contact
from relevo_contracts.zones import zone_of
from relevo_workflow.definition.calendar_rules import check_cron, check_rrule, next_occurrence
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.effects import Send
from relevo_workflow.model.state import Facts, Run, Shop
from relevo_workflow.syntax.durations import format_duration, parse_duration
from relevo_workflow.syntax.zones import TimeWindow, anniversary, instant, next_time_of_day
from relevo_workflow.values.text_context import instant_text
from tests.workflow.shop import Customer, a_workflow, known

instants = st.integers(1_577_836_800, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC))
"""Any second from 2020 to 2030."""

INSTANTS = [
    # zone, local day and time, instant; a gap: the first instant after it; a fold: the first of the two
    ("Europe/Madrid", date(2026, 1, 15), time(9), "2026-01-15T08:00:00Z"),
    ("Europe/Madrid", date(2026, 7, 15), time(9), "2026-07-15T07:00:00Z"),
    ("Europe/Madrid", date(2026, 3, 29), time(2, 30), "2026-03-29T01:00:00Z"),
    ("Europe/Madrid", date(2026, 3, 29), time(3, 0), "2026-03-29T01:00:00Z"),
    ("Europe/Madrid", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30:00Z"),
    ("Europe/Rome", date(2026, 3, 29), time(2, 0), "2026-03-29T01:00:00Z"),
    ("Europe/Rome", date(2026, 10, 25), time(3, 0), "2026-10-25T02:00:00Z"),
    ("America/New_York", date(2026, 3, 8), time(2, 15), "2026-03-08T07:00:00Z"),
    ("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30:00Z"),
    ("America/Sao_Paulo", date(2018, 11, 4), time(0, 0), "2018-11-04T03:00:00Z"),
    ("America/Sao_Paulo", date(2018, 2, 17), time(23, 30), "2018-02-18T01:30:00Z"),
    ("America/Sao_Paulo", date(2026, 11, 1), time(0, 0), "2026-11-01T03:00:00Z"),
    ("Asia/Kathmandu", date(2026, 6, 1), time(9), "2026-06-01T03:15:00Z"),
    ("Asia/Kathmandu", date(1986, 1, 1), time(0, 5), "1985-12-31T18:30:00Z"),
    ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 10), "2026-10-03T15:30:00Z"),
    ("Pacific/Apia", date(2011, 12, 30), time(12), "2011-12-30T10:00:00Z"),
]


@pytest.mark.parametrize(("zone", "day", "at", "expected"), INSTANTS)
def test_a_local_time_is_the_instant_that_its_people_mean(zone: str, day: date, at: time, expected: str) -> None:
    assert instant(day, at, ZoneInfo(zone)) == datetime.fromisoformat(expected)


@given(
    day=st.dates(date(1990, 1, 1), date(2037, 12, 31)),
    at=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["Europe/Madrid", "America/New_York", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"]),
)
def test_it_is_that_local_time_or_the_first_instant_after_a_gap(day: date, at: time, zone: str) -> None:
    found = instant(day, at, ZoneInfo(zone))
    local = found.astimezone(ZoneInfo(zone))
    shown = local.replace(tzinfo=None)
    wanted = datetime.combine(day, at)
    assert shown >= wanted
    if shown == wanted:
        assert local.fold == 0
    else:
        just_before = (found - parse_duration("1s")).astimezone(ZoneInfo(zone))
        assert just_before.replace(tzinfo=None) < wanted
        assert just_before.utcoffset() != local.utcoffset()


@given(
    after=instants,
    at=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["Europe/Rome", "America/New_York", "Asia/Kathmandu"]),
    weekday=st.none() | st.integers(0, 6),
)
def test_the_next_time_of_day_is_later_and_near(after: datetime, at: time, zone: str, weekday: int | None) -> None:
    found = next_time_of_day(after, at, ZoneInfo(zone), weekday)
    assert found > after
    assert found - after <= parse_duration("25h" if weekday is None else "7d1h")
    if weekday is not None:
        assert found.astimezone(ZoneInfo(zone)).weekday() == weekday


class TestWindows:
    MADRID = ZoneInfo("Europe/Madrid")
    OFFICE = TimeWindow(opens=time(9), closes=time(20), days=(0, 1, 2, 3, 4))

    @pytest.mark.parametrize(
        ("at", "opens"),
        [
            ("2026-03-11T10:00:00Z", "2026-03-11T10:00:00Z"),
            ("2026-03-11T07:59:00Z", "2026-03-11T08:00:00Z"),
            ("2026-03-11T19:00:00Z", "2026-03-12T08:00:00Z"),
            ("2026-03-13T20:00:00Z", "2026-03-16T08:00:00Z"),
            ("2026-03-27T22:00:00Z", "2026-03-30T07:00:00Z"),
        ],
    )
    def test_it_opens_at_the_local_time(self, at: str, opens: str) -> None:
        found = self.OFFICE.next_open(datetime.fromisoformat(at), self.MADRID)
        assert found == datetime.fromisoformat(opens)

    def test_one_past_midnight_belongs_to_the_day_that_it_opens(self) -> None:
        late = TimeWindow(opens=time(22), closes=time(2), days=(4,))
        saturday = datetime(2026, 3, 14, 0, 30, tzinfo=UTC)
        assert late.next_open(saturday, UTC) == saturday
        assert late.next_open(datetime(2026, 3, 14, 2, 0, tzinfo=UTC), UTC) == datetime(2026, 3, 20, 22, tzinfo=UTC)

    @given(at=instants)
    def test_what_it_gives_is_open(self, at: datetime) -> None:
        found = self.OFFICE.next_open(at, self.MADRID)
        assert found >= at
        assert self.OFFICE.next_open(found, self.MADRID) == found


class TestDays:
    @pytest.mark.parametrize(
        ("year", "expected"), [(2024, date(2024, 2, 29)), (2026, date(2026, 2, 28)), (2028, date(2028, 2, 29))]
    )
    def test_29_february_is_kept_on_the_28th_in_other_years(self, year: int, expected: date) -> None:
        assert anniversary(date(2000, 2, 29), year) == expected

    def test_an_unknown_zone_is_the_shops_and_then_utc(self) -> None:
        assert zone_of("Mars/Olympus", "Europe/Rome") == ZoneInfo("Europe/Rome")
        assert zone_of("", "nonsense") is UTC

    @pytest.mark.parametrize("unusable", ["Europe", "US", "x" * 5000, "../etc/passwd", "\0"])
    def test_to_expressions_a_zone_that_is_not_known_is_not_given(self, unusable: str) -> None:
        now = datetime(2026, 3, 1, 16, 21, tzinfo=UTC)
        facts = Facts(contact=Contact(timezone=unusable))
        run = Run(id="r", workflow="w", version="v", key="k", customer="c", started_at=now, at=now)
        scope = Scope(run_state=run, facts=facts, shop_state=Shop(id="s", timezone="Asia/Tokyo"), now=now)
        assert (scope.customer["timezone"], scope.shop["timezone"]) == ("", "Asia/Tokyo")

    def test_to_expressions_other_names_of_a_zone_are_iana_s(self) -> None:
        now = datetime(2026, 3, 1, tzinfo=UTC)
        facts = Facts(contact=Contact(timezone="Eastern Time (US & Canada)"))
        run = Run(id="r", workflow="w", version="v", key="k", customer="c", started_at=now, at=now)
        scope = Scope(run_state=run, facts=facts, shop_state=Shop(id="s", timezone="Europe"), now=now)
        assert (scope.customer["timezone"], scope.shop["timezone"]) == ("America/New_York", "UTC")


class TestDurations:
    @pytest.mark.parametrize("text", ["30m", "4h", "1d", "2w", "1d12h", "1h30m", "90m"])
    def test_they_read_back(self, text: str) -> None:
        assert parse_duration(format_duration(parse_duration(text))) == parse_duration(text)

    @pytest.mark.parametrize(
        "text", ["", "4", "h", "4 hours", "1.5d", "d4", "4x", "9999w", "99999999999w", "9" * 400 + "d"]
    )
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"is not a duration|longer than ten years"):
            parse_duration(text)


class TestCalendarRules:
    def test_cron_keeps_its_local_time_when_clocks_change(self) -> None:
        rome = ZoneInfo("Europe/Rome")
        before = next_occurrence("0 9 * * *", "", datetime(2026, 3, 28, 0, tzinfo=UTC), rome)
        after = next_occurrence("0 9 * * *", "", datetime(2026, 3, 29, 0, tzinfo=UTC), rome)
        assert (before, after) == (datetime(2026, 3, 28, 8, tzinfo=UTC), datetime(2026, 3, 29, 7, tzinfo=UTC))

    ROME = ZoneInfo("Europe/Rome")
    RULES = (
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=9", "2026-03-23T09:00", "2026-04-06T09:00"),
        ("FREQ=WEEKLY", "2026-03-16T00:00", "2026-03-23T00:00"),
        ("FREQ=MONTHLY", "2026-04-01T00:00", "2026-05-01T00:00"),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=1FR", "2026-04-03T00:00", "2026-07-03T00:00"),
        ("FREQ=YEARLY;INTERVAL=2", "2028-01-01T00:00", "2030-01-01T00:00"),
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=9", "2026-03-12T09:00", "2026-03-15T09:00"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=30;UNTIL=20260311T013000Z", "2026-03-11T02:30", None),
        ("FREQ=DAILY;UNTIL=20260311", "2026-03-11T00:00", None),
    )

    @pytest.mark.parametrize(("rule", "first", "second"), RULES)
    def test_an_rrule_follows_from_the_calendar_whenever_one_asks(
        self, rule: str, first: str, second: str | None
    ) -> None:
        assert check_rrule(rule) == ""
        wanted = [datetime.fromisoformat(one).replace(tzinfo=self.ROME) if one else None for one in (first, second)]
        for hours in range(0, 21, 5):  # on Tuesday 10 March
            after = datetime(2026, 3, 10, 3, tzinfo=self.ROME) + timedelta(hours=hours)
            found = next_occurrence("", rule, after, self.ROME)
            assert found == wanted[0]
            assert found is not None
            assert next_occurrence("", rule, found, self.ROME) == wanted[1]

    def test_an_rrule_in_a_gap_runs_right_after_it(self) -> None:
        before = datetime(2026, 3, 28, 12, tzinfo=UTC)
        found = next_occurrence("", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30", before, self.ROME)
        assert found == datetime(2026, 3, 29, 3, 0, tzinfo=self.ROME)

    @pytest.mark.parametrize(
        "rule", ["FREQ=DAILY;COUNT=3", "DTSTART:20260101\nRRULE:FREQ=DAILY", "FREQ=SECONDLY", "FREQ=YEARLY;BYEASTER=1"]
    )
    def test_an_rrule_that_counts_from_nowhere_or_never_rests(self, rule: str) -> None:
        assert check_rrule(rule) != ""

    @pytest.mark.parametrize("interval", ["0", "1001", "1000000000", "9" * 5000, "-1", "+1", "1.5", "x", ""])
    @pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=HOURLY;BYMONTH=2", "FREQ=YEARLY"])
    def test_an_rrule_whose_interval_is_none(self, rule: str, interval: str) -> None:
        assert "has an INTERVAL that is not a number from 1 to 1000" in check_rrule(f"{rule};INTERVAL={interval}")

    @pytest.mark.parametrize(
        "rule",
        ["FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31", "FREQ=YEARLY;INTERVAL=30"],
    )
    def test_an_rrule_that_never_comes(self, rule: str) -> None:
        assert check_rrule(rule) == f"the RRULE '{rule}' never comes, not in 20 years"
        for after in (datetime(2026, 3, 1, tzinfo=UTC), datetime(9990, 3, 1, tzinfo=UTC)):
            assert next_occurrence("", rule, after, UTC) is None

    @pytest.mark.parametrize(
        "rule", ["FREQ=DAILY;INTERVAL=1000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=DAILY;UNTIL=20200101"]
    )
    def test_an_rrule_that_comes_seldom_or_is_over_is_one(self, rule: str) -> None:
        assert check_rrule(rule) == ""

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=HOURLY;INTERVAL=5;BYDAY=MO,SU",
            "FREQ=DAILY;INTERVAL=7",
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU",
            "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1FR",
            "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        ],
    )
    @given(at=instants)
    @settings(max_examples=10)
    def test_an_rrule_comes_when_the_standard_says(self, rule: str, at: datetime) -> None:
        standard = rrulestr(rule, dtstart=datetime(2024, 1, 1, tzinfo=UTC))
        after = max(at, datetime(2024, 1, 1, tzinfo=UTC))
        assert next_occurrence("", rule, after, UTC) == standard.after(after)

    @pytest.mark.parametrize("rule", ["FREQ=HOURLY;INTERVAL=5", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30", "FREQ=WEEKLY"])
    @given(at=instants, share=st.floats(0, 0.99))
    @settings(max_examples=20)
    def test_whoever_asks_before_the_next_time_is_told_the_same(self, rule: str, at: datetime, share: float) -> None:
        found = next_occurrence("", rule, at, self.ROME)
        assert found is not None
        assert found > at
        assert next_occurrence("", rule, at + (found - at) * share, self.ROME) == found

    def test_more_than_one_rule(self) -> None:
        assert "is more than one rule" in check_rrule("RRULE:FREQ=DAILY\nEXDATE:20260310T000000")
        assert check_rrule("RRULE:FREQ=DAILY\n") == ""

    def test_an_end_that_is_none(self) -> None:
        assert "has an invalid UNTIL" in check_rrule("FREQ=DAILY;UNTIL=9999-12-31")
        assert "is not a valid RRULE" in check_rrule("FREQ=DAILY;UNTIL=20261340")

    def test_rrule_knows_the_last_friday_of_a_month(self) -> None:
        found = next_occurrence(
            "", "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=10;BYMINUTE=0;BYSECOND=0", datetime(2026, 3, 1, tzinfo=UTC), UTC
        )
        assert found == datetime(2026, 3, 27, 10, tzinfo=UTC)

    def test_what_is_no_rule_is_said(self) -> None:
        assert "is not a valid cron rule" in check_cron("every day")
        assert "is not a valid RRULE" in check_rrule("FREQ=SOMETIMES")
        assert check_cron("0 9 * * 1") == check_rrule("FREQ=DAILY") == ""


WAITS = [
    # the wait, the start (UTC), the zone of the customer, when the message goes (UTC)
    ('{until: "09:00", zone: customer}', "2026-03-28T07:00:00Z", "Europe/Madrid", "2026-03-28T08:00:00Z"),
    ('{until: "09:00", zone: customer}', "2026-03-28T08:00:00Z", "Europe/Madrid", "2026-03-29T07:00:00Z"),
    ('{until: "02:30", zone: customer}', "2026-03-28T12:00:00Z", "Europe/Madrid", "2026-03-29T01:00:00Z"),
    ('{until: "02:30", zone: customer}', "2026-10-24T12:00:00Z", "Europe/Rome", "2026-10-25T00:30:00Z"),
    ('{until: "01:30", zone: customer}', "2026-10-31T12:00:00Z", "America/New_York", "2026-11-01T05:30:00Z"),
    ("{until: mon 09:00, zone: customer}", "2026-03-27T12:00:00Z", "Europe/Madrid", "2026-03-30T07:00:00Z"),
    ("{until: monday 09:00, zone: shop}", "2026-03-30T06:00:00Z", "Asia/Kathmandu", "2026-03-30T07:00:00Z"),
    ("{until: 2026-12-24 09:00, zone: customer}", "2026-03-30T06:00:00Z", "Asia/Kathmandu", "2026-12-24T03:15:00Z"),
    ("{until: 2026-12-24, zone: Europe/Rome}", "2026-03-30T06:00:00Z", "Asia/Kathmandu", "2026-12-23T23:00:00Z"),
    ("{until: 2026-01-01 09:00, zone: customer}", "2026-03-30T06:00:00Z", "UTC", "2026-03-30T06:00:00Z"),
    ("{until: trigger.placed_at, offset: 2d}", "2026-03-28T12:00:00Z", "Europe/Madrid", "2026-03-30T12:00:00Z"),
    (
        '{until: trigger.placed_at, offset: 2d, at: "09:00"}',
        "2026-03-28T12:00:00Z",
        "Europe/Madrid",
        "2026-03-30T07:00:00Z",
    ),
    (
        '{until: trigger.placed_at, offset: -7d, at: "09:00"}',
        "2026-03-28T12:00:00Z",
        "Europe/Madrid",
        "2026-03-28T12:00:00Z",
    ),
    ("30d", "2026-01-31T12:00:00Z", "Europe/Madrid", "2026-03-02T12:00:00Z"),
]


@pytest.mark.parametrize(("wait", "start", "zone", "sent"), WAITS)
def test_a_wait_is_over_at_the_right_local_time(wait: str, start: str, zone: str, sent: str) -> None:
    flow = a_workflow(
        f"""
        workflow: flow
        trigger: {{event: order.placed}}
        steps:
          - wait: {wait}
          - send: {{channel: email, template: now, purpose: transactional}}
        """,
        "now",
    )
    at = datetime.fromisoformat(start)
    customer = Customer(flow, facts=known(timezone=zone), at=at)
    customer.does("order.placed", order_id="o1", placed_at=at.isoformat()).ends()
    (send,) = (effect for effect in customer.effects_of(Send) if effect.template == "now")
    assert send.decided_at == datetime.fromisoformat(sent)


def test_a_field_without_a_time_is_nothing_to_wait_for() -> None:
    flow = a_workflow(
        """
        workflow: flow
        trigger: {event: order.placed}
        steps:
          - wait: {until: trigger.placed_at, offset: 2d}
        """
    )
    customer = Customer(flow).does("order.placed", order_id="o1")
    assert customer.ended == ("completed", "0m")


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_told_as_isoformat_tells_it(at: datetime) -> None:
    assert instant_text(at) == at.isoformat()
