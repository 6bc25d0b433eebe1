"""Time in working hours: what nights, weekends and changes of the clock do to it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.staff import Shift, after_work, before_work, read_shifts

MADRID = ZoneInfo("Europe/Madrid")
OFFICE = read_shifts(["mon-fri 09:00-17:00"])


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID)


@pytest.mark.parametrize(
    ("at", "hours", "until"),
    [
        ("2026-03-10 10:00", 4, "2026-03-10 14:00"),
        ("2026-03-10 10:00", 7, "2026-03-10 17:00"),
        ("2026-03-10 10:00", 8, "2026-03-11 10:00"),
        ("2026-03-10 20:00", 1, "2026-03-11 10:00"),
        ("2026-03-13 16:00", 2, "2026-03-16 10:00"),
        ("2026-03-14 12:00", 8, "2026-03-16 17:00"),
        ("2026-03-27 16:00", 2, "2026-03-30 10:00"),
        ("2026-03-10 03:00", 0, "2026-03-10 03:00"),
    ],
    ids=["the same day", "to the end of it", "into the next", "from the evening", "over a weekend", "from a weekend",
         "over a change of the clock", "no time at all"],
)  # fmt: skip
def test_what_lies_between_shifts_does_not_count(at: str, hours: int, until: str) -> None:
    assert after_work(local(at), timedelta(hours=hours), OFFICE, MADRID) == local(until)


def test_shifts_that_overlap_count_once() -> None:
    shifts = read_shifts(["mon-fri 09:00-14:00", "tue 13:00-17:00"])
    assert after_work(local("2026-03-10 09:00"), timedelta(hours=7), shifts, MADRID) == local("2026-03-10 16:00")
    assert before_work(local("2026-03-10 16:00"), timedelta(hours=7), shifts, MADRID) == local("2026-03-10 09:00")


def test_a_night_shift_goes_on_over_midnight() -> None:
    nights = read_shifts(["fri 22:00-06:00"])
    assert after_work(local("2026-03-14 01:00"), timedelta(hours=6), nights, MADRID) == local("2026-03-20 23:00")


INSTANTS = st.integers(0, 525_600).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
LENGTHS = st.integers(0, 40 * 60).map(lambda minutes: timedelta(minutes=minutes))
HOURS = ["mon-fri 09:00-17:00", "sat 10:00-14:00", "fri 22:00-06:00", "mon 00:00-24:00", "tue-wed 03:00-04:00"]
SHIFTS = st.lists(st.sampled_from(HOURS), min_size=1).map(read_shifts)


@given(INSTANTS, LENGTHS, LENGTHS, SHIFTS)
def test_two_lengths_in_a_row_are_their_sum(
    at: datetime, one: timedelta, two: timedelta, shifts: tuple[Shift, ...]
) -> None:
    between = after_work(at, one, shifts, MADRID)
    assert after_work(between, two, shifts, MADRID) == after_work(at, one + two, shifts, MADRID)
    assert between >= at + one


@given(INSTANTS, LENGTHS, SHIFTS)
def test_back_and_forth_is_the_same_working_time(at: datetime, length: timedelta, shifts: tuple[Shift, ...]) -> None:
    until = after_work(at, length, shifts, MADRID)
    start = before_work(until, length, shifts, MADRID)
    assert start >= at
    assert after_work(start, length, shifts, MADRID) == until
