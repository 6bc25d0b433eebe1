"""Background tasks: one way to run them, so that none ends unseen, and one way to contain what a piece of work raises.

A task that runs for as long as its service may end in four ways: it raises, it returns, something inside it raises
`CancelledError` by itself, or a library swallows a real cancellation (`asyncio.wait_for` before Python 3.12). Each of
them has to be seen: the part becomes unhealthy and the service ends. One piece of work, though, ends nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from relevo_runtime.errors import RuntimeFault, described
from relevo_runtime.health import Health

T = TypeVar("T")
_PATIENCE = 1.0  # seconds after which a task that swallowed its cancellation is cancelled again


class PartEnded(RuntimeFault):
    """A background task that should have run until the service stops is at its end; the cause is in `__cause__`."""

    def __init__(self, part: str, error: BaseException | None) -> None:
        why = "it returned" if error is None else described(error)
        super().__init__(f"{part} has ended: {why}")
        self.part = part
        self.__cause__ = error


class Escaped(RuntimeFault):
    """A piece of work raised what only the event loop or the interpreter may raise, such as `CancelledError`."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{described(error)} was raised by itself")
        self.__cause__ = error


def asked_to_end() -> bool:
    """Whether somebody cancelled the current task, even if a library has swallowed it. For the heads of loops."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def contained(work: Awaitable[T]) -> T:
    """What `work` returns. Whatever it raises is an `Exception`, so that who catches that has caught everything.

    A cancellation of the current task passes, as does what must end the process at once (`KeyboardInterrupt`).
    """
    try:
        return await work
    except (Exception, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) and asked_to_end():
            raise
        raise Escaped(error) from error


class Supervised:
    """A task that runs until `stop`. However else it ends: `health` has the part as bad, and `on_failure` hears why."""

    def __init__(
        self,
        name: str,
        running: Coroutine[Any, Any, object],
        *,
        health: Health,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self.name = name
        self._health = health
        self._on_failure = on_failure
        self._stopping = False
        self._task = asyncio.create_task(running, name=name)
        self._task.add_done_callback(self._ended)

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._task.done()

    async def wait(self) -> None:
        """Returns when it has ended; raises nothing."""
        await asyncio.wait([self._task])

    async def stop(self, finish: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Let it `finish` its work if it lives, then cancel it until it has ended."""
        if finish is not None and not self.done:
            # What feeds a part that has failed would wait for ever: the part's end ends the wait too.
            finishing = asyncio.create_task(finish())
            await asyncio.wait([self._task, finishing], return_when=asyncio.FIRST_COMPLETED)
            finishing.cancel()
            await asyncio.wait([finishing], timeout=_PATIENCE)
        await self.cancel()

    async def cancel(self) -> None:
        """Cancel it until it has ended."""
        self.expect_end()
        await cancel_all([self._task])

    def expect_end(self) -> None:
        """From now on its end is not a failure."""
        self._stopping = True

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if self._stopping:
            if not task.cancelled():
                task.exception()  # it is looked at: asyncio need not complain
            return
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        ended = PartEnded(self.name, error)
        self._health.set(self.name, False, str(ended))
        self._on_failure(ended)


async def cancel_all(tasks: "list[asyncio.Task[Any]]") -> None:
    """Cancel `tasks` and wait until all have ended, however often that takes."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_PATIENCE)


async def together(tasks: "list[asyncio.Task[Any]]") -> None:
    """Run `tasks`, none of which ends by itself; if one does, raises `PartEnded` at once, whatever the others do.

    Unlike a task group it does not wait for the others before it says so: one that swallows its cancellation would hide
    the failure for ever.
    """
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        await cancel_all(tasks)
        raise
    for task in tasks:
        task.cancel()
    first = next(iter(done))
    error = asyncio.CancelledError() if first.cancelled() else first.exception()
    raise PartEnded(first.get_name(), error)
