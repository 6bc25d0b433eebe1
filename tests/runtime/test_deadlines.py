"""Many time limits with one timer: what is late is called late, what is done in time is not, and limits are exact."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.deadlines import Deadlines, TimeLimit
from tests.runtime.fake_loop import FakeLoop

LIMIT = 1.0
seconds = st.integers(1, 3000).map(lambda n: n / 1000)


@given(st.lists(st.tuples(seconds, st.one_of(st.none(), seconds)), max_size=12))
def test_each_is_late_after_its_limit_and_only_then(course: list[tuple[float, float | None]]) -> None:
    """Each is added at a second, and removed so much later, or never."""

    async def all_of_them() -> dict[int, float]:
        loop = asyncio.get_running_loop()
        late: dict[int, float] = {}
        deadlines = Deadlines[int](LIMIT, lambda n: late.update({n: loop.time() - 1000.0}))
        for n, (at, lasts) in enumerate(course):
            loop.call_at(1000.0 + at, deadlines.add, n)
            if lasts is not None:
                loop.call_at(1000.0 + at + lasts, deadlines.remove, n)
        await asyncio.sleep(10)
        assert deadlines.oldest is None
        return late

    with asyncio.Runner(loop_factory=FakeLoop) as runner:
        late = runner.run(all_of_them())
    for n, (at, lasts) in enumerate(course):
        if lasts is None or lasts > LIMIT:
            assert late[n] == pytest.approx(at + LIMIT)
        elif lasts < LIMIT:
            assert n not in late


def outcome_of_block(lasts: float, cancelled_after: float | None = None) -> str:
    async def block(limit: TimeLimit) -> str:
        try:
            async with limit.each():
                await asyncio.sleep(lasts)
        except TimeoutError:
            return "late"
        return "in time"

    async def run() -> str:
        task = asyncio.create_task(block(TimeLimit(LIMIT)))
        if cancelled_after is not None:
            asyncio.get_running_loop().call_later(cancelled_after, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return "cancelled"

    with asyncio.Runner(loop_factory=FakeLoop) as runner:
        return runner.run(run())


def test_a_block_that_takes_too_long_is_interrupted() -> None:
    assert [outcome_of_block(0.5), outcome_of_block(1.5)] == ["in time", "late"]


def test_a_cancellation_from_elsewhere_is_no_time_out() -> None:
    assert outcome_of_block(1.5, cancelled_after=0.5) == "cancelled"


def test_an_error_of_the_block_is_its_own() -> None:
    async def run() -> None:
        async with TimeLimit(LIMIT).each():
            raise ValueError("mine")

    with asyncio.Runner(loop_factory=FakeLoop) as runner, pytest.raises(ValueError, match="mine"):
        runner.run(run())
