"""The clock waits for work that is not done, never goes back, and does not wait for ever."""

from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from relevo_cli.backlog import Marks
from relevo_cli.pacing import GRANT_SECONDS, PATIENCE_SECONDS, SLACK, Patience, granted
from relevo_runtime.clock import Pace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPEED = 3600.0
STANDING = Pace(origin=NOON, anchor=1000.0, speed=SPEED, until=NOON)
EVENTS = TopicPartition("relevo.events", 0)
ENGINE = frozenset({"relevo.events"})


def test_with_nothing_to_do_the_clock_runs_at_its_speed_for_as_long_as_it_is_granted() -> None:
    pace = granted(STANDING, 1000.0, None)
    assert pace.at(1000.1) == NOON + timedelta(seconds=360)
    assert pace.at(1009.0) == NOON + timedelta(seconds=SPEED * GRANT_SECONDS)


def test_it_stands_slack_after_the_oldest_instant_with_work_left() -> None:
    oldest = NOON - timedelta(minutes=5)
    pace = granted(granted(STANDING, 1000.0, oldest), 1001.0, oldest)
    assert pace.at(1002.0) == oldest + SLACK
    assert granted(pace, 1002.0, None).at(1002.1) == oldest + SLACK + timedelta(seconds=360)


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.none() | st.timedeltas(-3 * SLACK, SLACK))))
def test_it_never_goes_back_and_never_leaves_work_further_behind_than_slack(
    turns: list[tuple[float, timedelta | None]],
) -> None:
    pace, wall, shown = STANDING, STANDING.anchor, NOON
    for passed, behind in turns:
        wall += passed
        now = pace.at(wall)
        assert now >= shown
        oldest = None if behind is None else now + behind
        pace = granted(pace, wall, oldest)
        assert pace.at(wall) == now
        shown = now
        if oldest is not None:
            assert pace.at(wall + 100.0) <= max(now, oldest + SLACK)


def test_what_does_not_move_for_long_is_waited_for_no_more() -> None:
    patience = Patience()
    assert patience.with_(NOON, 0.0) == NOON
    assert patience.with_(NOON, PATIENCE_SECONDS) == NOON
    assert patience.with_(NOON, PATIENCE_SECONDS + 1) is None
    assert patience.excused == NOON
    later = NOON + timedelta(minutes=1)
    assert patience.with_(later, PATIENCE_SECONDS + 2) == later


def test_an_instant_is_open_until_every_group_has_read_what_was_there() -> None:
    marks = Marks({EVENTS: 5})
    marks.add(NOON, {EVENTS: 7})
    marks.add(NOON + timedelta(minutes=1), {EVENTS: 9})
    marks.read({"engine": ({EVENTS: 7}, ENGINE), "contacts": ({}, ENGINE), "calls": ({}, frozenset())})
    assert marks.oldest(NOON - timedelta(days=1)) == NOON
    marks.read({"engine": ({EVENTS: 9}, ENGINE), "contacts": ({EVENTS: 8}, ENGINE)})
    assert marks.oldest(NOON - timedelta(days=1)) == NOON + timedelta(minutes=1)
    assert marks.oldest(NOON + timedelta(minutes=1)) is None


def test_what_was_there_at_first_is_nobodys_backlog() -> None:
    marks = Marks({EVENTS: 5})
    marks.add(NOON, {EVENTS: 5})
    marks.read({"engine": ({}, ENGINE)})
    assert marks.oldest(NOON - timedelta(days=1)) is None
