"""A system that ran fast goes on from where its clock stood."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from relevo_cli.clock_memory import clock_file, last_reading
from relevo_runtime.clock import Pace

ORIGIN = datetime(2026, 3, 10, 6, tzinfo=UTC)


def test_the_clock_stood_where_it_had_to_wait(tmp_path: Path) -> None:
    until = ORIGIN + timedelta(hours=10)
    Pace(origin=ORIGIN, anchor=1_000_000.0, speed=3600.0, until=until).write(clock_file(tmp_path))
    assert last_reading(tmp_path) == until


def test_a_folder_whose_clock_was_the_machines_remembers_nothing(tmp_path: Path) -> None:
    assert last_reading(tmp_path) is None
