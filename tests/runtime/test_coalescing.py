"""Concurrent calls share rounds; nobody's error, impatience or number costs the others."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.coalescing import CallRefused, Coalescer


class Away(Exception):  # noqa: N818 - the server is away
    """An error that meets everyone."""


class Server:
    """Doubles numbers, a round at a time, and remembers the rounds. It stops at `gate` while that is closed."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.bad: set[int] = set()
        self.away = False
        self.under_way = 0

    async def serve(self, items: Sequence[int]) -> list[int]:
        self.rounds.append(list(items))
        self.under_way += 1
        assert self.under_way == 1, "one round at a time"
        try:
            await self.gate.wait()
            if self.away:
                raise Away
            if wrong := self.bad & set(items):
                raise ValueError(min(wrong))
            return [2 * item for item in items]
        finally:
            self.under_way -= 1


def is_shared(error: Exception) -> bool:
    return isinstance(error, Away)


def calls(coalescer: Coalescer[int, int], *items: int) -> list["asyncio.Task[int]"]:
    return [asyncio.create_task(coalescer.call(item)) for item in items]


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def server() -> Server:
    return Server()


async def test_calls_at_the_same_time_share_a_round_and_later_ones_the_next(server: Server) -> None:
    coalescer = Coalescer(server.serve, is_shared=is_shared)
    server.gate.clear()
    first = calls(coalescer, 1, 2)
    await turn()
    later = calls(coalescer, 3, 4)
    await turn()
    server.gate.set()
    assert await asyncio.gather(*first, *later) == [2, 4, 6, 8]
    assert server.rounds == [[1, 2], [3, 4]]
    assert await coalescer.call(5) == 10, "it goes on after it had nothing to do"


async def test_an_error_of_one_item_is_its_own_callers_alone(server: Server) -> None:
    coalescer = Coalescer(server.serve, is_shared=is_shared)
    server.bad = {3, 6}
    found = await asyncio.gather(*calls(coalescer, *range(8)), return_exceptions=True)
    assert [type(one) if isinstance(one, Exception) else one for one in found] == [
        0, 2, 4, ValueError, 8, 10, ValueError, 14,
    ]  # fmt: skip
    assert str(found[3]) == "3"


async def test_an_item_that_fits_into_no_round_costs_nobody_but_its_own_caller(server: Server) -> None:
    def select(items: Sequence[int]) -> list[int]:
        if 3 in items:
            raise ValueError(items)
        return list(range(len(items)))

    coalescer = Coalescer(server.serve, is_shared=is_shared, select=select)
    server.bad = {3}
    found = await asyncio.gather(*calls(coalescer, *range(6)), return_exceptions=True)
    assert [type(one) if isinstance(one, Exception) else one for one in found] == [0, 2, 4, ValueError, 8, 10]
    assert await coalescer.call(6) == 12, "it goes on"


async def test_an_error_that_meets_everyone_is_not_tried_one_by_one(server: Server) -> None:
    coalescer = Coalescer(server.serve, is_shared=is_shared)
    server.away = True
    found = await asyncio.gather(*calls(coalescer, 1, 2, 3), return_exceptions=True)
    assert [type(one) for one in found] == [Away, Away, Away]
    assert len(server.rounds) == 1
    server.away = False
    assert await coalescer.call(1) == 2


async def test_who_gives_up_in_line_is_not_served_and_costs_nobody(server: Server) -> None:
    coalescer = Coalescer(server.serve, is_shared=is_shared)
    server.gate.clear()
    under_way = calls(coalescer, 1, 2)
    await turn()
    in_line = calls(coalescer, 3, 4)
    await turn()
    under_way[0].cancel()
    in_line[0].cancel()
    server.gate.set()
    assert [await under_way[1], await in_line[1]] == [4, 8]
    assert server.rounds == [[1, 2], [4]], "what is under way is served to its end"
    assert [one.cancelled() for one in (under_way[0], in_line[0])] == [True, True]


async def test_what_escapes_a_round_is_an_error_of_its_callers(server: Server) -> None:
    async def escape(items: Sequence[int]) -> list[int]:
        raise asyncio.CancelledError(len(items))

    coalescer = Coalescer(escape, is_shared=is_shared)
    [found] = await asyncio.gather(*calls(coalescer, 1), return_exceptions=True)
    assert isinstance(found, Exception)
    assert isinstance(found.__cause__, asyncio.CancelledError)


async def test_the_line_is_bounded_and_what_is_under_way_counts(server: Server) -> None:
    coalescer = Coalescer(server.serve, is_shared=is_shared, most_waiting=3)
    server.gate.clear()
    taken = calls(coalescer, 1, 2)
    await turn()
    taken += calls(coalescer, 3)
    await turn()
    with pytest.raises(CallRefused, match="3 calls wait"):
        await coalescer.call(4)
    server.gate.set()
    assert await asyncio.gather(*taken) == [2, 4, 6]
    assert await coalescer.call(4) == 8


async def test_closing_serves_who_waits_and_takes_nobody_else(server: Server) -> None:
    coalescer = Coalescer(server.serve, is_shared=is_shared)
    server.gate.clear()
    under_way = calls(coalescer, 1)
    await turn()
    in_line = calls(coalescer, 2)
    await turn()
    closing = asyncio.create_task(coalescer.close(60))
    await turn()
    with pytest.raises(CallRefused, match="closed"):
        await coalescer.call(3)
    server.gate.set()
    await closing
    assert await asyncio.gather(*under_way, *in_line) == [2, 4]
    await coalescer.close(60)


async def test_who_is_not_served_in_time_when_it_closes_is_let_go(server: Server) -> None:
    coalescer = Coalescer(server.serve, is_shared=is_shared)
    server.gate.clear()
    under_way = calls(coalescer, 1)
    await turn()
    in_line = calls(coalescer, 2)
    await turn()
    await coalescer.close(0)
    await turn()
    assert [one.cancelled() for one in (*under_way, *in_line)] == [True, True]


async def test_a_round_belongs_to_no_callers_context(server: Server) -> None:
    whose: ContextVar[str] = ContextVar("whose", default="nobody's")
    seen = []

    async def serve(items: Sequence[int]) -> Sequence[int]:
        seen.append(whose.get())
        return items

    whose.set("the caller's")
    await Coalescer(serve, is_shared=is_shared).call(1)
    assert seen == ["nobody's"]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.sets(st.integers(0, 5)))
def test_everyone_gets_their_own_answer_and_rounds_keep_to_the_selection(items: list[int], bad: set[int]) -> None:
    """No round has a number twice: of equal ones the later waits."""

    def once(waiting: Sequence[int]) -> list[int]:
        return [n for n, item in enumerate(waiting) if item not in waiting[:n]]

    async def run() -> None:
        server = Server()
        server.bad = bad
        coalescer = Coalescer(server.serve, is_shared=is_shared, select=once)
        found = await asyncio.gather(*calls(coalescer, *items), return_exceptions=True)
        assert [None if isinstance(one, Exception) else one for one in found] == [
            None if item in bad else 2 * item for item in items
        ]
        assert all(len(set(one)) == len(one) for one in server.rounds)

    asyncio.run(run())


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=6), st.sets(st.integers(0, 9), max_size=3))
def test_several_items_of_one_caller_are_served_as_those_of_several(asked: list[list[int]], bad: set[int]) -> None:
    async def both() -> None:
        server = Server()
        server.bad = bad
        coalescer = Coalescer(server.serve, is_shared=is_shared)
        found = await asyncio.gather(*(coalescer.call_each(items) for items in asked))
        assert [[str(one) if isinstance(one, Exception) else one for one in outcomes] for outcomes in found] == [
            [str(item) if item in bad else 2 * item for item in items] for items in asked
        ]

    asyncio.run(both())


async def test_of_several_items_those_that_find_no_room_are_refused(server: Server) -> None:
    coalescer = Coalescer(server.serve, is_shared=is_shared, most_waiting=2)
    found = await coalescer.call_each([1, 2, 3, 4])
    assert found[:2] == [2, 4]
    assert [type(one) for one in found[2:]] == [CallRefused, CallRefused]
    await coalescer.close(1)
    assert [type(one) for one in await coalescer.call_each([1, 2])] == [CallRefused, CallRefused]
