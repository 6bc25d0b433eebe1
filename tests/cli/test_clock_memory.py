"""A system that ran fast goes on from where its clock stood."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relevo_cli.clock_memory import last_reading, remember
from relevo_runtime.settings import RuntimeSettings

ORIGIN = datetime(2026, 3, 10, 6, tzinfo=UTC)


def test_the_clock_stood_where_the_last_line_of_a_log_was_written(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    remember(tmp_path, RuntimeSettings(clock_origin=ORIGIN, clock_anchor=1_000_000.0, clock_speed=3600.0))
    for name, written in (("engine.log", 1_000_010.0), ("ingest.log", 1_000_007.0)):
        (tmp_path / "logs" / name).touch()
        os.utime(tmp_path / "logs" / name, (written, written))
    assert last_reading(tmp_path) == ORIGIN + timedelta(hours=10)


def test_a_folder_whose_clock_was_the_machines_remembers_nothing(tmp_path: Path) -> None:
    remember(tmp_path, RuntimeSettings())
    assert last_reading(tmp_path) is None
