"""Many small pieces of work done together: whatever has gathered while the last batch was under way is the next one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from relevo_runtime.errors import PublishError
from relevo_runtime.postgres import temporary

Item = TypeVar("Item")

_log = structlog.get_logger(__name__)


class Batches(Generic[Item]):
    """A queue whose items are handled in batches, one batch at a time, without a timer.

    A batch that fails for a passing reason is repeated until it succeeds; `put` waits while the queue is full, so that
    a database or a broker that is away holds up what feeds it. Any other error ends `run` with it.
    """

    def __init__(
        self,
        name: str,
        handle: Callable[[list[Item]], Awaitable[None]],
        *,
        most: int = 500,
        capacity: int = 2000,
        pauses: tuple[float, ...] = (0.1, 0.5, 2.0, 5.0),
    ) -> None:
        self._name = name
        self._handle = handle
        self._most = most
        self._pauses = pauses
        self._queue: asyncio.Queue[Item] = asyncio.Queue(capacity)

    async def put(self, item: Item) -> None:
        """Add an item; waits while the queue is full."""
        await self._queue.put(item)

    async def drained(self) -> None:
        """Wait until everything that was put has been handled."""
        await self._queue.join()

    async def run(self) -> None:
        """Handle batches for ever."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._most and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._until_done(batch)
            for _ in batch:
                self._queue.task_done()

    async def _until_done(self, batch: list[Item]) -> None:
        failures = 0
        while True:
            try:
                await self._handle(batch)
                return
            except Exception as error:
                if not (temporary(error) or isinstance(error, PublishError)):
                    raise
                pause = self._pauses[min(failures, len(self._pauses) - 1)]
                failures += 1
                _log.warning("batch_failed", part=self._name, size=len(batch), error=repr(error), pause=pause)
                await asyncio.sleep(pause)
