"""Time and settings: what services are told from outside."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.clock import ManualClock, Pace, PacedClock, ScaledClock, SystemClock, make_clock
from relevo_runtime.settings import RuntimeSettings, describe_settings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_scaled_clock_shows_its_origin_at_its_anchor_and_runs_at_its_speed() -> None:
    clock = ScaledClock(NOON, time.time() - 10, 3600)
    assert clock.now() >= NOON + timedelta(hours=10)
    assert clock.span(timedelta(seconds=2)) == timedelta(hours=2)
    assert clock.wall(timedelta(hours=2)) == timedelta(seconds=2)


@given(st.floats(0.01, 100_000), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_wall_undoes_span(speed: float, wall: timedelta) -> None:
    clock = ScaledClock(NOON, 0.0, speed)
    assert abs(clock.wall(clock.span(wall)) - wall) <= timedelta(milliseconds=1)


def test_a_clock_that_stands_still_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        ScaledClock(NOON, 0.0, 0)


def test_a_manual_clock_moves_when_it_is_told_to() -> None:
    clock = ManualClock(NOON)
    assert clock.advance(timedelta(hours=1)) == clock.now() == NOON + timedelta(hours=1)
    clock.set(NOON)
    assert clock.now() == NOON


def test_processes_with_the_same_settings_agree_on_the_time() -> None:
    settings = RuntimeSettings(clock_speed=100, clock_origin=NOON, clock_anchor=time.time())
    one, other = make_clock(settings), make_clock(settings)
    assert abs(one.now() - other.now()) < timedelta(minutes=5)
    assert isinstance(make_clock(RuntimeSettings()), SystemClock)


def test_clocks_that_follow_a_file_go_as_far_as_it_says_and_no_further(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    until = NOON + timedelta(hours=1)
    Pace(origin=NOON, anchor=time.time() - 3600, speed=3600, until=until).write(file)
    clock = make_clock(RuntimeSettings(clock_speed=3600, clock_origin=NOON, clock_file=file))
    assert isinstance(clock, PacedClock)
    assert clock.now() == until
    Pace(origin=until, anchor=time.time() - 3600, speed=3600, until=until + timedelta(minutes=1)).write(file)
    assert clock.now() == until + timedelta(minutes=1)
    assert clock.span(timedelta(seconds=2)) == timedelta(hours=2)
    assert clock.wall(timedelta(hours=2)) == timedelta(seconds=2)
    assert clock.wall(timedelta(microseconds=1)) == PacedClock.SHORTEST_WAIT
    assert clock.wall(-timedelta(hours=1)) == -timedelta(seconds=1)


def test_a_file_that_is_not_there_is_no_clock(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_clock(RuntimeSettings(clock_file=tmp_path / "clock.json"))


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEVO_KAFKA", "kafka.example.com:9092")
    monkeypatch.setenv("RELEVO_TOPIC_PREFIX", "blue.")
    settings = RuntimeSettings()
    assert settings.kafka == "kafka.example.com:9092"
    assert settings.topic("relevo.events") == "blue.relevo.events"
    assert settings.group("engine") == "blue.relevo.engine"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("partitions", 0, "greater than or equal to 1"),
        ("clock_speed", -1, "greater than 0"),
        ("clock_origin", "2026-03-01T12:00:00", "needs a zone"),
        ("log_level", "loud", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_setting_that_can_not_be_is_refused_at_the_start(field: str, value: object, says: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=says):
        RuntimeSettings.model_validate({field: value})


def test_settings_can_not_be_changed_later() -> None:
    settings = RuntimeSettings()
    with pytest.raises(pydantic.ValidationError):
        settings.partitions = 3


def test_the_listing_explains_every_setting_and_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEVO_POSTGRES", "postgresql://relevo:hunter2@db.example.com/relevo")

    class OwnSettings(RuntimeSettings):
        own: int = pydantic.Field(default=3, description="Mine.")

    listed = {setting.variable: setting for setting in describe_settings([RuntimeSettings, OwnSettings])}
    assert all(setting.meaning for setting in listed.values())
    assert listed["RELEVO_POSTGRES"].value == "********"
    assert "hunter2" not in repr(listed) + repr(RuntimeSettings())
    assert listed["RELEVO_OWN"].meaning == "Mine."
    assert list(listed)[-1] == "RELEVO_OWN"
