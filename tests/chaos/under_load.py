"""The short forms of `make chaos`, as tests: `make test-chaos`. Each takes minutes, so `make test` leaves them out.

Every kind of victim and of disturbance has its turn, and three books agree.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machine import ROOT, relevo_from_nothing

KILLS = 10
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]


async def chaos(*options: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, last line and what was told of a run of its own."""
    return await played("tests.chaos", "--seed", os.environ.get("RELEVO_CHAOS_SEED", "1"), *options)


async def played(module: str, *options: str) -> tuple[int, dict[str, Any], str]:
    """The same of any program of this folder."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *options),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("RELEVO_")},
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    lines = out.decode().splitlines()
    return process.returncode, json.loads(lines[-1]) if lines else {}, err.decode()


async def test_the_books_agree_after_kills_of_everything() -> None:
    code, found, told = await chaos("--kills", str(KILLS))
    assert code == 0, told
    assert found["kills"] == KILLS
    assert found["webhooks"] > 0
    wrong = ("lost", "duplicated", "early_timers", "stuck_runs")
    assert {name: found[name] for name in wrong} == dict.fromkeys(wrong, 0), told


async def test_too_much_at_once_loses_nothing_and_brings_no_late_flood() -> None:
    code, found, told = await chaos("--overload")
    assert code == 0, f"{found}\n{told}"
    assert found["backlog"] > 0
    assert (found["lost"], found["late_marketing"], found["untrue_health"]) == (0, 0, 0)


async def test_kills_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    seed = int(os.environ.get("RELEVO_CHAOS_SEED", "1"))
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


@pytest.mark.parametrize("case", ["ahead", "lost", "older"])
async def test_a_restore_is_made_consistent(case: str) -> None:
    code, found, told = await played("tests.chaos.restoring", case)
    assert code == 0, f"{found}\n{told}"
    assert found["webhooks"] > 0
    assert (found["lost"], found["duplicated"], found["stuck"]) == (0, 0, 0)
    assert found["unopened"] == found["new"]  # whom the dump knows nothing of is named, each
    assert found["errors_before"] or case != "ahead", told
    assert found["interrupted"] or case != "ahead", told
    assert found["in_doubt"] > 0 or case != "ahead", told
    assert (found["marketing_twice"], found["transactional_missing"]) == (0, 0), told
