"""The circuit of a host: when it opens, what goes while it is half-open, and that it always closes again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.breaker import CLOSED, Circuit, CircuitRules, admit, idle, record

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULES = CircuitRules(
    failures=3,
    share=0.5,
    window=timedelta(seconds=60),
    pause=timedelta(seconds=30),
    trial=timedelta(seconds=20),
)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def after(*ends: tuple[float, bool]) -> Circuit:
    circuit = CLOSED
    for second, well in ends:
        circuit = record(circuit, well, at(second), RULES)
    return circuit


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ([], "closed"),
        ([(0, False), (1, False)], "closed"),
        ([(0, False), (1, False), (2, False)], "open"),
        ([(0, False), (1, False), (62, False)], "closed"),  # the first two are out of the window
        ([(0, True), (1, True), (2, True), (3, True), (4, False), (5, False), (6, False)], "closed"),  # 3 of 7
        ([(0, True), (1, True), (2, False), (3, False), (4, False)], "open"),  # 3 of 5
        ([(0, False), (1, False), (2, False), (3, True)], "open"),  # what began before it opened
    ],
)
def test_it_opens_by_failures_in_its_window(ends: list[tuple[float, bool]], state: str) -> None:
    circuit = after(*ends)
    assert circuit.state(at(ends[-1][0] if ends else 0)) == state


def test_half_open_lets_one_call_go_and_closes_if_that_goes_well() -> None:
    circuit = after((0, False), (1, False), (2, False))
    assert admit(circuit, at(31), RULES) == (circuit, at(32))
    circuit, wait = admit(circuit, at(32), RULES)
    assert (circuit.state(at(32)), wait) == ("half_open", None)
    assert admit(circuit, at(33), RULES)[1] == at(52)  # the others ask again when the trial is over
    assert record(circuit, True, at(34), RULES) == CLOSED


def test_half_open_opens_again_if_the_trial_fails() -> None:
    circuit, _ = admit(after((0, False), (1, False), (2, False)), at(40), RULES)
    circuit = record(circuit, False, at(41), RULES)
    assert (circuit.state(at(41)), admit(circuit, at(41), RULES)[1]) == ("open", at(71))


def test_a_trial_that_was_never_heard_of_again_is_followed_by_another() -> None:
    circuit, _ = admit(after((0, False), (1, False), (2, False)), at(40), RULES)
    assert admit(circuit, at(60), RULES)[1] is None


def test_what_has_nothing_to_tell_can_be_forgotten() -> None:
    assert idle(CLOSED, at(0), RULES)
    assert not idle(after((0, True)), at(10), RULES)
    assert idle(after((0, True)), at(61), RULES)
    assert not idle(after((0, False), (1, False), (2, False)), at(1000), RULES)


STEPS = st.lists(st.tuples(st.floats(0, 50), st.sampled_from(["ask", "well", "badly"])), max_size=60)


@given(STEPS)
def test_whatever_happens_trials_are_single_and_waits_are_short(steps: list[tuple[float, str]]) -> None:
    circuit, now = CLOSED, NOON
    bad: list[datetime] = []
    trial: datetime | None = None
    for pause, what in steps:
        now += timedelta(seconds=pause)
        before = circuit.state(now)
        if what == "ask":
            circuit, wait = admit(circuit, now, RULES)
            assert (wait is None) == (before == "closed" or (before == "half_open" and (trial is None or trial <= now)))
            if wait is not None:
                assert now < wait <= now + max(RULES.pause, RULES.trial)
            if wait is None and before == "half_open":
                trial = now + RULES.trial
            continue
        bad += [now] if what == "badly" else []
        circuit = record(circuit, what == "well", now, RULES)
        if circuit.state(now) == "closed":
            trial = None
        if before == "closed" and circuit.state(now) == "open":
            assert sum(one > now - RULES.window for one in bad) >= RULES.failures
        if before == "half_open":
            trial = None
            assert circuit.state(now) == ("closed" if what == "well" else "open")


@given(STEPS)
def test_a_host_that_is_well_again_is_called_again(steps: list[tuple[float, str]]) -> None:
    circuit, now = CLOSED, NOON
    for pause, what in steps:
        now += timedelta(seconds=pause)
        circuit = admit(circuit, now, RULES)[0] if what == "ask" else record(circuit, what == "well", now, RULES)
    now += RULES.pause + RULES.trial
    circuit, wait = admit(circuit, now, RULES)
    assert wait is None
    assert record(circuit, True, now, RULES).state(now) == "closed"
