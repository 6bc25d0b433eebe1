"""The staff: when they work, who gets a task and why, and who hears of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.staff import (
    Absence,
    Concern,
    Day,
    Member,
    Shift,
    UnassignedTask,
    choose,
    concerned,
    day_of,
    level_of,
    next_morning,
    next_work,
)
from relevo_contracts.zones import zone_of

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
TASK = UnassignedTask(("acme", "t"), "", ())
WEEK = ["mon-fri 09:00-17:00"]
ZONES = ("", "UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Pacific/Apia")
TIMES = st.times().map(lambda one: one.strftime("%H:%M"))
DAYS = st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
HOURS = st.lists(st.builds("{}-{} {}-{}".format, DAYS, DAYS, TIMES, TIMES), max_size=3)
ABSENCES = st.lists(
    st.builds(
        lambda first, days: Absence(first, first + timedelta(days=days)),
        st.dates(date(2026, 2, 1), date(2026, 4, 1)),
        st.integers(0, 20),
    ),
    max_size=3,
)
INSTANTS = st.datetimes(datetime(2026, 2, 1), datetime(2026, 11, 1), timezones=st.just(UTC))  # noqa: DTZ001 - they say
MEMBERS = st.builds(
    Member,
    shop=st.just("acme"),
    name=st.sampled_from(("Ana", "Ben", "Cai", "Dora", "Eve", "Fay")),
    skills=st.lists(st.sampled_from(("warehouse", "phone")), unique=True),
    levels=st.dictionaries(st.sampled_from(("warehouse", "phone")), st.integers(1, 5)),
    roles=st.lists(st.sampled_from(("finance", "lead")), unique=True),
    active=st.booleans(),
    hours=HOURS,
    absences=ABSENCES,
    timezone=st.sampled_from(ZONES),
    capacity=st.integers(0, 3),
)
STAFFS = st.lists(MEMBERS, max_size=5, unique_by=lambda one: one.name)
WANTED = st.builds(
    UnassignedTask,
    ref=st.tuples(st.just("acme"), st.uuids().map(str)),
    skill=st.sampled_from(("", "warehouse")),
    roles=st.sampled_from(((), ("finance",), ("finance", "lead"))),
    level=st.integers(0, 5),
    without=st.sampled_from(("", "Ana")),
)


def member(name: str = "Ana", **fields: object) -> Member:
    return Member(shop="acme", name=name, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        ([], "2026-03-02T03:00", "2026-03-02T03:00"),
        (WEEK, "2026-03-02T08:00", "2026-03-02T08:00"),  # 09:00 in Madrid
        (WEEK, "2026-03-02T07:59", "2026-03-02T08:00"),
        (WEEK, "2026-03-02T16:00", "2026-03-03T08:00"),
        (WEEK, "2026-03-06T18:00", "2026-03-09T08:00"),  # over the weekend
        (WEEK, "2026-03-27T18:00", "2026-03-30T07:00"),  # into summer time
        (["fri-mon 22:00-06:00"], "2026-03-03T02:00", "2026-03-03T02:00"),  # Monday's night
        (["mon 09:00-12:00", "mon 14:00-18:00"], "2026-03-02T11:30", "2026-03-02T13:00"),
        (["sun 20:00-24:00"], "2026-03-02T08:00", "2026-03-08T19:00"),
    ],
)
def test_they_work_next_when_their_hours_say(hours: list[str], at: str, expected: str) -> None:
    one = member(hours=hours, timezone="Europe/Madrid")
    assert next_work(one, datetime.fromisoformat(at + "+00:00")) == datetime.fromisoformat(expected + "+00:00")


def test_who_is_absent_works_when_they_are_back() -> None:
    one = member(hours=WEEK, absences=[Absence.read("2026-03-02..2026-03-04"), Absence.read("2026-03-05")])
    assert next_work(one, MONDAY) == datetime(2026, 3, 6, 9, tzinfo=UTC)
    assert next_work(member(absences=[Absence(date(2026, 1, 1), date(2030, 1, 1))]), MONDAY) is None
    assert next_work(member(absences=[Absence.read("2026-03-02")]), MONDAY) == datetime(2026, 3, 3, tzinfo=UTC)


@given(one=MEMBERS, at=INSTANTS)
def test_they_are_never_waited_for_while_they_work_and_never_reached_while_they_are_absent(
    one: Member, at: datetime
) -> None:
    found = next_work(one, at)
    assert found is not None
    assert found >= at
    assert next_work(one, found) == found
    morning = next_morning(one, at)
    assert morning is not None
    assert morning > at
    zone = zone_of(one.timezone)
    started = morning.astimezone(zone).date()
    assert not any(absence.first <= started <= absence.last for absence in one.absences)


def test_the_day_begins_once_whatever_the_breaks() -> None:
    one = member(hours=["mon-fri 09:00-12:00", "mon-fri 14:00-18:00"], timezone="Europe/Madrid")
    assert next_morning(one, MONDAY) == datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert next_morning(one, MONDAY - timedelta(minutes=1)) == MONDAY
    assert next_morning(member(timezone="America/New_York"), MONDAY) == datetime(2026, 3, 2, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9-5", "'9-5' are not working hours: write 'mon-fri 09:00-17:00' or 'sat 10:00-14:00'"),
        ("mon-foo 09:00-17:00", "'foo' is not a weekday: one of mon, tue, wed, thu, fri, sat, sun"),
        ("mon 25:00-26:00", "hour must be in 0..23"),
    ],
)
def test_hours_that_are_none_are_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=r"working hours|weekday|hour") as error:
        Shift.read(text)
    assert expected in str(error.value)


@pytest.mark.parametrize("text", ["soon", "2026-03-04..2026-03-02", "2026-02-30"])
def test_absences_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="absence"):
        Absence.read(text)


def test_the_one_with_the_least_to_do_for_their_capacity_gets_it() -> None:
    staff = [member("Ana", capacity=2), member("Ben", capacity=10), member("Cai", capacity=1)]
    loads = {("acme", "Ana"): 1, ("acme", "Ben"): 2, ("acme", "Cai"): 1}
    choice = choose([TASK], staff, loads, MONDAY)[TASK.ref]
    assert [(one.name, one.why) for one in choice.considered] == [
        ("Ben", "chosen: fits, is the first at work, and has 2 open tasks"),
        ("Ana", "has 1 open task, which is more for their capacity than what Ben has"),
        ("Cai", "has 1 open task, as many as they take"),
    ]


def test_an_expert_is_not_wasted_and_a_beginner_not_asked() -> None:
    staff = [
        member("Ana", skills=["warehouse"], levels={"warehouse": 5}),
        member("Ben", skills=["warehouse"], levels={"warehouse": 3}),
        member("Cai", skills=["warehouse"]),
        member("Dora", skills=["phone"], levels={"warehouse": 4}),
    ]
    wanted = UnassignedTask(("acme", "t"), "warehouse", (), 3)
    choice = choose([wanted], staff, {}, MONDAY)[wanted.ref]
    assert [(one.name, one.why) for one in choice.considered] == [
        ("Ben", "chosen: fits, is the first at work, and has 0 open tasks"),
        ("Ana", "is above the level that is asked by more than Ben"),
        ("Cai", "has warehouse at level 1, not 3"),
        ("Dora", "does not have warehouse"),
    ]


def test_whoever_works_after_the_deadline_only_is_of_no_use() -> None:
    late = member("Ana", hours=["mon-fri 12:00-20:00"])
    wanted = UnassignedTask(("acme", "t"), "", (), until=MONDAY + timedelta(hours=4))
    [considered] = choose([wanted], [late], {}, MONDAY)[wanted.ref].considered
    assert considered.why == "does not work before the deadline"


def test_whoever_works_now_comes_before_who_has_less_to_do_and_else_who_starts_next() -> None:
    late, early = member("Ana", hours=["mon-fri 12:00-20:00"]), member("Ben", hours=["mon-fri 06:00-14:00"])
    busy = {("acme", "Ben"): 5}
    assert choose([TASK], [late, early], busy, MONDAY)[TASK.ref].name == "Ben"
    night = MONDAY + timedelta(hours=13)
    assert choose([TASK], [late, early], {}, night)[TASK.ref].name == "Ben"
    assert choose([TASK], [late, early], busy, MONDAY + timedelta(hours=7))[TASK.ref].name == "Ana"


@given(wanted=st.lists(WANTED, max_size=8), staff=STAFFS, at=INSTANTS)
def test_every_choice_fits_keeps_to_the_capacity_and_is_explained(
    wanted: list[UnassignedTask], staff: list[Member], at: datetime
) -> None:
    loads: dict[str, int] = {}
    by_name = {one.name: one for one in staff}
    for task, (ref, choice) in zip(wanted, choose(wanted, staff, {}, at).items(), strict=True):
        assert ref == task.ref
        assert {one.name for one in choice.considered} == set(by_name)
        assert all(one.why for one in choice.considered)
        able = [one for one in staff if task.fits(one) and not 0 < one.capacity <= loads.get(one.name, 0)]
        if not choice.name:
            assert not able
            continue
        chosen = by_name[choice.name]
        assert chosen in able
        assert chosen.active
        assert not task.skill or level_of(chosen, task.skill) >= task.level
        assert chosen.name != task.without
        assert next_work(chosen, at) == min(found for one in able if (found := next_work(one, at)) is not None)
        loads[choice.name] = loads.get(choice.name, 0) + 1


@given(wanted=st.lists(WANTED, max_size=8, unique_by=lambda one: one.ref), staff=STAFFS, at=INSTANTS)
def test_the_order_of_the_staff_decides_nothing(
    wanted: list[UnassignedTask], staff: list[Member], at: datetime
) -> None:
    assert choose(wanted, staff, {}, at) == choose(wanted, staff[::-1], {}, at)


@given(staff=STAFFS, wanted=WANTED, at=INSTANTS, urgent=st.booleans(), needed=st.integers(1, 3))
def test_nobody_hears_out_of_their_hours_unless_it_is_urgent(
    staff: list[Member], wanted: UnassignedTask, at: datetime, urgent: bool, needed: int
) -> None:
    name = choose([wanted], staff, {}, at)[wanted.ref].name
    found = concerned(Concern(wanted=wanted, assignee=name, needed=needed, urgent=urgent), staff, at)
    assert len({one.name for one, _ in found}) == len(found)
    for one, when in found:
        assert one.active
        assert when == (at if urgent else next_work(one, at))
    if name:
        assert name in {one.name for one, _ in found}
        assert needed > 1 or len(found) == 1


def test_a_task_of_nobody_is_news_for_all_who_could_take_it_and_a_vote_for_all_who_have_not_voted() -> None:
    staff = [member("Ana", roles=["finance"]), member("Ben", roles=["finance"]), member("Cai", roles=["lead"])]
    wanted = UnassignedTask(("acme", "t"), "", ("finance",))
    nobody = Concern(wanted=wanted, assignee="")
    assert [one.name for one, _ in concerned(nobody, staff, MONDAY)] == ["Ana", "Ben"]
    voted = Concern(wanted=wanted, assignee="Ana", needed=2, voted=("Ana",))
    assert [one.name for one, _ in concerned(voted, staff, MONDAY)] == ["Ben"]
    unskilled = Concern(wanted=UnassignedTask(("acme", "t"), "welding", ("finance",)), assignee="")
    assert [one.name for one, _ in concerned(unskilled, staff, MONDAY)] == ["Ana", "Ben"]


class _Pending(NamedTuple):
    shop: str = "acme"
    assignee: str = "Ana"
    deadline: datetime | None = None
    roles: Sequence[str] = ()


def test_the_day_has_what_is_late_due_or_undated_and_what_of_nobody_they_may_take() -> None:
    late, today = _Pending(deadline=MONDAY - HOUR), _Pending(deadline=MONDAY + HOUR)
    tomorrow, undated = _Pending(deadline=MONDAY + 24 * HOUR), _Pending()
    anybodys, finance = _Pending(assignee=""), _Pending(assignee="", roles=["finance"])
    others = [_Pending(assignee="Ben"), _Pending(shop="beta"), _Pending(assignee="", roles=["lead"])]
    day = day_of(member(roles=["finance"]), [late, today, tomorrow, undated, anybodys, finance, *others], MONDAY)
    assert day == Day((late,), (today,), (undated,), (anybodys, finance))
    assert day_of(member(), [undated], MONDAY)
    assert not day_of(member(), [tomorrow, *others], MONDAY)


def test_members_hear_by_the_channels_that_they_want_as_far_as_there_is_an_address() -> None:
    assert member(email="ana@example.com").wanted() == [("email", "ana@example.com")]
    assert member().wanted() == []
    both = member(email="ana@example.com", slack="SLACK_ANA", channels=["slack", "sms"])
    assert both.wanted() == [("slack", "SLACK_ANA")]
