"""A background task can end in four ways, and each of them is seen; a piece of work ends nothing."""

import asyncio
from collections.abc import Callable

import pytest

from relevo_runtime.health import Health
from relevo_runtime.supervision import Escaped, PartEnded, Supervised, cancel_all, contained, together


async def _raises() -> None:
    raise ValueError("odd")


async def _returns() -> None:
    return


async def _cancels_itself() -> None:
    raise asyncio.CancelledError


async def _leaves() -> None:
    class Left(BaseException):
        """As a library may define it."""

    raise Left("gone")


async def _swallows() -> None:
    """As `asyncio.wait_for` may before Python 3.12: it goes on after its cancellation, twice."""
    for _ in range(2):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


ENDS: list[tuple[Callable[[], object], str]] = [
    (_raises, "the part has ended: ValueError: odd"),
    (_returns, "the part has ended: it returned"),
    (_cancels_itself, "the part has ended: CancelledError"),
    (_leaves, "the part has ended: Left: gone"),
]


@pytest.mark.parametrize(("running", "said"), ENDS)
async def test_however_a_task_ends_it_is_unhealthy_and_the_service_hears_of_it(
    running: Callable[..., object], said: str
) -> None:
    health, heard = Health(), list[BaseException]()
    part = Supervised("the part", running(), health=health, on_failure=heard.append)  # type: ignore[arg-type]
    await part.wait()
    await asyncio.sleep(0)
    assert [str(error) for error in heard] == [said]
    assert (await health.report()).parts["the part"] == {"ok": False, "why": said}


@pytest.mark.parametrize(("running", "said"), ENDS)
async def test_the_first_of_several_to_end_is_told_at_once_though_another_swallows_its_cancellation(
    running: Callable[..., object], said: str
) -> None:
    first: asyncio.Task[object] = asyncio.create_task(running(), name="the part")  # type: ignore[arg-type]
    other = asyncio.create_task(_swallows())
    with pytest.raises(PartEnded, match=said.replace("(", "\\(")):
        await together([first, other])
    await cancel_all([other])
    assert other.done()


async def test_stopping_ends_a_task_that_swallows_its_cancellation_and_is_no_failure() -> None:
    health, heard = Health(), list[BaseException]()
    part = Supervised("the part", _swallows(), health=health, on_failure=heard.append)
    await asyncio.sleep(0)
    await part.stop()
    assert (part.done, heard) == (True, [])
    assert (await health.report()).ready


async def test_a_piece_of_work_that_cancels_itself_raises_an_exception() -> None:
    with pytest.raises(Escaped, match="CancelledError was raised by itself"):
        await contained(_cancels_itself())


async def test_a_cancellation_from_outside_passes_through() -> None:
    task = asyncio.create_task(contained(asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_time_limit_within_a_piece_of_work_stays_a_time_limit() -> None:
    async def slow() -> None:
        async with asyncio.timeout(0.01):
            await contained(asyncio.Event().wait())

    with pytest.raises(TimeoutError):
        await slow()
