"""kill -9 of the engine, the scheduler and the notifier at random moments: nothing is lost and nothing comes twice."""

import json
import os
import time
from pathlib import Path

import pytest

from tests.e2e.machine import relevo_from_nothing

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


async def test_kills_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    seed = int(os.environ.get("RELEVO_CHAOS_SEED", time.time_ns() % 100_000))
    print(f"seed {seed}: repeat with RELEVO_CHAOS_SEED={seed}")  # noqa: T201  # a failure is repeated by its seed
    code, out, err = await relevo_from_nothing(
        *("demo", "--json", "--kill", str(seed), "--speed", "1800", "--shoppers", "40"),
        *("--data", str(tmp_path / "data")),
    )
    assert code == 0, f"seed {seed}\n{err}"
    result = json.loads(out.splitlines()[-1])
    print(result)  # noqa: T201  # what is in doubt is said
    assert result["restarts"] > 0
    assert (result["lost"], result["duplicates"]) == (0, 0)
