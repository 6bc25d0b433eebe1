"""Concurrent calls served together: who calls while a round is under way waits for the next one.

A round trip costs about the same for one question as for a hundred. So one round runs at a time, in a task of its own,
and takes whoever waits when it begins. Nothing is delayed to make a round larger: a call that finds nobody is served at
once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from relevo_runtime.errors import RuntimeFault
from relevo_runtime.supervision import contained

Item = TypeVar("Item")
Result = TypeVar("Result")
_log = logging.getLogger(__name__)
_UNTOLD = RuntimeError("nobody said what became of it")


class CallRefused(RuntimeFault):
    """A call was refused before anything was done for it: too many wait, or it comes after `close`."""


class _Caller(Generic[Result]):
    """Who waits for the results of one or several items: woken once, when all of them are there."""

    __slots__ = ("_left", "done", "outcomes")

    def __init__(self, outcomes: list[Result | Exception], waiting: int) -> None:
        self.outcomes = outcomes
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = waiting

    def settle(self, place: int, outcome: Result | Exception) -> None:
        """What became of the item at this place; of no interest to a caller who has gone."""
        self.outcomes[place] = outcome
        self._left -= 1
        if self._left == 0 and not self.done.done():
            self.done.set_result(None)


class _Call(Generic[Item, Result]):
    """One item of a caller."""

    __slots__ = ("caller", "item", "place")

    def __init__(self, item: Item, caller: _Caller[Result], place: int) -> None:
        self.item = item
        self.caller = caller
        self.place = place

    def settle(self, outcome: Result | Exception) -> None:
        self.caller.settle(self.place, outcome)


class Coalescer(Generic[Item, Result]):
    """Serves items in rounds.

    `serve` gets the items of a round and returns a result for each, in their order. What it raises is raised to the
    callers of the round. Unless the error is one that would meet each of them (`is_shared`: a database that is away), a
    round of several is served again in halves, so that an item costs nobody but its own caller: `serve` must be safe to
    repeat. `select` names, by their places, those of the waiting items that may be in one round, in ascending order and
    at least one; the others stay in line, in their order. While it raises, each is served alone: `serve` then says to
    whoever is at fault what is wrong with their item.
    """

    def __init__(
        self,
        serve: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        is_shared: Callable[[Exception], bool],
        select: Callable[[Sequence[Item]], Sequence[int]] | None = None,
        most_waiting: int | None = None,
    ) -> None:
        self._serve = serve
        self._is_shared = is_shared
        self._select = select
        self._most_waiting = most_waiting
        self._waiting: list[_Call[Item, Result]] = []
        self._under_way = 0
        self._worker: asyncio.Task[None] | None = None
        self._closed = False

    async def call(self, item: Item) -> Result:
        """The result of `item`. Raises `CallRefused`, or what `serve` raises.

        Whoever stops waiting costs the others nothing: an item whose round has begun is served to its end, one that is
        still in line is dropped.
        """
        (outcome,) = await self.call_each([item])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def call_each(self, items: Sequence[Item]) -> list[Result | Exception]:
        """What `call` would return or raise for each of the items, in their order, when all of them are served.

        The items are each other's equals with those of other callers: an error of one is that one's alone.
        """
        room = self._room(len(items))
        refused: list[Result | Exception] = [self._refusal()] * len(items) if room < len(items) else [_UNTOLD] * room
        if room == 0:
            return refused
        caller = _Caller(refused, room)
        self._waiting.extend(_Call(item, caller, place) for place, item in enumerate(items[:room]))
        if self._worker is None:
            # A context of its own: a round belongs to no single caller.
            self._worker = asyncio.create_task(self._work(), context=Context())
        await caller.done
        return caller.outcomes

    def _room(self, wanted: int) -> int:
        """How many of so many items are taken."""
        if self._closed:
            return 0
        if self._most_waiting is None:
            return wanted
        return max(0, min(wanted, self._most_waiting - len(self._waiting) - self._under_way))

    def _refusal(self) -> CallRefused:
        if self._closed:
            return CallRefused("it is closed, and takes no more calls")
        return CallRefused(f"{self._most_waiting} calls wait already")

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - what is left then is given up, not cancelled
        """Takes no more calls, and serves those that wait, for at most `timeout` seconds of wall-clock time.

        Whoever still waits then is cancelled.
        """
        self._closed = True
        if self._worker is not None:
            _, late = await asyncio.wait([self._worker], timeout=timeout)
            for worker in late:
                worker.cancel()
                await asyncio.wait([worker])

    async def _work(self) -> None:
        """Serves whoever waits until nobody does."""
        taken: list[_Call[Item, Result]] = []
        try:
            while taken := self._next_round():
                self._under_way = len(taken)
                await self._serve_round(taken)
        finally:
            self._worker, self._under_way = None, 0
            for call in (*taken, *self._waiting):  # only if the task itself was cancelled is anybody left
                call.caller.done.cancel()
            self._waiting = []

    def _next_round(self) -> list[_Call[Item, Result]]:
        waiting = [call for call in self._waiting if not call.caller.done.done()]  # the others have gone
        chosen: Sequence[int] = range(len(waiting))
        if self._select is not None and waiting:
            chosen = self._selected(self._select, [call.item for call in waiting])
        places = set(chosen)
        self._waiting = [call for n, call in enumerate(waiting) if n not in places]
        return [waiting[n] for n in chosen]

    def _selected(self, select: Callable[[Sequence[Item]], Sequence[int]], items: Sequence[Item]) -> Sequence[int]:
        try:
            return select(items)
        except Exception:  # noqa: BLE001 - it is an error of one of the items, and costs the others nothing but time
            _log.exception("%d calls can't be put into rounds; the first is served alone", len(items))
            return [0]

    async def _serve_round(self, calls: Sequence[_Call[Item, Result]]) -> None:
        try:
            results = await contained(self._serve([call.item for call in calls]))
        except Exception as error:  # noqa: BLE001 - raised to everyone whose round it was
            if len(calls) > 1 and not self._is_shared(error):
                middle = len(calls) // 2
                await self._serve_round(calls[:middle])
                await self._serve_round(calls[middle:])
                return
            for call in calls:
                call.settle(error)
            return
        for call, result in zip(calls, results, strict=True):
            call.settle(result)
