"""Requests that come one by one are let in together; nobody waits for longer than the window, or for nothing."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from relevo_ingest.entrypoints.gathering import MANY, Gathering
from tests.runtime.fake_loop import FakeLoop


def let_in_at(window: float, arrivals: list[float], *, answered: bool = False) -> list[float]:
    """When each of the requests that come at these seconds is let in; each is answered at once, if `answered`."""

    async def all_of_them() -> list[float]:
        loop = asyncio.get_running_loop()
        gathering, began = Gathering(window), loop.time()

        async def one(arrival: float) -> float:
            await asyncio.sleep(arrival)
            await gathering.wait()
            if answered:
                gathering.answered()
            return round(loop.time() - began, 6)

        return await asyncio.gather(*map(one, arrivals))

    with asyncio.Runner(loop_factory=FakeLoop) as runner:
        return runner.run(all_of_them())


def test_the_first_one_waits_for_nobody() -> None:
    assert let_in_at(0.1, [0.0, 1.0, 2.0]) == [0.0, 1.0, 2.0]


def test_those_that_come_within_the_window_go_in_together() -> None:
    assert let_in_at(0.1, [0.0, 0.02, 0.05, 0.09, 0.15]) == [0.0, 0.1, 0.1, 0.1, 0.2]


def test_many_do_not_wait_for_more() -> None:
    assert let_in_at(0.1, [0.0] + [0.01] * MANY) == [0.0] + [0.01] * MANY


def test_who_waits_for_an_answer_is_not_held_up() -> None:
    assert let_in_at(0.1, [0.0, 0.001, 0.002], answered=True) == [0.0, 0.001, 0.002]


def test_one_that_comes_after_many_answers_waits_for_the_others() -> None:
    together = [0.0, *[0.09] * 6]
    assert let_in_at(0.1, [*together, 0.103], answered=True)[-1] == 0.2
    assert let_in_at(0.1, [*together, 0.101, 0.102, 0.103], answered=True)[-3:] == [0.103] * 3


def test_without_a_window_nobody_waits() -> None:
    assert let_in_at(0.0, [0.0, 0.0, 0.01]) == [0.0, 0.0, 0.01]


@given(st.lists(st.integers(0, 400).map(lambda n: n / 1000), max_size=60), st.booleans())
def test_nobody_waits_for_longer_than_the_window(arrivals: list[float], answered: bool) -> None:
    waited = [at - came for at, came in zip(let_in_at(0.1, arrivals, answered=answered), arrivals, strict=True)]
    assert all(-1e-6 <= seconds <= 0.1 + 1e-6 for seconds in waited)


async def test_whoever_gives_up_holds_up_nobody() -> None:
    gathering = Gathering(0.01)
    await gathering.wait()
    first, second = asyncio.create_task(gathering.wait()), asyncio.create_task(gathering.wait())
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert first.cancelled()
