"""The books: what each kind of difference is, on books written by hand."""

from datetime import UTC, datetime, timedelta

import msgspec

from tests.chaos.books import STEPS, Arrival, Books, Delivery, Run, compare
from tests.chaos.client import Posted
from tests.chaos.run import Outcome

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIRST, SECOND = (f"run/{step}/{turn}" for turn, step in enumerate(STEPS))
GOOD = Books(
    taken={"token": Posted("token", "a@example.com", AT)},
    runs=[Run("run", "token", ended=True)],
    deliveries=[Delivery(FIRST, "sent", 0), Delivery(SECOND, "sent", 0)],
    arrivals=[Arrival(FIRST, "a@example.com", AT), Arrival(SECOND, "a@example.com", AT + timedelta(minutes=6))],
)


def changed(**books: object) -> Books:
    return msgspec.structs.replace(GOOD, **books)


def test_books_that_agree_have_no_differences() -> None:
    found = compare(GOOD)
    assert found.complete
    assert not any((found.lost, found.duplicated, found.in_doubt, found.early, found.stuck))


def test_what_got_a_200_and_has_no_run_is_lost() -> None:
    assert compare(changed(runs=[])).lost == ["token: no run"]


def test_what_is_sent_by_the_database_and_not_at_the_sink_is_lost_unless_it_is_in_doubt() -> None:
    assert compare(changed(arrivals=GOOD.arrivals[:1])).lost == ["run/second/1: sent"]
    doubted = [GOOD.deliveries[0], Delivery(SECOND, "in_doubt", 1)]
    found = compare(changed(arrivals=GOOD.arrivals[:1], deliveries=doubted))
    assert not found.lost
    assert found.in_doubt == ["run/second/1: in_doubt after 1 doubts"]


def test_what_was_never_decided_is_lost() -> None:
    assert compare(changed(deliveries=GOOD.deliveries[:1])).lost == ["run/second: never decided"]


def test_what_arrives_again_is_duplicated_unless_it_is_in_doubt() -> None:
    twice = [*GOOD.arrivals, GOOD.arrivals[0]]
    assert compare(changed(arrivals=twice)).duplicated == ["run/first/0: arrived 2 times"]
    doubted = [Delivery(FIRST, "sent", 1), GOOD.deliveries[1]]
    found = compare(changed(arrivals=twice, deliveries=doubted))
    assert not found.duplicated
    assert len(found.in_doubt) == 1


def test_two_runs_of_a_checkout_and_a_message_that_nobody_knows_are_duplicates() -> None:
    runs = [*GOOD.runs, Run("again", "token", ended=True)]
    assert compare(changed(runs=runs)).duplicated == ["token: 2 runs"]
    strange = [*GOOD.arrivals, Arrival("other/first/0", "b@example.com", AT)]
    assert compare(changed(arrivals=strange)).duplicated == [
        "other/first/0: arrived, and the database does not know it"
    ]


def test_a_step_that_was_decided_again_is_a_duplicate_though_its_effect_has_another_key() -> None:
    twice = [*GOOD.deliveries, Delivery("run/second/7", "sent", 0)]
    again = Arrival("run/second/7", "a@example.com", AT + timedelta(minutes=6))
    found = compare(changed(deliveries=twice, arrivals=[*GOOD.arrivals, again]))
    assert found.duplicated == ["run/second: decided 2 times"]


def test_the_last_line_has_the_figures_that_are_asked_for() -> None:
    asked = "seed kills webhooks lost duplicated in_doubt early_timers stuck_runs seconds"
    assert Outcome.__struct_fields__ == tuple(asked.split())


def test_what_arrives_before_its_time_is_early() -> None:
    soon = [GOOD.arrivals[0], msgspec.structs.replace(GOOD.arrivals[1], shown=AT + timedelta(minutes=5, seconds=59))]
    [line] = compare(changed(arrivals=soon)).early
    assert line.startswith("run/second/1: there at")


def test_what_has_not_ended_is_stuck() -> None:
    runs = [Run("run", "token", ended=False)]
    open_ = [GOOD.deliveries[0], Delivery(SECOND, "queued", 0)]
    found = compare(changed(runs=runs, deliveries=open_))
    assert found.stuck == ["token: run run has not ended", "run/second/1: queued"]
    assert not found.complete
