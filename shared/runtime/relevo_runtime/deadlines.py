"""Time limits for many short things at once: one timer for all of them, where a timer for each costs more than they do.

All that one `Deadlines` watches has the same limit, so the oldest is always the next one that can be late.
"""

import asyncio
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Generic, Self, TypeVar

Watched = TypeVar("Watched", bound=Hashable)


class Deadlines(Generic[Watched]):
    """Calls `on_late` with each thing that was added and not removed within `seconds` of wall-clock time."""

    def __init__(self, seconds: float, on_late: Callable[[Watched], None]) -> None:
        self._seconds = seconds
        self._on_late = on_late
        self._due: dict[Watched, float] = {}  # in the order of their deadlines
        self._timer: asyncio.TimerHandle | None = None

    def add(self, one: Watched) -> None:
        """Watches it from now on; one that is watched already gets a new limit."""
        loop = asyncio.get_running_loop()
        self._due.pop(one, None)
        self._due[one] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def remove(self, one: Watched) -> None:
        """Watches it no more, if it did."""
        self._due.pop(one, None)

    def __contains__(self, one: Watched) -> bool:
        return one in self._due

    @property
    def oldest(self) -> Watched | None:
        """What has been watched the longest."""
        return next(iter(self._due), None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time()
        while (oldest := self.oldest) is not None:
            due = self._due[oldest]
            if due > now:
                self._timer = loop.call_at(due, self._look)
                return
            del self._due[oldest]
            self._on_late(oldest)


class TimeLimit:
    """What `asyncio.timeout` is, for many blocks with the same limit: `async with limit.each():`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.blocks: Deadlines[_Block] = Deadlines(seconds, _Block.interrupt)

    def each(self) -> "_Block":
        """A block that raises `TimeoutError` if it takes longer than the limit."""
        return _Block(self.blocks)


class _Block:
    __slots__ = ("_blocks", "_cancelling", "_interrupted", "_task")
    _task: "asyncio.Task[object]"

    def __init__(self, blocks: "Deadlines[_Block]") -> None:
        self._blocks = blocks
        self._interrupted = False

    async def __aenter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "a time limit interrupts a task"
        self._task = task
        self._cancelling = task.cancelling()
        self._blocks.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._blocks.remove(self)
        # As in asyncio.timeout: whoever cancelled the task beside us is to see their cancellation.
        ours = self._interrupted and self._task.uncancel() <= self._cancelling
        if ours and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def interrupt(self) -> None:
        self._interrupted = True
        self._task.cancel()
