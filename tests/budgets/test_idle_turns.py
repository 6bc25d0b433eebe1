"""What a turn of a loop costs in round trips while there is nothing to do: it comes each second, in every process."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from relevo_engine.adapters import notices, tasks
from relevo_engine.app.notify_staff import StaffNotifier
from relevo_engine.core.staff_messages import StaffMessages
from relevo_ingest.adapters.erasures import Message, PendingErasures
from relevo_runtime import outbox
from relevo_runtime.postgres import Connection, Pool, open_pool
from tests.budgets.counting import RoundTrips, counted
from tests.engine.conftest import MORNING
from tests.engine.test_staff import Heard

SECOND = timedelta(seconds=1)


@pytest.fixture
async def counting(database: str) -> AsyncIterator[tuple[Pool, RoundTrips]]:
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        async with counted(database, Path(folder)) as (dsn, trips):
            pool = await open_pool(dsn, application_name="budget", min_size=1, max_size=1)
            async with pool:
                yield pool, trips


async def test_a_turn_that_finds_nothing_asks_one_question(counting: tuple[Pool, RoundTrips]) -> None:
    pool, trips = counting
    staff = StaffNotifier[Connection](
        sessions=pool,
        notices=notices,
        tasks=tasks,
        outbox=outbox,
        publisher=Heard(),
        messages=StaffMessages("", lambda shop: None, lambda version: None),  # type: ignore[arg-type, return-value]
        served=lambda: {"sample"},
    )
    erasures = PendingErasures(pool, _nobody)
    for turn in (staff.run_once, erasures.run_once):
        await turn(MORNING)  # the first one looks further, and so does one now and then
        trips.reset()
        await turn(MORNING + SECOND)
        assert trips.count == 1


async def _nobody(messages: Sequence[Message]) -> None:
    raise AssertionError
