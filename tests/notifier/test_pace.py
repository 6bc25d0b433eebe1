"""A provider that is down costs time alone; what asks for less gets less; what comes back is not flooded. Pure."""

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.breaker import CircuitRules
from relevo_notifier.core.pace import FREE, Pace, PaceRules, allowed, begin, ended, slowed, until, withdrawn
from tests.notifier.support import NOON

SECOND = timedelta(seconds=1)
RULES = PaceRules(CircuitRules(failures=5, pause=timedelta(seconds=30)))
HOUR = timedelta(hours=1)


def failing(pace: Pace = FREE, now: datetime = NOON) -> Pace:
    for _ in range(5):
        pace = ended(pace, False, now, RULES)
    return pace


def test_it_goes_freely_until_it_fails() -> None:
    assert allowed(FREE, NOON, RULES) is None
    assert ended(FREE, True, NOON, RULES) is FREE
    assert allowed(failing(), NOON, RULES) == 0


def test_a_few_failures_among_what_goes_well_pause_nothing() -> None:
    pace = FREE
    for number in range(100):
        pace = ended(pace, number % 3 != 0, NOON + number * SECOND, RULES)
    assert allowed(pace, NOON + 100 * SECOND, RULES) is None


def test_one_tries_it_after_the_pause_and_the_next_pause_is_twice_as_long() -> None:
    pace, now = failing(), NOON + timedelta(seconds=30)
    assert allowed(pace, now, RULES) == 1
    pace = begin(pace, 1, now, RULES)
    assert allowed(pace, now, RULES) == 0
    pace = ended(pace, False, now, RULES)
    assert allowed(pace, now + timedelta(seconds=59), RULES) == 0
    assert allowed(pace, now + timedelta(seconds=60), RULES) == 1
    assert pace.away_since == NOON


def test_what_was_to_try_it_and_was_not_sent_leaves_it_to_another() -> None:
    now = NOON + timedelta(seconds=30)
    assert allowed(withdrawn(begin(failing(), 1, now, RULES)), now, RULES) == 1


def test_more_and_more_go_once_it_went_well() -> None:
    now = NOON + timedelta(seconds=30)
    pace = ended(begin(failing(), 1, now, RULES), True, now, RULES)
    seen = [allowed(pace, now + timedelta(seconds=at), RULES) for at in (0, 5, 10, 20, 60)]
    assert seen == [1, 9, 25, 121, None]
    assert pace.away_since is None


def test_what_asks_for_less_is_left_alone_for_as_long_as_it_says() -> None:
    pace = slowed(FREE, timedelta(seconds=300), NOON, RULES)
    assert (allowed(pace, NOON + timedelta(seconds=299), RULES), until(pace, NOON, RULES)) == (0, NOON + 300 * SECOND)
    assert allowed(pace, NOON + timedelta(seconds=300), RULES) == 1


def test_who_asks_again_at_once_is_left_alone_for_longer() -> None:
    pace = slowed(FREE, timedelta(0), NOON, RULES)
    now = NOON + timedelta(seconds=30)
    again = slowed(begin(pace, 1, now, RULES), timedelta(0), now, RULES)
    assert until(again, now, RULES) == now + timedelta(seconds=60)


class Provider:
    """Takes `most` messages a second, except while it is down; it counts what it was bothered with."""

    def __init__(self, down_for: timedelta, most: int = 1000) -> None:
        self.back_at = NOON + down_for
        self.most = most
        self.tried: Counter[int] = Counter()

    def takes(self, now: datetime) -> bool:
        self.tried[int((now - NOON).total_seconds())] += 1
        return now >= self.back_at


def outage(provider: Provider, waiting: int, seconds: int, slots: int) -> tuple[int, int]:
    """A second after the other, `slots` at once; returns how many were sent, and how many attempts failed."""
    pace, sent, failed = FREE, 0, 0
    for second in range(seconds):
        now = NOON + second * SECOND
        most = allowed(pace, now, RULES)
        going = min(waiting - sent, slots, slots if most is None else most)
        pace = begin(pace, going, now, RULES)
        for _ in range(going):
            well = provider.takes(now)
            sent, failed = sent + well, failed + (not well)
            pace = ended(pace, well, now, RULES)
    return sent, failed


@given(waiting=st.integers(1, 3000), slots=st.integers(1, 20), minutes=st.integers(1, 90))
def test_an_outage_costs_nothing_but_time(waiting: int, slots: int, minutes: int) -> None:
    """All are sent; a message was tried every two minutes while it was down; what came back began with one."""
    provider = Provider(minutes * timedelta(minutes=1))
    down = int(minutes * 60)
    needed = down + 120 + 60 + -(-waiting // slots) + 1
    sent, failed = outage(provider, waiting, needed, slots)
    assert sent == waiting
    assert failed <= slots + 5 + down // 60
    first = next(second for second in range(down, needed) if provider.tried[second])
    assert first <= down + 120
    for second in range(first, first + 30):
        gone = sum(provider.tried[at] for at in range(first, second + 1))
        assert gone <= 1 + 8 * 2 ** ((second - first) / 5)
