"""Many small pieces of work done together: whatever has gathered while the last batch was under way is the next one,
and what comes alone waits a little for others.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from typing import Generic, TypeVar

import structlog

from relevo_notifier.app.transient import retry_transient
from relevo_runtime.database_errors import is_schema_mismatch
from relevo_runtime.errors import described
from relevo_runtime.supervision import asked_to_end, contained

_log = structlog.get_logger(__name__)
_MOST_FAILED = 50
"""So many items failed one after the other: it is not they that are at fault."""

Item = TypeVar("Item")


class _Nudge(Enum):
    """What stands in the queue for no item."""

    NUDGE = 0


class Batcher(Generic[Item]):
    """A queue whose items are handled in batches, one batch at a time.

    A batch is gathered for `window` seconds from its first item on, unless it is full (`most`) before: so long may an
    item wait that nothing else hurries. `nudge` has the handler called within `nudge_window`, with items or without.

    A batch that fails for a passing reason is repeated until it succeeds; `put` waits while the queue is full, so that
    a database or a broker that is away holds up what feeds it. What fails otherwise is narrowed down by halves to the
    items at fault, which `give_up` hears of. `run` ends with an error only if everything fails.
    """

    def __init__(
        self,
        name: str,
        handle: Callable[[list[Item]], Awaitable[None]],
        *,
        most: int = 500,
        capacity: int = 2000,
        window: float = 0.0,
        nudge_window: float = 0.0,
        give_up: Callable[[Item, Exception], Awaitable[None]] | None = None,
    ) -> None:
        self._name = name
        self._give_up = give_up
        self._failures = 0
        self._handle = handle
        self._most = most
        self._window = window
        self._nudge_window = nudge_window
        self._queue: asyncio.Queue[Item | _Nudge] = asyncio.Queue(capacity)
        self._in_turn = asyncio.Lock()
        self._asked = 0
        self._handled = 0
        self._progress = asyncio.Event()

    async def put(self, item: Item) -> None:
        """Add an item; waits while the queue is full."""
        self._asked += 1
        async with self._in_turn:  # first come, first served, so that counting tells who has been
            await self._queue.put(item)

    def nudge(self) -> None:
        """Have the handler called soon, though there may be no item: what else it writes down is to be written."""
        with contextlib.suppress(asyncio.QueueFull):  # then it is called anyway
            self._queue.put_nowait(_Nudge.NUDGE)

    async def caught_up(self, patience: float) -> bool:
        """Wait until all that was put before this call has been handled, for at most `patience` seconds; says if so."""
        target = self._asked
        try:
            async with asyncio.timeout(patience):
                while self._handled < target:
                    await self._progress.wait()
        except TimeoutError:
            return False
        return True

    async def drained(self) -> None:
        """Wait until everything that was put has been handled."""
        await self._queue.join()

    async def run(self) -> None:
        """Handle batches for ever."""
        while not asked_to_end():
            gathered = await self._gathered()
            batch = [item for item in gathered if item is not _Nudge.NUDGE]
            await self._handle_all(batch)
            for _ in gathered:
                self._queue.task_done()
            self._handled += len(batch)
            self._progress.set()
            self._progress = asyncio.Event()

    async def _gathered(self) -> "list[Item | _Nudge]":
        """The next batch. Each item says by when it wants to be handled; the soonest counts."""
        now = asyncio.get_running_loop().time
        gathered = [await self._queue.get()]
        until = now() + self._wait_of(gathered[0])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until) as limit:
                while len(gathered) < self._most:
                    gathered.append(item := await self._queue.get())  # what is there already comes without a wait
                    if (sooner := now() + self._wait_of(item)) < until:
                        until = sooner
                        limit.reschedule(until)
        return gathered

    def _wait_of(self, item: "Item | _Nudge") -> float:
        return self._nudge_window if item is _Nudge.NUDGE else self._window

    async def _handle_all(self, batch: list[Item]) -> None:
        try:
            await contained(retry_transient(self._name, partial(self._handle, batch), size=len(batch)))
        except Exception as error:
            if is_schema_mismatch(error):
                raise
            failure = error
        else:
            self._failures = 0
            return
        if not batch:
            raise failure
        if len(batch) == 1:
            await self._fail(batch[0], failure)
            return
        middle = len(batch) // 2
        await self._handle_all(batch[:middle])
        await self._handle_all(batch[middle:])

    async def _fail(self, item: Item, error: Exception) -> None:
        self._failures += 1
        if self._failures > _MOST_FAILED:
            raise error
        _log.error("given_up", part=self._name, error=described(error), exc_info=error)
        if self._give_up is not None:
            await retry_transient(self._name, partial(self._give_up, item, error))
