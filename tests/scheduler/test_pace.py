"""When the scheduler looks again: at once after a full batch, else at the next due time, within a limit."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.outgoing import Timer
from relevo_scheduler.core.pace import next_look
from relevo_scheduler.core.wakeups import wake_up, wake_up_messages

INSTANTS = st.timedeltas(timedelta(0), timedelta(days=3650)).map(lambda span: datetime(2020, 1, 1, tzinfo=UTC) + span)
SPANS = st.timedeltas(timedelta(milliseconds=1), timedelta(days=40))


@given(now=INSTANTS, due=st.none() | INSTANTS, full=st.booleans(), longest=SPANS)
def test_it_never_sleeps_past_the_next_due_time_nor_longer_than_the_limit(
    now: datetime, due: datetime | None, full: bool, longest: timedelta
) -> None:
    look = next_look(now, due, full=full, longest=longest)
    assert now <= look <= now + longest
    assert due is None or look <= max(due, now)


@given(now=INSTANTS, due=st.none() | INSTANTS, longest=SPANS)
def test_after_a_full_batch_it_looks_at_once(now: datetime, due: datetime | None, longest: timedelta) -> None:
    assert next_look(now, due, full=True, longest=longest) == now


@given(now=INSTANTS, longest=SPANS)
def test_without_timers_it_sleeps_as_long_as_it_may(now: datetime, longest: timedelta) -> None:
    assert next_look(now, None, full=False, longest=longest) == now + longest


def test_a_timer_that_is_published_twice_is_one_wake_up() -> None:
    timer = Timer("shop", "cus_1", "run/step", datetime(2026, 3, 10, 12, tzinfo=UTC), "run", 3, "step")
    assert wake_up(timer) == wake_up(timer)
    moved = Timer("shop", "cus_1", "run/step", datetime(2026, 3, 10, 13, tzinfo=UTC), "run", 3, "step")
    assert wake_up(timer).id != wake_up(moved).id


def test_wake_ups_are_keyed_by_customer_and_in_order_of_their_times() -> None:
    late = Timer("shop", "cus_1", "b", datetime(2026, 3, 10, 12, tzinfo=UTC))
    soon = Timer("shop", "cus_1", "a", datetime(2026, 3, 10, 11, tzinfo=UTC))
    messages = wake_up_messages([late, soon])
    assert [key for key, _ in messages] == [b"shop/cus_1", b"shop/cus_1"]
    assert b'"timer_id":"a"' in messages[0][1]
