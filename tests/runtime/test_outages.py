"""What is away is said once a minute; what libraries say of it meanwhile is counted."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.clock import ManualClock
from relevo_runtime.health import Health
from relevo_runtime.outages import Outage, Outages
from relevo_runtime.repeats import PERIOD, Repeats
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.telemetry import configure_logging

NOON = datetime(2026, 3, 1, 12, 3, 10, tzinfo=UTC)


@given(st.lists(st.booleans(), max_size=200))
def test_an_outage_is_told_within_two_looks_once_a_minute_and_at_its_end(answers: list[bool]) -> None:
    outage, told, away_before = Outage("Kafka"), list[tuple[datetime, str]](), False
    for number, there in enumerate(answers):
        now = NOON + timedelta(seconds=5 * number)
        said = outage.look(None if there else "no answer in 2 s", now)
        if said is not None:
            told.append((now, said.text))
        assert (said is not None and "back" in said.text) is (there and away_before)
        if outage.away and not away_before:
            assert said is not None
        away_before = outage.away
    for (earlier, before), (later, after) in pairwise(told):
        assert "back" in before + after or later - earlier >= timedelta(minutes=1)


def test_the_line_says_since_when_for_how_long_and_why() -> None:
    outage = Outage("Kafka")
    looks = [outage.look("refused", NOON + timedelta(seconds=seconds)) for seconds in range(0, 131, 5)]
    said = [line.text for line in looks if line is not None]
    assert said == [
        "Kafka is away since 12:03:10: refused",
        "Kafka is away since 12:03:10 (1 min): refused",
        "Kafka is away since 12:03:10 (2 min): refused",
    ]
    back = outage.look(None, NOON + timedelta(seconds=135))
    assert back is not None
    assert back.text == "Kafka is back after 2 min"


def test_one_slow_answer_is_no_outage() -> None:
    outage = Outage("PostgreSQL")
    assert [outage.look(why, NOON) for why in ("no answer in 2 s", None, "no answer in 2 s", None)] == [None] * 4


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def log() -> Iterator[tuple[io.StringIO, Repeats, Seconds]]:
    """The log of a service, what limits it, and the time that it sees."""
    stream, seconds, root = io.StringIO(), Seconds(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    limited = configure_logging(RuntimeSettings(), "sample", stream)
    limited._monotonic = seconds
    yield stream, limited, seconds
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def messages(stream: io.StringIO) -> list[str]:
    return [json.loads(line)["message"] for line in stream.getvalue().splitlines()]


Log = tuple[io.StringIO, Repeats, Seconds]


def test_a_librarys_line_comes_once_a_minute_with_how_many_like_it(log: Log) -> None:
    stream, _, seconds = log
    library = logging.getLogger("aiokafka.conn")
    for attempt in range(500):
        library.error("Unable connect to node with id %s: %s", 1, f"refused {attempt}")
    library.error("Another %s", "thing")
    seconds.now = PERIOD + 1
    library.error("Unable connect to node with id %s: %s", 1, "refused")
    assert messages(stream) == [
        "Unable connect to node with id 1: refused 0",
        "Another thing",
        "Unable connect to node with id 1: refused (and 499 like it)",
    ]


def test_values_that_a_library_fills_in_itself_make_no_other_line(log: Log) -> None:
    stream, _, _ = log
    for attempt in range(5):
        logging.getLogger("asyncio").error("Task 0x%x was destroyed, port %d" % (attempt + 10, 9000 + attempt))  # noqa: UP031
    assert len(messages(stream)) == 1


def test_lines_of_ours_are_limited_only_where_they_say_so(log: Log) -> None:
    stream, _, _ = log
    ours, bound = logging.getLogger("relevo_runtime.loops"), structlog.get_logger("relevo_notifier.app")
    for _ in range(3):
        ours.warning("loop %s failed", "outbox", extra={"repeats": "outbox"})
        ours.warning("loop %s failed", "fan-out", extra={"repeats": "fan-out"})
        ours.warning("a message failed")
        bound.warning("tries_again", part="settle", repeats="settle")
        bound.warning("attempt_failed")
    said = messages(stream)
    assert "repeats" not in stream.getvalue()
    assert {text: said.count(text) for text in said} == {
        "loop outbox failed": 1,
        "loop fan-out failed": 1,
        "a message failed": 3,
        "tries_again": 1,
        "attempt_failed": 3,
    }


@given(st.lists(st.integers(0, 3), max_size=60))
def test_no_line_is_lost_uncounted(kinds: list[int]) -> None:
    seconds = Seconds()
    repeats = Repeats(seconds)
    written = 0
    for kind in kinds:
        seconds.now += 7
        written += repeats.filter(logging.LogRecord("lib", 40, "", 0, "ABCD"[kind], (), None))
    assert written + repeats.take_left_out() == len(kinds)


async def test_while_something_is_away_its_lines_are_held_and_counted(log: Log) -> None:
    stream, repeats, seconds = log
    health, clock, away = Health(), ManualClock(NOON), True

    async def look() -> None:
        if away:
            raise ConnectionError("refused")

    health.probe("kafka", look, of="Kafka")
    health.probe("engine group", look, of="Kafka")
    outages, library = Outages(health, repeats, clock), logging.getLogger("aiokafka")
    for _ in range(37):  # three minutes
        for _ in range(100):
            library.error("Unable to update metadata from %s", [1])
        await outages.run_once(clock.now())
        clock.advance(timedelta(seconds=5))
        seconds.now += 5
    away = False
    await outages.run_once(clock.now())
    library.error("Something else")
    assert messages(stream) == [
        "Unable to update metadata from [1]",
        "Kafka is away since 12:03:10: ConnectionError: refused; 199 lines about it left out",
        "Kafka is away since 12:03:10 (1 min): ConnectionError: refused; 1200 lines about it left out",
        "Kafka is away since 12:03:10 (2 min): ConnectionError: refused; 1200 lines about it left out",
        "Kafka is back after 3 min; 1100 lines about it left out",
        "Something else",
    ]
